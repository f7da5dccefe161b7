"""``python -m inkread``, and the command ``inkread``.

Nothing is imported until Ctrl-C is handled: what follows takes a few tenths of a second.
"""

import sys

INTERRUPTED = 130


def main() -> int:
    """Runs the command with the arguments of the process, and returns its exit code."""
    try:
        from inkread.cli import main as command

        return command()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
