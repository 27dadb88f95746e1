"""Work in a process of its own: its outcome, its refusals, and what happens when it hangs or dies."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType

import pytest

from emotion.errors import RefusalError
from video2music.web.workers import InlineWorker, ProcessWorker, StoppedError, Worker, WorkerLostError

PATIENT_S = 60.0


@pytest.fixture(params=["own", "process"])
def worker(request: pytest.FixtureRequest, tasks: ModuleType) -> Iterator[Worker]:
    made = InlineWorker(tasks.CountingService()) if request.param == "own" else ProcessWorker(tasks.CountingService)
    yield made
    made.close()


def never() -> bool:
    return False


def silent(_stage: str, _fraction: float) -> None:
    pass


def test_the_service_is_kept_from_one_work_to_the_next(worker: Worker, tasks: ModuleType) -> None:
    heard: list[tuple[str, float]] = []
    first = worker.perform(partial(tasks.note, "a"), lambda *told: heard.append(told), never)
    second = worker.perform(partial(tasks.note, "b"), silent, never)
    assert (first[:2], second[:2]) == (("a", 1), ("b", 2))
    assert first[2] == second[2]
    assert heard == [("noting", 0.5)]


def test_a_refusal_comes_back_as_it_was_raised(worker: Worker, tasks: ModuleType) -> None:
    with pytest.raises(RefusalError, match=r"This is no video: a\.mp4\. Choose another\.") as refusal:
        worker.perform(tasks.refuse, silent, never)
    assert refusal.value.where == "a.mp4"
    assert worker.perform(partial(tasks.note, "a"), silent, never)[1] == 1


def test_a_defect_comes_back_with_its_place(worker: Worker, tasks: ModuleType) -> None:
    with pytest.raises((ValueError, RuntimeError), match="something odd"):
        worker.perform(tasks.fail, silent, never)


def test_work_that_reports_is_stopped_and_the_service_is_kept(worker: Worker, tasks: ModuleType) -> None:
    worker.perform(partial(tasks.note, "a"), silent, never)
    heard = threading.Event()
    with pytest.raises(StoppedError):
        worker.perform(tasks.dawdle, lambda *_: heard.set(), heard.is_set)
    assert worker.perform(partial(tasks.note, "b"), silent, never)[1] == 2


def test_a_report_that_nobody_wants_ends_the_work_and_reaches_nobody_else(worker: Worker, tasks: ModuleType) -> None:
    def refuse(_stage: str, _fraction: float) -> None:
        raise StoppedError

    before = worker.perform(partial(tasks.note, "a"), silent, never)
    with pytest.raises(StoppedError):
        worker.perform(tasks.dawdle, refuse, never)
    after = worker.perform(partial(tasks.note, "b"), silent, never)
    assert (after[:2], after[2]) == (("b", 2), before[2])


def test_work_that_hangs_is_killed_when_stopped(start_worker: Callable[..., ProcessWorker], tasks: ModuleType) -> None:
    worker, heard = start_worker(), threading.Event()
    with pytest.raises(StoppedError):
        worker.perform(tasks.hang, lambda *_: heard.set(), heard.is_set)
    assert worker.perform(partial(tasks.note, "b"), silent, never)[1] == 1


@pytest.mark.parametrize(("limit", "work"), [("silence_s", "hang"), ("deadline_s", "dawdle")])
def test_work_that_takes_too_long_is_given_up(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType, limit: str, work: str
) -> None:
    worker = start_worker(**{limit: 1.0})
    with pytest.raises(WorkerLostError, match="given up"):
        worker.perform(getattr(tasks, work), silent, never)


def test_a_process_that_dies_is_replaced(start_worker: Callable[..., ProcessWorker], tasks: ModuleType) -> None:
    worker = start_worker()
    with pytest.raises(WorkerLostError, match="ended unexpectedly"):
        worker.perform(tasks.die, silent, never)
    assert worker.perform(partial(tasks.note, "a"), silent, never)[1] == 1


def test_an_outcome_that_cannot_be_sent_is_said(start_worker: Callable[..., ProcessWorker], tasks: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="cannot leave its process"):
        start_worker().perform(tasks.unsendable, silent, never)


def test_no_process_is_left(start_worker: Callable[..., ProcessWorker], tasks: ModuleType) -> None:
    worker = start_worker()
    worker.perform(partial(tasks.note, "a"), silent, never)
    handle = worker._handle
    assert handle is not None
    worker.close()
    handle.process.join(PATIENT_S)
    assert not handle.process.is_alive()
