"""Reads the labels of the published data sets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.errors import RefusalError
from emotion.moods import mood_tags
from emotion.prediction import HIGHEST, LOWEST
from emotion.training.registry import Annotations, DataSet

SPLITS = ("train", "validation", "test")
TAG_PREFIX = "mood/theme---"
FIRST_TAG_COLUMN = 5


class LabelsError(RefusalError):
    """Labels of a data set that are missing or not as published."""


@dataclass(frozen=True)
class Song:
    """One labelled song.

    Attributes:
        data_set: name of its data set.
        song_id: its number there.
        group: the song itself, whatever the data set: "mediaeval:17".
        path: path of its sound as the annotations give it, empty where they do not.
        tags: names of its mood tags; None where the data set has none.
        affect: valence and arousal, 1..9; None where the data set has none.
        affect_sd: standard deviation of the raters, on the same scale.
    """

    data_set: str
    song_id: str
    group: str
    path: str = ""
    tags: frozenset[str] | None = None
    affect: tuple[float, float] | None = None
    affect_sd: tuple[float, float] | None = None


def load_songs(entry: DataSet, folder: Path, *, as_published: bool = False) -> list[Song]:
    """Read the labels of one data set.

    Args:
        entry: the data set.
        folder: where it was unpacked.
        as_published: leave exchanged valence and arousal as they are in the published files.

    Returns:
        Its songs in the order of the files.

    Raises:
        LabelsError: the labels are missing, or a line in them cannot be read.
    """
    songs = list(_tagged(entry, folder) if entry.task == "tags" else _rated(entry, folder, as_published=as_published))
    if not songs:
        raise LabelsError("The labels hold no song", where=folder, remedy="Download the data set again")
    return songs


def published_split(entry: DataSet, folder: Path, songs: Iterable[Song]) -> dict[str, list[Song]]:
    """Divide songs as the publication did.

    Args:
        entry: the data set.
        folder: where it was unpacked.
        songs: its songs.

    Returns:
        Songs of "train", "validation" and "test"; songs in none of the lists are left out.

    Raises:
        LabelsError: a list of song numbers is missing.
    """
    by_id = {song.song_id: song for song in songs}
    divided = {}
    for split in SPLITS:
        path = _first(folder, entry.splits[split])
        if path is None:
            raise LabelsError("The published split is missing", where=folder / entry.splits[split][0])
        lines = path.read_text(encoding="utf-8").splitlines()
        listed = [_track(line.split("\t")[0]) for line in lines if not line.startswith("TRACK_ID")]
        divided[split] = [by_id[number] for number in listed if number in by_id]
    return divided


def find_audio(entry: DataSet, folder: Path, song: Song) -> Path | None:
    """Return the sound of a song, None where it is not there."""
    low = song.path.removesuffix(".mp3") + ".low.mp3"
    for place in entry.audio:
        path = folder / place.format(id=song.song_id, path=song.path, path_low=low)
        if path.is_file():
            return path
    return None


def _tagged(entry: DataSet, folder: Path) -> Iterator[Song]:
    """Read MTG-Jamendo: one line per track, tags in as many columns as it has."""
    known = {tag.name for tag in mood_tags()}
    for split in SPLITS:
        path = _first(folder, entry.splits[split])
        if path is None:
            raise LabelsError("The list of tracks is missing", where=folder / entry.splits[split][0])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
            columns = line.split("\t")
            tags = frozenset(column.removeprefix(TAG_PREFIX).strip() for column in columns[FIRST_TAG_COLUMN:])
            if not tags or not tags <= known:
                raise LabelsError(
                    f"Line {number} does not name mood tags", where=path, remedy="Use the file of split 0 as published"
                )
            track = _track(columns[0])
            yield Song(entry.name, track, f"{entry.song_pool}:{track}", path=columns[3], tags=tags)


def _rated(entry: DataSet, folder: Path, *, as_published: bool) -> Iterator[Song]:
    layout = _layout(entry, folder)
    swap_up_to = 0 if as_published else entry.swap_up_to
    for name in layout.files:
        path = folder / name
        if path.is_file():
            yield from _rated_file(entry, layout, path, swap_up_to)


def _layout(entry: DataSet, folder: Path) -> Annotations:
    for layout in entry.annotations:
        if any((folder / name).is_file() for name in layout.files):
            columns = set(layout.columns.values())
            path = next(folder / name for name in layout.files if (folder / name).is_file())
            with path.open(encoding="utf-8-sig", newline="") as file:
                if columns <= {column.strip() for column in next(csv.reader(file), [])}:
                    return layout
    expected = folder / entry.annotations[0].files[0]
    raise LabelsError(
        f"The labels of {entry.title} are missing, or their columns have other names",
        where=expected,
        remedy="Unpack the data set there as it was published",
    )


def _rated_file(entry: DataSet, layout: Annotations, path: Path, swap_up_to: int) -> Iterator[Song]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, raw in enumerate(csv.DictReader(file), start=2):
            row = {(column or "").strip(): (value or "") for column, value in raw.items() if isinstance(value, str)}
            try:
                yield _rated_song(entry, layout, row, swap_up_to)
            except (KeyError, ValueError) as error:
                raise LabelsError(f"Line {number} cannot be read ({error})", where=path) from error


def _rated_song(entry: DataSet, layout: Annotations, row: dict[str, str], swap_up_to: int) -> Song:
    columns = layout.columns
    low, high = layout.scale
    stretch = (HIGHEST - LOWEST) / (high - low)

    def scaled(axis: str) -> float:
        value = LOWEST + (float(row[columns[axis]]) - low) * stretch
        if not LOWEST <= value <= HIGHEST:
            raise ValueError(f"{axis} {value:g} lies outside 1 to 9")
        return value

    song_id = str(int(float(row[columns["id"]])))
    affect = (scaled("valence"), scaled("arousal"))
    spread = None
    if "valence_sd" in columns:
        spread = (
            float(row[columns["valence_sd"]]) * stretch,
            float(row[columns["arousal_sd"]]) * stretch,
        )
    if int(song_id) <= swap_up_to:
        affect = affect[::-1]
        spread = None if spread is None else spread[::-1]
    return Song(entry.name, song_id, f"{entry.song_pool}:{song_id}", affect=affect, affect_sd=spread)


def _track(text: str) -> str:
    """Return a song number without "track_" and leading zeros."""
    digits = text.strip().removeprefix("track_")
    return digits.lstrip("0") or "0"


def _first(folder: Path, places: Iterable[str]) -> Path | None:
    return next((folder / place for place in places if (folder / place).is_file()), None)
