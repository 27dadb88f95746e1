"""The published arpeggio figures, read from their table."""

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np


@dataclass(frozen=True)
class Stroke:
    """One note of a figure.

    Attributes:
        tone: index into the voiced chord, 0 is the bass.
        beat: when it begins, in beats from the beginning of the step.
    """

    tone: int
    beat: float


@dataclass(frozen=True)
class Level:
    """The two figures of a density level.

    Attributes:
        density_up_to: largest note density at which the level is used.
        even: strokes of a chord's first, third, ... step.
        odd: strokes of its second, fourth, ... step.
    """

    density_up_to: float
    even: tuple[Stroke, ...]
    odd: tuple[Stroke, ...]


@dataclass(frozen=True)
class VelocityCurve:
    """From loudness to MIDI velocity; the attributes are explained beside the table."""

    ceiling: int
    softest: int
    loudest: int
    exponent: float

    def percent(self, loudness: float) -> int:
        """Return loudness in whole percent as published: in single precision, cut off, clipped to the curve."""
        return min(max(int(np.float32(100) * np.float32(loudness)), 0), self.ceiling)

    def velocity(self, loudness: float) -> int:
        """Return the MIDI velocity.

        Args:
            loudness: root mean square, 0 to 1.

        Returns:
            A velocity from `softest` to `loudest`.
        """
        share = math.pow(self.percent(loudness) / self.ceiling, self.exponent)
        return round(share * (self.loudest - self.softest) + self.softest)


@dataclass(frozen=True)
class Expression:
    """How the controller "expression" follows loudness; the attributes are explained beside the table."""

    share: float
    lowest_db: float
    full_loudness: float
    grid_beats: float


@dataclass(frozen=True)
class Approach:
    """How one step before the final chord is played.

    Attributes:
        highest_level: density level that it does not exceed.
        stretch: factor on the beats of its strokes.
        softening: factor on its velocities.
    """

    highest_level: int
    stretch: float
    softening: float


@dataclass(frozen=True)
class FinalChord:
    """How the final chord is rolled; the attributes are explained beside the table."""

    beats: tuple[float, ...]
    softening: tuple[float, ...]
    last_onset_share: float
    release_share: float
    longest_release_beats: float


@dataclass(frozen=True)
class Figures:
    """The whole table.

    Attributes:
        note_beats: length of every note.
        curve: from loudness to velocity.
        expression: of ringing notes.
        levels: from sparse to dense.
        approaches: of the steps before the final chord, the last one first.
        final: the final chord.
    """

    note_beats: float
    curve: VelocityCurve
    expression: Expression
    levels: tuple[Level, ...]
    approaches: tuple[Approach, ...]
    final: FinalChord

    def level_of(self, density: float) -> int:
        """Return the index of the level for a note density.

        Args:
            density: notes that sound in the step; less than none counts as none.
        """
        return next(index for index, level in enumerate(self.levels) if density <= level.density_up_to)


@cache
def load_figures() -> Figures:
    """Read the table that comes with the package."""
    table = tomllib.loads(resources.files(__package__).joinpath("figures.toml").read_text(encoding="utf-8"))
    levels = tuple(
        Level(
            density_up_to=row["density_up_to"],
            even=tuple(Stroke(**stroke) for stroke in row["even"]),
            odd=tuple(Stroke(**stroke) for stroke in row["odd"]),
        )
        for row in table["level"]
    )
    final = table["ending"]["final"]
    if not math.isinf(levels[-1].density_up_to):
        raise ValueError("figures.toml: the last level must take every density")
    return Figures(
        note_beats=table["note_beats"],
        curve=VelocityCurve(**table["velocity"]),
        expression=Expression(**table["expression"]),
        levels=levels,
        approaches=tuple(Approach(**row) for row in table["ending"]["approach"]),
        final=FinalChord(
            beats=tuple(final["beats"]),
            softening=tuple(final["softening"]),
            last_onset_share=final["last_onset_share"],
            release_share=final["release_share"],
            longest_release_beats=final["longest_release_beats"],
        ),
    )
