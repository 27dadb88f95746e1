"""Watching the video is what a lent GPU is asked for, with a duration; without the package nothing is different."""

import asyncio
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emotion.errors import RefusalError
from video2music.progress import StageTimer
from video2music.video.part import Part
from video2music.web.engine_gpu import MOST_S, READY_S, Loan, on_lent_gpu, seconds_wanted
from video2music.web.runs import RunQueue
from video2music.wishes import Wishes

Clips = Callable[..., Path]


class FakeSpaces(SimpleNamespace):
    """The package on a Space whose GPU is lent: what is decorated gets and gives only what can be pickled."""

    def __init__(self) -> None:
        super().__init__(calls=[], decorated=[])

    def GPU(self, *, duration: Callable[..., int]) -> Callable[[Any], Any]:  # noqa: N802 - its name
        def decorate(task: Callable[..., Any]) -> Callable[..., Any]:
            def run(*given: Any) -> Any:  # noqa: ANN401 - whatever the task takes
                self.calls.append((given, duration(*given)))
                return pickle.loads(pickle.dumps(task(*pickle.loads(pickle.dumps(given)))))  # noqa: S301 - our own

            self.decorated.append(task)
            return run

        return decorate


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> FakeSpaces:
    fake = FakeSpaces()
    monkeypatch.setitem(sys.modules, "spaces", fake)  # type: ignore[arg-type]  # only its GPU is used
    return fake


@pytest.fixture
def no_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spaces", None)  # type: ignore[arg-type]  # how Python is told that there is none


def test_the_video_is_watched_on_the_lent_gpu(spaces: FakeSpaces, fakes: Any, make_clip: Clips) -> None:  # noqa: ANN401
    composer, clip = fakes.FakeComposer(engine="clip"), make_clip(seconds=2.0)
    loan = Loan(lambda _: pytest.fail("it is loaded already"))
    assert len(spaces.decorated) == 1  # before anything is loaded, since a Space looks for it at the start
    lent = loan.equip("clip", composer)
    stages: list[str] = []
    piece = lent.compose(clip, progress=lambda stage, _: stages.append(stage), seed=7)
    assert (piece.engine, piece.score.seed, composer.analysed) == ("clip", 7, 1)
    assert spaces.calls == [(("clip", str(clip), None), READY_S + 1)]
    assert "Watching the video" in stages
    lent.compose_seen(clip, piece.features, Wishes(), StageTimer())
    assert lent.listen(piece, lambda *_: None).hearing.match is not None
    assert lent.synthesizer is composer.synthesizer
    assert len(spaces.calls) == 1


def test_a_process_that_was_forked_earlier_loads_the_engine_itself(
    spaces: FakeSpaces,
    fakes: Any,  # noqa: ANN401 - a module
    make_clip: Clips,
) -> None:
    loaded: list[str] = []

    def load(name: str) -> Any:  # noqa: ANN401 - a fake
        loaded.append(name)
        return fakes.FakeComposer(engine=name)

    Loan(load)
    (look,) = spaces.decorated
    assert look("paper", str(make_clip(seconds=2.0)), None).duration_s == pytest.approx(2.0, abs=0.1)
    assert loaded == ["paper"]


@pytest.mark.usefixtures("no_spaces")
def test_without_the_package_the_composer_is_used_as_it_is() -> None:
    composer = object()
    loan = Loan(lambda _: pytest.fail("nothing is loaded"))
    assert loan.equip("clip", composer) is composer  # type: ignore[arg-type,comparison-overlap]  # never looked at


def test_on_hardware_of_its_own_a_space_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = SimpleNamespace(GPU=lambda **_: lambda task: task)
    monkeypatch.setitem(sys.modules, "spaces", plain)  # type: ignore[arg-type]  # the same
    assert on_lent_gpu(lambda *_: pytest.fail("not called")) is None


def test_long_clips_ask_for_more_but_not_without_end(make_clip: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = str(make_clip(seconds=12.0))
    assert seconds_wanted("clip", clip, None) == READY_S + 6
    assert seconds_wanted("clip", clip, Part(0.0, 4.0)) == READY_S + 2
    monkeypatch.setattr("video2music.web.engine_gpu.probe", lambda _: SimpleNamespace(duration_s=3600.0))
    assert seconds_wanted("clip", clip, None) == MOST_S


def test_a_refusal_reaches_the_person(spaces: FakeSpaces, fakes: Any, tmp_path: Path) -> None:  # noqa: ANN401 - the same
    assert spaces.calls == []
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(RefusalError):
        Loan(lambda _: pytest.fail("loaded")).equip("clip", fakes.FakeComposer()).compose(tmp_path / "no.mp4")


def test_the_worker_knows_who_asked() -> None:
    """ZeroGPU counts the time of a GPU by the request, which Gradio keeps in a context variable."""
    asking: ContextVar[str] = ContextVar("asking", default="nobody")

    async def ask() -> str:
        queue = RunQueue()
        asking.set("me")
        run = queue.start("me", lambda _: asking.get())
        async for _ in run.updates():
            pass
        outcome = run.result()
        queue.close()
        return outcome

    with ThreadPoolExecutor(1) as thread:  # a browser that other tests hold open keeps a loop in this one
        assert thread.submit(asyncio.run, ask()).result(30) == "me"
