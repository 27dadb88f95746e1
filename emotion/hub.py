"""Files that only a model hub has: pinned, resumed, verified, and deleted again when they are not what was published.

huggingface_hub does the transfer, resumed when it was cut, with a progress bar. Added here are the checks (SHA-256 or
git blob id, else the hash that the hub announces, else that of the first download; room on the disk), a download that
goes on in a later run, and refusals in one sentence.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

from emotion.errors import DownloadError, NoConnectionError, WeightsDamagedError

FIRST_SEEN = "first_seen.json"
_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")

Meter = Callable[[int, int | None], None]
"""Told how many bytes of a file are here and how many it has, None where the hub does not say; raising stops it."""

PERSISTENT = Path("/data")
"""Where a Hugging Face Space has its persistent storage, if it has any."""

KEPT_FREE = 50_000_000
"""Bytes of the disk that a download leaves to others."""


@dataclass(frozen=True)
class HubFile:
    """One file of a model hub.

    Attributes:
        repository: "owner/name" on the hub.
        filename: path of the file inside the repository.
        revision: commit, tag or branch; a commit never changes, so prefer one.
        sha256: SHA-256 of the content where it is known.
        git_blob: git blob id (SHA-1) of the content where only that is known.
    """

    repository: str
    filename: str
    revision: str = "main"
    sha256: str | None = None
    git_blob: str | None = None

    def __str__(self) -> str:
        """The file as a person would look it up."""
        return f"{self.repository}/{self.filename}@{self.revision}"


def cache_folder() -> Path:
    """Return the folder for downloads.

    VIDEO2MUSIC_CACHE, or video2music below the first of HF_HOME, the persistent storage of a Hugging Face Space,
    XDG_CACHE_HOME and ~/.cache.
    """
    chosen = os.environ.get("VIDEO2MUSIC_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("HF_HOME")
    if not home and "SPACE_ID" in os.environ and os.access(PERSISTENT, os.W_OK):
        home = str(PERSISTENT)
    return Path(home or os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "video2music"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits, reading it in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_id(path: Path) -> str:
    """Return the id under which git stores a file's content, 40 hexadecimal digits."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def cached_path(file: HubFile, *, cache: Path | None = None) -> Path:
    """Return where a hub file is kept once it is complete, below `cache_folder()/hub` by default."""
    return (cache or cache_folder() / "hub") / file.repository.replace("/", "--") / file.revision / file.filename


def bytes_here(file: HubFile, *, cache: Path | None = None) -> int:
    """Return how many bytes of a hub file the cache holds, of a download that broke off too.

    Args:
        file: which.
        cache: see `fetch`.
    """
    path = cached_path(file, cache=cache)
    held = [path] if path.is_file() else path.parent.glob(f"{path.name}.*.part")
    return max((each.stat().st_size for each in held), default=0)


def fetch(file: HubFile, *, cache: Path | None = None, endpoint: str | None = None, tell: Meter | None = None) -> Path:
    """Return a verified local copy of a hub file, downloading it when the cache does not hold it.

    A download that broke off, even in an earlier run, goes on where it stopped.

    Args:
        file: what to fetch.
        cache: folder of the download cache; `cache_folder()/hub` by default.
        endpoint: address of the hub; HF_ENDPOINT or huggingface.co by default.
        tell: told of every block that arrives.

    Returns:
        Path of the file in the cache.

    Raises:
        DownloadError: there is no connection or no room, the hub does not have the file, or the transfer broke.
        WeightsDamagedError: the content is not the published one; the copy has been deleted.
    """
    folder = cache or cache_folder() / "hub"
    path = cached_path(file, cache=cache)
    announced = None
    if not path.is_file():
        with _refusals(file, path.parent):
            announced = _download(file, path, endpoint or os.environ.get("HF_ENDPOINT"), tell)
    _verify(file, path, folder, announced)
    return path


