"""What the page's server answers, and to whom: files, addresses, sizes, other sites."""

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import safehttpx

from video2music.web.limits import Limits
from video2music.web.request_filter import BROKEN_OFF, DISK_FULL, LARGEST_CALL, SEND_IT, RequestFilter, page_headers
from video2music.web.session_store import SessionStore
from video2music.web.storage import Storage

PATIENT_S = 60.0  # a busy machine is no failure
get, post, request = (partial(ask, timeout=PATIENT_S) for ask in (httpx.get, httpx.post, httpx.request))

WORDS = "a word that is nowhere else"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that whoever runs the program keeps to themselves, such as the answers of a study."""
    path = tmp_path / "answers.sqlite"
    path.write_text(WORDS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "named",
    [
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/environ",
        "{secret}",
        "{served}/../lock",
        "{served}/../../../answers.sqlite",
        "{root}/lock",
        "{source}",
        "app.py",
        "../../../../etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/secret",
        "https://huggingface.co/robots.txt",
        "",
    ],
)
def test_no_other_file_and_no_address_is_fetched(served: SimpleNamespace, secret: Path, named: str) -> None:
    root = served.studio.root
    name = named.format(secret=secret, served=root / "served", root=root, source=Path(__file__).parents[2] / "app.py")
    for way in ("file=", "file/"):
        for spelled in (name, name.replace("/", "%2F").replace(".", "%2e")):
            answer = get(f"{served.url}gradio_api/{way}{spelled}")
            assert answer.status_code in {403, 404}
            assert WORDS not in answer.text
            assert "root:" not in answer.text


def test_what_was_uploaded_is_fetched(served: SimpleNamespace) -> None:
    (path,) = post(f"{served.url}gradio_api/upload", files={"files": ("a.txt", b"mine")}).json()
    assert get(f"{served.url}gradio_api/file={path}").content == b"mine"


def called(served: SimpleNamespace, path: str, **more: str) -> str:
    """Ask for the emotion of a file that is named, not uploaded, and return everything that is said."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, **more}
    call = f"{served.url}gradio_api/call/recognize"
    event = post(call, json={"data": [file]}).json()["event_id"]
    return get(f"{call}/{event}").text


@pytest.mark.parametrize("named", ["/etc/passwd", "{secret}", "{served}/../lock", "app.py"])
def test_an_endpoint_takes_only_what_was_uploaded(served: SimpleNamespace, secret: Path, named: str) -> None:
    said = called(served, named.format(secret=secret, served=served.studio.root / "served"))
    assert "event: error" in said
    assert WORDS not in said
    assert not served.recogniser.finished


@pytest.mark.parametrize("address", ["https://huggingface.co/a.wav", "http://127.0.0.1:1/a.wav", "http://8.8.8.8/a"])
def test_an_endpoint_fetches_nothing(served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(safehttpx, "get", lambda url, **_: asked.append(url))
    monkeypatch.setattr(safehttpx, "async_validate_url", asked.append)
    for more in ({}, {"url": address}):
        assert SEND_IT in called(served, address, **more)
    assert not asked


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "gradio_api/proxy=https://huggingface.co/"),
        ("GET", "gradio_api/deep_link?session_hash=a"),
        ("GET", "monitoring"),
        ("GET", "monitoring/summary"),
        ("POST", "gradio_api/process_recording"),
        ("POST", "gradio_api/component_server"),
        ("POST", "gradio_api/vibe-edit/"),
        ("POST", "login"),
    ],
)
def test_what_gradio_has_and_the_page_does_not_use_is_not_there(
    served: SimpleNamespace, method: str, path: str
) -> None:
    assert request(method, f"{served.url}{path}").status_code == 404


