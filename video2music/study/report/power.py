"""How likely the planned number of participants finds a difference of a given size, by simulation.

Differences of participants' means are drawn from the variance components that the mixed model found, or from assumed
ones while there are too few answers, and tested as `comparisons` tests them. Holm's correction begins at the level
alpha / family; that level is used for every pair, so the power under the whole correction is at least what is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

EFFECTS = (0.05, 0.1, 0.15, 0.2)
"""Differences of two conditions as shares of the scale's range: 0.3 to 1.2 points from 1 to 7."""

ALPHA = 0.05
SIMULATIONS = 2000
ASSUMED = {"participant x condition": 0.05, "clip": 0.07, "residual": 0.2}
"""Standard deviations as shares of the scale's range, where nothing was fitted: 0.3, 0.4 and 1.2 points of 1 to 7."""


@dataclass(frozen=True)
class Power:
    """Of one question, number of participants and difference.

    Attributes:
        question: its id.
        participants: that are planned.
        difference: in points of the scale.
        alone: power of one pair at the level 0.05.
        corrected: power of one pair at the strictest level of Holm's correction.
        interval: 95 % of the corrected power, which comes from finitely many simulations (Clopper & Pearson 1934).
        assumed: whether the variances are assumed instead of fitted.
    """

    question: str
    participants: int
    difference: float
    alone: float
    corrected: float
    interval: tuple[float, float]
    assumed: bool


@dataclass(frozen=True)
class Planned:
    """What the power depends on besides the variances.

    Attributes:
        participants: that are planned.
        clips_per_condition: that one participant rates.
        family: tests in Holm's correction.
        scale_range: highest minus lowest point.
    """

    participants: int
    clips_per_condition: float
    family: int
    scale_range: float


def simulate_power(question: str, planned: Planned, deviations: Mapping[str, float]) -> list[Power]:
    """Simulate the power to find differences of several sizes.

    Args:
        question: its id.
        planned: the design.
        deviations: components of the mixed model; empty takes assumed ones.

    Returns:
        One entry per size of the difference.
    """
    assumed = not deviations
    found = dict(deviations) or {name: share * planned.scale_range for name, share in ASSUMED.items()}
    spread = difference_sd(planned, found)
    return [_simulate(question, planned, share * planned.scale_range, spread, assumed=assumed) for share in EFFECTS]


def difference_sd(planned: Planned, deviations: Mapping[str, float]) -> float:
    """Return the standard deviation, over participants, of the difference of their means under two conditions.

    Args:
        planned: the design.
        deviations: components of the mixed model.

    Returns:
        sqrt(2 (interaction + (clip + clip x condition + residual) / clips per condition)) of variances: two conditions
        are rated on different clips.
    """
    each = sum(deviations.get(name, 0.0) ** 2 for name in ("clip", "clip x condition", "residual"))
    lasting = deviations.get("participant x condition", 0.0) ** 2
    return float(np.sqrt(2 * (lasting + each / planned.clips_per_condition)))


def _simulate(question: str, planned: Planned, difference: float, spread: float, *, assumed: bool) -> Power:
    draw = np.random.default_rng(0)
    drawn = draw.normal(difference, max(spread, 1e-9), (SIMULATIONS, planned.participants))
    p = _p_values(drawn)
    hits = int((p <= ALPHA / max(1, planned.family)).sum())
    ends = stats.binomtest(hits, SIMULATIONS).proportion_ci()
    return Power(
        question=question,
        participants=planned.participants,
        difference=difference,
        alone=float((p <= ALPHA).mean()),
        corrected=hits / SIMULATIONS,
        interval=(float(ends.low), float(ends.high)),
        assumed=assumed,
    )


def _p_values(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.shape(drawn)[1] < 2:
        return np.ones(len(drawn))
    return np.asarray(stats.wilcoxon(drawn, correction=True, axis=1).pvalue)
