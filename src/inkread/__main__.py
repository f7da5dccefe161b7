"""``python -m inkread`` is the command ``inkread``."""

import sys

from inkread.cli import main

if __name__ == "__main__":
    sys.exit(main())
