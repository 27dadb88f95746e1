"""Downloads from a hub that runs in this process: resumed, verified, refused in one sentence."""

import errno
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import pytest

from emotion import hub as hub_module
from emotion.errors import DownloadError, WeightsDamagedError, WeightsNotFoundError
from emotion.hub import HubFile, bytes_here, cache_folder, cached_path, fetch, git_blob_id
from emotion.weights import find_weights

COMMIT = "a" * 40
CONTENT = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class FakeHub:
    """A hub with one file.

    Attributes:
        address: where it listens.
        content: of the file.
        announced: SHA-256 that it claims the file has, in its etag.
        ranges: Range headers of the transfers, in order; None where there was none.
    """

    address: str = ""
    content: bytes = CONTENT
    announced: str = hashlib.sha256(CONTENT).hexdigest()
    cuts: list[int] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)


def make_handler(hub: FakeHub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def head(self, status: int, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.send_header("ETag", f'"{hub.announced}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()

        def missing(self) -> bool:
            if self.path.split("?")[0] == f"/owner/net/resolve/{COMMIT}/net.bin":
                return False
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return True

        def do_HEAD(self) -> None:
            if not self.missing():
                self.head(200, len(hub.content))

        def do_GET(self) -> None:
            if self.missing():
                return
            wanted = self.headers.get("Range")
            hub.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            body = hub.content[start:]
            self.head(206 if wanted else 200, len(body))
            cut = hub.cuts.pop(0) if hub.cuts else None
            self.wfile.write(body if cut is None else body[:cut])
            self.close_connection = cut is not None

    return Handler


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    fake = FakeHub()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make_handler(fake))
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1 << 17)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between its attempts
    yield fake
    server.shutdown()
    server.server_close()


def hub_file(**changes: str) -> HubFile:
    return HubFile(**{"repository": "owner/net", "filename": "net.bin", "revision": COMMIT, **changes})


def test_a_file_is_downloaded_once(hub: FakeHub, tmp_path: Path) -> None:
    path = fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    assert path.read_bytes() == CONTENT
    assert fetch(hub_file(), cache=tmp_path, endpoint=hub.address) == path
    assert len(hub.ranges) == 1


def test_a_cut_download_goes_on_by_itself(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts = [300_000]
    path = fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    assert path.read_bytes() == CONTENT
    assert hub.ranges == [None, "bytes=262144-"]


def test_a_broken_download_goes_on_in_a_later_run(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts = [300_000, *[0] * 5]
    with pytest.raises(DownloadError, match="broke off"):
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    assert not list(tmp_path.rglob("net.bin"))
    hub.ranges.clear()
    assert fetch(hub_file(), cache=tmp_path, endpoint=hub.address).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=262144-"]


def test_content_with_a_wrong_hash_is_refused_and_deleted(hub: FakeHub, tmp_path: Path) -> None:
    wrong = hub_file(sha256="0" * 64)
    with pytest.raises(WeightsDamagedError, match="was deleted"):
        fetch(wrong, cache=tmp_path, endpoint=hub.address)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == len(CONTENT)]


def test_content_other_than_the_hub_announced_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.content = bytes(len(CONTENT))
    with pytest.raises(WeightsDamagedError):
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address)


def test_a_pinned_hash_passes(hub: FakeHub, tmp_path: Path) -> None:
    fetch(hub_file(sha256=hashlib.sha256(CONTENT).hexdigest()), cache=tmp_path, endpoint=hub.address)


def test_git_blob_ids_are_checked(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert git_blob_id(tmp_path / "empty") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    digest = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT, usedforsecurity=False).hexdigest()
    fetch(hub_file(git_blob=digest), cache=tmp_path, endpoint=hub.address)
    with pytest.raises(WeightsDamagedError):
        fetch(hub_file(git_blob="1" * 40), cache=tmp_path, endpoint=hub.address)


def test_a_small_file_that_changes_later_is_noticed(hub: FakeHub, tmp_path: Path) -> None:
    hub.announced = "b" * 40  # not a SHA-256, so that only the first download can tell
    path = fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    path.write_bytes(b"something else")
    with pytest.raises(WeightsDamagedError):
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address)


def test_an_absent_file_is_said(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"does not have this file: owner/net/other\.bin"):
        fetch(hub_file(filename="other.bin"), cache=tmp_path, endpoint=hub.address)


def test_no_network_is_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="No connection") as refusal:
        fetch(hub_file(), cache=tmp_path, endpoint="http://127.0.0.1:9")
    assert "embedded engine" in str(refusal.value)


def test_offline_mode_uses_the_cache_and_refuses_the_rest(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert fetch(hub_file(), cache=tmp_path, endpoint=hub.address) == path
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        fetch(hub_file(filename="other.bin"), cache=tmp_path, endpoint=hub.address)


def test_the_hub_is_asked_last(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO2MUSIC_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    local = tmp_path / "net.safetensors"
    local.write_bytes(b"x")
    assert find_weights("net", hub=hub_file()) == local
    with pytest.raises(WeightsNotFoundError):
        find_weights("net", explicit=tmp_path / "absent", hub=hub_file())
    assert hub.ranges == []
    local.unlink()
    assert find_weights("net", hub=hub_file()).read_bytes() == CONTENT


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub_module, "PERSISTENT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    for name in ("VIDEO2MUSIC_CACHE", "HF_HOME", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() == Path("/somewhere/video2music")
    monkeypatch.setenv("SPACE_ID", "me/music")
    assert cache_folder() == tmp_path / "video2music"
    monkeypatch.setattr(hub_module, "PERSISTENT", tmp_path / "not rented")
    assert cache_folder() == Path("/somewhere/video2music")
    monkeypatch.setenv("HF_HOME", "/large")
    assert cache_folder() == Path("/large/video2music")
    monkeypatch.setenv("VIDEO2MUSIC_CACHE", "/elsewhere")
    assert cache_folder() == Path("/elsewhere")


class Enough(Exception):  # noqa: N818 - what a person's Stop raises
    """The person has seen enough."""


def test_a_stopped_download_goes_on_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []

    def stop_at_half(here: int, whole: int | None) -> None:
        told.append((here, whole))
        if here >= len(CONTENT) / 2:
            raise Enough

    with pytest.raises(Enough):
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address, tell=stop_at_half)
    assert told[-1] == (len(CONTENT) // 2, len(CONTENT))
    assert bytes_here(hub_file(), cache=tmp_path) == len(CONTENT) // 2
    told.clear()
    path = fetch(hub_file(), cache=tmp_path, endpoint=hub.address, tell=lambda *seen: told.append(seen))
    assert path.read_bytes() == CONTENT
    assert hub.ranges == [None, f"bytes={len(CONTENT) // 2}-"]
    assert told[0][0] > len(CONTENT) // 2
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert bytes_here(hub_file(), cache=tmp_path) == len(CONTENT)


def test_a_full_disk_is_said_before_anything_is_sent(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=hub_module.KEPT_FREE))
    with pytest.raises(DownloadError, match="1 MB are missing and 50 MB are free") as refusal:
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address)
    assert "VIDEO2MUSIC_CACHE" in str(refusal.value)
    assert hub.ranges == []


def test_a_disk_that_fills_up_meanwhile_is_said(hub: FakeHub, tmp_path: Path) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DownloadError, match="the disk is full"):
        fetch(hub_file(), cache=tmp_path, endpoint=hub.address, tell=fill)
    assert not cached_path(hub_file(), cache=tmp_path).exists()
