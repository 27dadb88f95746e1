"""The pieces that the embedded engine is trained on, with what listeners said of them."""

from __future__ import annotations

import csv
import json
import lzma
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.errors import RefusalError

MVED_CLASSES = ("excited", "fear", "tension", "sad", "relaxation", "neutral")
MVED_SAME_SOURCE = (("TENSMM_2_", "TENSMM_3_"), ("FEARR_",), ("_HR_",), ("_EXT_36_", "_EXT_37_"), ("LLT_TENS_10_",))
"""Parts of file names of clips that were cut from one video."""


@dataclass(frozen=True)
class Piece:
    """One piece of music and what is known of its emotion.

    Attributes:
        corpus: "vgmidi", "emopia", "pop909", "mved" or "recordings".
        name: name inside the corpus.
        group: pieces of one group share a song, a game or a source, and must not be separated by a split.
        path: MIDI file, or a recording.
        valence: mean of the raters, -1..1; None where nobody rated it.
        arousal: the same.
        quadrant: 1 pleasant and excited, 2 unpleasant and excited, 3 unpleasant and calm, 4 pleasant and calm.
        emotion: one of MVED_CLASSES.
    """

    corpus: str
    name: str
    group: str
    path: Path
    valence: float | None = None
    arousal: float | None = None
    quadrant: int | None = None
    emotion: str | None = None

    @property
    def identifier(self) -> str:
        """Name over all corpora."""
        return f"{self.corpus}/{self.name}"


def load_vgmidi(folder: Path) -> list[Piece]:
    """Read VGMIDI (Ferreira and Whitehead 2019): game music for piano, each piece rated by about 30 listeners.

    Several rounds of ratings of one piece are pooled; ratings of pieces that have no MIDI file are left out.

    Args:
        folder: holds labelled/annotations and labelled/midi.

    Returns:
        The pieces; a group is a series of games (a game, where it belongs to no series).

    Raises:
        RefusalError: no ratings are there, or they cannot be read.
    """
    ratings: dict[str, list[tuple[float, float]]] = defaultdict(list)
    files = sorted((folder / "labelled" / "annotations").glob("*.json.xz"))
    if not files:
        raise RefusalError("There are no VGMIDI ratings", where=folder, remedy="Give the folder of VGMIDI")
    for file in files:
        for name, means in _vgmidi_means(_vgmidi_table(file)):
            ratings[name].append(means)
    pieces = []
    for name, rated in sorted(ratings.items()):
        path = folder / "labelled" / "midi" / name
        if path.is_file():
            valence, arousal = np.mean(rated, axis=0)
            pieces.append(
                Piece(
                    "vgmidi", path.stem, _vgmidi_series(path.stem), path, valence=float(valence), arousal=float(arousal)
                )
            )
    return pieces


def _vgmidi_table(path: Path) -> dict[str, Any]:
    try:
        with lzma.open(path, "rt", encoding="utf-8") as stream:
            return dict(json.load(stream))
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise RefusalError("The ratings cannot be read", where=path, remedy="Copy VGMIDI again") from error


def _vgmidi_series(name: str) -> str:
    series, _console, game, *_title = name.split("_")
    return game if series == "Other" else series


def _vgmidi_means(table: dict[str, Any]) -> list[tuple[str, tuple[float, float]]]:
    """Return each rating of each piece as (MIDI file, (mean valence, mean arousal) over its course)."""
    found = []
    for key, rating in table["annotations"].items():
        piece = table["pieces"].get(key.rsplit("_", 1)[0])
        if piece is not None and rating["valence"] and rating["arousal"]:
            means = float(np.mean(rating["valence"])), float(np.mean(rating["arousal"]))
            found.append((piece["midi"], means))
    return found


def load_emopia(folder: Path) -> list[Piece]:
    """Read EMOPIA (Hung et al. 2021): clips of pop piano, each in one quadrant of valence and arousal.

    Args:
        folder: holds label.csv and midis.

    Returns:
        The clips; a group is a song.

    Raises:
        RefusalError: the labels are not there.
    """
    table = folder / "label.csv"
    if not table.is_file():
        raise RefusalError("There is no EMOPIA table", where=table, remedy="Give the folder of EMOPIA")
    pieces = []
    with table.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            path = folder / "midis" / f"{row['ID']}.mid"
            song = row["ID"].split("_", 1)[1].rsplit("_", 1)[0]
            if path.is_file():
                pieces.append(Piece("emopia", row["ID"], song, path, quadrant=int(row["4Q"])))
    return pieces


def load_pop909(folder: Path) -> list[Piece]:
    """Find the unpacked MIDI files of POP909 (Wang et al. 2020).

    Args:
        folder: holds midi/NNN.mid.

    Returns:
        The songs; each is a group.

    Raises:
        RefusalError: there are none.
    """
    paths = sorted((folder / "midi").glob("*.mid"))
    if not paths:
        raise RefusalError("There are no POP909 songs", where=folder, remedy="Unpack midi_main_909.tar.xz there")
    return [Piece("pop909", path.stem, path.stem, path) for path in paths]


def load_mved(folder: Path) -> list[Piece]:
    """Find labelled music-video clips (MVED, Pandeya and Lee 2021): one of six emotions in each file name.

    Args:
        folder: holds files such as excited_train_35.mp4.

    Returns:
        The clips; a group is the video that a clip was cut from.

    Raises:
        RefusalError: there are none, or a name begins with no known emotion.
    """
    pieces = []
    for path in sorted(folder.glob("*.mp4")):
        emotion = path.name.split("_")[0]
        if emotion not in MVED_CLASSES:
            raise RefusalError("The name of a clip begins with no known emotion", where=path, remedy="Rename it")
        pieces.append(Piece("mved", path.stem, _mved_source(path), path, emotion=emotion))
    if not pieces:
        raise RefusalError("There are no labelled clips", where=folder, remedy="Give the folder of MVED")
    return pieces


def _mved_source(path: Path) -> str:
    for parts in MVED_SAME_SOURCE:
        if any(part in path.name for part in parts):
            return parts[0]
    return path.stem


def load_recordings(folder: Path) -> list[Piece]:
    """Find unlabelled recordings; only the teacher says something about them.

    Args:
        folder: holds audio files.

    Returns:
        One piece for each file.

    Raises:
        RefusalError: there are none.
    """
    kinds = {".wav", ".flac", ".ogg", ".mp3", ".m4a"}
    paths = sorted(path for path in folder.glob("*") if path.suffix in kinds)
    if not paths:
        raise RefusalError("There are no recordings", where=folder, remedy="Give the folder of the sample audio")
    return [Piece("recordings", path.stem, path.stem, path) for path in paths]
