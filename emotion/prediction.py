"""What the recogniser says about a piece of music."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 1.0, 9.0
"""Ends of the valence and arousal scale."""

SUFFIXES = {"min": "m", "min6": "m6", "maj6": "6", "min7": "m7", "minmaj7": "mM7"}
"""How musicians write the qualities whose name in annotation files differs."""


@dataclass(frozen=True)
class ChordSpan:
    """One chord and the time it lasts.

    Attributes:
        start_s: start in seconds.
        end_s: end in seconds.
        label: "A:min7" as in chord annotation files, the bare root for a major triad, "N" for no chord, "X" for a
            chord outside the vocabulary.
    """

    start_s: float
    end_s: float
    label: str

    @property
    def symbol(self) -> str:
        """The chord as musicians write it: "Am7"."""
        root, _, quality = self.label.partition(":")
        return root + SUFFIXES.get(quality, quality)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Curve:
    """Valence and arousal over time.

    Attributes:
        time_s: (T,) middle of each moment in seconds.
        valence: (T,) 1..9.
        arousal: (T,) 1..9.
    """

    time_s: NDArray[np.float64]
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prediction:
    """The emotion of a piece of music, and what supports it.

    Attributes:
        engine: name of the engine that listened.
        duration_s: length of what was heard, in seconds.
        valence: unpleasant 1 to pleasant 9, as listeners perceive it (not what they feel).
        arousal: calm 1 to excited 9.
        valence_interval: interval that holds 80 % of the listeners' means; None where none was calibrated.
        arousal_interval: the same for arousal.
        tags: probability of each mood tag, 0..1.
        key: "A minor"; None where no chord was heard.
        tempo_bpm: beats per minute; None where no pulse was heard.
        chords: the chords in order.
        curve: valence and arousal over time.
        shown_tags: the tags worth showing, best first: the engine tells them apart, and here they stand out of how
            common they are.
        doubts: why this answer deserves less trust, in whole sentences; empty when nothing speaks against it.
    """

    engine: str
    duration_s: float
    valence: float
    arousal: float
    valence_interval: tuple[float, float] | None
    arousal_interval: tuple[float, float] | None
    tags: Mapping[str, float]
    key: str | None
    tempo_bpm: float | None
    chords: tuple[ChordSpan, ...]
    curve: Curve
    shown_tags: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def confidence(self) -> str:
        """Return "low" when anything speaks against the answer, else "normal"."""
        return "low" if self.doubts else "normal"

    def result(self) -> dict[str, Any]:
        """Return everything as plain numbers, texts, lists and dicts that JSON can hold."""
        return {
            "engine": self.engine,
            "duration_s": round(self.duration_s, 3),
            "valence": round(self.valence, 4),
            "arousal": round(self.arousal, 4),
            "valence_interval": _rounded(self.valence_interval),
            "arousal_interval": _rounded(self.arousal_interval),
            "tags": {name: round(value, 5) for name, value in sorted(self.tags.items(), key=lambda item: -item[1])},
            "shown_tags": list(self.shown_tags),
            "key": self.key,
            "tempo_bpm": None if self.tempo_bpm is None else round(self.tempo_bpm, 1),
            "chords": [
                {"time_s": round(c.start_s, 3), "duration_s": round(c.duration_s, 3), "symbol": c.symbol}
                for c in self.chords
            ],
            "curve": {
                "time_s": np.round(self.curve.time_s, 3).tolist(),
                "valence": np.round(self.curve.valence, 4).tolist(),
                "arousal": np.round(self.curve.arousal, 4).tolist(),
            },
            "confidence": self.confidence,
            "doubts": list(self.doubts),
        }


def _rounded(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [round(end, 4) for end in interval]