def _download(file: HubFile, path: Path, endpoint: str | None, tell: Meter | None) -> str:
    """Transfer a file, after what is there of it already; return its etag, the SHA-256 of large files."""
    # only those who download pay for the import
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import OfflineModeIsEnabled
    from huggingface_hub.file_download import http_get

    if constants.HF_HUB_OFFLINE:
        raise OfflineModeIsEnabled("offline")
    address = hf_hub_url(file.repository, file.filename, revision=file.revision, endpoint=endpoint)
    # one question without repetition first, so that a machine without network hears so at once
    published = get_hf_file_metadata(address, endpoint=endpoint)
    etag = published.etag or "unknown"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{etag[:16]}.part")
    have = part.stat().st_size if part.exists() else 0
    _need_room((published.size or 0) - have, file, path.parent)
    with part.open("ab") as waiting:
        if published.size is None or have < published.size:
            sink: Any = waiting if tell is None else _Metered(waiting, published.size, tell)
            http_get(published.location, sink, resume_size=have, expected_size=published.size)
    part.replace(path)
    return etag


@dataclass(frozen=True)
class _Metered:
    """A file that tells how long it has become, with what huggingface_hub needs of a file."""

    file: BufferedWriter
    whole: int | None
    tell_meter: Meter

    def write(self, block: bytes) -> int:
        written = self.file.write(block)
        self.tell_meter(self.file.tell(), self.whole)
        return written

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, place: int) -> int:
        return self.file.seek(place)

    def truncate(self) -> int:
        return self.file.truncate()


def _need_room(missing: int, file: HubFile, folder: Path) -> None:
    """Refuse before the transfer begins what the disk cannot hold."""
    free = shutil.disk_usage(folder).free
    if missing > 0 and free < missing + KEPT_FREE:
        raise _no_room(file, folder, f"{missing / 1e6:.0f} MB are missing and {free / 1e6:.0f} MB are free")


def _no_room(file: HubFile, folder: Path, numbers: str) -> DownloadError:
    remedy = "Free some, or set VIDEO2MUSIC_CACHE to a folder on another disk"
    return DownloadError(f"There is no room for this download in {folder} ({numbers})", where=file, remedy=remedy)


@contextlib.contextmanager
def _refusals(file: HubFile, folder: Path) -> Iterator[None]:
    """Say in one sentence what huggingface_hub says in many."""
    import httpx2  # what huggingface_hub transfers with
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled

    remedy = (
        "Connect and unset HF_HUB_OFFLINE, or copy the file here from another machine and name it, "
        "or use the embedded engine, which needs no download"
    )
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, OfflineModeIsEnabled) as error:
        fault = "No connection to the model hub, and no copy in the cache"
        raise NoConnectionError(fault, where=file, remedy=remedy) from error
    except EntryNotFoundError as error:
        raise DownloadError("The model hub does not have this file", where=file, remedy="Check its name") from error
    except HfHubHTTPError as error:
        raise DownloadError("The model hub refused the download", where=file, remedy=remedy) from error
    except (httpx2.HTTPError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise _no_room(file, folder, "the disk is full") from error
        again = "Start again: the download goes on where it stopped"
        raise DownloadError("The download broke off", where=file, remedy=again) from error


def _verify(file: HubFile, path: Path, folder: Path, announced: str | None) -> None:
    """Compare a copy with what is known of the file; delete it when it is something else."""
    known = file.sha256 or _first_seen(folder).get(str(file))
    if known is None and announced is not None and _SHA256.fullmatch(announced):
        known = announced
    found = git_blob_id(path) if file.git_blob else file_sha256(path)
    expected = file.git_blob or known
    if expected is not None and expected != found:
        path.unlink()
        raise WeightsDamagedError(
            f"The downloaded file has the hash {found[:12]}, not {expected[:12]}, and was deleted",
            where=file,
            remedy="Try again; if it stays so, the published file has changed",
        )
    _remember(file, found, folder)


def _first_seen(folder: Path) -> dict[str, str]:
    try:
        return dict(json.loads((folder / FIRST_SEEN).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _remember(file: HubFile, found: str, folder: Path) -> None:
    """Record the hash of a first download, so that a later one with another content is noticed."""
    seen = _first_seen(folder)
    if str(file) in seen:
        return
    seen[str(file)] = found
    waiting = folder / f"{FIRST_SEEN}.{os.getpid()}"
    waiting.write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    waiting.replace(folder / FIRST_SEEN)
