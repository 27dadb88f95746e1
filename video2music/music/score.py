"""The score: what is composed before it is arranged, edited by a person or stored as JSON."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEATS_PER_CHORD = 2
"""One chord lasts two beats (paper, section 4.3): one second at 120 BPM."""


@dataclass(frozen=True)
class Score:
    """A piece in symbols: one chord, one note density and one loudness per step of two beats.

    Attributes:
        chords: symbols as they sound in `key`, for example "Am7" or "Bb"; "N" is a step without a chord.
        note_density: (len(chords),) float32, notes that sound in the step, 0 or more.
        loudness: (len(chords),) float32, root mean square of the step, 0 to 1.
        key: tonic and mode, for example "A minor".
        seed: of the generator that drew the chords.
        duration_s: where the music must have ended, in seconds.
        tempo_bpm: beats per minute.
    """

    chords: tuple[str, ...]
    note_density: NDArray[np.float32]
    loudness: NDArray[np.float32]
    key: str
    seed: int
    duration_s: float
    tempo_bpm: float = 120.0

    @property
    def step_s(self) -> float:
        """Length of one chord step in seconds."""
        return BEATS_PER_CHORD * 60.0 / self.tempo_bpm

    def chord_events(self) -> list[dict[str, Any]]:
        """Return the chords with equal neighbours joined, as `time_s`, `duration_s` and `symbol`."""
        events: list[dict[str, Any]] = []
        for step, symbol in enumerate(self.chords):
            start = step * self.step_s
            length = min(self.step_s, self.duration_s - start)
            if events and events[-1]["symbol"] == symbol:
                events[-1]["duration_s"] = round(events[-1]["duration_s"] + length, 6)
            else:
                events.append({"time_s": round(start, 6), "duration_s": round(length, 6), "symbol": symbol})
        return events
