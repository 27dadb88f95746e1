"""Stands before the page's server: what is not part of this page is not served, and no request is too large.

Gradio serves more than this page uses: it fetches addresses for whoever asks, takes recordings and shows statistics.
And it reads a request into memory, or onto the disk, however large it is.
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import processing_utils
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse

from video2music.web.limits import MEGABYTE, Limits
from video2music.web.server_folder import SERVED
from video2music.web.storage import NoRoomError, Storage

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

API = "/gradio_api"

NOT_SERVED = (
    *(f"{API}/{name}" for name in ("proxy=", "stream/", "process_recording", "component_server", "custom_component")),
    *(f"{API}/{name}" for name in ("deep_link", "vibe-", "undo-vibe-", "run-history", "runs", "profiling", "dev/")),
    *(f"{API}/{name}" for name in ("token", "login", "mcp")),
    *("/monitoring", "/login", "/logout", "/pwa_icon"),
)
"""Beginnings of addresses that Gradio has and this page does not use."""

FILES, UPLOAD, STUDIES = (f"{API}/file=", f"{API}/file/"), f"{API}/upload", "/study/"

LARGEST_CALL = 4 * MEGABYTE
"""Bytes of a request that is no upload; the settings of a piece are a few thousand."""

WRAPPING = MEGABYTE
"""Bytes that a form may have around its file."""

STALLED_S = 60.0
"""An upload of which nothing arrives for so long is given up."""

SPACES = "https://huggingface.co https://*.huggingface.co https://*.hf.space"
"""Who shows a Space inside a page of their own."""

SEND_IT = "Send the file itself: nothing is fetched from other places here."
BROKEN_OFF = "The upload broke off. Please send the file again."
DISK_FULL = "The disk is full. Please try again in some minutes."


def page_headers() -> dict[str, str]:
    """Return the headers of every answer: what a browser may do with it."""
    around = f"'self' {SPACES}" if "SPACE_ID" in os.environ else "'self'"
    policy = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio's page is made of inline scripts
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": around,
    }
    return {
        "content-security-policy": "; ".join(f"{name} {allowed}" for name, allowed in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
    }


@dataclass(frozen=True)
class RequestFilter:
    """Lets requests through, or answers them itself with one sentence.

    Attributes:
        app: answers what is let through.
        limits: how large an upload may be.
        storage: knows whether there is room for it.
    """

    app: App
    limits: Limits
    storage: Storage

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(send, page_headers())
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, reply)
            return
        try:
            with self._room(scope):
                await self.app(scope, _Body(receive, self._most(scope), is_upload(scope)), reply)
        except NoRoomError as error:
            await _sentence(HTTPStatus.INSUFFICIENT_STORAGE, str(error))(scope, receive, reply)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or reply.begun:
                raise
            await _sentence(HTTPStatus.INSUFFICIENT_STORAGE, DISK_FULL)(scope, receive, reply)

    def _refusal(self, scope: Message) -> PlainTextResponse | None:
        """Return the answer to a request that is not let through; None where it is."""
        path, headers = str(scope["path"]), Headers(scope=scope)
        if path.startswith(NOT_SERVED) or not self._may_fetch(path):
            return _sentence(HTTPStatus.NOT_FOUND, "There is nothing here.")
        if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            return None
        if headers.get("sec-fetch-site") == "cross-site":
            return _sentence(HTTPStatus.FORBIDDEN, "Another site may not send anything here.")
        length = headers.get("content-length", "")
        if is_upload(scope) and not length.isdecimal():
            return _sentence(HTTPStatus.LENGTH_REQUIRED, "An upload says how large it is.")
        if length.isdecimal() and int(length) > self._most(scope):
            most = f"{self._most(scope) / MEGABYTE:g} MB"
            return _sentence(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{most} is the most that may be sent here.")
        return None

    def _may_fetch(self, path: str) -> bool:
        """Return whether an address is none of a file, or of one that was uploaded or made for fetching."""
        named = next((path.removeprefix(start) for start in FILES if path.startswith(start)), None)
        if named is None:
            return True
        served = self.storage.folder / SERVED
        return os.path.isabs(named) and Path(os.path.normpath(named)).is_relative_to(served)  # noqa: PTH117 - of a string

    def _most(self, scope: Message) -> int:
        return self.limits.size + WRAPPING if is_upload(scope) else LARGEST_CALL

    def _room(self, scope: Message) -> AbstractContextManager[None]:
        if not is_upload(scope):
            return nullcontext()
        return self.storage.promised(int(Headers(scope=scope)["content-length"]))


def fetch_nothing() -> None:
    """Keep Gradio from downloading a file whose address stands where an upload should.

    It does so for every component that takes a file, on behalf of whoever sends the address, and has no switch for it.
    """

    async def refuse(_url: str, cache_dir: str) -> str:
        del cache_dir
        raise gr.Error(SEND_IT, print_exception=False)

    processing_utils.async_ssrf_protected_download = refuse


def is_upload(scope: Message) -> bool:
    """Return whether a request brings files.

    Args:
        scope: of it.
    """
    return scope["method"] == "POST" and str(scope["path"]).rstrip("/") == UPLOAD


@dataclass
class _Body:
    """What arrives of a request, counted.

    Where an upload breaks off, stalls or is too large, that is raised as what Gradio takes for a damaged one: it
    removes what has arrived of it.
    """

    receive: Receive
    most: int
    upload: bool
    arrived: int = 0
    whole: bool = False

    async def __call__(self) -> Message:
        if not self.upload or self.whole:
            message = await self.receive()
        else:
            try:
                message = await asyncio.wait_for(self.receive(), STALLED_S)
            except TimeoutError as error:
                raise MultiPartException(BROKEN_OFF) from error
        if message["type"] == "http.disconnect" and self.upload and not self.whole:
            raise MultiPartException(BROKEN_OFF)
        self.arrived += len(message.get("body", b""))
        self.whole = self.whole or not message.get("more_body", False)
        if self.arrived > self.most:
            raise MultiPartException("Too large for what may be sent here: beyond the maximum allowed size")
        return message


@dataclass
class _Reply:
    """What is answered, with the headers of the page where the answer has none of its own."""

    send: Send
    headers: dict[str, str]
    begun: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(raw=message["headers"])
            for name, value in self.headers.items():
                headers.setdefault(name, value)
            message["headers"] = headers.raw
        await self.send(message)


def _sentence(status: HTTPStatus, words: str) -> PlainTextResponse:
    return PlainTextResponse(words, status_code=status, headers={"connection": "close"})
