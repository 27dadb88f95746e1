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


def load_fakes() -> Any:  # noqa: ANN401 - a module read from beside this file
    for name in ("fake_recogniser", "fake_composer"):
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
    return sys.modules["fake_composer"]


@pytest.fixture(scope="session")
def fakes() -> Any:  # noqa: ANN401 - a module read from beside this file
    """Return the module of the fake composer: `fakes.serve(fakes.FakeComposer(), folder)`."""
    return load_fakes()


@pytest.fixture(scope="session")
def session_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    fakes = load_fakes()
    with fakes.serve(fakes.FakeComposer(), tmp_path_factory.mktemp("uploads")) as page:
        patient = {"timeout": 60}  # a busy machine is no failure
        page.client = partial(Client, page.url, verbose=False, analytics_enabled=False, httpx_kwargs=patient)
        yield page


@pytest.fixture
def served(session_page: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    # Gradio takes uploads in one folder for the whole process, that of the page that was built last
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(session_page.studio.root / "served"))
    load_fakes().calm(session_page.composer, session_page.recogniser)
    yield session_page
    load_fakes().calm(session_page.composer, session_page.recogniser)


@pytest.fixture
def upload(make_clip: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Offer a small clip to the client under any name."""

    def offer(name: str = "holiday.mp4", seconds: float = 2.0) -> Any:  # noqa: ANN401 - what gradio_client takes for a file
        clip = tmp_path / name
        clip.write_bytes(make_clip(seconds=seconds).read_bytes())
        return handle_file(str(clip))

    return offer


@pytest.fixture(scope="session")
def predict() -> Callable[..., Any]:
    """Make the fake recogniser's answer: `predict(12.0, key=None)`."""
    load_fakes()
    return sys.modules["fake_recogniser"].prediction
