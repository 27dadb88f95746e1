"""The reader of MuVi-Sync: streams cut to the shortest, faults named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import PAD
from video2music.training.dataset import chord_batch, feature_batch, load_song, load_split


def test_a_song_is_cut_to_its_shortest_stream(data_set: Path) -> None:
    song = load_song(data_set, "001")
    assert song.minor
    assert song.seconds == song.total_s == 29  # its chords have 30 lines
    assert all(len(stream) == 29 for stream in (song.emotion, song.motion, song.semantic, song.loudness))


def test_only_the_first_seconds_are_kept_but_the_length_is_known(data_set: Path) -> None:
    song = load_song(data_set, "000", limit_s=10)
    assert (song.seconds, song.total_s) == (10, 28)
    assert feature_batch([song]).to_end[0, -1] == 18


def test_splits_keep_their_order(data_set: Path) -> None:
    assert [song.name for song in load_split(data_set, "train", semantic=False)] == [f"{n:03d}" for n in range(6)]


def test_batches_are_padded_and_say_where(data_set: Path) -> None:
    songs = load_split(data_set, "val", semantic=False)
    chords, minor = chord_batch(songs)
    batch = feature_batch(songs)
    assert batch.valid.sum(dim=1).tolist() == [song.seconds for song in songs]
    assert (chords[~batch.valid] == PAD).all()
    assert minor.tolist() == [0.0, 1.0]
    assert batch.present.tolist() == [[False, True, True, True]] * 2
    assert torch.equal(batch.from_start[0, :3], torch.arange(3.0))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda root: (root / "vevo_motion/all/000.lab").unlink(), "missing"),
        (lambda root: (root / "vevo_motion/all/000.lab").write_text("0 1.0 2.0\n"), "1 numbers per second"),
        (lambda root: (root / "vevo_chord/lab_v2_norm/all/000.lab").write_text("0 C\n"), "begin with its key"),
        (lambda root: (root / "vevo_meta/split/v1/train.txt").unlink(), "no train split"),
    ],
)
def test_faults_are_named(data_set: Path, tmp_path: Path, damage: object, sentence: str) -> None:
    root = tmp_path / "copy"
    shutil.copytree(data_set, root)
    damage(root)
    with pytest.raises(DatasetError, match=sentence):
        load_split(root, "train")


def test_the_real_layout_reads(reference: object) -> None:
    packed = np.load(reference("data/muvi_sync/vevo_semantic_pca256.npz"))
    root = reference("data/muvi_sync")
    songs = load_split(root, "val", semantic=False)
    assert len(songs) == 75
    assert sum(song.seconds - 1 for song in songs) == 18_261
    assert len(packed["ids"]) == 672
