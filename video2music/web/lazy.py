"""Networks that are loaded when they are first needed, in a worker."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from video2music.progress import Progress

Thing = TypeVar("Thing")


class Lazy(Generic[Thing]):
    """A composer or recogniser whose networks are loaded when they are first needed.

    Loading takes seconds and serving the page must not wait for it. Whoever asks meanwhile waits, so that nothing is
    loaded twice.

    Args:
        load: builds it.
    """

    def __init__(self, load: Callable[[], Thing]) -> None:
        self._load = load
        self._thing: Thing | None = None
        self._lock = threading.Lock()

    @property
    def loaded(self) -> Thing | None:
        """What was loaded already; None before the first call of `ready`."""
        return self._thing

    def ready(self, progress: Progress | None = None) -> Thing:
        """Return what was loaded.

        Args:
            progress: told that loading has begun, when it is still needed.

        Returns:
            The same one at every call.

        Raises:
            RefusalError: weights or the sound font are missing; the next call tries again.
        """
        with self._lock:
            if self._thing is None:
                if progress is not None:
                    progress("Loading the networks", 0.0)
                self._thing = self._load()
            return self._thing
