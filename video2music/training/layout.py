"""Writes songs in the published folder layout of MuVi-Sync; `dataset` reads it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video2music.errors import DatasetError, OutputError
from video2music.features.video_features import EMOTIONS
from video2music.harmony.vocabulary import harte
from video2music.output import output_error
from video2music.training.dataset import FOLDERS, SPLITS, Song

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
"""Of the songs, as in MuVi-Sync."""

DECIMALS = 4
LONGEST_NAME = 80


def write_song(data: Path, song: Song) -> None:
    """Write the streams that a song has; those that it does not have leave no file.

    Args:
        data: folder of the data set, which is made if there is none.
        song: its name becomes the name of the files.

    Raises:
        OutputError: something cannot be written.
    """
    emotion = ["time " + " ".join(f"{name}_prob" for name in EMOTIONS)]
    _write(data, "chords", song, [f"key {'A minor' if song.minor else 'C major'}"], [harte(c) for c in song.chords])
    _write(data, "emotion", song, emotion, _numbers(song.emotion))
    for stream in ("motion", "scene_offset", "loudness", "note_density"):
        _write(data, stream, song, [], _numbers(getattr(song, stream)))
    if song.semantic is not None:
        path = _place(data, "semantic", song.name, "npy")
        unfinished = path.with_name(f".{path.name}")
        np.save(unfinished, song.semantic)
        unfinished.replace(path)


def _numbers(stream: NDArray[np.float32] | None) -> list[str] | None:
    if stream is None:
        return None
    return [" ".join(f"{value:.{DECIMALS}f}" for value in np.atleast_1d(row)) for row in stream]


def _write(data: Path, stream: str, song: Song, heading: Sequence[str], rows: Sequence[str] | None) -> None:
    if rows is None:
        return
    path = _place(data, stream, song.name, "lab")
    unfinished = path.with_name(f".{path.name}")
    lines = [*heading, *(f"{second} {row}" for second, row in enumerate(rows))]
    try:
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise output_error(error, path.parent) from error


def _place(data: Path, stream: str, name: str, suffix: str) -> Path:
    folder = data / FOLDERS[stream]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, data) from error
    return folder / f"{name}.{suffix}"


def song_name(clip: str) -> str:
    """Return a name for files and lists that a clip keeps, whatever other clips there are.

    Args:
        clip: path of the clip below its folder.

    Returns:
        Letters, digits, - and _; where others were replaced, some digits of a hash tell alike names apart.
    """
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", clip).strip("_")[:LONGEST_NAME]
    return plain if plain == clip else f"{plain or 'clip'}_{_digest(clip)[:6]}"


def split_of(name: str, seed: int) -> str:
    """Return the split of a song, which depends on its name alone and stays when songs are added.

    Args:
        name: of the song.
        seed: another one gives another division.
    """
    place = int(_digest(f"{seed} {name}")[:12], 16) / 16**12
    return "train" if place < SHARES["train"] else "val" if place < SHARES["train"] + SHARES["val"] else "test"


def write_splits(data: Path, names: Iterable[str], seed: int) -> dict[str, int]:
    """Write the lists of songs.

    Args:
        data: folder of the data set.
        names: of all songs in it.
        seed: of the division.

    Returns:
        Songs in each split. None stays empty while another can spare a song.

    Raises:
        DatasetError: there is no song.
        OutputError: the lists cannot be written.
    """
    names = sorted(names)
    if not names:
        raise DatasetError("No clip could be used", where=data, remedy="Read above what was wrong with each")
    lists: dict[str, list[str]] = {split: [name for name in names if split_of(name, seed) == split] for split in SHARES}
    for split in ("val", "test"):
        if not lists[split] and len(lists["train"]) > 1:  # of a handful of songs, one must tell when to stop
            lists[split].append(lists["train"].pop())
    try:
        (data / SPLITS).mkdir(parents=True, exist_ok=True)
        for split, members in lists.items():
            (data / SPLITS / f"{split}.txt").write_text("".join(f"{name}\n" for name in members), encoding="utf-8")
    except OSError as error:
        raise OutputError("The lists of songs cannot be written", where=data, remedy="Free some space") from error
    return {split: len(members) for split, members in lists.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
