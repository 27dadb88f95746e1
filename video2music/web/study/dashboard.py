"""The researcher's pages: how the study is going, and its answers to take away."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from video2music.study.export import FILES
from video2music.study.records import Mode
from video2music.web.study import session_cookie
from video2music.web.study.attempts import AttemptLimit
from video2music.web.study.calls import Body, taking
from video2music.web.study.dashboard_view import dashboard_view
from video2music.web.study.pages import page_frame
from video2music.web.study.passwords import is_password
from video2music.web.study.request_body import text
from video2music.web.study.served import ServedStudy
from video2music.web.study.templates import fill

OPEN_S = 12 * 3600
"""How long somebody stays at the dashboard without typing the password again."""

WRONG_PASSWORDS, WITHIN_S = 5, 300.0

COOKIE = "dashboard"

DOWNLOADS = {
    "answers.csv": "Answers (CSV)",
    "answers.json": "Answers (JSON)",
    "dictionary.csv": "What the columns mean",
}
"""Files of the export and what their buttons say."""


class Dashboard:
    """The dashboard of one study.

    Args:
        served: of the study; without a password the dashboard stays closed.
    """

    def __init__(self, served: ServedStudy) -> None:
        self.served = served
        self.tries = AttemptLimit(WRONG_PASSWORDS, WITHIN_S)
        self._one_at_a_time = threading.Lock()  # a hash takes memory on purpose: nobody may start many at once
        # whoever changes the password thereby ends what was opened with the old one
        self._seals = URLSafeTimedSerializer(served.password or "closed", salt=f"dashboard {served.study.name}")

    def routes(self) -> list[BaseRoute]:
        """Return the addresses."""
        return [
            Route("/dashboard", self.front),
            Route("/dashboard/login", taking(self.login), methods=["POST"]),
            Route("/dashboard/logout", taking(self.logout), methods=["POST"]),
            Route("/dashboard/{name}", self.behind_password(self.download)),
        ]

    def front(self, request: Request) -> Response:
        """Show the dashboard, or ask for the password."""
        frame = {**page_frame(self.served, "live", "en"), "closed": not self.served.password}
        if not self.is_open(request):
            return fill("dashboard_login.html", frame, 403 if frame["closed"] else 200)
        mode = counted_mode(request)
        moment = datetime.now(UTC).strftime("%H:%M:%S UTC")
        view = dashboard_view(self.served.study, self.served.store.progress(mode))
        copied = self.served.copy.words if self.served.copy else ""
        about = {"counted": mode, "moment": moment, "downloads": DOWNLOADS, "copied": copied}
        return fill("dashboard.html", {**frame, **view, **about})

    def login(self, request: Request, body: Body) -> Response:
        """Open the dashboard to whoever knows the password."""
        caller = request.client.host if request.client else ""
        if not self.served.password:
            return JSONResponse({}, 404)
        if not self.tries.allowed(caller):
            return JSONResponse({}, 429)
        with self._one_at_a_time:
            right = is_password(text(body, "password"), self.served.password)
        if not right:
            self.tries.count(caller)
            return JSONResponse({}, 404)
        response = JSONResponse({})
        self.set_cookie(request, response, str(self._seals.dumps("open")), OPEN_S)
        return response

    def logout(self, request: Request, _body: Body) -> Response:
        """Close the dashboard on this device."""
        response = JSONResponse({})
        self.set_cookie(request, response, "", 0)
        return response

    def download(self, request: Request) -> Response:
        """Send the answers as a file, those of the live or of the test sessions."""
        name = request.path_params["name"]
        if name not in FILES:
            return Response(status_code=404)
        content = FILES[name](self.served.study, self.served.store.rows(counted_mode(request)))
        kind = "application/json" if name.endswith(".json") else "text/csv"
        file = f"{self.served.study.name}-{name}"
        return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{file}"'})

    def is_open(self, request: Request) -> bool:
        """Say whether a request comes from somebody who knows the password."""
        try:
            return bool(self.served.password) and self._seals.loads(request.cookies.get(COOKIE, ""), OPEN_S) == "open"
        except BadSignature:
            return False

    def behind_password(self, show: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Let only those through who know the password."""

        def check(request: Request) -> Response:
            return show(request) if self.is_open(request) else RedirectResponse("../dashboard", 303)

        return check

    def set_cookie(self, request: Request, response: Response, value: str, age_s: int) -> None:
        """Set the dashboard's cookie; as it names no path, browsers send it to the dashboard's addresses only."""
        strict: dict[str, Any] = {"httponly": True, "samesite": "strict", "secure": session_cookie.is_secure(request)}
        response.set_cookie(COOKIE, value, max_age=age_s, path=None, **strict)


def counted_mode(request: Request) -> Mode:
    """Return which sessions the researcher looks at.

    Args:
        request: for a page of the dashboard.
    """
    return "test" if request.query_params.get("mode") == "test" else "live"
