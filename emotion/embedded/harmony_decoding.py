"""From probabilities of each frame to chords with a beginning and an end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emotion.embedded.harmony_network import CHORDS, NO_CHORD, QUALITIES
from emotion.music2emo.vocabulary import ROOTS
from emotion.prediction import ChordSpan

Floats = NDArray[np.floating]

LEAST_PROBABILITY = 1e-6
TRIADS = 25
MAJOR_SHARE = np.array([1.0, 0.0, 0.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 0.0, 0.0])
"""How much of each quality counts as major, by its third; the rest is minor. Without a third it is even."""


def chord_class_label(chord: int) -> str:
    """Return the label of a chord class, 0..132: "C:min7", "C" for a major triad, "N" for no chord."""
    if chord == NO_CHORD:
        return "N"
    root, quality = divmod(chord, len(QUALITIES))
    return ROOTS[root] if QUALITIES[quality] == "maj" else f"{ROOTS[root]}:{QUALITIES[quality]}"


def likeliest_chords(probabilities: Floats, reluctance: float) -> NDArray[np.int64]:
    """Find the likeliest course of chords (Viterbi), where staying is likelier than changing.

    Args:
        probabilities: (frames, 133) of each chord class.
        reluctance: nats that a change costs more than staying; all changes cost the same.

    Returns:
        (frames,) chord classes.
    """
    evidence = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), LEAST_PROBABILITY))
    frames = len(evidence)
    if not frames:
        return np.zeros(0, dtype=np.int64)
    changed = np.zeros((frames, CHORDS), dtype=bool)
    best_before = np.zeros(frames, dtype=np.int64)
    score = evidence[0]
    for frame in range(1, frames):
        best_before[frame] = score.argmax()
        changing = score[best_before[frame]] - reluctance
        changed[frame] = score < changing
        score = np.maximum(score, changing) + evidence[frame]
        score -= score.max()
    path = np.empty(frames, dtype=np.int64)
    path[-1] = score.argmax()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = best_before[frame] if changed[frame, path[frame]] else path[frame]
    return path


def chord_spans(chords: NDArray[np.int64], frame_rate: float, duration_s: float) -> tuple[ChordSpan, ...]:
    """Join neighbouring frames of the same chord.

    Args:
        chords: (frames,) chord classes.
        frame_rate: frames per second.
        duration_s: end of the last chord.

    Returns:
        The chords in order, without gaps.
    """
    if not len(chords):
        return ()
    borders = [0, *(np.flatnonzero(np.diff(chords)) + 1).tolist(), len(chords)]
    ends = [*(border / frame_rate for border in borders[:-1]), max(duration_s, borders[-2] / frame_rate)]
    return tuple(
        ChordSpan(start, end, chord_class_label(int(chords[border])))
        for (start, end), border in zip(pairwise(ends), borders[:-1], strict=True)
    )


def triads(probabilities: Floats) -> NDArray[np.float32]:
    """Reduce chord probabilities to triads.

    Args:
        probabilities: (frames, 133).

    Returns:
        (frames, 25): twelve major from C on, twelve minor, no chord. Chords with a fourth or second instead of a
        third count half for each.
    """
    values = np.asarray(probabilities, dtype=np.float32)
    sounding = values[:, :NO_CHORD].reshape(len(values), 12, len(QUALITIES))
    major, minor = sounding @ MAJOR_SHARE, sounding @ (1 - MAJOR_SHARE)
    return np.concatenate([major, minor, values[:, NO_CHORD:]], axis=1).astype(np.float32)
