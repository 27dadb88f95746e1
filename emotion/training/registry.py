"""The register of data sets, read from datasets.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from emotion.errors import RefusalError


@dataclass(frozen=True)
class Annotations:
    """One published layout of valence and arousal.

    Attributes:
        files: paths below the data set's folder; the ones after the first may be missing.
        columns: column of "id", "valence", "arousal", and where there are any "valence_sd" and "arousal_sd".
        scale: lowest and highest value of the ratings.
    """

    files: tuple[str, ...]
    columns: Mapping[str, str]
    scale: tuple[float, float]


@dataclass(frozen=True)
class DataSet:
    """One data set; see the head of datasets.toml for the meaning of each entry."""

    name: str
    title: str
    year: int
    task: str
    songs: int
    judgement: str
    course: str
    licence: str
    song_pool: str
    audio: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]]
    annotations: tuple[Annotations, ...] = ()
    raters: int | None = None
    swap_up_to: int = 0
    defects: tuple[str, ...] = ()
    anchors: Mapping[str, Any] = field(default_factory=dict)


def data_sets() -> dict[str, DataSet]:
    """Return all data sets by name."""
    return dict(_read())


def data_set(name: str) -> DataSet:
    """Return one data set.

    Args:
        name: its entry, such as "deam".

    Returns:
        What is known of it.

    Raises:
        RefusalError: there is no such entry.
    """
    known = _read()
    if name not in known:
        raise RefusalError("There is no such data set", where=name, remedy=f"Choose from {', '.join(known)}")
    return known[name]


def data_sets_in(folder: Path) -> dict[str, DataSet]:
    """Return the data sets that have a folder of their name inside a folder.

    Args:
        folder: the folder that holds them.

    Returns:
        Data sets by name, at least one.

    Raises:
        RefusalError: there is none.
    """
    found = {name: entry for name, entry in _read().items() if (folder / name).is_dir()}
    if not found:
        names = ", ".join(_read())
        raise RefusalError("No data set was found", where=folder, remedy=f"Put data sets into folders named {names}")
    return found


@cache
def _read() -> dict[str, DataSet]:
    text = resources.files("emotion.training").joinpath("datasets.toml").read_text(encoding="utf-8")
    return {name: _entry(name, dict(table)) for name, table in tomllib.loads(text).items()}


def _entry(name: str, table: dict[str, Any]) -> DataSet:
    table["annotations"] = tuple(
        Annotations(tuple(layout["files"]), layout["columns"], tuple(layout["scale"]))
        for layout in table.get("annotations", ())
    )
    table["splits"] = {split: tuple(places) for split, places in table["splits"].items()}
    for listed in ("audio", "defects"):
        table[listed] = tuple(table.get(listed, ()))
    return DataSet(name=name, **table)
