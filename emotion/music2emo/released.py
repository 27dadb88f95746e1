"""Finds the published files: a folder of one's own, the usual places, the download cache, the model hub."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from emotion.errors import WeightsNotFoundError
from emotion.hub import HubFile, cached_path, fetch
from emotion.weights import find_weights

Notify = Callable[[str], None]


@dataclass(frozen=True)
class ReleasedFile:
    """One published file.

    Attributes:
        name: its name in a folder of weights.
        hub: where the model hub has it.
        notice: what a person must know before the first download.
    """

    name: str
    hub: HubFile
    notice: str


def released_file(key: str) -> ReleasedFile:
    """Return the entry of a file, such as "mert_weights" or "J_all"."""
    table = _table()
    entry = dict(table["files"][key])
    name, notice = entry.pop("name"), entry.pop("notice")
    return ReleasedFile(name, HubFile(**entry), table["notices"][notice])


def checkpoint_names(*, as_published: bool) -> tuple[str, str]:
    """Return the names of the checkpoints that answer for tags and for valence and arousal."""
    chosen = _table()["published" if as_published else "corrected"]
    return chosen["tags"], chosen["affect"]


def find_released(key: str, *, folder: Path | None = None, notify: Notify | None = None) -> Path:
    """Return the path of a published file, downloading it when it is nowhere.

    Args:
        key: entry of the file, such as "mert_weights".
        folder: a folder that must hold it under its own name; nothing is downloaded then.
        notify: told the licence notice before a download starts.

    Returns:
        Its path; a downloaded file has been compared with the published hash.

    Raises:
        WeightsNotFoundError: `folder` does not hold it.
        DownloadError: it had to be downloaded and could not be.
        WeightsDamagedError: the download is not the published file.
    """
    file = released_file(key)
    try:
        return find_weights(file.name, explicit=folder)
    except WeightsNotFoundError:
        if folder is not None:
            raise
    if notify is not None and not cached_path(file.hub).is_file():
        notify(file.notice)
    return fetch(file.hub)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("emotion.music2emo").joinpath("released.toml").read_text(encoding="utf-8"))
