"""How a piece repeats and moves on: self-similarity at lags, chord changes, chords outside the key."""

from collections.abc import Mapping, Sequence

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes

LAGS_S = (4, 8, 16)
"""Lags at which pieces are compared with themselves: two, four and eight bars at 120 beats per minute."""

QUARTILES = (25, 50, 75)


def chroma_of_chords(chords: Sequence[int]) -> NDArray[np.float64]:
    """Return the chroma of chords, one per second.

    Args:
        chords: (T,) ids.

    Returns:
        (12, T), 1 where a pitch class belongs to the chord.
    """
    chroma = np.zeros((12, len(chords)))
    for second, chord in enumerate(chords):
        chroma[list(chord_pitch_classes(int(chord))), second] = 1
    return chroma


def chroma_of_notes(midi: pretty_midi.PrettyMIDI, start_s: float, seconds: int) -> NDArray[np.float64]:
    """Return how long each pitch class sounds in every second of an excerpt; drums do not count.

    Args:
        midi: notes of all parts.
        start_s: where the excerpt begins.
        seconds: its length, T.

    Returns:
        (12, T) seconds of sound.
    """
    chroma = np.zeros((12, seconds))
    frames = np.arange(seconds) + start_s
    for part in midi.instruments:
        for note in () if part.is_drum else part.notes:
            sounding = np.minimum(note.end, frames + 1) - np.maximum(note.start, frames)
            chroma[note.pitch % 12] += np.maximum(sounding, 0)
    return chroma


def self_similarity(chroma: NDArray[np.float64], lag: int) -> float:
    """Return how much a piece resembles itself some frames later: the mean correlation of its frames.

    The mean of every pitch class over the piece is taken away first, so that a common key alone does not count.

    Args:
        chroma: (12, frames).
        lag: frames, fewer than there are.

    Returns:
        -1 to 1; 1 if every frame returns, about 0 if nothing does; not a number for silence.
    """
    varied = chroma - chroma.mean(axis=1, keepdims=True)
    first, second = varied[:, :-lag], varied[:, lag:]
    scale = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / scale) if scale > 0 else float("nan")


def change_rate(chords: Sequence[int]) -> float:
    """Return chord changes per second.

    Args:
        chords: (T,) ids, one per second.
    """
    ids = np.asarray(chords)
    return float(np.mean(ids[1:] != ids[:-1])) if len(ids) > 1 else 0.0


def share_outside_key(chords: Sequence[int], scale: frozenset[int]) -> float:
    """Return the share of sounding seconds whose chord has a tone outside a scale.

    Args:
        chords: (T,) ids, one per second.
        scale: pitch classes of the key.
    """
    sounding = [int(chord) for chord in chords if chord != NO_CHORD]
    return float(np.mean([not chord_pitch_classes(chord) <= scale for chord in sounding])) if sounding else 0.0


def inside_quartiles(ours: Sequence[float], songs: Sequence[float]) -> Mapping[str, float]:
    """Compare the distribution of a figure over pieces with that over songs.

    Args:
        ours: one value per piece; those that are not a number are left out.
        songs: one value per song.

    Returns:
        The median of the pieces, quartiles and median of the songs, and the share of pieces between those quartiles.
    """
    pieces, real = (np.array([value for value in values if np.isfinite(value)]) for values in (ours, songs))
    low, middle, high = np.percentile(real, QUARTILES)
    inside = float(np.mean((pieces >= low) & (pieces <= high)))
    return {"median": float(np.median(pieces)), "low": low, "songs": middle, "high": high, "inside": inside}
