"""Fills the templates of `assets/study`."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

ASSETS = Path(__file__).parents[3] / "assets" / "study"


@cache
def environment() -> Environment:
    """Return the templates; everything that is filled in is escaped."""
    return Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fill(template: str, view: dict[str, Any], status: int = 200) -> HTMLResponse:
    """Return a page.

    Args:
        template: name of its file.
        view: what it is filled with.
        status: HTTP's number.
    """
    return HTMLResponse(environment().get_template(template).render(view), status)
