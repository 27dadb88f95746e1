"""The matched-pairs rank-biserial correlation and its interval.

The correlation (Kerby 2014) is the share of the rank sum that favours the first condition minus the share that favours
the second. Its interval inverts a score test, as Newcombe (2006, method 5) does for two independent samples: it holds
every value from which the estimate lies less than 1.96 standard errors away, where the standard error is the one at
that value. For signed ranks it is the standard error of a U-statistic (Hoeffding 1948) over normal differences. So
there is an interval also where all differences have one sign. `benchmarks/study_effect_size.py` measures how often it
holds the truth.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from video2music.study.report.means import LEVEL, Interval

SAME_SUM = 9
"""Decimals of the sum of two differences that count: their last bits do not decide which one is larger."""

EDGE = 1e-12


def rank_biserial(differences: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Return matched-pairs rank-biserial correlations (Kerby 2014); zeros are left out.

    Args:
        differences: one value per participant along the axis.
        axis: of the participants.

    Returns:
        -1 to 1 for every sample; 0 where nothing differs.
    """
    ranks = stats.rankdata(np.abs(differences), axis=axis)
    ranks = np.where(differences == 0, 0, ranks - (differences == 0).sum(axis=axis, keepdims=True))
    favour = (ranks * np.sign(differences)).sum(axis=axis)
    return np.asarray(favour / np.maximum(ranks.sum(axis=axis), 1), float)


def rank_biserial_interval(differences: NDArray[np.float64], level: float = LEVEL) -> Interval | None:
    """Return the score interval of a matched-pairs rank-biserial correlation.

    Args:
        differences: (participants,) one value each; zeros are left out.
        level: of confidence.

    Returns:
        Lower and upper end; None for fewer than two differences.
    """
    differences = differences[differences != 0]
    count = len(differences)
    if count < 2:
        return None
    sums = np.round(differences[:, np.newaxis] + differences, SAME_SUM)[np.triu_indices(count, 1)]
    share = float(0.5 + np.sign(sums).mean() / 2)
    quantile = float(stats.norm.ppf((1 + level) / 2))

    def beyond(value: float) -> float:
        return abs(share - value) - quantile * _share_error(value, count)

    low, high = _root(beyond, EDGE, min(share, 1 - EDGE)), _root(beyond, max(share, EDGE), 1 - EDGE)
    return 2 * (0.0 if low is None else low) - 1, 2 * (1.0 if high is None else high) - 1


def _root(beyond: Callable[[float], float], low: float, high: float) -> float | None:
    """Return where an end of the interval lies; None if it is the end of the range."""
    if low >= high or beyond(low) * beyond(high) > 0:
        return None
    return float(optimize.brentq(beyond, low, high))


def _share_error(share: float, count: int) -> float:
    """Return the standard error of the share of pairs whose sum is positive, over normal differences.

    Args:
        share: that is true, above 0 and below 1.
        count: of differences.

    Returns:
        sqrt(2 (2 (n - 2) c + s (1 - s)) / (n (n - 1))) (Hoeffding 1948), c being the covariance of two pairs that
        share a difference: for normal ones with Phi(h) = s it is Phi2(h, h; 1/2) - s^2 = s - 2 T(h, sqrt(1/3)) - s^2,
        with Owen's function T.
    """
    bound = float(special.ndtri(share))  # much faster as stats.norm.ppf, and asked often
    shared = share - 2 * float(special.owens_t(bound, 1 / np.sqrt(3))) - share**2
    variance = 2 * (2 * (count - 2) * max(0.0, shared) + share * (1 - share)) / (count * (count - 1))
    return float(np.sqrt(variance))
