"""A small study, served in this process, and devices that visit it."""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from video2music.study.stimuli import load_stimuli
from video2music.study.store import open_store
from video2music.web.study.preview import WoundClock
from video2music.web.study.served import ServedStudy
from video2music.web.study.server import study_routes

SECONDS = 1.0


def load_fake() -> ModuleType:
    if "fake_study" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fake_study", Path(__file__).parent / "fake_study.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["fake_study"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["fake_study"])
    return sys.modules["fake_study"]


@dataclass(frozen=True, kw_only=True)
class TimedStudy(ServedStudy):
    """A study whose server's clock can be wound."""

    clock: WoundClock


class Device:
    """A browser on the pages of one study: it keeps cookies, and sends what the pages' script sends."""

    def __init__(self, served: TimedStudy, path: str = "") -> None:
        self.served = served
        self.client = TestClient(Starlette(routes=study_routes([served])), raise_server_exceptions=False)
        self.root = f"/study/{served.study.name}/{path}"

    def get(self, path: str = "", **options: Any) -> Any:  # noqa: ANN401 - an answer of httpx
        return self.client.get(self.root + path, **options)

    def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:  # noqa: ANN401
        return self.client.post(self.root + path, json=body, headers={"x-study": "1", **(headers or {})})

    def begin(self, **body: Any) -> None:  # noqa: ANN401
        consent = {"language": "en", "version": self.served.study.consent.version}
        assert self.post("begin", **(consent | body)).status_code == 200
        self.get()

    @property
    def step(self) -> str:
        found = re.search(r'data-step="([^"]*)"', self.get().text)
        return found[1] if found else ""

    def clips(self) -> list[str]:
        return re.findall(r'<video src="([^"]*)"', self.get().text)

    def play(self, ranges: object = ((0, SECONDS),), plays: int = 1) -> Any:  # noqa: ANN401
        """Report what was played of each clip of the page, after the time that it takes."""
        self.served.clock.ahead += timedelta(seconds=3)
        reports = [{"ranges": ranges, "plays": plays} for _ in self.clips()]
        return self.post("played", step=self.step, stimuli=reports)

    def answer(self, question: str, value: str, step: str = "") -> Any:  # noqa: ANN401
        return self.post("answer", step=step or self.step, question=question, value=value)

    def rate(self) -> None:
        """Do everything that the page asks for, and leave it."""
        step, page = self.step, self.get().text
        if step == "headphones" or 'id="headphones"' in page:
            self.post("headphones", answers=[1, 2, 3, 1, 2, 3], attempt=1)
            return
        if self.clips():
            assert self.play().json() == {"open": True}
        values = {"likert": "5", "slider": "40", "preference": "left"}
        for question, kind in re.findall(r'data-question="([^"]*)" data-kind="([^"]*)" data-required', page):
            options = re.findall(rf'name="{question}" value="([^"]*)"', page)
            assert self.answer(question, values.get(kind, options[0] if options else "")).status_code == 200
        assert self.post("next", step=step).status_code == 200

    def walk(self, until: str = "done") -> None:
        """Rate page after page, to the end or until a certain one."""
        for _ in range(20):
            page = self.get().text
            if self.step == until or 'id="completion"' in page:
                return
            self.rate()


@pytest.fixture
def serve_study(make_clip: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., ServedStudy]]:
    """Open a small study with changes: `serve_study(session={"headphones": "off"})`; clips last a second."""
    opened: list[ServedStudy] = []

    def make(*, password: str = "", pairs: bool = False, **changes: Any) -> ServedStudy:  # noqa: ANN401
        fake = load_fake()
        clip = make_clip(seconds=SECONDS)
        study = fake.make_study(
            tmp_path / str(len(opened)), clip, SECONDS, **(fake.as_pairs() if pairs else {}), **changes
        )
        clock = WoundClock()
        served = TimedStudy(study, open_store(study, now=clock), load_stimuli(study), password, clock=clock)
        opened.append(served)
        return served

    yield make
    for served in opened:
        served.store.close()


@pytest.fixture
def visit() -> Callable[..., Device]:
    """Return a new device that visits a study: `visit(served, "test/")`."""
    return Device


@pytest.fixture
def served(serve_study: Callable[..., ServedStudy]) -> ServedStudy:
    return serve_study()


@pytest.fixture
def device(served: ServedStudy) -> Device:
    return Device(served)


@pytest.fixture
def begun(device: Device) -> Device:
    """Return a device whose session is at the first page of the practice."""
    device.begin()
    device.walk("training-1")
    return device
