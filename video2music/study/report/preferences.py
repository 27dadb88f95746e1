"""Which of two was preferred: shares per pair, a test over participants, and a Bradley-Terry scale.

A tie counts half for either side. Answers of one participant are not independent, so the interval is bootstrapped over
participants, and the test is a sign test over participants: how many preferred the first condition more often than the
second. The scale (Bradley & Terry 1952) is a logistic regression with standard errors clustered by participant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from video2music.study.report.comparisons import holm
from video2music.study.report.means import LEVEL, RESAMPLES, Interval, mean_interval

LARGEST_LOG_ODDS = 8.0
"""Abilities beyond this mean that somebody always won: the likelihood has no maximum."""


@dataclass(frozen=True)
class Preference:
    """One pair under one question.

    Attributes:
        question: its id.
        first: id of a condition.
        second: id of the other one.
        participants: who compared them.
        wins: answers for the first.
        ties: answers for neither.
        losses: answers for the second.
        share: of the first, over participants' own shares; a tie is half.
        interval: 95 % of the share, bootstrapped over participants.
        for_first: participants who preferred the first more often.
        for_second: participants who preferred the second more often.
        p: two-sided sign test over those participants (binomial).
        p_holm: corrected over all pairs and questions.
    """

    question: str
    first: str
    second: str
    participants: int
    wins: int
    ties: int
    losses: int
    share: float
    interval: Interval | None
    for_first: int
    for_second: int
    p: float | None
    p_holm: float | None = None


@dataclass(frozen=True)
class Ability:
    """One condition on the Bradley-Terry scale.

    Attributes:
        question: its id.
        condition: its id.
        log_odds: against the average condition.
        interval: 95 %; None where a condition always won or lost.
    """

    question: str
    condition: str
    log_odds: float
    interval: Interval | None


@dataclass(frozen=True)
class SideBias:
    """Whether the left one of a pair is chosen more often.

    Attributes:
        question: its id.
        share: of the left one over participants; a tie is half.
        interval: 95 %, bootstrapped over participants.
    """

    question: str
    share: float
    interval: Interval | None


def preferences(rows: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the answers to a preference question.

    Args:
        rows: of the participants that count.
        question: its id.

    Returns:
        Columns participant, clip, left, right, score (1 for the left one, 0.5 for a tie, 0 for the right one).
    """
    chosen = rows[(rows["kind"] == "trial") & (rows["question"] == question) & (rows["other_condition"] != "")]
    table = chosen[["participant", "clip"]].copy()
    table["left"], table["right"] = chosen["condition"], chosen["other_condition"]
    table["score"] = chosen["value"].map({"left": 1.0, "tie": 0.5, "right": 0.0})
    return table.dropna(subset=["score"]).reset_index(drop=True)


def compare_preferences(
    question: str, table: pd.DataFrame, conditions: Sequence[str], resamples: int = RESAMPLES
) -> list[Preference]:
    """Return every pair that was compared, without correction.

    Args:
        question: its id.
        table: as `preferences` returns it.
        conditions: in the wanted order.
        resamples: of the bootstrap.
    """
    found = []
    for first, second in combinations(conditions, 2):
        straight = table[(table["left"] == first) & (table["right"] == second)]
        turned = table[(table["left"] == second) & (table["right"] == first)]
        scores = pd.concat([straight, turned.assign(score=1 - turned["score"])])
        if not scores.empty:
            found.append(_pair(question, first, second, scores, resamples))
    return found


def _pair(question: str, first: str, second: str, scores: pd.DataFrame, resamples: int) -> Preference:
    shares = scores.groupby("participant")["score"].mean().to_numpy(float)
    ahead, behind = int((shares > 0.5).sum()), int((shares < 0.5).sum())
    return Preference(
        question=question,
        first=first,
        second=second,
        participants=len(shares),
        wins=int((scores["score"] == 1).sum()),
        ties=int((scores["score"] == 0.5).sum()),
        losses=int((scores["score"] == 0).sum()),
        share=float(shares.mean()),
        interval=_within_scale(mean_interval(shares, resamples)),
        for_first=ahead,
        for_second=behind,
        p=float(stats.binomtest(ahead, ahead + behind).pvalue) if ahead + behind else None,
    )


def with_holm(pairs: Sequence[Preference]) -> list[Preference]:
    """Correct all pairs of all preference questions (Holm 1979)."""
    corrected = iter(holm([pair.p for pair in pairs if pair.p is not None]))
    return [pair if pair.p is None else replace(pair, p_holm=next(corrected)) for pair in pairs]


def bradley_terry(question: str, table: pd.DataFrame, conditions: Sequence[str]) -> list[Ability]:
    """Return the scale on which the conditions lie.

    Args:
        question: its id.
        table: as `preferences` returns it.
        conditions: in the wanted order.

    Returns:
        One ability per condition, which add up to zero; empty where fewer than two conditions were compared.
    """
    compared = [name for name in conditions if ((table["left"] == name) | (table["right"] == name)).any()]
    if len(compared) < 2 or table["participant"].nunique() < 2:
        return []
    design = np.column_stack([(table["left"] == n).astype(float) - (table["right"] == n) for n in compared[:-1]])
    last = (table["left"] == compared[-1]).astype(float) - (table["right"] == compared[-1])
    design = design - last.to_numpy(float)[:, None]
    try:
        fit = sm.GLM(table["score"].to_numpy(float), design, family=sm.families.Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": pd.factorize(table["participant"])[0]}
        )
    except (np.linalg.LinAlgError, sm.tools.sm_exceptions.PerfectSeparationError):
        return []
    spread = np.vstack([np.eye(len(compared) - 1), -np.ones(len(compared) - 1)])
    values, covariance = spread @ fit.params, spread @ fit.cov_params() @ spread.T
    reach = stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(np.diag(covariance))
    return [
        Ability(question, name, float(value), _interval(float(value), float(half)))
        for name, value, half in zip(compared, values, reach, strict=True)
    ]


def side_bias(question: str, table: pd.DataFrame, resamples: int = RESAMPLES) -> SideBias | None:
    """Return whether one side was chosen more often, or None without answers.

    Args:
        question: its id.
        table: as `preferences` returns it.
        resamples: of the bootstrap.
    """
    if table.empty:
        return None
    shares = table.groupby("participant")["score"].mean().to_numpy(float)
    return SideBias(question, float(shares.mean()), _within_scale(mean_interval(shares, resamples)))


def _interval(value: float, reach: float) -> Interval | None:
    usable = np.isfinite(reach) and abs(value) < LARGEST_LOG_ODDS
    return (value - reach, value + reach) if usable else None


def _within_scale(interval: Interval | None) -> Interval | None:
    return None if interval is None else (max(0.0, interval[0]), min(1.0, interval[1]))
