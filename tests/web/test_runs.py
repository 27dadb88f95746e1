"""Following, stopping and cleaning up after work in the worker thread."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import pytest

from video2music.progress import Progress
from video2music.web.calls import Calls
from video2music.web.engine_registry import EngineRegistry
from video2music.web.fair_queue import OWN_PLACES, WAITING_PLACES, QueueFullError
from video2music.web.lazy import Lazy
from video2music.web.runs import SHOWN_EVERY_S, News, Place, RunQueue, Update
from video2music.web.service import MusicService
from video2music.web.studio import Studio, open_studio
from video2music.web.workers import StoppedError

Outcome = TypeVar("Outcome")


def in_a_loop(work: Coroutine[None, None, Outcome]) -> Outcome:
    """Run a coroutine in a thread of its own: a browser that other tests hold open keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result(30)


def empty_studio(root: Path) -> Studio:
    """Open a studio whose networks nobody may ask for."""
    unused = "not needed"
    return open_studio(
        MusicService(EngineRegistry(lambda _: pytest.fail(unused)), Lazy(lambda: pytest.fail(unused))), root
    )


@pytest.fixture
def queue() -> Iterator[RunQueue]:
    queue = RunQueue()
    yield queue
    queue.close()


def test_updates_arrive_in_order_and_then_the_result(queue: RunQueue) -> None:
    def work(progress: Progress) -> str:
        progress("seeing", 0.5)
        progress("writing", 7.0)
        return "piece"

    async def follow() -> tuple[list[News], str]:
        run = queue.start("me", work)
        seen = [update async for updates in run.updates() for update in updates]
        return seen, run.result()

    assert in_a_loop(follow()) == ([Update("seeing", 0.5), Update("writing", 1.0)], "piece")


def test_a_flood_of_reports_is_looked_at_a_few_times_a_second(queue: RunQueue) -> None:
    def work(progress: Progress) -> None:
        for report in range(400):
            progress("watching", report / 400)
            threading.Event().wait(0.001)

    async def follow() -> tuple[list[list[News]], float]:
        began = time.monotonic()
        looks = [updates async for updates in queue.start("me", work).updates()]
        return looks, time.monotonic() - began

    looks, took_s = in_a_loop(follow())
    assert sum(map(len, looks)) == 400
    assert len(looks) <= 2 + took_s / SHOWN_EVERY_S


def test_what_the_work_raises_reaches_the_follower(queue: RunQueue) -> None:
    def work(_progress: Progress) -> None:
        raise ZeroDivisionError

    async def follow() -> None:
        run = queue.start("me", work)
        assert [updates async for updates in run.updates()] == []
        run.result()

    with pytest.raises(ZeroDivisionError):
        in_a_loop(follow())


def endless(started: threading.Event, ended: threading.Event, release: threading.Event) -> object:
    def work(progress: Progress) -> None:
        started.set()
        try:
            while not release.wait(0.01):
                progress("working", 0.5)
        finally:
            ended.set()

    return work


