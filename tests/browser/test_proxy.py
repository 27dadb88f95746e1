"""The page behind another server, under a path of its own."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

PATH = "/music"
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding"}


def proxy(target: Callable[[], str]) -> Starlette:
    """Pass on what is asked for under PATH to the target, as nginx does with `proxy_set_header Host $http_host`."""

    client = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))

    async def forward(request: Request) -> StreamingResponse:
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP]
        url = f"{target().rstrip('/')}/{request.path_params['rest']}?{request.url.query}"
        outgoing = client.build_request(request.method, url, headers=headers, content=await request.body())
        answer = await client.send(outgoing, stream=True)

        async def body() -> AsyncIterator[bytes]:
            async for piece in answer.aiter_bytes():
                yield piece
            await answer.aclose()

        kept = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
        return StreamingResponse(body(), answer.status_code, kept)

    return Starlette(routes=[Route(f"{PATH}/{{rest:path}}", forward, methods=["GET", "POST", "HEAD"])])


@pytest.fixture
def behind(serve: Callable, tmp_path: Path) -> Iterator[str]:
    target: list[str] = []
    server = uvicorn.Server(uvicorn.Config(proxy(lambda: target[0]), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    with serve(None, tmp_path / "uploads", root_path=PATH) as page:
        target.append(page.url)
        yield f"http://127.0.0.1:{port}{PATH}/"
    server.should_exit = True
    thread.join(10)


def test_everything_is_asked_for_under_the_path(
    open_window: Callable[..., Page], behind: str, make_clip: Callable[..., Path], upload: Callable[..., None]
) -> None:
    page = open_window(behind)
    astray: list[str] = []
    page.on("request", lambda request: astray.append(request.url) if PATH not in request.url else None)
    upload(page, make_clip("holiday.mp4", seconds=2.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    page.wait_for_function("document.querySelector('#piece video').readyState >= 1")
    with page.expect_download() as waiting:
        page.locator("#get-midi").click()
    assert Path(waiting.value.path()).stat().st_size > 0
    assert not [url for url in astray if not url.startswith(("data:", "blob:"))]
