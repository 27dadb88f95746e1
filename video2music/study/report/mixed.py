"""A linear mixed model per question: conditions as fixed, participants and clips as crossed random effects.

Participants and clips are both samples (Baayen, Davidson & Bates 2008). Where the design repeats them, the interactions
participant x condition and clip x condition are random effects too: without them the model is too sure of itself (Barr,
Levy, Scheepers & Tily 2013). So a contrast speaks about other people and other clips; the tests of `comparisons` speak
about other people and these clips.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from video2music.study.report.comparisons import holm
from video2music.study.report.crossed import CrossedFit, Estimate, fit_crossed
from video2music.study.report.means import LEVEL, Interval

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "participant": ("participant",),
    "clip": ("clip",),
    "participant x condition": ("participant", "condition"),
    "clip x condition": ("clip", "condition"),
}
FEWEST_DF = 1.0
"""Degrees of freedom below which an interval says nothing."""


@dataclass(frozen=True)
class Contrast:
    """Two conditions in the model.

    Attributes:
        question: its id.
        first: id of a condition.
        second: id of the other one.
        difference: first minus second.
        error: standard error.
        df: Satterthwaite's degrees of freedom.
        t: difference / error.
        p: two-sided, of this contrast alone.
        p_holm: corrected over all contrasts of all questions.
        interval: 95 %.
    """

    question: str
    first: str
    second: str
    difference: float
    error: float
    df: float
    t: float | None
    p: float | None
    p_holm: float | None
    interval: Interval | None


@dataclass(frozen=True)
class MixedModel:
    """The model of one question.

    Attributes:
        question: its id.
        ratings: that it was fitted to.
        participants: how many.
        clips: how many.
        means: condition to estimated mean.
        intervals: condition to the 95 % interval of the mean.
        deviations: component to its standard deviation; "residual" comes last.
        contrasts: of all pairs.
        converged: whether different starts led to the same minimum.
        singular: components whose variance is estimated as zero.
        remark: why there is no model, "" if there is one.
    """

    question: str
    ratings: int
    participants: int
    clips: int
    means: Mapping[str, float]
    intervals: Mapping[str, Interval | None]
    deviations: Mapping[str, float]
    contrasts: tuple[Contrast, ...]
    converged: bool = False
    singular: tuple[str, ...] = ()
    remark: str = ""


def fit_model(question: str, table: pd.DataFrame, conditions: Iterable[str]) -> MixedModel:
    """Fit the model of one question.

    Args:
        question: its id.
        table: ratings as `answers.ratings` returns them.
        conditions: in the wanted order; those that nobody rated are left out.

    Returns:
        The model, or a remark that says why there is none.
    """
    rated = [condition for condition in conditions if (table["condition"] == condition).any()]
    empty = MixedModel(question, len(table), table["participant"].nunique(), table["clip"].nunique(), {}, {}, {}, ())
    if len(rated) < 2:
        return replace(empty, remark="fewer than two conditions were rated")
    fixed = np.column_stack([(table["condition"] == condition).to_numpy(float) for condition in rated])
    try:
        fit = fit_crossed(table["value"].to_numpy(float), fixed, random_groups(table))
        return _described(empty, fit, rated)
    except ValueError as error:
        return replace(empty, remark=str(error))
    except np.linalg.LinAlgError:
        return replace(empty, remark="the ratings do not determine the model")


def random_groups(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the random effects that the ratings can tell apart.

    Args:
        table: ratings.

    Returns:
        Component to the level of every rating: those with two levels or more, fewer than ratings, and not the same
        grouping as the conditions, which are fixed, or as one that is already there.
    """
    groups: dict[str, list[str]] = {}
    partitions = {_partition(table, ("condition",))}
    for name, columns in COMPONENTS.items():
        partition = _partition(table, columns)
        if 2 <= len(set(partition)) < len(table) and partition not in partitions:
            partitions.add(partition)
            groups[name] = [str(code) for code in partition]
    return groups


def _partition(table: pd.DataFrame, columns: Sequence[str]) -> tuple[int, ...]:
    codes = table.groupby(list(columns), sort=False).ngroup()
    return tuple(map(int, pd.factorize(codes)[0]))


def _described(empty: MixedModel, fit: CrossedFit, conditions: list[str]) -> MixedModel:
    unit = np.eye(len(conditions))
    estimates = [fit.estimate(row) for row in unit]
    contrasts = [
        _contrast(empty.question, (conditions[a], conditions[b]), fit.estimate(unit[a] - unit[b]))
        for a, b in combinations(range(len(conditions)), 2)
    ]
    return replace(
        empty,
        means={name: estimate.value for name, estimate in zip(conditions, estimates, strict=True)},
        intervals={name: _interval(estimate) for name, estimate in zip(conditions, estimates, strict=True)},
        deviations={**fit.deviations, "residual": fit.residual},
        contrasts=tuple(contrasts),
        converged=fit.converged,
        singular=fit.singular,
    )


def _contrast(question: str, conditions: tuple[str, str], estimate: Estimate) -> Contrast:
    usable = estimate.error > 0 and estimate.df >= FEWEST_DF
    t = estimate.value / estimate.error if usable else None
    return Contrast(
        question,
        *conditions,
        difference=estimate.value,
        error=estimate.error,
        df=estimate.df,
        t=t,
        p=float(2 * stats.t.sf(abs(t), estimate.df)) if t is not None else None,
        p_holm=None,
        interval=_interval(estimate),
    )


def _interval(estimate: Estimate) -> Interval | None:
    if not (estimate.error > 0 and estimate.df >= FEWEST_DF):
        return None
    reach = float(stats.t.ppf((1 + LEVEL) / 2, estimate.df)) * estimate.error
    return estimate.value - reach, estimate.value + reach


def with_holm(models: Iterable[MixedModel]) -> list[MixedModel]:
    """Correct all contrasts of all questions (Holm 1979).

    Args:
        models: one per question.
    """
    family = list(models)
    corrected = iter(holm([c.p for model in family for c in model.contrasts if c.p is not None]))
    return [
        replace(
            model,
            contrasts=tuple(c if c.p is None else replace(c, p_holm=next(corrected)) for c in model.contrasts),
        )
        for model in family
    ]
