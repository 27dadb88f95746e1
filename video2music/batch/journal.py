"""The record of a batch: one line of JSON for each item that came to an end, so that a second run continues."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from video2music.errors import OutputError
from video2music.output import output_error

FILE_NAME = "batch.jsonl"


@dataclass
class Journal:
    """What was done in a folder of results.

    Attributes:
        folder: of the results.
        entries: the last line of every item, by its name.
    """

    folder: Path
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE_NAME

    def is_done(self, name: str, asked: Mapping[str, Any]) -> bool:
        """Return whether an item was finished with what is asked for now.

        Args:
            name: of the item.
            asked: fingerprint of the clip, and what was wished.
        """
        entry = self.entries.get(name, {})
        return entry.get("problem") == "" and entry.get("asked") == json.loads(json.dumps(asked))

    def write(self, name: str, entry: Mapping[str, Any]) -> None:
        """Add a line; it is on the disk when this returns.

        Args:
            name: of the item.
            entry: what came of it, with "problem" and "asked".

        Raises:
            OutputError: it cannot be written.
        """
        self.entries[name] = dict(entry)
        line = json.dumps({"name": name, **entry}, allow_nan=False)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise output_error(error, self.folder) from error


def open_journal(folder: Path) -> Journal:
    """Open the record of a folder, which is made if there is none.

    Args:
        folder: of the results.

    Raises:
        OutputError: the folder cannot be written.
    """
    journal = Journal(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = journal.path.read_text(encoding="utf-8").splitlines() if journal.path.exists() else []
        if lines:
            _end_last_line(journal.path)
    except OSError as error:
        raise output_error(error, folder) from error
    except UnicodeDecodeError as error:
        raise OutputError("This is no record of a batch", where=journal.path, remedy="Move it away") from error
    for line in lines:
        entry = _entry(line)
        if entry is not None:
            journal.entries[entry.pop("name")] = entry
    return journal


def _entry(line: str) -> dict[str, Any] | None:
    """Read a line; the last one of an interrupted run may be cut off, and is left out."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("name"), str) else None


def _end_last_line(path: Path) -> None:
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
