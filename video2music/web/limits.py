"""What a clip and all clips together may cost: told to the browser, which refuses early, and checked again here."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from video2music.errors import VideoReadError
from video2music.stored import LONGEST_S
from video2music.web.words import clock

SECONDS_VARIABLE, MEGABYTES_VARIABLE = "VIDEO2MUSIC_MAX_SECONDS", "VIDEO2MUSIC_MAX_MEGABYTES"
DISK_VARIABLE, MINUTES_VARIABLE = "VIDEO2MUSIC_MAX_DISK_MEGABYTES", "VIDEO2MUSIC_MAX_MINUTES"

SLOWEST, GET_READY_S = 3.0, 600.0
"""Seconds that the slowest engine may need for each second of a clip, where 2.4 were measured, and before it begins."""

MEGABYTE = 1_000_000

SCRIPT = Path(__file__).parents[2] / "assets" / "limits.js"


@dataclass(frozen=True)
class Limits:
    """What may be uploaded, and what is done for it.

    Attributes:
        seconds: longest clip.
        megabytes: largest file.
        disk_megabytes: everything that the page keeps: uploads, results, and what is being made.
        minutes: after which work on one piece is given up; None is what the slowest engine needs for the longest clip.
    """

    seconds: float = LONGEST_S
    megabytes: float = 2000.0
    disk_megabytes: float = 20_000.0
    minutes: float | None = None

    @property
    def size(self) -> int:
        """Largest file in bytes."""
        return round(self.megabytes * MEGABYTE)

    @property
    def disk(self) -> int:
        """Bytes that everything together may take."""
        return round(self.disk_megabytes * MEGABYTE)

    @property
    def deadline_s(self) -> float:
        """Seconds after which work on one piece is given up."""
        return GET_READY_S + SLOWEST * self.seconds if self.minutes is None else 60 * self.minutes

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
        ("--max-disk-megabytes", DISK_VARIABLE, usual.disk_megabytes, "all uploads and results together"),
    ):
        parser.add_argument(
            option,
            type=above_zero,
            default=os.environ.get(variable, f"{value:g}"),
            help=f"{meaning}, also from {variable}: %(default)s",
        )
    parser.add_argument(
        "--max-minutes",
        type=above_zero,
        default=os.environ.get(MINUTES_VARIABLE),
        help=f"after which work on one piece is given up, also from {MINUTES_VARIABLE}: "
        f"{SLOWEST:g} times the longest clip and {GET_READY_S / 60:g} minutes",
    )


def limits_of(given: argparse.Namespace) -> Limits:
    """Return the limits that were given on the command line or in the environment.

    Args:
        given: what a parser with these options read.
    """
    return Limits(given.max_seconds, given.max_megabytes, given.max_disk_megabytes, given.max_minutes)


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
