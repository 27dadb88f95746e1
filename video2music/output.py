"""Writing a set of files so that all of them appear, or none, and nothing of a person's is overwritten."""

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from video2music.errors import OutputError

PASSING = re.compile(r"stems/[a-z0-9-]+\.wav|music\.musicxml|seconds\.csv")
"""Names of files that one result may have and the next in the same folder may not."""


class OutputFolder:
    """A folder that receives files under temporary names first; used as a context manager.

    Args:
        folder: where the files go; made if it does not exist, and removed again when nothing is published.
        names: of the files that will be published.
        protect: files that must never be replaced, such as the clip itself.

    Raises:
        OutputError: the folder cannot be written, or a file of that name is there and was not written by this program.
    """

    def __init__(self, folder: Path, names: Sequence[str], *, protect: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.names = tuple(names)
        self._protect = tuple(protect)
        self._made: list[Path] = []
        self._published = False

    def __enter__(self) -> Self:
        """Make the folder and check that it can take the files."""
        try:
            self._make_folder()
            self._refuse_foreign_files()
            self.temporary = Path(tempfile.mkdtemp(prefix=".composing-", dir=self.folder))
        except OSError as error:
            self._remove_made_folders()
            raise output_error(error, self.folder) from error
        except OutputError:
            self._remove_made_folders()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Remove what is temporary; when nothing was published also the folders that were made for the files."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        if not self._published:
            self._remove_made_folders()
        if isinstance(error, OSError) and error.errno is not None:
            raise output_error(error, self.folder) from error

    def publish(self) -> tuple[Path, ...]:
        """Move every file to its final name and return the paths in the order of the names."""
        self._refuse_foreign_files()
        outdated = {name for name in self._earlier_files() if PASSING.fullmatch(name)} - set(self.names)
        paths = tuple(self.folder / name for name in self.names)
        for path in paths:
            path.parent.mkdir(exist_ok=True)
        for name, path in zip(self.names, paths, strict=True):
            (self.temporary / name).replace(path)
        self._published = True
        for name in outdated:  # of other music, which would pass for a part of this piece
            (self.folder / name).unlink(missing_ok=True)
        return paths

    def _make_folder(self) -> None:
        missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made.append(path)
        if not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is a file", str(self.folder))

    def _refuse_foreign_files(self) -> None:
        protected = {path.resolve() for path in self._protect}
        ours = self._earlier_files()
        for name in self.names:
            path = self.folder / name
            if path.exists() and (path.resolve() in protected or name not in ours):
                raise OutputError(
                    "A file is in the way that is not an earlier result",
                    where=path,
                    remedy="Choose another folder with -o, or move the file away",
                )

    def _earlier_files(self) -> set[str]:
        """Names that an earlier result of this program says it wrote here."""
        from video2music.piece import PROGRAM

        path = self.folder / self.names[-1]
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return set()
        if not isinstance(facts, dict) or facts.get("program") != PROGRAM:
            return set()
        return set(map(str, facts.get("files", ())))

    def _remove_made_folders(self) -> None:
        for path in reversed(self._made):
            try:
                path.rmdir()
            except OSError:
                return


def check_new_file(path: Path) -> None:
    """Refuse a name under which one file shall be written, before the work for it begins.

    Args:
        path: of the file.

    Raises:
        OutputError: something is there already, or its folder cannot be written.
    """
    if path.exists():
        raise OutputError("There is a file of this name already", where=path, remedy="Choose another name")
    if not os.access(path.parent, os.W_OK):
        raise OutputError("Nothing can be written in this folder", where=path.parent, remedy="Choose another one")


def write_new_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write one file so that it appears whole or not at all.

    Args:
        path: of the file; `check_new_file` let it pass.
        write: is called with another name in the same folder.

    Raises:
        OutputError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(unfinished)
        check_new_file(path)
        unfinished.replace(path)
    except OSError as error:
        raise output_error(error, path.parent) from error
    finally:
        unfinished.unlink(missing_ok=True)


def output_error(error: OSError, folder: Path) -> OutputError:
    """Say in one sentence why a result could not be written.

    Args:
        error: what the operating system said.
        folder: where the result should have gone.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError("The disk is full", where=folder, remedy="Free some space, or choose another folder with -o")
    if error.errno == errno.EFBIG:
        return OutputError("The result would be larger than may be written", where=folder, remedy="Try a shorter clip")
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return OutputError(
        f"The result cannot be written there ({reason})", where=folder, remedy="Choose another folder with -o"
    )
