"""Scores of chords and dynamics, song by song, so that intervals over songs can be drawn.

Convention for chords: the first 300 seconds of a song, "no chord" included, one prediction per second from the second
one on, and every step of every song counts once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.vocabulary import CHORD_COUNT
from video2music.models.affect import allowed_chords

FloatArray = NDArray[np.float64]

HITS = (1, 3, 5)
CERTAIN = 0.80
"""Probability of the strongest emotion from which the paper's emotion correspondence counts a second (section 5.1)."""

NEUTRAL = 5
"""Column of the emotion that allows no chord."""

FLAT = 1e-6
"""Standard deviation below which a curve is flat."""


@dataclass(frozen=True)
class ChordScores:
    """One song's chord scores, per predicted step.

    Attributes:
        hits: (steps, 3) bool, whether the true chord is among the first 1, 3 and 5.
        nats: (steps,) negative natural logarithm of the probability of the true chord.
        corresponds: (certain seconds,) bool, whether the most probable chord suits a certain emotion.
        affinity: (steps,) probability of the emotions that allow the most probable chord, of those not neutral.
    """

    hits: NDArray[np.bool_]
    nats: FloatArray
    corresponds: NDArray[np.bool_]
    affinity: FloatArray


def chord_scores(
    log_probabilities: NDArray[np.floating], chords: NDArray[np.int64], emotion: NDArray[np.float32]
) -> ChordScores:
    """Score the predictions of one song.

    Args:
        log_probabilities: (T - 1, 157) of the chords of seconds 1 to T - 1; need not be normalised.
        chords: (T,) true ids.
        emotion: (T, 6) probabilities.
    """
    truth = chords[1:]
    scores = np.asarray(log_probabilities, dtype=np.float64)[:, :CHORD_COUNT]
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    # Ties are broken in favour of the lower id, so that a prediction without an opinion earns nothing by chance.
    earlier = np.arange(CHORD_COUNT)[None] < truth[:, None]
    rank = (scores > own).sum(axis=1) + ((scores == own) & earlier).sum(axis=1)
    peak = scores.max(axis=1)
    total = peak + np.log(np.exp(scores - peak[:, None]).sum(axis=1))
    first = scores.argmax(axis=1)
    certain, suits = emotion_correspondence(first, emotion[1:])
    return ChordScores(
        hits=rank[:, None] < np.array(HITS),
        nats=total - own[:, 0],
        corresponds=suits[certain],
        affinity=emotion_affinity(first, emotion[1:]),
    )


def emotion_correspondence(
    chords: NDArray[np.int64], emotion: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which seconds the paper's emotion correspondence counts, and whether each chord suits its second.

    Args:
        chords: (T,) ids.
        emotion: (T, 6) probabilities of the same seconds.

    Returns:
        (T,) bool, strongest emotion certain and not neutral; (T,) bool, chord's quality allowed for it.
    """
    strongest = emotion.argmax(axis=1)
    certain = (emotion.max(axis=1) >= CERTAIN) & (strongest != NEUTRAL)
    return certain, allowed_chords()[strongest, chords]


def emotion_affinity(chords: NDArray[np.int64], emotion: NDArray[np.float32]) -> FloatArray:
    """Return the probability of the emotions that allow each chord, among the emotions that are not neutral, (T,)."""
    felt = emotion[:, :NEUTRAL].astype(np.float64)
    allowed = allowed_chords()[:NEUTRAL, chords].T
    affinity: FloatArray = (felt * allowed).sum(axis=1) / felt.sum(axis=1).clip(min=1e-6)
    return affinity


def summarise_chords(songs: Sequence[ChordScores]) -> dict[str, float]:
    """Return hits@1, hits@3, hits@5, nats, emotion_correspondence and emotion_affinity over all steps of all songs."""
    hits = np.concatenate([song.hits for song in songs])
    corresponds = np.concatenate([song.corresponds for song in songs])
    summary = {f"hits@{k}": float(hits[:, column].mean()) for column, k in enumerate(HITS)}
    summary["nats"] = float(np.concatenate([song.nats for song in songs]).mean())
    summary["emotion_correspondence"] = float(corresponds.mean()) if len(corresponds) else float("nan")
    summary["emotion_affinity"] = float(np.concatenate([song.affinity for song in songs]).mean())
    return summary


def summarise_curves(
    predicted: Sequence[NDArray[np.float32]], real: Sequence[NDArray[np.float32]], name: str
) -> dict[str, float]:
    """Score one curve over all seconds of all songs.

    Args:
        predicted: (T,) per song.
        real: (T,) per song.
        name: of the curve, the beginning of the keys.

    Returns:
        name_r2 (against the mean of all seconds), name_r2_centred (curves without their song's mean), name_rmse, and
        name_correlation (mean over songs of the correlation within the song).
    """
    guess, truth = np.concatenate(predicted).astype(np.float64), np.concatenate(real).astype(np.float64)
    centred_guess = np.concatenate([p - p.mean() for p in predicted]).astype(np.float64)
    centred_truth = np.concatenate([r - r.mean() for r in real]).astype(np.float64)
    return {
        f"{name}_r2": r_squared(guess, truth),
        f"{name}_r2_centred": r_squared(centred_guess, centred_truth),
        f"{name}_rmse": float(np.sqrt(np.square(guess - truth).mean())),
        f"{name}_correlation": float(np.mean([correlation(p, r) for p, r in zip(predicted, real, strict=True)])),
    }


def r_squared(predicted: FloatArray, real: FloatArray) -> float:
    """Return the share of the variance of `real` that `predicted` explains; below 0 it is worse than the mean."""
    return float(1 - np.square(real - predicted).sum() / np.square(real - real.mean()).sum())


def correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return Pearson's correlation, 0 where one of the curves is flat."""
    one, two = first.astype(np.float64), second.astype(np.float64)
    if one.std() < FLAT or two.std() < FLAT:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])


def jensen_shannon(first: FloatArray, second: FloatArray) -> float:
    """Return the Jensen-Shannon distance of two histograms, 0 (equal) to 1 (disjoint), base 2."""
    p, q = first / first.sum(), second / second.sum()
    middle = (p + q) / 2

    def divergence(part: FloatArray) -> float:
        seen = part > 0
        return float((part[seen] * np.log2(part[seen] / middle[seen])).sum())

    return float(np.sqrt(max(0.0, (divergence(p) + divergence(q)) / 2)))


def bootstrap_interval(
    songs: int, score: Callable[[NDArray[np.int64]], dict[str, float]], *, draws: int = 300, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of every score when songs are drawn with replacement.

    Args:
        songs: number of songs.
        score: scores by name of the songs with the given indices.
        draws: number of resamples.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    drawn = [score(rng.integers(songs, size=songs)) for _ in range(draws)]
    bounds = {name: np.percentile([scores[name] for scores in drawn], [2.5, 97.5]) for name in drawn[0]}
    return {name: (float(low), float(high)) for name, (low, high) in bounds.items()}
