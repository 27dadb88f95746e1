"""Whether conditions differ: Friedman's test per question, then Wilcoxon's for every pair with Holm's correction.

Both look at participants' means. Holm's correction (1979) covers the whole family: all pairs of all questions. The
effect is the matched-pairs rank-biserial correlation (Kerby 2014): the share of the rank sum that favours the first
condition minus the share that favours the second.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from video2music.study.report.effect_size import rank_biserial, rank_biserial_interval
from video2music.study.report.means import RESAMPLES, Interval, mean_interval

SAME_RANK = 9
"""Decimals of a difference that count: means of the same points must be ties although their last bits differ."""

Alternative = Literal["two-sided", "greater", "less"]

FEWEST_CONDITIONS = 3
"""Friedman's test needs as many; two conditions are one pair."""


@dataclass(frozen=True)
class Friedman:
    """Friedman's test of one question.

    Attributes:
        question: its id.
        participants: who rated every condition.
        conditions: that were compared.
        statistic: chi-squared, corrected for ties; None where it cannot be computed.
        df: degrees of freedom.
        p: of the chi-squared approximation.
        kendall_w: statistic / (participants (conditions - 1)), 0 to 1.
        remark: why there is no test, "" if there is one.
    """

    question: str
    participants: int
    conditions: tuple[str, ...]
    statistic: float | None = None
    df: int | None = None
    p: float | None = None
    kendall_w: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class Pair:
    """Two conditions under one question.

    Attributes:
        question: its id.
        first: id of a condition.
        second: id of the other one.
        participants: who rated both.
        difference: mean of first minus second over participants.
        interval: of the difference, 95 %, bootstrapped over participants.
        statistic: the smaller signed-rank sum of Wilcoxon's test.
        p: two-sided, of this test alone.
        p_holm: corrected over the family.
        effect: rank-biserial correlation, -1 to 1; positive favours the first.
        effect_interval: 95 %.
        remark: why there is no test, "" if there is one.
    """

    question: str
    first: str
    second: str
    participants: int
    difference: float | None = None
    interval: Interval | None = None
    statistic: float | None = None
    p: float | None = None
    p_holm: float | None = None
    effect: float | None = None
    effect_interval: Interval | None = None
    remark: str = ""


def friedman(question: str, means: pd.DataFrame) -> Friedman:
    """Test whether any condition differs.

    Args:
        question: its id.
        means: participants x conditions; who lacks a condition is left out, and so is a condition that nobody rated.

    Returns:
        The test, or a remark.
    """
    rated = means.dropna(axis="columns", how="all").dropna()
    found = Friedman(question, len(rated), tuple(map(str, rated.columns)))
    if rated.shape[1] < FEWEST_CONDITIONS:
        return replace(found, remark="fewer than three conditions; the pair says it all")
    if len(rated) < 2:
        return replace(found, remark="fewer than two participants rated every condition")
    if (np.ptp(rated.to_numpy(float), axis=1) == 0).all():
        return replace(found, remark="no participant rated the conditions differently")
    result = stats.friedmanchisquare(*rated.to_numpy(float).T)
    df = rated.shape[1] - 1
    statistic = float(result.statistic)
    return replace(found, statistic=statistic, df=df, p=float(result.pvalue), kendall_w=statistic / len(rated) / df)


def compare_pairs(question: str, means: pd.DataFrame, resamples: int = RESAMPLES) -> list[Pair]:
    """Compare all pairs of conditions under one question, without correction.

    Args:
        question: its id.
        means: participants x conditions.
        resamples: of the bootstrap; 0 leaves intervals of differences out.

    Returns:
        One entry per pair, in the order of the conditions.
    """
    return [
        _compare(Pair(question, str(first), str(second), 0), means[[first, second]].dropna().to_numpy(float), resamples)
        for first, second in combinations(means.columns, 2)
    ]


def _compare(pair: Pair, both: NDArray[np.float64], resamples: int) -> Pair:
    if not len(both):
        return replace(pair, remark="nobody rated both")
    differences = both[:, 0] - both[:, 1]
    pair = replace(
        pair,
        participants=len(both),
        difference=float(differences.mean()),
        interval=mean_interval(differences, resamples) if resamples else None,
    )
    ranked = np.where(np.isclose(differences, 0), 0.0, np.round(differences, SAME_RANK))
    if not ranked.any():
        return replace(pair, remark="no participant rated them differently")
    statistic, p = signed_rank(ranked[ranked != 0])
    return replace(
        pair,
        statistic=statistic,
        p=p,
        effect=float(rank_biserial(ranked)),
        effect_interval=rank_biserial_interval(ranked),
    )


def signed_rank(differences: NDArray[np.float64], alternative: Alternative = "two-sided") -> tuple[float, float]:
    """Return statistic and p of Wilcoxon's signed-rank test as R's wilcox.test gives them.

    Exact for up to 50 participants without ties or zeros, enumerated for up to 13 with ties, else normal with the
    correction for ties and continuity. Zeros are left out.

    Args:
        differences: (participants,) one value each.
        alternative: what the differences are if they are not zero.
    """
    result = stats.wilcoxon(differences, zero_method="wilcox", correction=True, alternative=alternative)
    return float(result.statistic), float(result.pvalue)


def with_holm(pairs: Iterable[Pair]) -> list[Pair]:
    """Correct the whole family of pairs and questions (Holm 1979).

    Args:
        pairs: of every question; those without a test are not part of the family.

    Returns:
        The same pairs with `p_holm`.
    """
    family = list(pairs)
    corrected = iter(holm([pair.p for pair in family if pair.p is not None]))
    return [pair if pair.p is None else replace(pair, p_holm=next(corrected)) for pair in family]


def holm(values: Sequence[float]) -> list[float]:
    """Return p values after Holm's correction.

    Args:
        values: of the whole family.
    """
    return [float(value) for value in multipletests(list(values), method="holm")[1]] if values else []
