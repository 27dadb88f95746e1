"""The report has the agreed shape, and scores what it says."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from video2music.evaluation.report import evaluate, format_report
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.dynamics import DynamicsNetwork
from video2music.training import amt, dynamics


@pytest.fixture(scope="module")
def report(data_set: Path) -> dict:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        chords = AffectiveMultimodalTransformer(replace(amt.OURS, d_model=16, heads=2, feed_forward=16))
        curves = DynamicsNetwork(replace(dynamics.OURS, hidden=4))
    return evaluate(data_set, "val", chords, curves)


def test_the_agreed_shape(report: dict) -> None:
    assert (report["split"], report["songs"]) == ("val", 2)
    for scores in (report["amt"], report["amt"]["embedded"], report["baselines"]["bigram"]):
        assert {"hits@1", "hits@3", "hits@5", "nats", "emotion_correspondence", "interval_95"} <= scores.keys()
    for scores in (report["dynamics"], report["dynamics"]["embedded"], report["baselines"]["ridge"]):
        assert {"loudness_r2", "loudness_r2_centred", "loudness_rmse", "note_density_r2"} <= scores.keys()
    assert report["baselines"].keys() == {"repeat_last", "bigram", "song_cache", "training_mean", "ridge"}


def test_baselines_that_know_the_rule_beat_random_weights(report: dict) -> None:
    assert report["baselines"]["bigram"]["nats"] < report["amt"]["nats"]
    assert report["baselines"]["training_mean"]["note_density_r2"] <= 0
    low, high = report["amt"]["interval_95"]["nats"]
    assert low <= report["amt"]["nats"] <= high


def test_the_table_names_every_row(report: dict) -> None:
    table = format_report(report)
    for name in ("without CLIP", "bigram", "repeat last", "ridge", "training mean", "2 songs"):
        assert name in table
