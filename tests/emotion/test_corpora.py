"""The pieces of the embedded engine's training: ratings pooled, groups that no split may tear apart, refusals."""

import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emotion.errors import RefusalError
from emotion.training.embedded.commands import Places, load_pieces
from emotion.training.embedded.corpora import load_emopia, load_mved, load_pop909, load_recordings, load_vgmidi

GAMES = ("FinalFantasy_NES_FinalFantasyI_Prelude", "FinalFantasy_SNES_FinalFantasyVI_Kefka", "Other_PC_Tetris_Dance")


def empty(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def write_ratings(folder: Path, name: str, content: dict[str, Any]) -> None:
    path = folder / "labelled" / "annotations" / f"{name}.json.xz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as stream:
        json.dump(content, stream)


def rating(valence: list[float], arousal: list[float]) -> dict[str, list[float]]:
    return {"valence": valence, "arousal": arousal}


@pytest.fixture
def vgmidi(tmp_path: Path) -> Path:
    """Two rounds: the first game was rated three times, the second once, the third has ratings but no MIDI file."""
    for name in GAMES[:2]:
        empty(tmp_path / "labelled" / "midi" / f"{name}.mid")
    pieces = {f"piece_{index}": {"midi": f"{name}.mid"} for index, name in enumerate(GAMES)}
    first = {
        "piece_0_a": rating([0.2, 0.4], [1.0, 1.0]),
        "piece_0_b": rating([-0.3], [0.0]),
        "piece_1_a": rating([-1.0, -0.5, 0.0], [0.5, 0.5, 0.5]),
        "piece_1_b": rating([], []),
        "piece_2_a": rating([1.0], [1.0]),
        "stranger_9_a": rating([1.0], [1.0]),
    }
    write_ratings(tmp_path, "round_1", {"pieces": pieces, "annotations": first})
    second = {"piece_0_c": rating([0.6], [-1.0])}
    write_ratings(tmp_path, "round_2", {"pieces": pieces, "annotations": second})
    return tmp_path


def test_ratings_of_all_rounds_are_pooled_and_unrated_courses_left_out(vgmidi: Path) -> None:
    pieces = {piece.name: piece for piece in load_vgmidi(vgmidi)}
    assert list(pieces) == sorted(GAMES[:2])
    assert pieces[GAMES[0]].valence == pytest.approx((0.3 - 0.3 + 0.6) / 3)
    assert pieces[GAMES[0]].arousal == pytest.approx((1.0 + 0.0 - 1.0) / 3)
    assert (pieces[GAMES[1]].valence, pieces[GAMES[1]].arousal) == (pytest.approx(-0.5), pytest.approx(0.5))
    assert pieces[GAMES[0]].identifier == f"vgmidi/{GAMES[0]}"
    assert pieces[GAMES[0]].quadrant is pieces[GAMES[0]].emotion is None


def test_games_of_a_series_are_one_group_and_others_a_group_each(vgmidi: Path) -> None:
    empty(vgmidi / "labelled" / "midi" / f"{GAMES[2]}.mid")
    assert [piece.group for piece in load_vgmidi(vgmidi)] == ["FinalFantasy", "FinalFantasy", "Tetris"]


def test_clips_of_a_song_are_one_group(tmp_path: Path) -> None:
    rows = [("Q1_0vLP_iPN7qY_0", 1), ("Q4_0vLP_iPN7qY_3", 4), ("Q3_Ab-1_0", 3), ("Q2_gone_0", 2)]
    lines = ["ID,4Q,annotator", *(f"{name},{quadrant},A" for name, quadrant in rows)]
    (tmp_path / "label.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, _ in rows[:3]:
        empty(tmp_path / "midis" / f"{name}.mid")
    pieces = load_emopia(tmp_path)
    assert [piece.quadrant for piece in pieces] == [1, 4, 3]
    assert [piece.group for piece in pieces] == ["0vLP_iPN7qY", "0vLP_iPN7qY", "Ab-1"]
    assert all(piece.valence is None for piece in pieces)


def test_clips_of_one_video_are_one_group(tmp_path: Path) -> None:
    names = ("tension_a_TENSMM_2_x", "tension_a_TENSMM_3_x", "tension_a_TENSMM_4_x", "fear_FEARR_1", "fear_FEARR_2")
    for name in (*names, "relaxation_1"):
        empty(tmp_path / f"{name}.mp4")
    pieces = {piece.name: piece for piece in load_mved(tmp_path)}
    groups = [pieces[name].group for name in names]
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] == groups[4]
    assert len({piece.group for piece in pieces.values()}) == 4
    assert [pieces[name].emotion for name in (names[0], names[3], "relaxation_1")] == ["tension", "fear", "relaxation"]


def test_songs_and_recordings_are_groups_of_their_own(tmp_path: Path) -> None:
    for name in ("midi/002.mid", "midi/001.mid", "sound/b.ogg", "sound/a.mp3", "sound/readme.txt"):
        empty(tmp_path / name)
    assert [(piece.identifier, piece.group) for piece in load_pop909(tmp_path)] == [
        ("pop909/001", "001"),
        ("pop909/002", "002"),
    ]
    assert [piece.identifier for piece in load_recordings(tmp_path / "sound")] == ["recordings/a", "recordings/b"]


@pytest.mark.parametrize("load", [load_vgmidi, load_emopia, load_pop909, load_mved, load_recordings])
@pytest.mark.parametrize("folder", ["absent", "."])
def test_a_folder_without_the_corpus_is_refused(load: Callable[[Path], object], folder: str, tmp_path: Path) -> None:
    with pytest.raises(RefusalError) as refusal:
        load(tmp_path / folder)
    assert str(tmp_path) in str(refusal.value)
    assert refusal.value.remedy
    assert len(str(refusal.value).splitlines()) == 1


def test_a_clip_of_no_known_emotion_is_refused(tmp_path: Path) -> None:
    empty(tmp_path / "excited_1.mp4")
    strange = empty(tmp_path / "bored_1.mp4")
    with pytest.raises(RefusalError, match="no known emotion") as refusal:
        load_mved(tmp_path)
    assert refusal.value.where == str(strange)


@pytest.mark.parametrize("content", [b"", b"these are no ratings"])
def test_damaged_ratings_are_refused(vgmidi: Path, content: bytes) -> None:
    damaged = vgmidi / "labelled" / "annotations" / "round_1.json.xz"
    damaged.write_bytes(content)
    with pytest.raises(RefusalError, match="ratings cannot be read") as refusal:
        load_vgmidi(vgmidi)
    assert refusal.value.where == str(damaged)


def places(folder: Path) -> Places:
    return Places(folder / "data", folder / "work", folder / "work")


def test_the_archive_of_songs_is_unpacked_once(tmp_path: Path, vgmidi: Path) -> None:
    where = places(tmp_path)
    where.data.mkdir()
    (where.data / "vgmidi").mkdir()
    (vgmidi / "labelled").rename(where.data / "vgmidi" / "labelled")
    (where.data / "emopia").mkdir()
    (where.data / "emopia" / "label.csv").write_text("ID,4Q\n", encoding="utf-8")
    empty(where.data / "mved" / "sad_1.mp4")
    empty(where.data / "sample_audio" / "a.ogg")
    with pytest.raises(RefusalError, match="archive of POP909"):
        load_pieces(where)
    archive = where.data / "pop909" / "midi_main_909.tar.xz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:xz") as packed:
        packed.add(empty(tmp_path / "003.mid"), "midi/003.mid")
    found = [piece.identifier for piece in load_pieces(where)]
    assert found[:2] == ["mved/sad_1", "recordings/a"]
    assert found[-1] == "pop909/003"
    archive.unlink()
    assert [piece.identifier for piece in load_pieces(where)] == found
