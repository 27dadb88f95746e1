"""The report's statistics beside published examples and what R gives for them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm
from statsmodels.stats.anova import AnovaRM

from video2music.study.report.agreement import agree
from video2music.study.report.comparisons import compare_pairs, friedman, holm, signed_rank
from video2music.study.report.crossed import fit_crossed
from video2music.study.report.effect_size import rank_biserial, rank_biserial_interval
from video2music.study.report.means import mean_interval, widened_level
from video2music.study.report.mixed import fit_model

ROUNDING_TIMES = """
5.40 5.50 5.55  5.85 5.70 5.75  5.20 5.60 5.50  5.55 5.50 5.40  5.90 5.85 5.70  5.45 5.55 5.60  5.40 5.40 5.35
5.45 5.50 5.35  5.25 5.15 5.00  5.85 5.80 5.70  5.25 5.20 5.10  5.65 5.55 5.45  5.60 5.35 5.45  5.05 5.00 4.95
5.50 5.50 5.40  5.45 5.55 5.50  5.55 5.55 5.35  5.45 5.50 5.55  5.50 5.45 5.25  5.65 5.60 5.40  5.70 5.65 5.55
6.30 6.30 6.25
"""  # Hollander & Wolfe (1973), page 140: the example of R's friedman.test

PENICILLIN = """
27 23 26 23 23 21  27 23 26 23 23 21  25 21 25 24 24 20  26 23 25 23 23 20  25 22 26 22 23 20  24 22 25 23 22 19
24 20 23 21 22 19  26 22 26 24 24 21  24 21 24 22 22 20  24 21 24 23 22 19  26 23 26 24 24 21  25 22 26 24 24 20
26 24 26 24 25 22  26 23 26 23 23 20  26 23 25 24 24 22  25 22 25 23 23 20  25 21 24 23 23 20  25 22 24 23 23 19
24 21 23 21 21 19  26 23 26 24 24 21  25 21 24 22 22 18  25 22 25 22 22 20  24 21 24 22 24 19  24 21 24 22 21 18
"""  # Davies & Goldsmith (1972), section 6.6: 24 plates, 6 samples; the example of crossed effects in lme4

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

MISSING = np.nan
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, MISSING, MISSING, MISSING],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, MISSING, 3],
    [MISSING, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, MISSING],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, MISSING],
]  # Krippendorff (2011), data C; R's irr::kripp.alpha gives 0.815 (ordinal)


def numbers(text: str, columns: int) -> np.ndarray:
    return np.array(text.split(), float).reshape(-1, columns)


def long(matrix: list[list[float]] | np.ndarray) -> pd.DataFrame:
    rows = [
        {"participant": f"p{rater}", "clip": f"clip{target}", "condition": "a", "position": 1, "value": float(value)}
        for target, values in enumerate(matrix)
        for rater, value in enumerate(values)
        if not np.isnan(value)
    ]
    return pd.DataFrame(rows)


def test_friedman_gives_what_r_gives() -> None:
    found = friedman("q", pd.DataFrame(numbers(ROUNDING_TIMES, 3), columns=list("abc")))
    assert found.statistic == pytest.approx(11.143, abs=5e-4)
    assert found.p == pytest.approx(0.003805, abs=5e-7)
    assert (found.df, found.participants) == (2, 22)
    assert found.kendall_w == pytest.approx(11.143 / 44, abs=1e-4)


def test_signed_rank_gives_what_r_gives_for_the_depression_scale() -> None:
    first = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    second = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    assert signed_rank(first - second)[1] == pytest.approx(0.03906, abs=5e-6)
    assert signed_rank(first - second, "greater")[1] == pytest.approx(0.01953, abs=5e-6)
    # V is 40 of 45, and the rank-biserial correlation (40 - 5) / 45 (Kerby 2014)
    assert rank_biserial(first - second) == pytest.approx(35 / 45)


def test_signed_rank_with_ties_and_zeros_is_the_normal_one_with_continuity_correction() -> None:
    # by hand: 16 differences of rank 8.5, 12 of them positive: V = 102, mean 68, variance 374 - (4096 - 16) / 48 = 289
    differences = np.array([1.0] * 12 + [-1.0] * 4)
    assert signed_rank(differences)[1] == pytest.approx(2 * 0.02439, abs=1e-4)


def test_holm_gives_the_textbook_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_mixed_model_gives_what_lme4_gives_for_penicillin() -> None:
    diameter = numbers(PENICILLIN, 6)
    plates, samples = np.repeat(np.arange(24), 6), np.tile(np.arange(6), 24)
    fit = fit_crossed(diameter.ravel(), np.ones((144, 1)), {"plate": list(plates), "sample": list(samples)})
    assert fit.deviations["plate"] == pytest.approx(0.8467, abs=1e-4)
    assert fit.deviations["sample"] == pytest.approx(1.9316, abs=1e-4)
    assert fit.residual == pytest.approx(0.5499, abs=1e-4)
    assert fit.criterion == pytest.approx(330.8606, abs=1e-4)
    mean = fit.estimate(np.ones(1))
    assert (mean.value, mean.error) == pytest.approx((22.9722, 0.8086), abs=1e-4)
    assert fit.converged
    assert not fit.singular


def test_degrees_of_freedom_are_those_of_the_analysis_of_variance_in_balanced_data() -> None:
    draw = np.random.default_rng(4)
    people, conditions, repeats = 12, 3, 4
    base, taste = draw.normal(0, 1, people), draw.normal(0, 0.8, (people, conditions))
    rows = [
        {"participant": p, "condition": "abc"[c], "clip": "one", "value": base[p] + taste[p, c] + draw.normal()}
        for p in range(people)
        for c in range(conditions)
        for _ in range(repeats)
    ]
    table = pd.DataFrame(rows)
    contrast = fit_model("q", table, "abc").contrasts[0]
    assert contrast.df == pytest.approx((people - 1) * (conditions - 1), rel=0.01)
    pair = table[table["condition"].isin(["a", "b"])]
    model = fit_model("q", pair, "ab")
    anova = AnovaRM(pair, "value", "participant", within=["condition"], aggregate_func="mean").fit().anova_table
    assert model.contrasts[0].t is not None
    assert model.contrasts[0].t ** 2 == pytest.approx(float(anova["F Value"].iloc[0]), rel=1e-3)
    assert model.contrasts[0].p == pytest.approx(float(anova["Pr > F"].iloc[0]), rel=1e-2)


def test_intraclass_correlation_is_that_of_shrout_and_fleiss() -> None:
    found = agree("q", "slider", long(SHROUT_FLEISS))
    assert found.single == pytest.approx(0.29, abs=0.005)
    assert found.average == pytest.approx(0.62, abs=0.005)
    assert found.interval is not None


def test_intraclass_correlation_from_variance_components_is_close_where_one_rating_is_missing() -> None:
    whole = long(SHROUT_FLEISS)
    found = agree("q", "slider", whole.iloc[:-1])
    assert found.k == pytest.approx(6 / (5 / 4 + 1 / 3))
    assert found.average == pytest.approx(0.62, abs=0.08)
    assert found.interval is None


def test_krippendorffs_alpha_is_the_published_one() -> None:
    found = agree("q", "likert", long(np.array(KRIPPENDORFF).T))
    assert found.alpha == pytest.approx(0.815, abs=5e-4)


@given(st.lists(st.floats(-3, 3, allow_nan=False).map(lambda value: round(value, 2)), min_size=2, max_size=30))
def test_rank_biserial_turns_with_its_sign_and_stays_in_its_range(values: list[float]) -> None:
    differences = np.array(values)
    assert -1 <= float(rank_biserial(differences)) <= 1
    assert float(rank_biserial(-differences)) == pytest.approx(-float(rank_biserial(differences)))
    interval, turned = rank_biserial_interval(differences), rank_biserial_interval(-differences)
    if interval is not None and turned is not None:
        assert -1 <= interval[0] <= interval[1] <= 1
        assert turned == pytest.approx((-interval[1], -interval[0]), abs=1e-9)


@pytest.mark.parametrize("differences", [[1.0, -2, -3, 4, 5, -6, -7, 8], list(range(1, 9)), [3, -1, 2, 2, 0, 4, -2, 5]])
def test_ends_of_the_rank_biserial_interval_lie_1_96_errors_away(
    differences: list[float],
) -> None:
    nonzero = [value for value in differences if value]
    count = len(nonzero)
    sums = [np.sign(a + b) for place, a in enumerate(nonzero) for b in nonzero[:place]]
    share = 0.5 + np.mean(sums) / 2
    interval = rank_biserial_interval(np.array(differences))
    assert interval is not None
    for end in interval:
        if abs(end) < 1:
            value = (end + 1) / 2
            bound = norm.ppf(value)
            both = multivariate_normal.cdf([bound, bound], cov=[[1, 0.5], [0.5, 1]])
            variance = 2 * (2 * (count - 2) * (both - value**2) + value * (1 - value)) / (count * (count - 1))
            assert abs(share - value) == pytest.approx(1.959964 * variance**0.5, abs=1e-4)
    assert (interval[1] == 1) == (min(nonzero) > 0)
    assert rank_biserial_interval(np.array([0.0, 2.0])) is None


def test_bootstrap_interval_of_a_mean_is_nearly_students() -> None:
    sample = np.random.default_rng(1).normal(4, 1, 24)
    interval = mean_interval(sample)
    assert interval is not None
    half = 2.0687 * sample.std(ddof=1) / 24**0.5
    assert interval == pytest.approx((sample.mean() - half, sample.mean() + half), abs=0.06)
    assert widened_level(24) > 0.95


def test_pairs_name_the_first_condition_as_favoured_where_its_ratings_are_higher() -> None:
    means = pd.DataFrame({"a": [5.0, 6.0, 4.0, 5.0], "b": [3.0, 4.0, 4.5, 2.0]})
    (pair,) = compare_pairs("q", means)
    assert pair.difference == pytest.approx(1.625)
    assert pair.effect == pytest.approx((9 - 1) / 10)
