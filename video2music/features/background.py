"""The encoder looks at some seconds of a video, in a thread of its own, while the next ones are decoded."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, ParamSpec, Self, TypeVar

Shown = ParamSpec("Shown")
Seen = TypeVar("Seen")

MOST_WAITING = 2
"""Calls that are being looked at or wait for it: one more than the encoder works on, few enough to keep memory flat."""


class BackgroundCalls(Generic[Shown, Seen]):
    """Calls a function again and again, in order, while the caller goes on; used as a context manager.

    Decoding and networks both let go of Python's lock, so that they share the cores.

    Args:
        look: what is called, never twice at a time.
    """

    def __init__(self, look: Callable[Shown, Seen]) -> None:
        self._look = look
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._waiting: deque[Future[Seen]] = deque()
        self._seen: list[Seen] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what still waits."""
        self._thread.shutdown(cancel_futures=True)

    def show(self, *args: Shown.args, **kwargs: Shown.kwargs) -> None:
        """Have something looked at; waits while enough of it waits already.

        Raises:
            Exception: whatever the function raised at something shown earlier.
        """
        while len(self._waiting) >= MOST_WAITING:
            self._seen.append(self._waiting.popleft().result())
        self._waiting.append(self._thread.submit(self._look, *args, **kwargs))

    def seen(self) -> list[Seen]:
        """Return what the function returned, in the order in which it was shown, once all of it was looked at.

        Raises:
            Exception: whatever the function raised.
        """
        while self._waiting:
            self._seen.append(self._waiting.popleft().result())
        return self._seen
