"""What the script of a page sends."""

import json
from typing import Any

from starlette.requests import Request

MOST_BYTES = 128 * 1024
"""A free text of the longest kind fits, however it is escaped."""

MOST_RANGES = 500


class BodyError(Exception):
    """Something that our script would not send.

    Args:
        status: HTTP's number for it.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


async def read_body(request: Request) -> dict[str, Any]:
    """Read a request's JSON object.

    Args:
        request: with a body.

    Raises:
        BodyError: it is too large, or no object.
    """
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > MOST_BYTES:
            raise BodyError(413)
    try:
        body = json.loads(held)
    except (ValueError, RecursionError) as error:
        raise BodyError(400) from error
    if not isinstance(body, dict):
        raise BodyError(400)
    return body


def text(body: dict[str, Any], name: str) -> str:
    """Return a text of a body.

    Args:
        body: as read.
        name: of the field; it may be missing.

    Raises:
        BodyError: it is none.
    """
    value = body.get(name, "")
    if not isinstance(value, str) or "\0" in value:
        raise BodyError(400)
    return value


def items(body: dict[str, Any], name: str) -> list[Any]:
    """Return a list of a body.

    Args:
        body: as read.
        name: of the field; it may be missing.

    Raises:
        BodyError: it is none, or far too long.
    """
    value = body.get(name, [])
    if not isinstance(value, list) or len(value) > MOST_RANGES:
        raise BodyError(400)
    return value


def count(value: object) -> int:
    """Return a small number, 0 for anything else.

    Args:
        value: as sent.
    """
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000 else 0
