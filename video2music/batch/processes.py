"""Workers on this machine: processes that are replaced when a file kills them or takes too long."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from pebble import ProcessExpired, ProcessPool

from video2music.batch.work import Done, Work, lost, perform


@dataclass(frozen=True)
class Processes:
    """Processes of this machine.

    Attributes:
        count: how many work at the same time.
        deadline_s: seconds after which an item is given up.
    """

    count: int
    deadline_s: float

    def run(self, work: Work, items: Sequence[str]) -> Iterator[Done]:
        """Do the work for every item; see `Workers.run`."""
        threads = max(1, (os.cpu_count() or 1) // self.count)
        pool = ProcessPool(self.count, context=get_context("spawn"), initializer=_take_threads, initargs=(threads,))
        try:
            waiting: dict[Future[Done], str] = {
                pool.schedule(perform, args=(work, item), timeout=self.deadline_s): item for item in items
            }
            for future in as_completed(waiting):
                yield self._outcome(future, waiting[future])
        finally:
            pool.stop()
            pool.join()

    def _outcome(self, future: "Future[Done]", item: str) -> Done:
        try:
            return future.result()
        except TimeoutError:
            return lost(item, f"It was given up after {self.deadline_s:.0f} seconds", self.deadline_s)
        except ProcessExpired as error:
            return lost(item, f"The process that worked on it ended with code {error.exitcode}", 0.0)


def _take_threads(count: int) -> None:
    """Let a process use its share of the cores only."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(count)