def test_every_answer_says_what_a_browser_may_do_with_it(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("", "config", "gradio_api/info", "gradio_api/file=/etc/passwd"):
        headers = get(f"{served.url}{path}").headers
        assert {name: headers[name] for name in page_headers()} == page_headers()
        assert "set-cookie" not in headers
    assert "frame-ancestors 'self'" in page_headers()["content-security-policy"]
    assert "hf.space" not in page_headers()["content-security-policy"]
    monkeypatch.setenv("SPACE_ID", "me/music")
    assert "frame-ancestors 'self' https://huggingface.co" in page_headers()["content-security-policy"]


def test_another_site_sends_nothing(served: SimpleNamespace) -> None:
    other = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    for path in ("upload", "queue/join", "call/recognize"):
        answer = post(f"{served.url}gradio_api/{path}", headers=other, files={"files": b"a"})
        assert (answer.status_code, answer.text) == (403, "Another site may not send anything here.")
    read = get(f"{served.url}config", headers=other)
    assert "access-control-allow-origin" not in read.headers


def test_a_call_is_no_larger_than_it_may_be(served: SimpleNamespace) -> None:
    for body in (b"[" * (LARGEST_CALL + 1), iter([b"[" * LARGEST_CALL, b"["])):
        answer = post(f"{served.url}gradio_api/queue/join", content=body)
        assert answer.status_code in {400, 413}


class Asked:
    """Asks the filter in front of the page without a connection in between."""

    def __init__(self, request_filter: RequestFilter, *, length: int | None, path: str = "/gradio_api/upload") -> None:
        headers = [(b"host", b"here"), (b"content-type", b"multipart/form-data; boundary=x")]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        self.scope: dict[str, Any] = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": headers, "root_path": "", "scheme": "http", "server": ("here", 80), "client": ("me", 1),
            "http_version": "1.1",
        }  # fmt: skip
        self.request_filter = request_filter
        self.sent: list[Any] = []

    async def receive_nothing(self) -> Any:  # noqa: ANN401 - a message of ASGI
        pytest.fail("the body was read")

    def with_body(self, *messages: dict[str, Any]) -> tuple[int, str]:
        left = iter(messages)

        async def receive() -> Any:  # noqa: ANN401 - a message of ASGI
            return next(left)

        return self._answer(receive if messages else self.receive_nothing)

    def _answer(self, receive: Any) -> tuple[int, str]:  # noqa: ANN401 - as ASGI has it
        async def send(message: Any) -> None:  # noqa: ANN401 - a message of ASGI
            self.sent.append(message)

        asyncio.run(self.request_filter(self.scope, receive, send))
        words = b"".join(message.get("body", b"") for message in self.sent[1:])
        return self.sent[0]["status"], words.decode()


PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + bytes(2000)


@pytest.fixture
def request_filter(served: SimpleNamespace) -> RequestFilter:
    """The filter of the page, with limits of its own: a megabyte for a clip, three for everything."""
    storage = Storage(served.studio.root, served.studio.storage.used() + 3_000_000, SessionStore())
    return RequestFilter(served.blocks.app, Limits(megabytes=1), storage)


def in_a_thread(asked: Asked, *messages: dict[str, Any]) -> tuple[int, str]:
    """Ask where no event loop runs: a browser that other tests hold open keeps one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asked.with_body, *messages).result(30)


def files_of(served: SimpleNamespace) -> set[Path]:
    return {path for path in (served.studio.root / "served").rglob("*") if path.is_file()}


def test_an_upload_that_breaks_off_leaves_nothing(served: SimpleNamespace, request_filter: RequestFilter) -> None:
    before = files_of(served)
    broken = ({"type": "http.request", "body": PART, "more_body": True}, {"type": "http.disconnect"})
    assert in_a_thread(Asked(request_filter, length=900_000), *broken) == (400, BROKEN_OFF)
    assert files_of(served) == before
    assert request_filter.storage._promised == 0


def test_an_upload_that_is_larger_than_it_says_leaves_nothing(
    served: SimpleNamespace, request_filter: RequestFilter
) -> None:
    before = files_of(served)
    endless = [{"type": "http.request", "body": PART + bytes(1_100_000), "more_body": True}] * 3
    status, words = in_a_thread(Asked(request_filter, length=900_000), *endless)
    assert (status, "maximum allowed size" in words) == (413, True)
    assert files_of(served) == before


@pytest.mark.parametrize(
    ("length", "status", "said"),
    [
        (None, 411, "An upload says how large it is."),
        (2_500_000, 413, "2 MB is the most that may be sent here."),
    ],
)
def test_an_upload_is_refused_before_it_is_read(
    request_filter: RequestFilter, length: int | None, status: int, said: str
) -> None:
    assert in_a_thread(Asked(request_filter, length=length)) == (status, said)


def test_an_upload_for_which_there_is_no_room_is_refused_before_it_is_read(request_filter: RequestFilter) -> None:
    with request_filter.storage.promised(2_000_000):
        status, said = in_a_thread(Asked(request_filter, length=1_500_000))
    assert (status, said) == (507, "There is no room on the disk for this just now. Please try again in some minutes.")


def test_a_full_disk_is_said(request_filter: RequestFilter, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gradio.route_utils.GradioUploadFile.write", full)
    whole = {"type": "http.request", "body": PART + b"\r\n--x--\r\n", "more_body": False}
    assert in_a_thread(Asked(request_filter, length=len(whole["body"])), whole) == (507, DISK_FULL)
