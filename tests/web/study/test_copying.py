"""Copies of the answers in a data set while a study is served."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from emotion.errors import RefusalError
from video2music.study.sharing import VARIABLE
from video2music.web.study.copying import AnswerCopy, keep_copying


class Hub:
    """Counts the answers of each copy; fails where it is told to."""

    def __init__(self) -> None:
        self.copies: list[int] = []
        self.broken = False

    def push(self, _study: object, rows: Sequence[object]) -> str:
        if self.broken:
            raise RefusalError("The answers were not copied")
        self.copies.append(len(rows))
        return "laboratory/ratings"


def test_answers_are_copied_when_they_have_changed(begun: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    hub = Hub()
    copy = AnswerCopy(begun.served.study, begun.served.store, hub.push)
    copy.update()
    assert (hub.copies, copy.words) == ([], "")  # there are none
    begun.rate()
    hub.broken = True
    copy.update()
    assert "not copied" in copy.words
    assert "not copied" in capsys.readouterr().err
    hub.broken = False
    copy.update()
    copy.update()
    assert hub.copies == [2]
    assert copy.words.startswith("Copied to laboratory/ratings at ")
    person = begun.served.store.rows()[0]["participant"]
    begun.served.store.withdraw(begun.served.store.participant(person).resume_code)
    copy.update()
    assert hub.copies == [2, 0]  # what was withdrawn is gone there too


def test_copying_begins_only_where_a_data_set_is_named(
    begun: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = AnswerCopy(begun.served.study, begun.served.store, Hub().push)
    updated = threading.Event()
    update: Callable[[], None] = updated.set
    monkeypatch.setattr(copy, "update", update)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert keep_copying([copy], every_s=0.01) is None
    monkeypatch.setenv(VARIABLE, "laboratory/ratings")
    stop = keep_copying([copy], every_s=0.01)
    assert stop is not None
    assert updated.wait(30)
    stop.set()
