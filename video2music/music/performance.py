"""How every ensemble plays: touch, expression, form and ending, read from their table."""

import bisect
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


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
        return round(self._at(self.percent(loudness)))

    def strength(self, loudness: float) -> float:
        """Return the velocity between whole numbers, where the published curve moves in whole percent.

        Args:
            loudness: root mean square, 0 to 1.
        """
        return self._at(min(max(100 * loudness, 0.0), self.ceiling))

    def _at(self, percent: float) -> float:
        return math.pow(percent / self.ceiling, self.exponent) * (self.loudest - self.softest) + self.softest


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
        softer_db: decibels by which it is softer, 0 or less.
    """

    highest_level: int
    stretch: float
    softer_db: float


@dataclass(frozen=True)
class FinalChord:
    """How the final chord is rolled; the attributes are explained beside the table."""

    beats: tuple[float, ...]
    softening: tuple[float, ...]
    last_onset_share: float
    release_share: float
    longest_release_beats: float


@dataclass(frozen=True)
class Form:
    """How phrases are built; the attributes are explained beside the table."""

    phrase_bars: int
    shortest_phrase_bars: int
    patterns: tuple[str, ...]
    opening_bars: int
    opening_lighter: float
    full_level: int
    cut_accent: float
    cut_window_s: float


@dataclass(frozen=True)
class Performance:
    """The whole table.

    Attributes:
        density_up_to: largest note density of every level but the last, as published.
        density_of_level: note density that the figures of every level are written for.
        emptiest: share of the notes of the lowest level that is left where the density is 0.
        own_level: difference from its bar in density above which half a bar has a level of its own.
        shortest_stroke_s: seconds; where a sixteenth is shorter, figures are played in eighths.
        curve: from loudness to velocity.
        expression: of ringing notes.
        form: of phrases.
        approaches: of the steps before the final chord, the last one first.
        final: the final chord.
        fade_db: how much softer held sounds are at its end than at its beginning.
    """

    density_up_to: tuple[float, ...]
    density_of_level: tuple[float, ...]
    emptiest: float
    own_level: float
    shortest_stroke_s: float
    curve: VelocityCurve
    expression: Expression
    form: Form
    approaches: tuple[Approach, ...]
    final: FinalChord
    fade_db: float

    def level_of(self, density: float) -> int:
        """Return the index of the level for a note density, as published.

        Args:
            density: notes that sound in the step; less than none counts as none.
        """
        return bisect.bisect_left(self.density_up_to, density)

    def level_for(self, density: float) -> int:
        """Return the lowest level whose figures are dense enough, or the highest.

        Args:
            density: notes that should sound in the step.
        """
        return bisect.bisect_left(self.density_of_level[:-1], density)

    def notes_for(self, densities: NDArray[np.float64], usual: Sequence[float]) -> NDArray[np.float64]:
        """Return how many notes an ensemble should have sounding for note densities, (steps,).

        Args:
            densities: (steps,) as they were composed.
            usual: notes that sound in a step where the ensemble plays its figures of each level.
        """
        rising = np.maximum.accumulate(usual)
        notes = [self.emptiest * rising[0], *rising]
        return np.asarray(np.interp(densities, [0.0, *self.density_of_level], notes), dtype=np.float64)


@cache
def load_performance() -> Performance:
    """Read the table that comes with the package."""
    table = tomllib.loads(resources.files(__package__).joinpath("performance.toml").read_text(encoding="utf-8"))
    final, form = table["ending"]["final"], table["form"]
    return Performance(
        density_up_to=tuple(table["density_up_to"]),
        density_of_level=tuple(table["density_of_level"]),
        emptiest=table["emptiest"],
        own_level=table["own_level"],
        shortest_stroke_s=table["shortest_stroke_s"],
        curve=VelocityCurve(**table["velocity"]),
        expression=Expression(**table["expression"]),
        form=Form(**{**form, "patterns": tuple(form["patterns"])}),
        approaches=tuple(Approach(**row) for row in table["ending"]["approach"]),
        final=FinalChord(**{**final, "beats": tuple(final["beats"]), "softening": tuple(final["softening"])}),
        fade_db=table["ending"]["fade_db"],
    )
