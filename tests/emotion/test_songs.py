"""Labels as the data sets publish them: layouts, scales, the exchanged axes, and divisions that do not leak."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.errors import RefusalError
from emotion.evaluation.metrics import noise_ceiling
from emotion.training.registry import data_set, data_sets, data_sets_in
from emotion.training.songs import LabelsError, Song, find_audio, load_songs, published_split
from emotion.training.splits import divide, grouped_split

OFFICIAL = "annotations/annotations averaged per song/song_level/static_annotations_averaged_songs"


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def deam(folder: Path) -> Path:
    head = "song_id, valence_mean, valence_std, arousal_mean, arousal_std"
    write(folder / f"{OFFICIAL}_1_2000.csv", head, "2,3.1,0.94,3,0.63", "1000,2,1,8,1.5", "1001,2,1,8,1.5")
    write(folder / f"{OFFICIAL}_2000_2058.csv", head + ", valence_max_mean", "2000,4,1,5,1.5,6")
    return folder


def test_exchanged_axes_are_put_right_up_to_song_1000(tmp_path: Path) -> None:
    songs = {song.song_id: song for song in load_songs(data_set("deam"), deam(tmp_path))}
    assert songs["2"].affect == (3.0, 3.1)
    assert songs["2"].affect_sd == (0.63, 0.94)
    assert songs["1000"].affect == (8.0, 2.0)
    assert songs["1001"].affect == (2.0, 8.0)
    assert songs["2000"].affect == (4.0, 5.0)
    published = {song.song_id: song for song in load_songs(data_set("deam"), tmp_path, as_published=True)}
    assert published["1000"].affect == (2.0, 8.0)


def test_deam_and_emomusic_agree_after_the_correction(reference: Callable[[str], Path]) -> None:
    root = reference("data/mer_labels/music2emotion")
    axes = {}
    for name in ("deam", "emomusic"):
        axes[name] = {song.group: song.affect for song in load_songs(data_set(name), root / name)}
    common = axes["deam"].keys() & axes["emomusic"].keys()
    assert len(common) == 744
    here, there = (np.array([axes[name][group] for group in common]) for name in ("deam", "emomusic"))
    for axis in (0, 1):
        assert np.corrcoef(here[:, axis], there[:, axis])[0, 1] > 0.999


def test_the_ceilings_of_the_ratings(reference: Callable[[str], Path]) -> None:
    root = reference("data/mer_labels/music2emotion")
    found = {}
    for name in ("deam", "emomusic"):
        songs = load_songs(data_set(name), root / name)
        affect, spread = (np.array([getattr(song, field) for song in songs]) for field in ("affect", "affect_sd"))
        found[name] = [round(noise_ceiling(affect[:, axis], spread[:, axis], 10), 2) for axis in (0, 1)]
    # DEAM's deviations are exchanged with its means
    assert found == {"deam": [0.81, 0.86], "emomusic": [0.83, 0.85]}


def test_a_scale_from_0_to_1_becomes_1_to_9(tmp_path: Path) -> None:
    write(
        tmp_path / "annotations/static_annotations.csv", "musicId,Arousal(mean),Valence(mean)", "1,0.0,0.5", "4,1,0.25"
    )
    songs = load_songs(data_set("pmemo"), tmp_path)
    assert [song.affect for song in songs] == [(5.0, 1.0), (3.0, 9.0)]
    assert songs[0].affect_sd is None


def test_both_layouts_of_emomusic(tmp_path: Path) -> None:
    write(
        tmp_path / "a/annotations/static_annotations.csv",
        "song_id,mean_arousal,std_arousal,mean_valence,std_valence",
        "2,3.1,.9,3.0,.6",
    )
    write(
        tmp_path / "b/meta/static_annotations.csv",
        "song_id,valence_mean,valence_std,arousal_mean,arousal_std",
        "2,3.0,.6,3.1,.9",
    )
    first, second = (load_songs(data_set("emomusic"), tmp_path / name)[0] for name in "ab")
    assert first == second
    assert first.affect == (3.0, 3.1)


def jamendo(folder: Path) -> Path:
    for number, split in enumerate(("train", "validation", "test"), start=1):
        write(
            folder / f"data/splits/split-0/autotagging_moodtheme-{split}.tsv",
            "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS",
            f"track_000{number}948\tartist_1\talbum_1\t48/{number}948.mp3\t212.7\tmood/theme---calm\tmood/theme---sad",
        )
    return folder


def test_tags_spread_over_columns(tmp_path: Path) -> None:
    entry = data_set("mtg_jamendo")
    songs = load_songs(entry, jamendo(tmp_path))
    assert [song.song_id for song in songs] == ["1948", "2948", "3948"]
    assert songs[0].tags == {"calm", "sad"}
    divided = published_split(entry, tmp_path, songs)
    assert {split: [song.song_id for song in part] for split, part in divided.items()} == {
        "train": ["1948"], "validation": ["2948"], "test": ["3948"],
    }  # fmt: skip


def test_sound_is_found_where_it_was_published(tmp_path: Path) -> None:
    entry = data_set("mtg_jamendo")
    song = load_songs(entry, jamendo(tmp_path))[0]
    assert find_audio(entry, tmp_path, song) is None
    low = write(tmp_path / "audio/48/1948.low.mp3", "")
    assert find_audio(entry, tmp_path, song) == low
    clip = write(tmp_path / "MEMD_audio/2.mp3", "")
    assert find_audio(data_set("deam"), tmp_path, load_songs(data_set("deam"), deam(tmp_path))[0]) == clip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2,loud,1,3,1", "Line 2"),
        ("2,11,1,3,1", "outside 1 to 9"),
        ("2,3", "Line 2"),
        ("x,3,1,3,1", "Line 2"),
        ("2,nan,1,3,1", "outside"),
    ],
)
def test_damaged_labels_name_the_line(tmp_path: Path, line: str, words: str) -> None:
    write(tmp_path / "meta/static_annotations.csv", "song_id,valence_mean,valence_std,arousal_mean,arousal_std", line)
    with pytest.raises(LabelsError, match=words):
        load_songs(data_set("deam"), tmp_path)


def test_missing_or_renamed_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="missing"):
        load_songs(data_set("deam"), tmp_path)
    write(tmp_path / "meta/static_annotations.csv", "song,v,a", "1,2,3")
    with pytest.raises(LabelsError, match="other names"):
        load_songs(data_set("deam"), tmp_path)
    with pytest.raises(LabelsError, match="list of tracks"):
        load_songs(data_set("mtg_jamendo"), tmp_path)


def test_unknown_tags_are_refused(tmp_path: Path) -> None:
    path = jamendo(tmp_path) / "data/splits/split-0/autotagging_moodtheme-train.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("calm", "loud"), encoding="utf-8")
    with pytest.raises(LabelsError, match="Line 2"):
        load_songs(data_set("mtg_jamendo"), tmp_path)


def test_the_register_is_complete(tmp_path: Path) -> None:
    assert set(data_sets()) == {"mtg_jamendo", "deam", "emomusic", "pmemo"}
    for entry in data_sets().values():
        assert entry.judgement in {"perceived", "induced"}
        assert entry.course in {"static", "both"}
        assert entry.licence
        assert entry.defects
    with pytest.raises(RefusalError, match="deam"):
        data_set("unknown")
    with pytest.raises(RefusalError, match="folders named"):
        data_sets_in(tmp_path)


@given(st.sets(st.integers(1, 3000), min_size=1, max_size=200), st.integers(0, 5))
def test_a_song_is_on_one_side_in_every_data_set(numbers: set[int], seed: int) -> None:
    songs = [
        Song(name, str(number), f"mediaeval:{number}") for number in sorted(numbers) for name in ("deam", "emomusic")
    ]
    sides: dict[str, set[str]] = {}
    for split, part in grouped_split(songs, seed=seed).items():
        for song in part:
            sides.setdefault(song.group, set()).add(split)
    assert len(sides) == len(numbers)
    assert all(len(side) == 1 for side in sides.values())


def test_shares_and_seeds() -> None:
    songs = [Song("deam", str(number), f"mediaeval:{number}") for number in range(4000)]
    divided = grouped_split(songs)
    assert [round(len(part) / 4000, 1) for part in divided.values()] in (
        [0.7, 0.2, 0.1],
        [0.7, 0.1, 0.2],
        [0.7, 0.1, 0.1],
        [0.7, 0.2, 0.2],
    )
    assert [song.song_id for song in divided["test"]] != [song.song_id for song in grouped_split(songs, seed=1)["test"]]


def test_the_published_splits_leak_and_ours_do_not(reference: Callable[[str], Path]) -> None:
    root = reference("data/mer_labels/music2emotion")
    entries = {name: data_set(name) for name in ("deam", "emomusic")}
    leaks = {}
    for split in ("published", "grouped"):
        division = divide(entries, root, split=split)
        trained = {song.group for song in division["deam"]["train"]}
        leaks[split] = sum(song.group in trained for song in division["emomusic"]["test"])
    assert leaks == {"published": 82, "grouped": 0}
