"""How hard the notes of a piece are struck: every step as hard as its loudness asks, whoever plays in it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from video2music.music.midi import PlayedNote, PlayedPart
from video2music.music.performance import VelocityCurve
from video2music.music.score import Score

_HARDEST = 127
_ROUNDS = 4  # in which what notes at the limit cannot take is shared among the others


def follow_loudness(
    parts: Sequence[PlayedPart], sections: Sequence[str], score: Score, curve: VelocityCurve, *, until_beat: float
) -> list[PlayedPart]:
    """Let every section strike the notes of a step, on average, as hard as the curve says for its loudness.

    Soft strokes of a drum kit, weak beats and a part that joins move the mean of a step by more than loudness does.
    What is accented inside a step, and who in a section is louder than whom, stays.

    Args:
        parts: as they were played.
        sections: of each part; parts of the same section share their mean.
        score: its loudness.
        curve: from loudness to velocity.
        until_beat: notes from here on, those of the final chord, stay as they are.
    """
    placed = [(number, note) for number, part in enumerate(parts) for note in part.notes]
    steps = np.array([score.step_at(note.start) if note.start < until_beat - 1e-6 else -1 for _, note in placed])
    struck = np.array([note.velocity for _, note in placed], dtype=np.float64)
    playing = np.array([sections[number] for number, _ in placed])
    for section, step in sorted({*zip(playing.tolist(), steps.tolist(), strict=True)}):
        if step >= 0:
            inside = np.flatnonzero((steps == step) & (playing == section))
            struck[inside] = _levelled(struck[inside], curve.strength(float(score.loudness[step])))
    notes: list[list[PlayedNote]] = [[] for _ in parts]
    for (number, note), velocity in zip(placed, struck.astype(int).tolist(), strict=True):
        notes[number].append(replace(note, velocity=velocity))
    return [replace(part, notes=tuple(played)) for part, played in zip(parts, notes, strict=True)]


def _levelled(velocities: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Scale velocities to a mean, as near as 1 to 127 allow, and round them so that it stays."""
    scaled = velocities
    for _ in range(_ROUNDS):
        free = scaled < _HARDEST
        wanted = mean * len(scaled) - _HARDEST * float((~free).sum())
        scaled = np.where(free, scaled * max(wanted, 1.0) / max(float(scaled[free].sum()), 1.0), scaled)
        scaled = np.clip(scaled, 1, _HARDEST)
    whole = np.rint(np.cumsum(scaled))
    return np.clip(np.diff(whole, prepend=0.0), 1, _HARDEST)
