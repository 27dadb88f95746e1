"""Chord corpora: labels reduce to the vocabulary, keys are found, pieces are read at any speed."""

from pathlib import Path

import numpy as np
import pytest

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import from_harte, transpose
from video2music.training.corpora import (
    KeyFinder,
    Progression,
    load_progressions,
    read_progression,
    reduce_chord,
    sample_grid,
)
from video2music.training.dataset import load_split


@pytest.mark.parametrize(
    ("label", "reduced"),
    [
        ("N", "N"),
        ("X", "N"),
        ("C", "C"),
        ("C:maj", "C"),
        ("Bb:min7/b3", "A#:min7"),
        ("G:9", "G:7"),
        ("G:13(*3)", "G:7"),
        ("D:maj9", "D:maj7"),
        ("E:sus4(b7)", "E:sus4"),
        ("F:(1,5)", "F"),
        ("A:min11", "A:min7"),
        ("B:hdim7", "B:hdim7"),
        ("C:minmaj7", "C:min"),
        ("F#:5", "F#"),
        ("Cb:maj6(9)", "B:maj6"),
    ],
)
def test_labels_reduce(label: str, reduced: str) -> None:
    assert reduce_chord(label) == from_harte(reduced)


def test_a_piece_is_read_at_any_speed_and_phase() -> None:
    piece = Progression("p", np.array([2.0, 3.5, 6.0]), np.array([1, 66, 79]))
    assert sample_grid(piece).tolist() == [1, 1, 66, 66, 79, 79]
    assert sample_grid(piece, tempo=2.0).tolist() == [1, 66, 79]
    assert sample_grid(piece, phase_s=0.6).tolist() == [1, 1, 66, 79, 79, 79]


@pytest.mark.parametrize("semitones", [0, 2, 7, 11])
def test_the_key_is_found(data_set: Path, semitones: int) -> None:
    songs = load_split(data_set, "train", semantic=False)
    loop = np.array([1, 122, 66, 79, 1])
    moved = np.array([transpose(int(chord), semitones) for chord in loop])
    found, _ = KeyFinder(songs).normalise(Progression("p", np.arange(1.0, 6.0), moved))
    assert found.chords.tolist() == loop.tolist()


def test_files_are_read_and_faults_named(tmp_path: Path) -> None:
    (tmp_path / "a.lab").write_text("0.0 12.0 C:maj\n12.0 30.5 G:7/5\n")
    (tmp_path / "short.lab").write_text("0.0 2.0 C\n")
    pieces = load_progressions([tmp_path])
    assert [piece.ends_s.tolist() for piece in pieces] == [[12.0, 30.5]]
    (tmp_path / "bad.lab").write_text("zero C\n")
    with pytest.raises(DatasetError, match="start, end and chord"):
        read_progression(tmp_path / "bad.lab")
    with pytest.raises(DatasetError, match="no chord files"):
        load_progressions([tmp_path / "empty"])
