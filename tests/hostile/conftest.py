"""The corpus of hostile files, a watch over the process that reads them, and a canary."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)

from make import make  # noqa: E402 - the folder must be known first
from watch import Canary, Watch, canary  # noqa: E402

StartWatch = Callable[..., Watch]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def start_watch(tmp_path: Path) -> Iterator[StartWatch]:
    """Start a process that reads files: `start_watch("video", guarded=folder)`."""
    started: list[Watch] = []

    def start(*readers: str, guarded: tuple[Path, ...] = (), longest_s: float = 20.0) -> Watch:
        watch = Watch(tmp_path / f"watch{len(started)}", readers, guarded, longest_s)
        started.append(watch.__enter__())
        return watch

    yield start
    for watch in started:
        watch.__exit__()


@pytest.fixture
def bird(tmp_path: Path) -> Iterator[Canary]:
    """Offer a server that must not be asked, and a file whose content must not be shown."""
    folder = tmp_path / "canary"
    folder.mkdir()
    with canary(folder) as found:
        yield found
