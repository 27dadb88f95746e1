"""What each part adds to predicting the next chord: the same network with inputs missing, swapped, or parts off."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from video2music.evaluation.metrics import ChordScores, bootstrap_interval, chord_scores
from video2music.evaluation.report import emotion_of, predict_chords
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.inputs import GROUPS
from video2music.training.dataset import FloatArray, Song

MISSING: dict[str, tuple[str, ...]] = {
    "all video inputs": (),
    "without semantic": ("semantic",),
    "without emotion": ("emotion",),
    "without semantic and emotion": ("semantic", "emotion"),
    "without motion and scene offset": ("motion", "scene_offset"),
    "without any video": GROUPS,
}
"""Input groups that are marked as missing; how long the song is stays known."""

ANOTHER = "video of another song"
NO_COPY = "copy attention off"

Predict = Callable[[Song], NDArray[np.float32]]


def chord_conditions(
    amt: AffectiveMultimodalTransformer, songs: Sequence[Song], *, shuffles: int = 5, seed: int = 0
) -> dict[str, list[ChordScores]]:
    """Score the same network under every condition.

    Args:
        amt: the chord network.
        songs: unseen songs with their videos.
        shuffles: ways of giving each song another one's video; their steps are pooled.
        seed: of the shuffles.

    Returns:
        Scores per song, by condition; the first condition is the one to compare with.
    """

    def scored(predict: Predict) -> list[ChordScores]:
        return [chord_scores(predict(song), song.chords, emotion_of(song)) for song in songs]

    result = {name: scored(partial(predict_chords, amt, missing=groups)) for name, groups in MISSING.items()}
    swapped = [_with_videos(songs, order) for order in derangements(len(songs), shuffles, seed=seed)]
    result[ANOTHER] = [_pooled([_score(amt, other[i]) for other in swapped]) for i in range(len(songs))]
    if amt.copy_head is not None:
        plain = without_copy(amt)
        result[NO_COPY] = scored(partial(predict_chords, plain))
    return result


def paired_difference(
    first: Sequence[ChordScores], second: Sequence[ChordScores], *, draws: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """Return the difference of nats per chord, second minus first, and its 95 % interval over songs.

    The same songs are drawn for both, so that what a song is worth for both cancels.

    Args:
        first: scores per song.
        second: of the same songs; several predictions per step are averaged.
        draws: resamples.
        seed: of the resampling.
    """
    steps = np.array([len(song.nats) for song in first], dtype=np.float64)
    change = np.array([b.nats.mean() - a.nats.mean() for a, b in zip(first, second, strict=True)])

    def mean(index: NDArray[np.int64]) -> dict[str, float]:
        return {"nats": float(np.average(change[index], weights=steps[index]))}

    low, high = bootstrap_interval(len(steps), mean, draws=draws, seed=seed)["nats"]
    return float(np.average(change, weights=steps)), low, high


def without_copy(amt: AffectiveMultimodalTransformer) -> AffectiveMultimodalTransformer:
    """Return a copy of the network whose vocabulary distribution is not mixed with repeats."""
    plain = copy.deepcopy(amt)
    plain.copy_head = None
    return plain


def derangements(count: int, number: int, *, seed: int) -> list[NDArray[np.int64]]:
    """Return `number` random orders of `count` things in which nothing stays in its place; needs at least two."""
    rng = np.random.default_rng(seed)
    orders: list[NDArray[np.int64]] = []
    for _ in range(number):
        circle = rng.permutation(count)
        order = np.empty(count, dtype=np.int64)
        order[circle] = np.roll(circle, -1)
        orders.append(order)
    return orders


def with_video_of(song: Song, other: Song) -> Song:
    """Return the song with the other one's video, from its beginning and repeated where it is too short."""

    def stream(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else values[np.arange(song.seconds) % other.seconds]

    return replace(
        song,
        semantic=stream(other.semantic),
        scene_offset=stream(other.scene_offset),
        motion=stream(other.motion),
        emotion=stream(other.emotion),
    )


def _with_videos(songs: Sequence[Song], order: NDArray[np.int64]) -> list[Song]:
    return [with_video_of(song, songs[other]) for song, other in zip(songs, order.tolist(), strict=True)]


def _score(amt: AffectiveMultimodalTransformer, song: Song) -> ChordScores:
    return chord_scores(predict_chords(amt, song), song.chords, emotion_of(song))


def _pooled(scores: Sequence[ChordScores]) -> ChordScores:
    return ChordScores(
        hits=np.concatenate([score.hits for score in scores]),
        nats=np.concatenate([score.nats for score in scores]),
        corresponds=np.concatenate([score.corresponds for score in scores]),
        affinity=np.concatenate([score.affinity for score in scores]),
    )
