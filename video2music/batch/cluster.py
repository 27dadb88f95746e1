"""Workers on several machines: a Ray cluster, which schedules, starts and replaces them."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.batch.work import Done, Work, lost, perform
from video2music.errors import ClusterError

if TYPE_CHECKING:
    from ray import ObjectRef

LOOK_EVERY_S = 1.0
KNOCK_S = 10.0
TRIES_AFTER_LOSS = 1
"""How often an item is begun anew when its machine is lost."""


@dataclass(frozen=True)
class RayCluster:
    """The machines of a Ray cluster, which all see the clips, the results and this program at the same paths.

    Attributes:
        address: of the cluster, such as "10.0.0.1:6379" or "auto".
        deadline_s: seconds after which an item is given up.
        cores_each: cores that one item takes.
    """

    address: str
    deadline_s: float
    cores_each: int = 1

    def run(self, work: Work, items: Sequence[str]) -> Iterator[Done]:
        """Do the work for every item; see `Workers.run`.

        Raises:
            ClusterError: Ray is not installed, or there is no cluster at that address.
        """
        ray = join_cluster(self.address, self.cores_each)
        try:
            yield from _Round(ray, work, self.deadline_s, self.cores_each).outcomes(items)
        finally:
            ray.shutdown()


def join_cluster(address: str, cores_each: int) -> Any:  # noqa: ANN401 - the module ray
    """Join a Ray cluster as one who hands out work.

    Args:
        address: of the cluster, such as "10.0.0.1:6379" or "auto".
        cores_each: cores that one worker takes.

    Returns:
        The module `ray`, connected; to be shut down by the caller.

    Raises:
        ClusterError: Ray is not installed, or there is no cluster at that address.
    """
    try:
        import ray
    except ImportError as error:
        raise ClusterError("Ray is not installed", remedy="Run: pip install -r requirements-cluster.txt") from error
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    variables = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": str(cores_each)}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        _knock(address)
        ray.init(address=address, runtime_env={"env_vars": variables}, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        remedy = "Start one with `ray start --head`, and give the address that it tells"
        raise ClusterError("There is no Ray cluster there", where=address, remedy=remedy) from error
    return ray


def _knock(address: str) -> None:
    """Find out quickly whether anybody is there; Ray itself asks for minutes.

    Raises:
        OSError: nobody is.
    """
    host, found, port = address.removeprefix("ray://").rpartition(":")
    if found and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S).close()


@dataclass
class _Round:
    """One pass over the items; no more are handed out than there are cores, so that deadlines mean something."""

    ray: Any
    work: Work
    deadline_s: float
    cores_each: int
    running: "dict[ObjectRef[Done], tuple[str, float]]" = field(default_factory=dict)

    def outcomes(self, items: Sequence[str]) -> Iterator[Done]:
        remote = self.ray.remote(num_cpus=self.cores_each, max_retries=TRIES_AFTER_LOSS)(perform)
        waiting = list(reversed(items))
        while waiting or self.running:
            while waiting and len(self.running) < self._places():
                item = waiting.pop()
                self.running[remote.remote(self.work, item)] = item, time.monotonic()
            ready, _ = self.ray.wait(list(self.running), num_returns=1, timeout=LOOK_EVERY_S)
            yield from (self._outcome(reference) for reference in ready)
            yield from self._give_up()

    def _places(self) -> int:
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)) // self.cores_each)

    def _outcome(self, reference: "ObjectRef[Done]") -> Done:
        item, started = self.running.pop(reference)
        try:
            done: Done = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            return lost(item, f"The worker was lost ({type(error).__name__})", time.monotonic() - started)
        return done

    def _give_up(self) -> Iterator[Done]:
        now = time.monotonic()
        late = [reference for reference, (_, started) in self.running.items() if now - started > self.deadline_s]
        for reference in late:
            self.ray.cancel(reference, force=True)
            item, started = self.running.pop(reference)
            yield lost(item, f"It was given up after {self.deadline_s:.0f} seconds", now - started)
