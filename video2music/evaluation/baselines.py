"""What a score has to beat: repeating, counting, averaging and a straight line."""

from collections import Counter
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

CACHE_ORDERS = (1, 3, 8)
"""Lengths of the contexts, in seconds, whose earlier continuations in the same song are counted."""

CACHE_CONCENTRATION = (16.0, 4.0, 4.0)
"""Counts that the shorter context weighs in each; both were fitted to every eighth training song."""

LONGEST_HOLD = 12
"""Seconds a chord has sounded that are told apart."""

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


class SongCache:
    """What the same song did after the same chords before, over a bigram that knows how long the chord has sounded.

    An n-gram with a memory of the song: continuations counted in the song so far, each context length smoothed with the
    next shorter one as in prediction by partial matching. It knows no video and learns next to nothing, so what a
    network is worth beyond repetition is its distance from this.

    Args:
        songs: training songs.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        self.bigram = Bigram(songs)
        stays, all_steps = np.ones(LONGEST_HOLD), np.full(LONGEST_HOLD, 2.0)
        for song in songs:
            held = held_seconds(song.chords)[:-1]
            np.add.at(stays, held, song.chords[1:] == song.chords[:-1])
            np.add.at(all_steps, held, 1)
        self.stay = stays / all_steps

    def predict(self, chords: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (T - 1, 157) log probabilities of the chords of seconds 1 to T - 1."""
        table, heard = self._held_bigram(chords), chords.tolist()
        seen: list[dict[tuple[int, ...], Counter[int]]] = [{} for _ in CACHE_ORDERS]
        for second in range(1, len(heard)):
            for order, concentration, contexts in zip(CACHE_ORDERS, CACHE_CONCENTRATION, seen, strict=True):
                if order > second:
                    break
                counts = contexts.setdefault(tuple(heard[second - order : second]), Counter())
                total = counts.total()
                table[second - 1] *= concentration / (total + concentration)
                for chord, count in counts.items():
                    table[second - 1, chord] += count / (total + concentration)
                counts[heard[second]] += 1
        return np.log(table)

    def _held_bigram(self, chords: NDArray[np.int64]) -> NDArray[np.float64]:
        steps = np.arange(len(chords) - 1)
        table = np.exp(self.bigram.predict(chords))
        table[steps, chords[:-1]] = 0.0
        stay = self.stay[held_seconds(chords)[:-1]]
        table *= ((1 - stay) / table.sum(axis=1))[:, None]
        table[steps, chords[:-1]] = stay
        return table


def held_seconds(chords: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for how many seconds each chord has already sounded, at most LONGEST_HOLD - 1, (T,)."""
    second = np.arange(len(chords))
    changed = np.concatenate([[True], chords[1:] != chords[:-1]])
    held: NDArray[np.int64] = second - np.maximum.accumulate(np.where(changed, second, 0))
    return held.clip(max=LONGEST_HOLD - 1)


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
