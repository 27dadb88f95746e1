"""The description of composed pieces, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from video2music.evaluation.composed import compose_all, describe, features_of, histograms, repetition
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.sampling import Sampling
from video2music.training import amt
from video2music.training.dataset import load_split


def test_repetition_counts_patterns_heard_before() -> None:
    assert repetition([1, 1, 2, 3, 4]) == 0.0
    assert repetition([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3]) == 0.5
    assert repetition([1, 1, 1]) == 0.0


def test_histograms_leave_silence_out_and_weigh_by_length() -> None:
    counts = histograms([np.array([0, 0, 1, 1, 1, 5])])
    assert counts["root"].round().tolist() == [0, 4] + [0] * 11
    assert counts["quality"].round()[[1, 5]].tolist() == [3, 1]
    assert counts["run"].round()[[1, 3]].tolist() == [1, 1]


def test_songs_are_no_distance_from_themselves(data_set: Path) -> None:
    songs = load_split(data_set, "train", semantic=False)
    row = describe([song.chords for song in songs], songs)
    assert [row[f"{name}_distance"] for name in ("quality", "root", "run")] == pytest.approx([0, 0, 0], abs=1e-6)
    assert row["change_rate"] == pytest.approx(0.5, abs=0.02)
    assert row["different"] == 4


def test_pieces_are_composed_for_every_video_and_repeatably(data_set: Path) -> None:
    songs = load_split(data_set, "val", semantic=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = AffectiveMultimodalTransformer(replace(amt.OURS, d_model=16, heads=2, feed_forward=16))
    first, again = (compose_all(network, songs, Sampling(), seed=3) for _ in range(2))
    assert [len(piece) for piece in first] == [features_of(song).seconds for song in songs]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