def test_one_person_stops_only_their_own(queue: RunQueue) -> None:
    started, ended, release = threading.Event(), threading.Event(), threading.Event()

    async def follow() -> None:
        run = queue.start("me", endless(started, ended, release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        assert not queue.stop("somebody else")
        assert not ended.is_set()
        assert queue.stop("me")
        async for _ in run.updates():
            pass
        assert await asyncio.to_thread(ended.wait, 10)
        run.result()

    with pytest.raises(StoppedError):
        in_a_loop(follow())


def test_a_person_who_leaves_stops_at_every_desk_and_nobody_else_does(queue: RunQueue) -> None:
    started, ended, release = threading.Event(), threading.Event(), threading.Event()

    async def follow() -> None:
        run = queue.start("me/listen", endless(started, ended, release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        queue.leave("m")
        with pytest.raises(TimeoutError):
            run.result()  # still working
        queue.leave("me")
        with pytest.raises(StoppedError):
            run.result()
        async for _ in run.updates():
            pass
        assert await asyncio.to_thread(ended.wait, 10)
        assert not queue.was_stopped("me/listen")

    in_a_loop(follow())


def test_the_next_run_waits_until_the_stopped_one_has_let_go(queue: RunQueue) -> None:
    started, release, order = threading.Event(), threading.Event(), []

    def stubborn(_progress: Progress) -> None:
        started.set()
        release.wait(10)
        order.append("first")

    async def follow() -> None:
        first = queue.start("me", stubborn)
        await asyncio.to_thread(started.wait, 10)
        first.stop()
        second = queue.start("you", lambda _: order.append("second"))
        release.set()
        async for _ in second.updates():
            pass

    in_a_loop(follow())
    assert order == ["first", "second"]


def test_everybody_in_line_knows_their_place_and_moves_up_when_one_gives_up(queue: RunQueue) -> None:
    started, release = threading.Event(), threading.Event()

    async def follow() -> list[News]:
        assert queue.next_place("one") == Place(0)
        first = queue.start("one", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        queue.start("two", lambda _: pytest.fail("was stopped in line"))
        third = queue.start("three", lambda progress: progress("writing", 0.5))
        assert queue.next_place("four") == Place(3)
        queue.stop("two")
        release.set()
        async for _ in first.updates():
            pass
        return [news async for updates in third.updates() for news in updates]

    assert in_a_loop(follow()) == [Place(2), Place(1), Place(0), Update("writing", 0.5)]
    assert queue.next_place("five") == Place(0)


def test_a_call_of_a_program_is_told_its_place_too(tmp_path: Path) -> None:
    started, release, told = threading.Event(), threading.Event(), []
    studio = empty_studio(tmp_path)

    def tell(_fraction: float, desc: str) -> None:
        told.append(desc)
        release.set()

    async def call() -> list[str]:
        studio.composing.start("me", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        request = SimpleNamespace(session_hash="you")
        done = Calls(studio).finished(Path("a.mp4"), lambda *_, **__: "done", request, tell)  # type: ignore[arg-type]
        return [outcome async for outcome in done]

    assert in_a_loop(call()) == ["done"]
    assert told[0] == "1 person before you"
    studio.close()


def test_a_full_line_takes_nobody_else(queue: RunQueue) -> None:
    started, release = threading.Event(), threading.Event()

    async def follow() -> None:
        queue.start("at work", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        for number in range(WAITING_PLACES):
            queue.need_room(str(number))
            queue.start(str(number), lambda _: None)
        with pytest.raises(QueueFullError):
            queue.need_room("late")
        queue.stop("0")
        queue.need_room("late")
        release.set()

    in_a_loop(follow())


def test_turns_are_taken_in_line(queue: RunQueue) -> None:
    started, release, order = threading.Event(), threading.Event(), []

    async def follow() -> None:
        queue.start("at work", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        asked = ("program", "program", "program/other", "page/compose", "page/listen")
        runs = [queue.start(who, partial(lambda who, _: order.append(who), who)) for who in asked]
        assert queue.next_place("program") == Place(6)
        assert queue.next_place("newcomer") == Place(3)
        release.set()
        for run in runs:
            async for _ in run.updates():
                pass

    in_a_loop(follow())
    assert order == ["program", "page/compose", "program", "page/listen", "program/other"]


def test_whoever_is_slow_to_leave_the_line_costs_nobody_a_turn(
    queue: RunQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, release, order, leave = threading.Event(), threading.Event(), [], queue._waiting.leave

    async def follow() -> None:
        queue.start("at work", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        await asyncio.to_thread(started.wait, 10)
        slow = queue.start("slow", lambda _: pytest.fail("was stopped in line"))
        others = [queue.start(who, partial(lambda who, _: order.append(who), who)) for who in ("one", "two")]
        monkeypatch.setattr(queue._waiting, "leave", lambda run: None if run is slow else leave(run))
        slow.stop()
        release.set()
        for run in others:
            async for _ in run.updates():
                pass

    in_a_loop(follow())
    assert order == ["one", "two"]


def test_nobody_holds_more_than_a_few_places(queue: RunQueue) -> None:
    started, release = threading.Event(), threading.Event()

    async def follow() -> None:
        queue.start("program", endless(started, threading.Event(), release))  # type: ignore[arg-type]
        for _ in range(OWN_PLACES - 1):
            queue.need_room("program")
            queue.start("program", lambda _: None)
        with pytest.raises(QueueFullError, match=r"5 of yours are in line already\. Please ask again when one"):
            queue.need_room("program/other")
        queue.need_room("somebody else")
        release.set()

    in_a_loop(follow())


def test_places_in_words() -> None:
    assert [Place(ahead).stage for ahead in (0, 1, 2)] == [
        "Getting ready",
        "1 person before you",
        "2 people before you",
    ]


def test_a_folder_lives_until_the_worker_has_let_go(tmp_path: Path) -> None:
    started, release = threading.Event(), threading.Event()
    studio = empty_studio(tmp_path)

    def work(_room: MusicService, _progress: Progress, *, folder: Path) -> None:
        (folder / "half").touch()
        started.set()
        release.wait(10)
        (folder / "whole").touch()

    async def leave_early() -> None:
        with studio.job("me", work):
            await asyncio.to_thread(started.wait, 10)
        assert list(tmp_path.glob("run-*/half"))

    in_a_loop(leave_early())
    release.set()
    studio.composing.prepare(lambda: None).result(10)
    assert not list(tmp_path.glob("run-*"))
    studio.composing.close()


def test_networks_are_loaded_once_and_loading_is_tried_again() -> None:
    answers: list[object] = [OSError("no weights"), "composer"]
    stages: list[str] = []

    def load() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lazy = Lazy(load)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no weights"):
        lazy.ready()
    assert lazy.ready(lambda stage, _: stages.append(stage)) == "composer"
    assert lazy.ready() == "composer"
    assert stages == ["Loading the networks"]
