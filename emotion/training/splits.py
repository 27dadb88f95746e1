"""One division for all data sets that keeps each song on one side, wherever it appears."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from emotion.training.registry import DataSet
from emotion.training.songs import SPLITS, Song, load_songs, published_split

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}

Division = dict[str, dict[str, list[Song]]]
"""Data set, then split, then songs."""


def grouped_split(songs: Iterable[Song], *, seed: int = 0) -> dict[str, list[Song]]:
    """Divide songs so that the same song is on the same side in every data set.

    The side follows from the song alone, so it stays the same when data sets are added.

    Args:
        songs: songs of one or more data sets.
        seed: another number gives another division.

    Returns:
        Songs of "train" (70 %), "validation" and "test" (15 % each, about).
    """
    divided: dict[str, list[Song]] = {split: [] for split in SPLITS}
    for song in songs:
        divided[_side(song.group, seed)].append(song)
    return divided


def divide(
    entries: Mapping[str, DataSet], folder: Path, *, split: str = "grouped", seed: int = 0, as_published: bool = False
) -> Division:
    """Read and divide all data sets in a folder.

    MTG-Jamendo always keeps its published split 0, which holds no artist on two sides.

    Args:
        entries: the data sets.
        folder: holds one folder per data set.
        split: "grouped", or "published" for the leaking lists of the paper.
        seed: for "grouped".
        as_published: leave exchanged labels as they are.

    Returns:
        Songs by data set and split.

    Raises:
        LabelsError: labels or lists are missing.
    """
    division: Division = {}
    for name, entry in entries.items():
        songs = load_songs(entry, folder / name, as_published=as_published)
        if entry.task == "tags" or split == "published":
            division[name] = published_split(entry, folder / name, songs)
        else:
            division[name] = grouped_split(songs, seed=seed)
    return division


def _side(group: str, seed: int) -> str:
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    border = 0.0
    for split in SPLITS:
        border += SHARES[split]
        if place < border:
            return split
    return SPLITS[-1]
