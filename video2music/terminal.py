"""Progress on a terminal: one bar per stage, on standard error."""

import sys
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm


class StageBars:
    """A progress callback that draws a bar for the stage that is running; used as a context manager."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        """Start without a bar."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the last bar, so that what is printed next begins on a line of its own."""
        if self._bar is not None:
            self._bar.close()

    def __call__(self, stage: str, fraction: float) -> None:
        """Draw how far a stage is.

        Args:
            stage: in plain words.
            fraction: 0 to 1.
        """
        bar = self._bar if stage == self._stage else None
        if bar is None:
            self.__exit__(None, None, None)
            self._stage = stage
            self._bar = bar = tqdm(
                total=100,
                desc=f"{stage:40}",
                bar_format="{desc} {bar:30} {percentage:3.0f}% {elapsed}",
                file=sys.stderr,
                disable=None,  # silent where standard error is no terminal
            )
        bar.update(round(100 * fraction) - bar.n)
