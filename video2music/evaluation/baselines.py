"""What a score has to beat: repeating, counting, averaging and a straight line."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.vocabulary import CHORD_COUNT
from video2music.training.dataset import FloatArray, Song
from video2music.training.dynamics import song_targets

PSEUDO_COUNTS = 5.0
"""Weight of the unigram in the bigram, in counts."""

UNSEEN_COUNT = 0.1
"""Counts that every chord has in the unigram before any is read."""

RIDGE_PENALTY = 100.0


class Bigram:
    """Next chord by the last one, smoothed with the unigram.

    Args:
        songs: training songs.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        unigram = np.full(CHORD_COUNT, UNSEEN_COUNT)
        pairs = np.zeros((CHORD_COUNT, CHORD_COUNT))
        for song in songs:
            unigram += np.bincount(song.chords, minlength=CHORD_COUNT)
            np.add.at(pairs, (song.chords[:-1], song.chords[1:]), 1)
        share = unigram / unigram.sum()
        self.unigram = np.log(share)
        smoothed = pairs + PSEUDO_COUNTS * share
        self.table = np.log(smoothed / smoothed.sum(axis=1, keepdims=True))

    def predict(self, chords: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (T - 1, 157) log probabilities of the chords of seconds 1 to T - 1."""
        table: NDArray[np.float64] = self.table[chords[:-1]]
        return table


class RepeatLast:
    """The last chord again, then what the bigram holds for likely; repeats have their share of the training songs.

    Args:
        songs: training songs.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        repeats = sum(int((s.chords[1:] == s.chords[:-1]).sum()) for s in songs)
        self.share = repeats / sum(s.seconds - 1 for s in songs)
        self.bigram = Bigram(songs)

    def predict(self, chords: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (T - 1, 157) log probabilities of the chords of seconds 1 to T - 1."""
        steps = np.arange(len(chords) - 1)
        others = np.exp(self.bigram.predict(chords))
        others[steps, chords[:-1]] = 0.0
        table: NDArray[np.float64] = others / others.sum(axis=1, keepdims=True) * (1 - self.share)
        table[steps, chords[:-1]] = self.share
        return np.log(table)


class TrainingMean:
    """The mean note density and loudness of the training songs.

    Args:
        songs: training songs.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        self.mean = np.concatenate([song_targets(song) for song in songs]).mean(axis=0)

    def predict(self, song: Song) -> FloatArray:
        """Return (T, 2)."""
        return np.tile(self.mean, (song.seconds, 1)).astype(np.float32)


class Ridge:
    """A line through motion, scene offset, emotion and the distances from both ends of the video.

    Args:
        songs: training songs with their videos.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        rows = np.concatenate([ridge_inputs(song) for song in songs])
        targets = np.concatenate([song_targets(song) for song in songs]).astype(np.float64)
        self.mean, self.scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        self.offset = targets.mean(axis=0)
        scaled = (rows - self.mean) / self.scale
        penalty = RIDGE_PENALTY * np.eye(rows.shape[1])
        self.weights = np.linalg.solve(scaled.T @ scaled + penalty, scaled.T @ (targets - self.offset))

    def predict(self, song: Song) -> FloatArray:
        """Return (T, 2)."""
        scaled = (ridge_inputs(song) - self.mean) / self.scale
        curves: FloatArray = (scaled @ self.weights + self.offset).astype(np.float32)
        return curves


def ridge_inputs(song: Song) -> NDArray[np.float64]:
    """Return (T, 16): logarithms of motion and scene offset, emotion, and how near both ends are."""
    if song.motion is None or song.scene_offset is None or song.emotion is None:
        raise ValueError(f"song {song.name} has no video")
    second = np.arange(song.seconds, dtype=np.float64)
    left = song.total_s - 1 - second
    near = [np.exp(-side / scale) for side in (second, left) for scale in (2.0, 5.0, 15.0, 40.0)]
    return np.column_stack([np.log1p(song.motion), np.log1p(song.scene_offset), song.emotion, *near])
