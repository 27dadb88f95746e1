"""The cookie by which a device finds its session again."""

import hashlib
import hmac
from http.cookies import CookieError

from starlette.requests import Request
from starlette.responses import Response

from video2music.errors import SessionError
from video2music.study.records import Mode
from video2music.study.store import Participant
from video2music.web.study.served import ServedStudy

KEPT_S = 60 * 24 * 3600
"""As long as a study may wait for somebody who pauses."""


def give(request: Request, response: Response, served: ServedStudy, participant: Participant) -> None:
    """Let a device find the session again.

    The cookie has no path of its own: browsers then keep it for the folder of this page, under whatever path a proxy
    serves it. It is sent along when a link on another site opens the page ("lax"), as recruiting platforms do.

    Args:
        request: that is answered.
        response: takes the cookie.
        served: of the study.
        participant: whose session.
    """
    response.set_cookie(
        _name(served, participant.mode),
        f"{participant.id}.{_seal(participant)}",
        max_age=KEPT_S,
        path=None,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def take_away(response: Response, served: ServedStudy, mode: Mode) -> None:
    """Let a device forget its session.

    Args:
        response: takes the cookie away.
        served: of the study.
        mode: of the session.
    """
    response.set_cookie(_name(served, mode), "", max_age=0, path=None, httponly=True, samesite="lax")


def find(request: Request, served: ServedStudy, mode: Mode) -> Participant | None:
    """Return whose session a request belongs to, if it belongs to any.

    Args:
        request: with or without a cookie.
        served: of the study.
        mode: of the page.
    """
    try:
        name, _, seal = request.cookies.get(_name(served, mode), "").partition(".")
        participant = served.store.participant(name)
    except (SessionError, CookieError):
        return None
    genuine = hmac.compare_digest(seal.encode(), _seal(participant).encode())
    return participant if genuine and participant.mode == mode else None


def is_secure(request: Request) -> bool:
    """Say whether the browser came by https, to this server or to a proxy before it.

    Args:
        request: that is answered.
    """
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "").split(",")[0].strip()}


def _name(served: ServedStudy, mode: Mode) -> str:
    return f"study-{mode}-{served.study.name}"


def _seal(participant: Participant) -> str:
    """Return what makes the cookie more than the id, which stands in every exported table."""
    return hmac.new(participant.resume_code.encode(), participant.id.encode(), hashlib.sha256).hexdigest()
