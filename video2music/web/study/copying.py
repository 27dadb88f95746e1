"""Copies answers to the private data set of the environment while a study is served: a Space has no command line."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from emotion.errors import RefusalError
from video2music.study.plan import Study
from video2music.study.records import Row
from video2music.study.sharing import VARIABLE, push_answers
from video2music.study.store import Store

EVERY_S = 15 * 60.0
"""The hub allows 128 commits an hour; a copy is two."""

Push = Callable[[Study, Sequence[Row]], str]


class AnswerCopy:
    """The copy of one study's live answers.

    Args:
        study: as read from its file.
        store: of its answers.
        push: copies them; see `sharing.push_answers`.

    Attributes:
        words: how the last copy went, for the dashboard; "" where none is wanted or was made yet.
    """

    def __init__(self, study: Study, store: Store, push: Push = push_answers) -> None:
        self.study = study
        self.store = store
        self.words = ""
        self._push = push
        self._copied: list[Row] = []

    def update(self) -> None:
        """Copy the answers if they have changed, withdrawn ones included; what fails is tried again next time."""
        rows = self.store.rows("live")
        if rows == self._copied:
            return
        try:
            name = self._push(self.study, rows)
        except RefusalError as error:
            self.words = str(error)
            sys.stderr.write(f"{error}\n")
            return
        self._copied = rows
        self.words = f"Copied to {name} at {datetime.now(UTC):%H:%M UTC}." if name else ""


def keep_copying(copies: Sequence[AnswerCopy], every_s: float = EVERY_S) -> threading.Event | None:
    """Copy the answers of several studies again and again in the background, where the environment names a data set.

    Args:
        copies: one for each study.
        every_s: from one copy to the next.

    Returns:
        What ends it when it is set; None where no data set is named.
    """
    if not copies or not os.environ.get(VARIABLE, "").strip():
        return None
    stop = threading.Event()

    def copy() -> None:
        while not stop.wait(every_s):
            for one in copies:
                one.update()

    threading.Thread(target=copy, name="copies of answers", daemon=True).start()
    return stop
