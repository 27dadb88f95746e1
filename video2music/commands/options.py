"""What several commands of the command line share."""

import argparse
from pathlib import Path
from typing import Any

from video2music.engines import ENGINES
from video2music.music.loudness import TARGETS_LUFS


def finish(parser: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401 - a function of the parsed options
    """Add what every command has.

    Args:
        parser: of the command.
        run: does the work; is given the parsed options and returns what --json prints.
    """
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=run)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the choice of the networks and of the device that they run on."""
    lines = "; ".join(f"{engine.name}: {engine.summary}" for engine in ENGINES.values())
    parser.add_argument("--engine", default="embedded", metavar="E", help=lines)
    parser.add_argument("--device", metavar="D", help="cpu or cuda (default: a GPU if there is one)")


def add_sound(parser: argparse.ArgumentParser) -> None:
    """Add what is decided when notes become a file: the clip's own sound, loudness, stems and instrument sounds."""
    parser.add_argument(
        "--original",
        choices=("replace", "mix", "duck"),
        default="replace",
        help="the clip's own sound: gone, kept with the music, or kept with music that is lower while somebody speaks",
    )
    parser.add_argument(
        "--music-level",
        type=float,
        default=0.0,
        metavar="LU",
        help="loudness of the music relative to the clip's own sound (default 0: as loud)",
    )
    parser.add_argument("--lufs", type=int, choices=TARGETS_LUFS, help="integrated loudness (default -16)")
    parser.add_argument("--stems", action="store_true", help="also write a WAV file per part")
    parser.add_argument("--sound-font", type=Path, metavar="SF2", help="instrument sounds (default: the first found)")
