"""The addresses of the studies, to be put before those of the composing page."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from video2music.study.records import Mode
from video2music.web.study.calls import Calls
from video2music.web.study.dashboard import Dashboard
from video2music.web.study.guard import Guard
from video2music.web.study.pages import Pages, choose_language, page_frame, show_message
from video2music.web.study.served import ServedStudy
from video2music.web.study.templates import ASSETS

KEEP_A_DAY = {"cache-control": "public, max-age=86400"}

FONTS = "templates/frontend/static/fonts/IBMPlexSans"
"""Inside the Gradio package: the letters of the composing page."""


def study_routes(studies: Iterable[ServedStudy]) -> list[BaseRoute]:
    """Return the addresses of studies: everything below /study/<name>.

    Args:
        studies: one for each study.
    """
    routes: list[BaseRoute] = []
    for served in studies:
        address = f"/study/{served.study.name}"
        routes += [Route(address, add_slash), Mount(address, StrippedPath(address, Guard(application(served))))]
    return routes


class StrippedPath:
    """Lets the pages be found where a proxy has taken its own path off the address.

    FastAPI then says that the application lies under the proxy's path, and Starlette looks for it there in vain.

    Args:
        address: of the application.
        app: its pages.
    """

    def __init__(self, address: str, app: ASGIApp) -> None:
        self.address = address
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Args:
            scope: of the request.
            receive: its body.
            send: takes the answer.
        """
        if not scope["path"].startswith(scope.get("root_path", "")):
            scope = {**scope, "root_path": self.address}
        await self.app(scope, receive, send)


def application(served: ServedStudy) -> Starlette:
    """Put the pages of one study together.

    Args:
        served: of the study.
    """

    def missing(request: Request, _error: Exception) -> Response:
        language = choose_language(request, served.study.languages)
        frame = {**page_frame(served, "live", language), "up": "../" * inside(request, served).count("/")}
        return show_message(frame, "missing_title", "missing_text", status=404)

    def broken(request: Request, _error: Exception) -> Response:
        frame = page_frame(served, mode_of(request, served), choose_language(request, served.study.languages))
        return show_message(frame, "broken_title", "broken_text", status=500)

    routes: list[BaseRoute] = [
        Route("/assets/{name}", asset),
        Route("/test", add_slash),
        Mount("/test", routes=session_routes(served, "test")),
        *Dashboard(served).routes(),
        *session_routes(served, "live"),
    ]
    return Starlette(routes=routes, exception_handlers={404: missing, Exception: broken})


def session_routes(served: ServedStudy, mode: Mode) -> list[BaseRoute]:
    """Return the addresses of the sessions of one mode.

    Args:
        served: of the study.
        mode: "test" only tries the study.
    """
    return [*Pages(served, mode).routes(), *Calls(served, mode).routes()]


def inside(request: Request, served: ServedStudy) -> str:
    """Return the part of an address that follows the study's own, such as "test/withdraw".

    Args:
        request: for one of the study's pages.
        served: of the study.
    """
    return str(request.scope["path"].partition(f"/study/{served.study.name}/")[2])


def mode_of(request: Request, served: ServedStudy) -> Mode:
    """Return the mode that an address belongs to.

    Args:
        request: for one of the study's pages.
        served: of the study.
    """
    return "test" if inside(request, served).startswith("test/") else "live"


def add_slash(request: Request) -> Response:
    """Lead to the address with a slash, relative to this one: a proxy may have its own path before it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.scope['path'].rpartition('/')[2]}/{query}", 307)


def asset(request: Request) -> Response:
    """Send style, script, letters or picture."""
    path = asset_files().get(request.path_params["name"])
    return FileResponse(path, headers=KEEP_A_DAY) if path else Response(status_code=404)


def asset_files() -> dict[str, Path]:
    """Return what may be sent, by name."""
    own = {name: ASSETS / name for name in ("study.css", "study.js", "icon.svg")}
    gradio = find_spec("gradio")
    if gradio is None or gradio.origin is None:
        return own
    fonts = Path(gradio.origin).parent / FONTS
    weights = {"font-regular.woff2": "Regular", "font-bold.woff2": "Bold"}
    return own | {name: fonts / f"IBMPlexSans-{weight}.woff2" for name, weight in weights.items()}
