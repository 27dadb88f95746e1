"""How long and how large a clip may be: told to the browser, which refuses early, and checked again here."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from video2music.errors import VideoReadError
from video2music.stored import LONGEST_S
from video2music.web.words import clock

SECONDS_VARIABLE, MEGABYTES_VARIABLE = "VIDEO2MUSIC_MAX_SECONDS", "VIDEO2MUSIC_MAX_MEGABYTES"

MEGABYTE = 1_000_000

SCRIPT = Path(__file__).parents[2] / "assets" / "limits.js"


@dataclass(frozen=True)
class Limits:
    """What may be uploaded.

    Attributes:
        seconds: longest clip.
        megabytes: largest file.
    """

    seconds: float = LONGEST_S
    megabytes: float = 2000.0

    @property
    def size(self) -> int:
        """Largest file in bytes."""
        return round(self.megabytes * MEGABYTE)

    @property
    def script(self) -> str:
        """A script for the page that refuses a file before it is uploaded."""
        return f"() => {{ {SCRIPT.read_text(encoding='utf-8').strip()}({self.seconds:g}, {self.size}); }}"

    def check(self, clip: Path, duration_s: float, name: str) -> None:
        """Refuse a clip that is too long or too large.

        Args:
            clip: the uploaded file.
            duration_s: its length.
            name: as the person knows it.

        Raises:
            VideoReadError: it is.
        """
        size = clip.stat().st_size
        if size > self.size:
            raise VideoReadError(
                f"The file has {size / MEGABYTE:.0f} MB, and {self.megabytes:g} MB is the most here",
                where=name,
                remedy="Choose a smaller one",
            )
        if duration_s > self.seconds:
            raise VideoReadError(
                f"The clip lasts {clock(duration_s)}, and {clock(self.seconds)} is the most here",
                where=name,
                remedy="Choose a shorter one, or cut it",
            )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let the command line and the environment set the limits.

    Args:
        parser: of the program that serves the page.
    """
    usual = Limits()
    for option, variable, value, meaning in (
        ("--max-seconds", SECONDS_VARIABLE, usual.seconds, "longest clip in seconds"),
        ("--max-megabytes", MEGABYTES_VARIABLE, usual.megabytes, "largest upload"),
    ):
        parser.add_argument(
            option,
            type=above_zero,
            default=os.environ.get(variable, f"{value:g}"),
            help=f"{meaning}, also from {variable}: %(default)s",
        )


def above_zero(text: str) -> float:
    """Read a number above zero from the command line.

    Args:
        text: as typed.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number
