"""Imports Gradio without the stub files that it writes for editors, which takes half of its import, then the page."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def without_stub_files() -> Iterator[None]:
    """Let Gradio find no source of its components meanwhile.

    Whenever a component class is made, Gradio 6 parses its source twice to write a .pyi file beside it, at every start
    and also where the file is there already or cannot be written. It leaves that out for classes without a source
    (`create_or_modify_pyi` in gradio/component_meta.py).
    """
    find = inspect.getfile

    def find_all_but_components(thing: Any) -> str:  # noqa: ANN401 - whatever has a source
        if type(thing).__name__ == "ComponentMeta":
            raise OSError("no stub file is wanted")
        return find(thing)

    with patch.object(inspect, "getfile", find_all_but_components):
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped.

    Args:
        arguments: of the command line; the process's own by default.
    """
    with without_stub_files():
        from video2music.web import app
    app.main(arguments)
