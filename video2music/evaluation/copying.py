"""How much of a piece occurs in other songs, and which songs occur twice.

Two measures. The longest run of chord changes that a piece shares with any of a set of songs, whatever the lengths:
long runs are common, since many songs repeat the same four chords. And the share of seconds in which two songs have
the same root at the best shift in time and in pitch: only recordings of one song agree throughout.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, root_id
from video2music.training.dataset import LIMIT_S

LEAST_OVERLAP_S = 60
"""Seconds that two songs must share at a shift for their agreement to count."""

ROOTS = 12
ROOT_OF = np.array([0 if chord == NO_CHORD else root_id(chord) for chord in range(CHORD_COUNT)])
"""Root of every chord, 1 to 12, 0 for "no chord"."""


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


class Agreements:
    """Compares songs with a set of songs by their roots, at every shift in time and transposition.

    Args:
        others: (S,) ids each.
        longest: seconds of the longest song that will be compared with them.
    """

    def __init__(self, others: Sequence[NDArray[np.int64]], *, longest: int = LIMIT_S) -> None:
        self.length = longest + max(len(other) for other in others)
        self.spectra = self._spectra(others).conj()
        self.sounding = self.spectra.sum(axis=1)

    def _spectra(self, songs: Sequence[NDArray[np.int64]]) -> NDArray[np.complex64]:
        marks = np.zeros((len(songs), ROOTS + 1, self.length), dtype=np.float32)
        for number, chords in enumerate(songs):
            marks[number, ROOT_OF[chords], np.arange(len(chords))] = 1
        return scipy.fft.rfft(marks[:, 1:]).astype(np.complex64)

    def best(self, song: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how well each of the other songs agrees with a song at its best shift.

        Args:
            song: (T,) ids, T at most `longest`.

        Returns:
            (others,) share of the seconds in which both have a chord that have the same root; 0 where fewer than
            LEAST_OVERLAP_S such seconds exist at every shift.
        """
        own = self._spectra([song])[0]
        sounding = scipy.fft.irfft(own.sum(axis=0) * self.sounding, n=self.length)
        enough = sounding >= LEAST_OVERLAP_S - 0.5
        best = np.zeros(len(self.spectra), dtype=np.float32)
        for shift in range(ROOTS):
            product = np.einsum("rf,srf->sf", np.roll(own, shift, axis=0), self.spectra)
            same = scipy.fft.irfft(product, n=self.length)
            best = np.maximum(best, np.where(enough, same / np.maximum(sounding, 1), 0.0).max(axis=1))
        return best
