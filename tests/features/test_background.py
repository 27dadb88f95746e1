"""The encoder looks while the caller goes on."""

import threading

import pytest

from video2music.features.background import MOST_WAITING, BackgroundCalls

PATIENCE_S = 20.0


def test_what_was_seen_keeps_its_order() -> None:
    with BackgroundCalls(lambda number: number * number) as calls:
        for number in range(7):
            calls.show(number)
        assert calls.seen() == [0, 1, 4, 9, 16, 25, 36]


def test_the_caller_goes_on_while_the_encoder_looks() -> None:
    went_on = threading.Event()
    with BackgroundCalls(lambda: went_on.wait(PATIENCE_S)) as calls:
        calls.show()
        went_on.set()
        assert calls.seen() == [True]


def test_only_a_few_wait() -> None:
    begun, free = [], threading.Event()

    def look(number: int) -> None:
        begun.append(number)
        assert free.wait(PATIENCE_S)

    def show_all() -> None:
        for number in range(MOST_WAITING + 1):
            calls.show(number)
        shown.set()

    shown = threading.Event()
    with BackgroundCalls(look) as calls:
        caller = threading.Thread(target=show_all)
        caller.start()
        assert not shown.wait(0.05)
        free.set()
        caller.join(PATIENCE_S)
        assert shown.is_set()
        calls.seen()
    assert begun == list(range(MOST_WAITING + 1))


def test_an_error_reaches_the_caller() -> None:
    def look() -> None:
        raise ZeroDivisionError

    with BackgroundCalls(look) as calls:
        calls.show()
        with pytest.raises(ZeroDivisionError):
            calls.seen()


def test_what_still_waits_is_given_up() -> None:
    looked, going, free = [], threading.Event(), threading.Event()

    def look(number: int) -> None:
        looked.append(number)
        going.set()
        assert free.wait(PATIENCE_S)

    def interrupt() -> None:
        with BackgroundCalls(look) as calls:
            calls.show(0)
            calls.show(1)
            assert going.wait(PATIENCE_S)
            calls._waiting[-1].add_done_callback(lambda _: free.set())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert looked == [0]
