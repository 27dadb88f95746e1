"""Runs the command line: python -m emotion."""

import sys

from emotion.cli import main

if __name__ == "__main__":
    sys.exit(main())
