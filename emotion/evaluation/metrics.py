"""Metrics of tags and of valence and arousal, with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

RESAMPLES = 1000
COVERAGE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and how far it could differ with other songs.

    Attributes:
        value: the figure on all songs.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TagScore:
    """How one tag is found.

    Attributes:
        name: the tag.
        songs: songs that carry it.
        prior: their share, which is the average precision of guessing.
        pr_auc: average precision; not a number where no song or every song carries the tag.
        roc_auc: area under the receiver operating curve; not a number there too.
    """

    name: str
    songs: int
    prior: float
    pr_auc: float
    roc_auc: float


def tag_scores(names: list[str], truth: Floats, scores: Floats) -> list[TagScore]:
    """Score each tag by itself.

    Args:
        names: the tags.
        truth: (songs, tags), 0 or 1.
        scores: (songs, tags), larger is more likely.

    Returns:
        One score per tag.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    rows = []
    for index, name in enumerate(names):
        present, given = truth[:, index] > 0, scores[:, index]
        if present.all() or not present.any():
            precision = area = float("nan")
        else:
            precision, area = average_precision_score(present, given), roc_auc_score(present, given)
        rows.append(TagScore(name, int(present.sum()), float(present.mean()), float(precision), float(area)))
    return rows


def macro_scores(truth: Floats, scores: Floats) -> tuple[float, float]:
    """Return PR-AUC and ROC-AUC averaged over the tags that can be scored, not numbers where none can."""
    rows = tag_scores([""] * truth.shape[1], truth, scores)
    known = [row for row in rows if not np.isnan(row.roc_auc)]
    if not known:
        return float("nan"), float("nan")
    return float(np.mean([row.pr_auc for row in known])), float(np.mean([row.roc_auc for row in known]))


def r2(truth: Floats, predicted: Floats) -> float:
    """Return the share of variance explained, 1 at best, 0 for always answering the mean, not a number for one song."""
    spread = np.square(truth - truth.mean()).sum()
    return float(1 - np.square(truth - predicted).sum() / spread) if spread > 0 else float("nan")


def rmse(truth: Floats, predicted: Floats) -> float:
    """Return the root mean squared error in scale points."""
    return float(np.sqrt(np.square(truth - predicted).mean()))


def ccc(truth: Floats, predicted: Floats) -> float:
    """Return Lin's concordance, 1 where all points lie on the diagonal; 0 for a constant answer."""
    spread = truth.var() + predicted.var() + (truth.mean() - predicted.mean()) ** 2
    shared = ((truth - truth.mean()) * (predicted - predicted.mean())).mean()
    return float(2 * shared / spread) if spread > 0 else float("nan")


def pearson(truth: Floats, predicted: Floats) -> float:
    """Return the correlation, not a number where one side is constant."""
    spread = truth.std() * predicted.std()
    shared = ((truth - truth.mean()) * (predicted - predicted.mean())).mean()
    return float(shared / spread) if spread > 0 else float("nan")


AFFECT_METRICS: dict[str, Callable[[Floats, Floats], float]] = {"r2": r2, "rmse": rmse, "ccc": ccc, "pearson": pearson}


def interval_reach(truth: Floats, predicted: Floats, coverage: float = 0.8) -> float:
    """Return how far to either side of an answer the truth lies in a share of cases (split conformal prediction).

    Args:
        truth: (songs,) of songs that were not trained on.
        predicted: (songs,).
        coverage: the share.

    Returns:
        Half the width of the interval; infinite where there are too few songs to promise it.
    """
    errors = np.sort(np.abs(truth - predicted))
    rank = math.ceil((len(errors) + 1) * coverage)
    return float(errors[rank - 1]) if rank <= len(errors) else float("inf")


def noise_ceiling(truth: Floats, spread: Floats, raters: int) -> float:
    """Return the R2 that a perfect answer would get, because the mean of few raters is itself uncertain.

    Args:
        truth: (songs,) mean ratings.
        spread: (songs,) standard deviation of the raters; songs without one are left out.
        raters: raters per song.

    Returns:
        1 less the share of the variance that is rating noise; not a number where no spread is known.
    """
    known = np.isfinite(spread)
    if not known.any() or not truth[known].var() > 0:
        return float("nan")
    return float(1 - np.square(spread[known]).mean() / raters / truth[known].var())


def bootstrap(
    metrics: Callable[..., Sequence[float]], *samples: Floats, seed: int = 0, resamples: int = RESAMPLES
) -> list[Estimate]:
    """Estimate figures and their intervals by drawing songs with replacement (percentile bootstrap).

    Args:
        metrics: takes the arrays of `samples` and gives one or more figures.
        samples: arrays with one row per song.
        seed: of the drawing.
        resamples: how often to draw.

    Returns:
        Each figure with its 95 % interval; draws for which it is not defined do not count.
    """
    songs = len(samples[0])
    draws = np.random.default_rng(seed).integers(0, songs, (resamples, songs))
    drawn = np.array([metrics(*(sample[draw] for sample in samples)) for draw in draws])
    return [_estimate(value, drawn[:, index]) for index, value in enumerate(metrics(*samples))]


def affect_metrics(truth: Floats, predicted: Floats) -> tuple[float, ...]:
    """Return the figures of `AFFECT_METRICS` in their order."""
    return tuple(metric(truth, predicted) for metric in AFFECT_METRICS.values())


def _estimate(value: float, drawn: Floats) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    edge = 100 * (1 - COVERAGE) / 2
    low, high = np.percentile(known, [edge, 100 - edge])
    return Estimate(value, float(low), float(high))
