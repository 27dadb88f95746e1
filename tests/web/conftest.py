"""A served page with a composer that needs no networks."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gradio_client import Client, handle_file

from video2music.web import app


def load_fakes() -> Any:  # noqa: ANN401 - a module read from beside this file
    name = "fake_composer"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def session_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    composer = load_fakes().FakeComposer()
    page, studio = app.build(lambda: composer, root=tmp_path_factory.mktemp("uploads"))
    url = app.launch(page, app.Address(port=None), block=False)
    client = partial(Client, url, verbose=False, analytics_enabled=False)
    yield SimpleNamespace(url=url, composer=composer, studio=studio, client=client)
    page.close(verbose=False)
    studio.bench.close()


@pytest.fixture
def served(session_page: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The page, with a composer that fails at nothing and waits for nobody."""
    composer = session_page.composer
    composer.failure, composer.most_at_once = None, 0
    composer.finished.clear()
    yield session_page
    composer.gate.set()


@pytest.fixture
def upload(make_clip: Callable[..., Path], tmp_path: Path) -> Callable[[str], Any]:
    """Offer a small clip to the client under any name."""

    def offer(name: str = "holiday.mp4") -> Any:  # noqa: ANN401 - what gradio_client takes for a file
        clip = tmp_path / name
        clip.write_bytes(make_clip(seconds=2.0).read_bytes())
        return handle_file(str(clip))

    return offer
