"""`python -m video2music`: the command line."""

import sys

from video2music.cli import main

sys.exit(main())
