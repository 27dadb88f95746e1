"""Published files: one's own folder first, a licence before the first download, verified content, refusals offline."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest

import emotion
from emotion.errors import DownloadError, WeightsDamagedError, WeightsNotFoundError
from emotion.music2emo import released
from emotion.music2emo.engine import load_music2emo
from emotion.music2emo.released import ReleasedFile, checkpoint_names, find_released, released_file

COMMIT = "c" * 40
KEYS = ("mert_configuration", "mert_weights", "chords", "J_all", "E_all")


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class Hub:
    """A hub on this machine that has the small weights under their published addresses."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.transfers = files, []
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def answer(self, *, body: bool) -> None:
                parts = self.path.split("?")[0].strip("/").split("/")
                content = hub.files.get("/".join([*parts[:2], *parts[4:]]))
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.send_header("ETag", f'"{hashlib.sha256(content or b"").hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.end_headers()
                if body and content is not None:
                    hub.transfers.append(parts[-1])
                    self.wfile.write(content)

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def hub(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    published = {key: released_file(key) for key in KEYS}
    contents = {key: (weights / file.name).read_bytes() for key, file in published.items()}
    fake = Hub({f"{file.hub.repository}/{file.hub.filename}": contents[key] for key, file in published.items()})

    def small(key: str) -> ReleasedFile:
        file = published[key]
        return replace(file, hub=replace(file.hub, revision=COMMIT, git_blob=blob_id(contents[key])))

    monkeypatch.setattr(released, "released_file", small)
    monkeypatch.setenv("VIDEO2MUSIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VIDEO2MUSIC_WEIGHTS", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{fake.server.server_address[1]}")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def test_the_licence_is_said_once_before_the_first_download(hub: Hub) -> None:
    said: list[str] = []
    load_music2emo(notify=lambda sentence: said.append(f"{len(hub.transfers)} {sentence}"))
    assert said[0].startswith("0 ")
    assert "CC BY-NC 4.0" in said[0]
    assert len(said) == 2
    assert sorted(hub.transfers) == sorted(
        ["config.json", "pytorch_model.bin", "btc_model_large_voca.pt", "J_all.ckpt", "E_all.ckpt"]
    )
    said.clear()
    hub.transfers.clear()
    load_music2emo(notify=said.append)
    assert said == hub.transfers == []


def test_another_content_than_the_published_one_is_refused(hub: Hub) -> None:
    hub.files["amaai-lab/music2emo/saved_models/J_all.ckpt"] += b"x"
    with pytest.raises(WeightsDamagedError, match="was deleted"):
        find_released("J_all")


def test_offline_without_a_copy_is_refused_and_with_one_works(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    find_released("J_all")
    assert hub.transfers == ["J_all.ckpt"]
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert find_released("J_all").is_file()
    with pytest.raises(DownloadError, match="No connection") as refusal:
        emotion.load("music2emo")
    assert len(str(refusal.value).splitlines()) == 1


def test_a_folder_of_ones_own_is_never_completed_from_the_hub(hub: Hub, tmp_path: Path, weights: Path) -> None:
    (tmp_path / "J_all.ckpt").write_bytes((weights / "J_all.ckpt").read_bytes())
    assert find_released("J_all", folder=tmp_path) == tmp_path / "J_all.ckpt"
    with pytest.raises(WeightsNotFoundError, match="mert-v1-95m"):
        load_music2emo(weights=tmp_path)
    assert hub.transfers == []


def test_every_published_file_is_pinned() -> None:
    names = {*checkpoint_names(as_published=True), *checkpoint_names(as_published=False)}
    for key in {
        *KEYS,
        *names,
        "D_all",
        "P_all",
        "jamendo_teacher",
        "deam_teacher",
        "emomusic_teacher",
        "pmemo_teacher",
    }:
        file = released_file(key)
        assert file.hub.git_blob or len(file.hub.revision) == 40
        assert file.notice
    assert checkpoint_names(as_published=True) == ("J_all", "J_all")
