"""How far participants agree: the intraclass correlation and Krippendorff's alpha.

ICC(2,k) (Shrout & Fleiss 1979; ICC(A,k) of McGraw & Wong 1996) is the share of variance between stimuli in a stimulus's
mean rating over k participants. Where all participants rated all stimuli, pingouin computes it with its interval. In
this kind of study each participant hears every clip under one condition only; then it is computed from the variance
components of a model with stimuli and participants crossed, k being the harmonic mean of the ratings per stimulus
(Putka, Le, McCloy & Diaz 2008). For complete data both are the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import krippendorff
import numpy as np
import pandas as pd
import pingouin

from video2music.study.report.crossed import fit_crossed
from video2music.study.report.means import Interval

Measure = Literal["ordinal", "interval"]

MEASURES: Mapping[str, Measure] = {"likert": "ordinal", "slider": "interval"}


@dataclass(frozen=True)
class Agreement:
    """Of one question.

    Attributes:
        question: its id.
        stimuli: rated by two participants or more; a stimulus is a clip under a condition.
        participants: who rated any of them.
        k: harmonic mean of participants per stimulus.
        single: ICC(2,1), of one participant's rating.
        average: ICC(2,k), of the mean over k participants.
        interval: 95 % of ICC(2,k); only where everybody rated everything.
        alpha: Krippendorff's.
        measure: ordinal or interval, how alpha weighs differences.
        remark: what could not be computed and why, "" if everything was.
    """

    question: str
    stimuli: int
    participants: int
    k: float | None = None
    single: float | None = None
    average: float | None = None
    interval: Interval | None = None
    alpha: float | None = None
    measure: Measure = "ordinal"
    remark: str = ""


def agree(question: str, kind: str, table: pd.DataFrame) -> Agreement:
    """Return how far participants agree about stimuli.

    Args:
        question: its id.
        kind: likert or slider.
        table: ratings as `answers.ratings` returns them.

    Returns:
        Both coefficients, or a remark.
    """
    units = table.assign(stimulus=table["clip"] + "\n" + table["condition"])
    matrix = units.pivot_table(index="participant", columns="stimulus", values="value", aggfunc="mean")
    shared = matrix.loc[:, matrix.count() > 1].dropna(axis="index", how="all")
    found = Agreement(question, shared.shape[1], len(shared), measure=MEASURES[kind])
    if found.stimuli < 2 or found.participants < 2:
        return replace(found, remark="fewer than two stimuli that two participants rated")
    if len(np.unique(shared.to_numpy(float)[shared.notna().to_numpy()])) < 2:
        return replace(found, remark="all ratings are equal")
    found = replace(
        found,
        k=float(shared.shape[1] / (1 / shared.count()).sum()),
        alpha=float(krippendorff.alpha(shared.to_numpy(float), level_of_measurement=found.measure)),
    )
    if shared.isna().any(axis=None):
        return _from_components(found, shared)
    return _from_complete(found, shared)


def _from_complete(found: Agreement, matrix: pd.DataFrame) -> Agreement:
    long = matrix.stack().dropna().rename("value").reset_index()
    with np.errstate(all="ignore"):  # perfect agreement divides by zero
        table = pingouin.intraclass_corr(long, targets="stimulus", raters="participant", ratings="value")
    table = table.set_index("Type")
    single, average = float(table.loc["ICC(A,1)", "ICC"]), float(table.loc["ICC(A,k)", "ICC"])
    low, high = (float(end) for end in table.loc["ICC(A,k)", "CI95"])
    interval = (low, high) if np.isfinite([low, high]).all() else None
    if not np.isfinite([single, average]).all():
        return replace(found, remark="the ratings leave no variance to compare")
    return replace(found, single=single, average=average, interval=interval)


def _from_components(found: Agreement, matrix: pd.DataFrame) -> Agreement:
    long = matrix.stack().dropna().rename("value").reset_index()
    try:
        fit = fit_crossed(
            long["value"].to_numpy(float),
            np.ones((len(long), 1)),
            {"stimulus": long["stimulus"].tolist(), "participant": long["participant"].tolist()},
        )
    except (ValueError, np.linalg.LinAlgError):
        return replace(found, remark="too few ratings for variance components")
    stimulus = fit.deviations["stimulus"] ** 2
    others = fit.deviations["participant"] ** 2 + fit.residual**2
    return replace(
        found,
        single=stimulus / (stimulus + others),
        average=stimulus / (stimulus + others / (found.k or 1)),
        remark="" if fit.converged else "the variance components did not converge",
    )
