"""Files that only a model hub has: pinned, resumed, verified, and deleted again when they are not what was published.

huggingface_hub does the transfer, resumed when it was cut, with a progress bar. Added here are the checks (SHA-256 or
git blob id, else the hash that the hub announces, else that of the first download), a download that goes on in a later
run, and refusals in one sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.errors import DownloadError, WeightsDamagedError

FIRST_SEEN = "first_seen.json"
_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


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
    """Return the folder for downloads: VIDEO2MUSIC_CACHE, or video2music below XDG_CACHE_HOME or ~/.cache."""
    chosen = os.environ.get("VIDEO2MUSIC_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "video2music"


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


def fetch(file: HubFile, *, cache: Path | None = None, endpoint: str | None = None) -> Path:
    """Return a verified local copy of a hub file, downloading it when the cache does not hold it.

    A download that broke off, even in an earlier run, goes on where it stopped.

    Args:
        file: what to fetch.
        cache: folder of the download cache; `cache_folder()/hub` by default.
        endpoint: address of the hub; HF_ENDPOINT or huggingface.co by default.

    Returns:
        Path of the file in the cache.

    Raises:
        DownloadError: there is no connection, the hub does not have the file, or the transfer broke.
        WeightsDamagedError: the content is not the published one; the copy has been deleted.
    """
    folder = cache or cache_folder() / "hub"
    path = cached_path(file, cache=cache)
    announced = None
    if not path.is_file():
        with _refusals(file):
            announced = _download(file, path, endpoint or os.environ.get("HF_ENDPOINT"))
    _verify(file, path, folder, announced)
    return path


def _download(file: HubFile, path: Path, endpoint: str | None) -> str:
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
    with part.open("ab") as waiting:
        have = waiting.tell()
        if published.size is None or have < published.size:
            http_get(published.location, waiting, resume_size=have, expected_size=published.size)
    part.replace(path)
    return etag


@contextlib.contextmanager
def _refusals(file: HubFile) -> Iterator[None]:
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
        raise DownloadError(fault, where=file, remedy=remedy) from error
    except EntryNotFoundError as error:
        raise DownloadError("The model hub does not have this file", where=file, remedy="Check its name") from error
    except HfHubHTTPError as error:
        raise DownloadError("The model hub refused the download", where=file, remedy=remedy) from error
    except (httpx2.HTTPError, OSError) as error:
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
