"""How much of a piece occurs in other songs, and which songs occur twice.

Two measures. The longest run of chord changes that a piece shares with any of a set of songs, whatever the lengths:
long runs are common, since many songs repeat the same four chords. And the share of seconds in which two songs have
the same root at the best shift in time and in pitch: only recordings of one song agree throughout.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.vocabulary import NO_CHORD, root_id

LEAST_OVERLAP_S = 60
"""Seconds that two songs must share at a shift for their agreement to count."""

ROOTS = 12


def changes(chords: Sequence[int]) -> tuple[int, ...]:
    """Return the chords without repeats in a row and without "no chord"."""
    sounding = [chord for chord in chords if chord != NO_CHORD]
    return tuple(chord for chord, _ in groupby(sounding))


class SharedRuns:
    """Finds the longest run of chords that a piece shares with a set of songs.

    Args:
        songs: sequences of chords.
    """

    def __init__(self, songs: Sequence[Sequence[int]]) -> None:
        self.songs = [tuple(song) for song in songs]
        self._runs: dict[int, set[tuple[int, ...]]] = {}

    def _of_length(self, length: int) -> set[tuple[int, ...]]:
        if length not in self._runs:
            self._runs[length] = {
                song[start : start + length] for song in self.songs for start in range(len(song) - length + 1)
            }
        return self._runs[length]

    def longest(self, piece: Sequence[int]) -> int:
        """Return the length of the longest run of the piece that is in one of the songs."""
        own, best = tuple(piece), 0
        for start in range(len(own)):
            while start + best < len(own) and own[start : start + best + 1] in self._of_length(best + 1):
                best += 1
        return best


def root_spectra(songs: Sequence[NDArray[np.int64]], length: int) -> NDArray[np.complex64]:
    """Return the Fourier transforms of which root sounds when, (songs, 12, length // 2 + 1)."""
    marks = np.zeros((len(songs), ROOTS, length), dtype=np.float32)
    for number, chords in enumerate(songs):
        for second, chord in enumerate(chords.tolist()):
            if chord != NO_CHORD:
                marks[number, root_id(chord) - 1, second] = 1
    spectra: NDArray[np.complex64] = np.fft.rfft(marks).astype(np.complex64)
    return spectra


def best_agreement(song: NDArray[np.int64], others: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return how well each other song agrees with a song at its best shift in time and transposition.

    Args:
        song: (T,) ids.
        others: (S,) ids each.

    Returns:
        (others,) share of the seconds in which both have a chord at that shift that have the same root; 0 where fewer
        than LEAST_OVERLAP_S such seconds exist at every shift.
    """
    length = 1 << int(np.ceil(np.log2(len(song) + max(len(other) for other in others))))
    own = root_spectra([song], length)[0]
    theirs = root_spectra(others, length)
    sounding = np.fft.irfft(own.sum(axis=0) * theirs.sum(axis=1).conj(), n=length)
    enough = sounding >= LEAST_OVERLAP_S - 0.5
    best = np.zeros(len(others))
    for shift in range(ROOTS):
        product = np.einsum("rf,srf->sf", np.roll(own, shift, axis=0), theirs.conj())
        same = np.fft.irfft(product, n=length)
        best = np.maximum(best, np.where(enough, same / np.maximum(sounding, 1), 0.0).max(axis=1))
    return best
