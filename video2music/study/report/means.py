"""What was rated how: number, mean, standard deviation and interval per condition and question.

The participant is the unit. Each one's mean per condition comes first, the interval is bootstrapped over participants
(Efron 1979). Percentile intervals of small samples are too short; Hesterberg (2015, section 4.1.2) widens their
quantiles so that the interval of a mean agrees with Student's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95
RESAMPLES = 9999
FEWEST = 2
"""Participants below which no interval is given."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Summary:
    """One condition under one question.

    Attributes:
        question: its id.
        condition: its id.
        participants: who rated it.
        ratings: how many.
        mean: of the participants' means.
        sd: of the participants' means; None for one participant.
        rating_sd: of all ratings.
        interval: 95 %, bootstrapped over participants; None where there are too few.
        counts: ratings per point, for likert questions.
    """

    question: str
    condition: str
    participants: int
    ratings: int
    mean: float | None
    sd: float | None
    rating_sd: float | None
    interval: Interval | None
    counts: dict[int, int]


def summarise(question: str, table: pd.DataFrame, means: pd.DataFrame, resamples: int = RESAMPLES) -> list[Summary]:
    """Summarise one question.

    Args:
        question: its id.
        table: ratings as `answers.ratings` returns them.
        means: participants x conditions.
        resamples: of the bootstrap.

    Returns:
        One summary per condition.
    """
    summaries = []
    for condition in means.columns:
        own = means[condition].dropna().to_numpy(float)
        values = table.loc[table["condition"] == condition, "value"]
        whole = values[values == values.round()].astype(int)
        summaries.append(
            Summary(
                question=question,
                condition=str(condition),
                participants=len(own),
                ratings=len(values),
                mean=float(own.mean()) if len(own) else None,
                sd=float(own.std(ddof=1)) if len(own) > 1 else None,
                rating_sd=float(values.std(ddof=1)) if len(values) > 1 else None,
                interval=mean_interval(own, resamples),
                counts={int(point): int(count) for point, count in whole.value_counts().sort_index().items()},
            )
        )
    return summaries


def mean_interval(values: Sequence[float] | NDArray[np.float64], resamples: int = RESAMPLES) -> Interval | None:
    """Return the bootstrap interval of a mean over participants.

    Args:
        values: (participants,) one value each.
        resamples: of the bootstrap; always drawn with the same seed, so that a report can be repeated.

    Returns:
        Lower and upper end; None for fewer than two participants.
    """
    sample = np.asarray(values, float)
    if len(sample) < FEWEST:
        return None
    if np.ptp(sample) == 0:
        return float(sample[0]), float(sample[0])
    result = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=resamples,
        confidence_level=widened_level(len(sample)),
        method="percentile",
        rng=np.random.default_rng(0),
        vectorized=True,
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def widened_level(count: int, level: float = LEVEL) -> float:
    """Return the level at which a percentile interval of a mean has to be read off to hold the wanted one.

    Args:
        count: of participants.
        level: that is wanted.

    Returns:
        1 - 2 Phi(-sqrt(n / (n - 1)) t), with Student's quantile t (Hesterberg 2015).
    """
    quantile = stats.t.ppf((1 + level) / 2, count - 1)
    return float(1 - 2 * stats.norm.cdf(-np.sqrt(count / (count - 1)) * quantile))
