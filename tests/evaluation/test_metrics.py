"""Scores against values computed by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from video2music.evaluation.baselines import Bigram, RepeatLast, Ridge, TrainingMean
from video2music.evaluation.metrics import (
    bootstrap_interval,
    chord_scores,
    correlation,
    emotion_affinity,
    jensen_shannon,
    r_squared,
    summarise_chords,
    summarise_curves,
)
from video2music.training.dataset import Song, load_split


def spread(*likely: int) -> np.ndarray:
    """Log probabilities that fall in the order given; all others share what is left."""
    row = np.full(157, 0.1 / (157 - len(likely)))
    row[list(likely)] = np.array([0.9 * 2.0**-k for k in range(len(likely))])
    return np.log(row / row.sum())


def test_hits_and_nats_by_hand() -> None:
    chords = np.array([1, 5, 5, 8])
    table = np.stack([spread(5, 2, 3), spread(1, 2, 5), spread(1, 2, 3, 4, 6)])
    scores = chord_scores(table, chords, np.zeros((4, 6), np.float32))
    assert scores.hits.tolist() == [[True, True, True], [False, True, True], [False, False, False]]
    np.testing.assert_allclose(scores.nats, [-table[0, 5], -table[1, 5], -table[2, 8]])


def test_unnormalised_logits_and_ids_beyond_the_chords_change_nothing() -> None:
    table = np.stack([spread(5, 2), spread(1, 2)])
    wide = np.concatenate([table + 7.0, np.full((2, 2), 50.0)], axis=1)
    chords, emotion = np.array([1, 5, 5]), np.zeros((3, 6), np.float32)
    np.testing.assert_allclose(chord_scores(wide, chords, emotion).nats, chord_scores(table, chords, emotion).nats)


def test_a_flat_prediction_earns_no_hits_by_ties() -> None:
    scores = chord_scores(np.zeros((1, 157)), np.array([3, 100]), np.zeros((2, 6), np.float32))
    assert not scores.hits.any()
    assert scores.nats[0] == pytest.approx(np.log(157))


def test_emotion_correspondence_counts_certain_seconds_only() -> None:
    emotion = np.array([[0, 0, 0, 0, 0, 1], [0, 0, 0, 0.9, 0.1, 0], [0, 0, 0, 0.9, 0.1, 0], [0, 0, 0, 0.7, 0.3, 0]])
    table = np.stack([spread(5), spread(1), spread(5)])  # C minor suits sad, C major does not, the last is uncertain
    summary = summarise_chords([chord_scores(table, np.array([0, 0, 0, 0]), emotion.astype(np.float32))])
    assert summary["emotion_correspondence"] == 0.5


def test_emotion_affinity_leaves_neutral_out() -> None:
    emotion = np.array([[0.2, 0, 0, 0.3, 0, 0.5], [0, 0, 0, 0, 0, 1]], dtype=np.float32)
    np.testing.assert_allclose(emotion_affinity(np.array([5, 5]), emotion), [0.6, 0.0], atol=1e-6)


def test_every_step_counts_once_not_every_song() -> None:
    emotion = np.zeros((4, 6), np.float32)
    right = chord_scores(np.stack([spread(5)]), np.array([1, 5]), emotion[:2])
    wrong = chord_scores(np.stack([spread(5)] * 3), np.array([1, 9, 9, 9]), emotion)
    assert summarise_chords([right, wrong])["hits@1"] == 0.25


def test_curves_by_hand() -> None:
    real = [np.array([1.0, 3.0], np.float32), np.array([5.0, 7.0], np.float32)]
    flat = [np.array([2.0, 2.0], np.float32), np.array([6.0, 6.0], np.float32)]
    scores = summarise_curves(flat, real, "loudness")
    assert scores["loudness_r2"] == pytest.approx(1 - 4 / 20)
    assert scores["loudness_r2_centred"] == pytest.approx(0.0)
    assert scores["loudness_rmse"] == pytest.approx(1.0)
    assert scores["loudness_correlation"] == 0.0
    assert r_squared(real[0], real[0]) == 1.0
    assert correlation(real[0], -real[0]) == pytest.approx(-1.0)


def test_jensen_shannon_is_a_distance() -> None:
    first, second = np.array([1.0, 0.0, 3.0]), np.array([0.0, 2.0, 0.0])
    assert jensen_shannon(first, first * 5) == pytest.approx(0.0)
    assert jensen_shannon(first, second) == pytest.approx(1.0)
    assert jensen_shannon(first, first + second) == jensen_shannon(first + second, first)


def test_intervals_surround_the_mean_and_are_repeatable() -> None:
    values = np.arange(50.0)
    interval = bootstrap_interval(50, lambda i: {"mean": float(values[i].mean())})
    assert interval["mean"][0] < 24.5 < interval["mean"][1]
    assert interval == bootstrap_interval(50, lambda i: {"mean": float(values[i].mean())})


def song(name: str, chords: list[int], **streams: np.ndarray) -> Song:
    return Song(name, minor=False, chords=np.array(chords), total_s=len(chords), **streams)


def test_bigram_and_repeat_last_by_hand() -> None:
    known = [song("a", [1, 1, 1, 5, 1, 1])]
    bigram = np.exp(Bigram(known).predict(np.array([1, 5])))[0]
    assert bigram.sum() == pytest.approx(1.0)
    share = np.array([5.1, 1.1]) / (6 + 15.7)
    np.testing.assert_allclose(bigram[[1, 5]], (np.array([3, 1]) + 5 * share) / 9)
    repeated = np.exp(RepeatLast(known).predict(np.array([1, 5, 5])))
    np.testing.assert_allclose(repeated.sum(axis=1), 1.0)
    assert repeated[0, 1] == repeated[1, 5] == pytest.approx(3 / 5)


def test_curve_baselines(data_set: Path) -> None:
    songs = load_split(data_set, "train", semantic=False)
    real = np.concatenate([s.loudness for s in songs])
    mean, ridge = (np.concatenate([m.predict(s)[:, 1] for s in songs]) for m in (TrainingMean(songs), Ridge(songs)))
    assert r_squared(mean, real) == pytest.approx(0.0, abs=1e-4)
    assert r_squared(ridge, real) > 0.5


def test_the_convention_gives_the_known_baselines(reference: Callable[[str], Path]) -> None:
    root = reference("data/muvi_sync")
    known, unseen = (load_split(root, split, semantic=False) for split in ("train", "val"))
    for model, hits, nats in (
        (Bigram(known), (0.526, 0.728, 0.842), 1.856),
        (RepeatLast(known), (0.527, 0.728, 0.844), None),
    ):
        summary = summarise_chords([chord_scores(model.predict(s.chords), s.chords, s.emotion) for s in unseen])
        assert [summary[f"hits@{k}"] for k in (1, 3, 5)] == pytest.approx(hits, abs=6e-4)
        assert nats is None or summary["nats"] == pytest.approx(nats, abs=6e-4)
