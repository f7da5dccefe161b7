"""``python -m inkread``, and the command ``inkread``.

Nothing is imported until Ctrl-C is handled: what follows takes a few tenths of a second.
"""

import sys

INTERRUPTED, TERMINATED = 130, 143


def main() -> int:
    """Runs the command with the arguments of the process, and returns its exit code.

    SIGTERM ends a command as Ctrl-C does, so that it removes incomplete files and stops its processes.
    """
    asked = []
    try:
        import atexit
        import gc
        import signal

        atexit.register(gc.freeze)  # or the last collection visits every object of every library: 30 ms

        def end(*_: object) -> None:
            asked.append(True)
            raise KeyboardInterrupt

        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, end)
        from inkread.cli import main as command

        code = command()
    except KeyboardInterrupt:
        code = INTERRUPTED
    return TERMINATED if asked and code == INTERRUPTED else code


if __name__ == "__main__":
    sys.exit(main())
