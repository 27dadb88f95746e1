"""What every answer of the server carries, and what every request that changes something must carry."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OURS = "x-study"
"""Header of our own script's requests, which a plain form of another site cannot send."""

ORIGIN = "sec-fetch-site"
"""Where browsers say (over https) that a request comes from; the page around us answers scripts of any site."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
"""A page may allow its own keeping ("cache-control"); nothing else is ever loosened."""

SAFE_METHODS = frozenset({"GET", "HEAD"})


class Guard:
    """Wraps the pages of a study.

    Args:
        app: the pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what another site may have caused, and add the headers to every answer.

        Args:
            scope: of the request.
            receive: its body.
            send: takes the answer.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in SAFE_METHODS and not is_ours(Headers(scope=scope)):
            await PlainTextResponse("Not from this page", 403)(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)


def is_ours(headers: Headers) -> bool:
    """Say whether a request comes from the script of our own pages.

    Args:
        headers: of the request.
    """
    return OURS in headers and headers.get(ORIGIN, "same-origin") == "same-origin"
