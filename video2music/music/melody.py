"""The tune of a piece: notes in beats, composed once, kept in the score, and open to be edited by hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from video2music.errors import ScoreError

LATEST_BEAT = 100_000.0
"""No piece is so long."""

SHORTEST_BEATS = 1e-3
MOST_NOTES = 50_000
SOFTEST_SHARE, LOUDEST_SHARE = 0.1, 1.5
_HIGHEST_PITCH = 127


@dataclass(frozen=True)
class MelodyNote:
    """A note of the tune.

    Attributes:
        onset_beat: from the beginning of the clip, 0 or more.
        duration_beats: more than 0.
        pitch: MIDI.
        velocity_share: factor on the velocity that the loudness asks for, 0.1 to 1.5.

    Raises:
        ScoreError: it cannot be played.
    """

    onset_beat: float
    duration_beats: float
    pitch: int
    velocity_share: float = 1.0

    def __post_init__(self) -> None:
        _check("onset", self.onset_beat, (0, LATEST_BEAT), "beats from the beginning of the clip")
        _check("length", self.duration_beats, (SHORTEST_BEATS, LATEST_BEAT), "beats")
        _check("pitch", self.pitch, (0, _HIGHEST_PITCH), "as a whole MIDI number")
        _check("strength", self.velocity_share, (SOFTEST_SHARE, LOUDEST_SHARE), "of the usual one")
        if self.pitch != int(self.pitch):
            raise ScoreError(f"A note of the melody has the pitch {self.pitch:g}", remedy="It must be a whole number")

    @property
    def end_beat(self) -> float:
        """Where it ends, in beats from the beginning of the clip."""
        return self.onset_beat + self.duration_beats


Melody = tuple[MelodyNote, ...]
"""Notes of a tune, in order of time."""


def melody_to_json(melody: Sequence[MelodyNote] | None) -> list[dict[str, Any]] | None:
    """Return a tune as plain numbers; None for a piece without one.

    Args:
        melody: of a score.
    """
    return None if melody is None else [asdict(note) for note in melody]


def melody_from_json(rows: Sequence[Mapping[str, Any]] | None) -> Melody | None:
    """Return the tune that `melody_to_json` described.

    Args:
        rows: what it returned, perhaps edited by hand: in any order, and without some or all `velocity_share`.

    Raises:
        ScoreError: a note cannot be played.
        KeyError, TypeError, ValueError: these are no notes.
    """
    if rows is None:
        return None
    if len(rows) > MOST_NOTES:
        raise ScoreError(f"The melody has {len(rows)} notes", remedy=f"It may have up to {MOST_NOTES}")
    notes = [
        MelodyNote(
            onset_beat=float(row["onset_beat"]),
            duration_beats=float(row["duration_beats"]),
            pitch=_whole(row["pitch"]),
            velocity_share=float(row.get("velocity_share", 1.0)),
        )
        for row in rows
    ]
    return in_order(notes)


def in_order(notes: Sequence[MelodyNote]) -> Melody:
    """Return the notes in order of time, of those that begin together the highest."""
    highest: dict[float, MelodyNote] = {}
    for note in sorted(notes, key=lambda note: note.pitch):
        highest[note.onset_beat] = note
    return tuple(highest[onset] for onset in sorted(highest))


def _whole(number: object) -> int:
    """Return a whole number; one with a fraction is left to be refused."""
    value = float(number)  # type: ignore[arg-type]  # what a person wrote; float says what is wrong with it
    return int(value) if value.is_integer() else value  # type: ignore[return-value]


def _check(name: str, value: float, limits: tuple[float, float], unit: str) -> None:
    if not (math.isfinite(value) and limits[0] <= value <= limits[1]):
        raise ScoreError(
            f"A note of the melody has the {name} {value:g}",
            remedy=f"It must be from {limits[0]:g} to {limits[1]:g} {unit}",
        )
