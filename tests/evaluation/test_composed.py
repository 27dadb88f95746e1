"""The description of composed pieces, by hand; composing side by side; what is played."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from video2music.evaluation.composed import (
    compose_all,
    cut,
    describe,
    diatonic,
    features_of,
    generation_table,
    histograms,
    ping_pong,
    repetition,
    short_clips,
    written,
)
from video2music.evaluation.played import describe_curves, played_report
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.dynamics import DynamicsNetwork
from video2music.models.generation import generate_chords
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling
from video2music.training import amt, dynamics
from video2music.training.dataset import Song, load_split


@pytest.fixture(scope="module")
def songs(data_set: Path) -> list[Song]:
    return load_split(data_set, "val", semantic=False)


@pytest.fixture(scope="module")
def network() -> AffectiveMultimodalTransformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AffectiveMultimodalTransformer(replace(amt.OURS, d_model=16, heads=2, feed_forward=16)).eval()


def test_repetition_counts_patterns_heard_before() -> None:
    assert repetition([1, 1, 2, 3, 4], 4) == 0.0
    assert repetition([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3], 4) == 0.5
    assert repetition([1, 1, 1], 4) == 0.0
    assert repetition([1, 2, 3, 4] * 4, 8) == pytest.approx(5 / 9)


def test_swinging_counts_returns_between_two_chords() -> None:
    assert ping_pong([1, 1, 2, 1, 2, 2]) == 1.0
    assert ping_pong([1, 2, 3, 1, 2, 3]) == 0.0
    assert ping_pong([1, 2, 1]) == 0.0


def test_chords_in_the_key_and_as_text() -> None:
    assert diatonic(np.array([0, 1, 122, 2])) == pytest.approx(2 / 3)  # C and Am, not C minor; silence does not count
    assert written([1, 1, 122, 0]) == "C*2 Am N"


def test_histograms_leave_silence_out_and_weigh_by_length() -> None:
    counts = histograms([np.array([0, 0, 1, 1, 1, 5])])
    assert counts["root"].round().tolist() == [0, 4] + [0] * 11
    assert counts["quality"].round()[[1, 5]].tolist() == [3, 1]
    assert counts["run"].round()[[1, 3]].tolist() == [1, 1]


def test_songs_are_no_distance_from_themselves(data_set: Path) -> None:
    songs = load_split(data_set, "train", semantic=False)
    row = describe([song.chords for song in songs], songs)
    assert [row[f"{name} distance"] for name in ("quality", "root", "run")] == pytest.approx([0, 0, 0], abs=1e-6)
    assert row["changes/s"] == pytest.approx(0.5, abs=0.02)
    assert row["different"] == 4
    assert row["in key"] == pytest.approx(0.75, abs=0.03)  # F sharp is outside


@pytest.mark.parametrize("sampling", [Sampling(), PUBLISHED_SAMPLING], ids=["default", "published"])
def test_side_by_side_gives_the_chords_of_one_by_one(
    songs: list[Song], network: AffectiveMultimodalTransformer, sampling: Sampling
) -> None:
    together = compose_all(network, songs, sampling, seed=3)
    for number, (song, piece) in enumerate(zip(songs, together, strict=True)):
        alone = generate_chords(
            network,
            features_of(song),
            mode="minor" if song.minor else "major",
            primer=(),
            generator=torch.Generator().manual_seed(3000 + number),
            sampling=sampling,
        )
        assert tuple(piece.tolist()) == alone


def test_a_song_is_cut_with_all_its_streams(songs: list[Song]) -> None:
    short = cut(songs[0], 9)
    assert (short.seconds, short.total_s, features_of(short).seconds) == (9, 9, 9)


def test_the_table_begins_with_the_songs(songs: list[Song], network: AffectiveMultimodalTransformer) -> None:
    rows = dict(generation_table(network, songs, songs, seeds=2, choices={"default": Sampling()}))
    assert list(rows) == ["the songs themselves", "default"]
    assert rows["the songs themselves"]["longest shared run"] > rows["default"]["longest shared run"]


def test_short_clips_are_described_and_written(songs: list[Song], network: AffectiveMultimodalTransformer) -> None:
    figures, lines = short_clips(network, songs, 8, seeds=3)
    assert len(lines) == 3
    assert figures["longest hold"] <= 2
    assert figures["fewest"] >= 4
    assert figures["no chord"] == 0


def test_curves_are_described_by_hand(songs: list[Song]) -> None:
    curves = [np.stack([song.motion, np.zeros(song.seconds)], axis=1) for song in songs if song.motion is not None]
    described, flat = (describe_curves(curves, songs, column) for column in (0, 1))
    assert described["motion"] > 0.3
    assert described["motion low"] <= described["motion"] <= described["motion high"]
    assert described["lower quartile"] < described["upper quartile"]
    assert flat["change"] == flat["spread within a song"] == flat["motion"] == 0.0


def test_played_and_real_curves_stand_side_by_side(songs: list[Song]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        curves = DynamicsNetwork(replace(dynamics.OURS, hidden=4))
    report = played_report(curves, songs)
    assert report.keys() == {"note_density", "loudness"}
    assert report["loudness"].keys() == {"played", "the songs"}
