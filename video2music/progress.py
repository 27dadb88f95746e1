"""How far a run is, told to whoever asks, and how long each stage took."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

Progress = Callable[[str, float], None]
"""Called with a stage in plain words and the fraction of that stage that is done, 0 to 1."""


class Clock(Protocol):
    """A source of seconds that never goes back."""

    def __call__(self) -> float:
        """Return the time in seconds since an arbitrary moment."""


class StageTimer:
    """Collects the seconds of each named stage of one run.

    Args:
        progress: told when a stage begins and ends; None to stay silent.
        clock: where the time comes from.
        seconds: what earlier stages of the same run took.
    """

    def __init__(
        self,
        progress: Progress | None = None,
        clock: Clock = time.perf_counter,
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        self._progress = progress
        self._clock = clock
        self.seconds: dict[str, float] = dict(seconds or {})

    @contextmanager
    def stage(self, name: str, sentence: str) -> Iterator[Progress]:
        """Time a stage under `name` and tell the listener about it in the words of `sentence`.

        Args:
            name: key under which the seconds are kept.
            sentence: what the person reads meanwhile, for example "Reading the video".

        Yields:
            A progress callback for the stage, whose stage argument is ignored in favour of `sentence`.
        """

        def tell(_: str, fraction: float) -> None:
            if self._progress is not None:
                self._progress(sentence, fraction)

        tell(sentence, 0.0)
        start = self._clock()
        yield tell
        self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - start
        tell(sentence, 1.0)
