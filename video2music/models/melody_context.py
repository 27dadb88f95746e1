"""What a melody is sung over, step per step: from chord numbers to the rows that the network reads."""

import bisect
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from video2music.models.melody import (
    DENSITY_UP_TO,
    FIRST_PITCH,
    LONGEST_WAIT,
    LOWEST,
    PHRASE_BARS,
    REGISTER_CENTRE,
    REGISTER_WIDTH,
    REGISTERS,
    STEPS_PER_BAR,
    UNKNOWN_DENSITY,
    UNKNOWN_REGISTER,
    MelodyContext,
)

PHRASE_STEPS = PHRASE_BARS * STEPS_PER_BAR


def context_of(
    chords: NDArray[np.int64],
    *,
    minor: bool,
    density: NDArray[np.int64] | None = None,
    register: NDArray[np.int64] | None = None,
    bars: NDArray[np.int64] | None = None,
) -> MelodyContext:
    """Describe the steps of one piece, a batch of one.

    Args:
        chords: (T,) numbers in C major or A minor; step 0 begins the bar before the first phrase.
        minor: whether the piece is in A minor.
        density: (T,) wanted levels, None where any is welcome.
        register: (T,) wanted heights, None where any is welcome.
        bars: (T,) bar in the phrase, 0 to 3; None for phrases of four bars.
    """
    steps = np.arange(len(chords))
    changes = np.flatnonzero(np.diff(chords)) + 1
    index = np.searchsorted(changes, steps, side="right")
    next_change = np.append(changes, len(chords) + LONGEST_WAIT)[index]
    following = chords[np.minimum(next_change, len(chords) - 1)]

    def row(values: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64))[None]

    return MelodyContext(
        chords=row(chords),
        following=row(following),
        wait=row(np.minimum(next_change - steps, LONGEST_WAIT)),
        position=row(steps % STEPS_PER_BAR),
        bar=row((steps // STEPS_PER_BAR - 1) % PHRASE_BARS if bars is None else bars),
        minor=row(np.full(len(chords), int(minor))),
        density=row(np.full(len(chords), UNKNOWN_DENSITY) if density is None else density),
        register=row(np.full(len(chords), UNKNOWN_REGISTER) if register is None else register),
    )


def density_level(notes_per_bar: float) -> int:
    """Return the level, 0 to 4, of a number of notes per bar."""
    return bisect.bisect_left(DENSITY_UP_TO, notes_per_bar)


def register_height(mean_pitch: float) -> int:
    """Return the height, 0 to 6, of a mean pitch in C major or A minor."""
    return int(np.clip(round((mean_pitch - REGISTER_CENTRE) / REGISTER_WIDTH) + REGISTERS // 2, 0, REGISTERS - 1))


def sung_wishes(tokens: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the density and the register of every phrase of a tune, as wishes that it would have fulfilled.

    Args:
        tokens: (T,), step 0 begins the bar before the first phrase.

    Returns:
        Levels and heights, (T,) each; the register of a phrase without notes is unknown.
    """
    density = np.zeros(len(tokens), dtype=np.int64)
    register = np.full(len(tokens), UNKNOWN_REGISTER, dtype=np.int64)
    for start, end in phrase_bounds(len(tokens)):
        line = max(start, min(STEPS_PER_BAR, end - 1))  # the bar before the first phrase is no part of its density
        notes = tokens[line:end][tokens[line:end] >= FIRST_PITCH]
        density[start:end] = density_level(len(notes) * STEPS_PER_BAR / (end - line))
        if len(notes):
            register[start:end] = register_height(float(notes.mean()) - FIRST_PITCH + LOWEST)
    return density, register


def phrase_bounds(steps: int) -> Sequence[tuple[int, int]]:
    """Return where phrases of a piece of so many steps begin and end; the first one has the bar before it."""
    starts = [0, *range(STEPS_PER_BAR + PHRASE_STEPS, steps, PHRASE_STEPS)]
    return list(zip(starts, [*starts[1:], steps], strict=True))
