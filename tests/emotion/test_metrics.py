"""Metrics against scikit-learn, against their definitions, and against MTG's published baseline."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from emotion.evaluation.metrics import (
    affect_metrics,
    bootstrap,
    ccc,
    interval_reach,
    macro_scores,
    noise_ceiling,
    pearson,
    r2,
    rmse,
    tag_scores,
)
from emotion.evaluation.report import affect_report, tag_report

values = st.lists(st.floats(1, 9), min_size=3, max_size=30)


@given(values, st.floats(-2, 2), st.floats(0.2, 3))
def test_definitions(numbers: list[float], offset: float, scale: float) -> None:
    truth = np.array(numbers)
    said = 5 + scale * (truth - 5) + offset
    assert r2(truth, truth) == pytest.approx(1) or truth.std() == 0
    if truth.std() < 1e-3:
        return
    assert r2(truth, said) == pytest.approx(r2_score(truth, said), rel=1e-6, abs=1e-6)
    assert pearson(truth, said) == pytest.approx(1)
    assert ccc(truth, said) <= pearson(truth, said) + 1e-9
    assert ccc(truth, truth) == pytest.approx(1)
    assert rmse(truth, truth + offset) == pytest.approx(abs(offset), abs=1e-9)
    assert r2(truth, np.full_like(truth, truth.mean())) == pytest.approx(0, abs=1e-9)


def test_constant_answers_have_no_correlation() -> None:
    truth = np.array([1.0, 2.0, 3.0])
    assert np.isnan(pearson(truth, np.ones(3)))
    assert ccc(truth, np.full(3, 2.0)) == 0
    assert np.isnan(r2(np.ones(3), truth))


def test_tags_that_nobody_carries_are_not_scored() -> None:
    truth = np.array([[1, 0, 1], [0, 0, 1]])
    rows = tag_scores(["a", "b", "c"], truth, np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]))
    assert (rows[0].pr_auc, rows[0].roc_auc, rows[0].prior, rows[0].songs) == (1, 1, 0.5, 1)
    assert np.isnan([rows[1].roc_auc, rows[2].pr_auc]).all()
    assert macro_scores(truth, np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]])) == (1, 1)


def test_the_interval_holds_the_value_and_narrows_with_songs() -> None:
    random = np.random.default_rng(0)
    widths = []
    for songs in (30, 600):
        truth = random.normal(5, 1, songs)
        (estimate,) = bootstrap(lambda a, b: [r2(a, b)], truth, truth + random.normal(0, 0.7, songs))
        assert estimate.low < estimate.value < estimate.high
        widths.append(estimate.high - estimate.low)
    assert widths[1] < widths[0] / 2
    numbers = random.normal(0, 1, 400)
    (mean,) = bootstrap(lambda a: [a.mean()], numbers)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    once, again = (bootstrap(affect_metrics, truth, truth + 1, seed=4) for _ in range(2))
    assert once == again
    assert len(once) == 4


@pytest.mark.parametrize("songs", [20, 400])
def test_intervals_cover_what_they_promise(songs: int) -> None:
    covered = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        truth, said = random.normal(5, 1, (2, songs))
        reach = interval_reach(truth, said)
        new_truth, new_said = random.normal(5, 1, (2, 500))
        covered.append(np.mean(np.abs(new_truth - new_said) <= reach))
    assert 0.79 < np.mean(covered) < 0.84


def test_too_few_songs_promise_nothing() -> None:
    assert np.isinf(interval_reach(np.ones(3), np.zeros(3)))
    assert interval_reach(np.ones(4), np.zeros(4)) == 1


def test_rating_noise_limits_what_can_be_explained() -> None:
    random = np.random.default_rng(2)
    real = random.normal(5, 1, 5000)
    ratings = real[:, None] + random.normal(0, 2, (5000, 10))
    ceiling = noise_ceiling(ratings.mean(axis=1), ratings.std(axis=1, ddof=1), 10)
    assert ceiling == pytest.approx(r2(ratings.mean(axis=1), real), abs=0.02)
    assert np.isnan(noise_ceiling(real, np.full(5000, np.nan), 10))


def test_the_published_baseline_is_scored_as_published(reference: Callable[[str], Path]) -> None:
    folder = reference("data/mer_labels/mtg_jamendo/results/mediaeval")
    truth, scores = (np.load(folder / f"{name}.npy") for name in ("groundtruth", "baseline_vggish_predictions"))
    precision, area = macro_scores(truth, scores)
    assert (round(precision, 6), round(area, 6)) == (0.107734, 0.725821)
    report = tag_report(truth.astype(np.float32), scores.astype(np.float32), resamples=3)
    assert report["floor"]["pr_auc"] == pytest.approx(0.031924, abs=1e-6)
    assert len(report["tags"]) == 56
    assert report["published"]["VGG-ish baseline"]["pr_auc"] == pytest.approx(precision, abs=1e-4)


def test_a_report_puts_published_results_beside() -> None:
    truth = np.random.default_rng(1).uniform(1, 9, (40, 2)).astype(np.float32)
    report = affect_report(truth, truth + 0.5, {"valence_r2": 0.5})
    assert report["songs"] == 40
    assert report["valence"]["rmse"]["value"] == pytest.approx(0.5, abs=1e-5)
    assert report["published"]["valence_r2"] == 0.5
