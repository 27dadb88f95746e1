"""A data set of one's own is read back by what trains on MuVi-Sync."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotion.prediction import ChordSpan
from video2music.batch.measuring import longest_labels, loudness
from video2music.batch.transcription import can_transcribe, note_density, sounding_per_second
from video2music.harmony.vocabulary import from_harte
from video2music.training.dataset import Song, load_song, load_split
from video2music.training.layout import write_song, write_splits


def song(*, with_notes: bool = True) -> Song:
    generator = np.random.default_rng(1)
    seconds = 12
    return Song(
        name="holiday_1",
        minor=True,
        chords=np.array([from_harte(label) for label in ["A:min", "F", "C", "G"] * 3]),
        total_s=seconds,
        emotion=generator.dirichlet(np.ones(6), seconds).astype(np.float32),
        motion=generator.uniform(0, 40, seconds).astype(np.float32),
        scene_offset=np.arange(seconds, dtype=np.float32),
        loudness=generator.uniform(0, 1, seconds).astype(np.float32),
        note_density=generator.integers(0, 20, seconds).astype(np.float32) if with_notes else None,
        semantic=generator.normal(size=(seconds, 768)).astype(np.float32),
    )


@pytest.mark.parametrize("with_notes", [True, False])
def test_what_is_written_is_read_back(tmp_path: Path, *, with_notes: bool) -> None:
    before = song(with_notes=with_notes)
    write_song(tmp_path, before)
    after = load_song(tmp_path, "holiday_1")
    assert after.minor
    assert (after.chords == before.chords).all()
    for stream in ("emotion", "motion", "scene_offset", "loudness", "note_density", "semantic"):
        mine, theirs = getattr(before, stream), getattr(after, stream)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(theirs, mine, atol=1e-4)
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_every_song_is_in_one_split_and_none_is_empty(tmp_path: Path, count: int) -> None:
    names = [f"holiday_{number}" for number in range(count)]
    for name in names:
        write_song(tmp_path, replace(song(), name=name))
    counts = write_splits(tmp_path, names, seed=1)
    assert sum(counts.values()) == count
    assert sum(songs > 0 for songs in counts.values()) == min(3, count)
    assert [len(load_split(tmp_path, split)) for split in counts] == list(counts.values())


def test_loudness_is_the_root_mean_square_of_each_second() -> None:
    rate = 100
    samples = np.concatenate([np.full(rate, 0.5), np.zeros(rate), np.full(rate // 2, -1.0)]).astype(np.float32)
    np.testing.assert_allclose(loudness(samples, rate), [0.5, 0, 1], atol=1e-6)


def test_the_chord_that_sounds_longest_stands_for_the_second() -> None:
    spans = (ChordSpan(0, 1.4, "C"), ChordSpan(1.4, 2.1, "F"), ChordSpan(2.1, 3.0, "N"))
    assert longest_labels(spans, 4) == ["C", "F", "N", "N"]


def test_a_note_counts_in_every_second_that_it_sounds_in() -> None:
    counts = sounding_per_second(np.array([0.0, 0.5, 2.0]), np.array([1.0, 2.5, 2.1]), 3.2)
    assert counts.tolist() == [2, 1, 2, 0]


def test_a_transcription_hears_the_notes_of_a_chord() -> None:
    if not can_transcribe():
        pytest.skip("pip install --no-deps -r requirements-dataset.txt")
    rate = 22_050
    time_s = np.arange(3 * rate) / rate
    fade = np.exp(-time_s)
    chord = sum(
        np.sin(2 * np.pi * pitch * partial * time_s) / partial
        for pitch in (220, 277.18, 329.63)
        for partial in (1, 2, 3)
    )
    density = note_density((0.2 * fade * chord).astype(np.float32), rate)
    assert len(density) == 3
    assert 2 <= density[1] <= 6


def test_the_facts_of_a_data_set_are_beside_it(tmp_path: Path) -> None:
    from video2music.commands.dataset import _say_how

    _say_how(tmp_path, "embedded", notes=False, seed=3)
    facts = json.loads((tmp_path / "dataset.json").read_text())
    assert facts["note_density"] == "none"
    assert "seed 3" in facts["splits"]
