"""Work in a process of its own: its outcome, its refusals, and what happens when it hangs or dies."""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from emotion.errors import RefusalError
from video2music.web.hands import Hands, OwnHands, ProcessHands, StoppedError, WorkerLostError

PATIENT_S = 60.0


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import rooms

    yield rooms
    sys.modules.pop("rooms", None)


@pytest.fixture(params=["own", "process"])
def hands(request: pytest.FixtureRequest, rooms: ModuleType) -> Iterator[Hands]:
    made = OwnHands(rooms.Room()) if request.param == "own" else ProcessHands(rooms.Room)
    yield made
    made.close()


@pytest.fixture
def process(rooms: ModuleType) -> Iterator[Callable[..., ProcessHands]]:
    made: list[ProcessHands] = []

    def make(**limits: float) -> ProcessHands:
        made.append(ProcessHands(rooms.Room, **limits))
        return made[-1]

    yield make
    for hands in made:
        hands.close()


def never() -> bool:
    return False


def silent(_stage: str, _fraction: float) -> None:
    pass


def test_the_room_is_kept_from_one_work_to_the_next(hands: Hands, rooms: ModuleType) -> None:
    heard: list[tuple[str, float]] = []
    first = hands.perform(partial(rooms.note, "a"), lambda *told: heard.append(told), never)
    second = hands.perform(partial(rooms.note, "b"), silent, never)
    assert (first[:2], second[:2]) == (("a", 1), ("b", 2))
    assert first[2] == second[2]
    assert heard == [("noting", 0.5)]


def test_a_refusal_comes_back_as_it_was_raised(hands: Hands, rooms: ModuleType) -> None:
    with pytest.raises(RefusalError, match=r"This is no video: a\.mp4\. Choose another\.") as refusal:
        hands.perform(rooms.refuse, silent, never)
    assert refusal.value.where == "a.mp4"
    assert hands.perform(partial(rooms.note, "a"), silent, never)[1] == 1


def test_a_defect_comes_back_with_its_place(hands: Hands, rooms: ModuleType) -> None:
    with pytest.raises((ValueError, RuntimeError), match="something odd"):
        hands.perform(rooms.fail, silent, never)


def test_work_that_reports_is_stopped_and_the_room_is_kept(hands: Hands, rooms: ModuleType) -> None:
    hands.perform(partial(rooms.note, "a"), silent, never)
    heard = threading.Event()
    with pytest.raises(StoppedError):
        hands.perform(rooms.dawdle, lambda *_: heard.set(), heard.is_set)
    assert hands.perform(partial(rooms.note, "b"), silent, never)[1] == 2


def test_a_report_that_nobody_wants_ends_the_work_and_reaches_nobody_else(hands: Hands, rooms: ModuleType) -> None:
    def refuse(_stage: str, _fraction: float) -> None:
        raise StoppedError

    before = hands.perform(partial(rooms.note, "a"), silent, never)
    with pytest.raises(StoppedError):
        hands.perform(rooms.dawdle, refuse, never)
    after = hands.perform(partial(rooms.note, "b"), silent, never)
    assert (after[:2], after[2]) == (("b", 2), before[2])


def test_work_that_hangs_is_killed_when_it_is_stopped(process: Callable[..., ProcessHands], rooms: ModuleType) -> None:
    hands, heard = process(), threading.Event()
    with pytest.raises(StoppedError):
        hands.perform(rooms.hang, lambda *_: heard.set(), heard.is_set)
    assert hands.perform(partial(rooms.note, "b"), silent, never)[1] == 1


@pytest.mark.parametrize(("limit", "work"), [("silence_s", "hang"), ("deadline_s", "dawdle")])
def test_work_that_takes_too_long_is_given_up(
    process: Callable[..., ProcessHands], rooms: ModuleType, limit: str, work: str
) -> None:
    hands = process(**{limit: 1.0})
    with pytest.raises(WorkerLostError, match="given up"):
        hands.perform(getattr(rooms, work), silent, never)


def test_a_process_that_dies_is_replaced(process: Callable[..., ProcessHands], rooms: ModuleType) -> None:
    hands = process()
    with pytest.raises(WorkerLostError, match="ended unexpectedly"):
        hands.perform(rooms.die, silent, never)
    assert hands.perform(partial(rooms.note, "a"), silent, never)[1] == 1


def test_an_outcome_that_cannot_be_sent_is_said(process: Callable[..., ProcessHands], rooms: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="cannot leave its process"):
        process().perform(rooms.unsendable, silent, never)


def test_no_process_is_left(process: Callable[..., ProcessHands], rooms: ModuleType) -> None:
    hands = process()
    hands.perform(partial(rooms.note, "a"), silent, never)
    worker = hands._worker
    assert worker is not None
    hands.close()
    worker.process.join(PATIENT_S)
    assert not worker.process.is_alive()
