"""Pieces of the page that are composed on the machines of a Ray cluster, several at the same time."""

import contextlib
import pickle
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Generic, TypeVar

from emotion.errors import RefusalError
from video2music.batch.cluster import join_cluster
from video2music.errors import ClusterError
from video2music.progress import Progress
from video2music.web.resource_limits import ResourceLimits, share_heaps
from video2music.web.worker_process import answer_task
from video2music.web.workers import ProcessWorker, Stopped, Task, Worker

Service = TypeVar("Service")
Outcome = TypeVar("Outcome")

CORES_EACH = 2
"""Cores that one composition uses well; a machine with fewer gives what it has."""

ANSWER_S = 5.0
"""How long an idle worker may take to say that it is still there."""

LOOK_S = 60.0
"""How long the machines may take to look for a folder; a machine that has not run anything yet starts Python first."""


class RemoteService:
    """A service on a machine of the cluster and the worker that has it; Ray makes an actor of it.

    Args:
        make_service: builds the service.
        prepare: gets the service ready before the first work.
    """

    def __init__(self, make_service: Callable[[], Service], prepare: Task[Service, object] | None) -> None:
        share_heaps()
        self._service = make_service()
        self._outbox = _Outbox()
        if prepare is not None:
            with contextlib.suppress(RefusalError):  # said again to whoever asks for work
                prepare(self._service, lambda _stage, _fraction: None)

    def work(self, pickled: bytes) -> Any:  # noqa: ANN401 - Ray streams what a generator yields
        """Do a task.

        Args:
            pickled: the task, pickled.

        Yields:
            Pickled pairs of kind and content: reports, and the answer as the last one.
        """
        self._outbox = outbox = _Outbox()
        threading.Thread(
            target=answer_task, args=(outbox, self._service, pickled, ResourceLimits()), daemon=True
        ).start()
        kind = "progress"
        while kind == "progress":
            message = outbox.sent.get()
            kind = pickle.loads(message)[0]  # noqa: S301 - put there by the thread above
            yield message

    def stop(self) -> None:
        """Let work that is not wanted any more end at its next report."""
        self._outbox.wanted.clear()

    def is_there(self) -> bool:
        """Say so."""
        return True


class _Outbox:
    """What a worker has to say, and whether its work is still wanted; see `workers.Messages`."""

    def __init__(self) -> None:
        self.sent: queue.Queue[bytes] = queue.Queue()
        self.wanted = threading.Event()
        self.wanted.set()

    def send(self, message: Any, /) -> None:  # noqa: ANN401 - a pair of kind and content
        self.sent.put(pickle.dumps(message))

    def poll(self) -> bool:
        return not self.wanted.is_set()

    def recv_bytes(self) -> bytes:
        self.wanted.set()
        return b""


@dataclass
class ActorConnection:
    """The connection to an actor, with the methods of a `multiprocessing` connection.

    Attributes:
        ray: the module.
        actor: handle of a `RemoteService`.
    """

    ray: Any
    actor: Any
    _news: Any = None

    def send_bytes(self, pickled: bytes) -> None:
        """Hand out a task; empty bytes ask to stop."""
        if pickled:
            self._news = self.actor.work.options(num_returns="streaming").remote(pickled)
        else:
            self.actor.stop.remote()

    def poll(self, timeout: float = 0.0) -> bool:
        """Return whether there is news, after waiting for it.

        Args:
            timeout: seconds.
        """
        if self._news is None:
            return False
        ready, _ = self.ray.wait([self._news], timeout=timeout)
        return bool(ready)

    def recv(self) -> tuple[str, Any]:
        """Return the next news.

        Raises:
            EOFError: the actor, or its machine, is gone.
        """
        try:
            message: bytes = self.ray.get(next(self._news))
        except (self.ray.exceptions.RayError, StopIteration) as error:
            raise EOFError from error
        kind, content = pickle.loads(message)  # noqa: S301 - from a machine of our own cluster
        if kind != "progress":
            self._news = None
        return kind, content

    def close(self) -> None:
        """Forget the task."""
        self._news = None


@dataclass(frozen=True)
class ActorHandle:
    """A worker in an actor of a Ray cluster; see `workers.WorkerHandle`.

    Attributes:
        ray: the module.
        handle: of a `RemoteService`.
        connection: to it.
    """

    ray: Any
    handle: Any
    connection: ActorConnection

    def is_alive(self) -> bool:
        """Return whether it answers, or is still getting ready."""
        try:
            self.ray.get(self.handle.is_there.remote(), timeout=ANSWER_S)
        except self.ray.exceptions.GetTimeoutError:
            return True
        except self.ray.exceptions.RayError:
            return False
        return True

    def kill(self) -> None:
        """End it, whatever it does."""
        self.ray.kill(self.handle)

    def close(self) -> None:
        """Ray ends it in its own time; forget what it was asked."""
        self.connection.close()


@dataclass
class ActorWorker(ProcessWorker[Service]):
    """Works in an actor of a Ray cluster, which is ended and replaced like a process.

    Attributes:
        ray: the module, connected.
        cores: that it takes.
    """

    ray: Any = None
    cores: int = 1

    def _begin(self) -> ActorHandle:
        remote = self.ray.remote(num_cpus=self.cores, max_concurrency=2)(RemoteService)  # the second one hears the stop
        handle = remote.remote(self.make_service, self.prepare)
        return ActorHandle(self.ray, handle, ActorConnection(self.ray, handle))


@dataclass
class WorkerPool(Generic[Service]):
    """Several workers side by side; whoever is free takes the next task.

    Attributes:
        workers: of the pool.
        on_close: called when all are closed.
    """

    workers: tuple[Worker[Service], ...]
    on_close: Callable[[], None] = lambda: None
    _free: "queue.SimpleQueue[Worker[Service]]" = field(default_factory=queue.SimpleQueue)
    _closed: bool = False

    def __post_init__(self) -> None:
        for worker in self.workers:
            self._free.put(worker)

    @property
    def places(self) -> int:
        """How many tasks they take at the same time."""
        return len(self.workers)

    def perform(self, task: Task[Service, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Let whoever is free do some work; see `Worker.perform`."""
        worker = self._free.get()
        try:
            return worker.perform(task, report, stopped)
        finally:
            self._free.put(worker)

    def warm(self) -> None:
        """Let all get ready."""
        for worker in self.workers:
            worker.warm()

    def close(self) -> None:
        """Let all go, once: Ray, asked again, would start a cluster of its own."""
        if self._closed:
            return
        self._closed = True
        for worker in self.workers:
            worker.close()
        self.on_close()


def cluster_pool(
    address: str, make_service: Callable[[], Service], prepare: Task[Service, object] | None, folder: Path
) -> WorkerPool[Service]:
    """Put one worker on every two cores of a Ray cluster.

    Args:
        address: of the cluster, such as "10.0.0.1:6379".
        make_service: builds the service of each; picklable.
        prepare: gets a service ready before the first work; picklable.
        folder: where clips and results lie; every machine must see it at the same path.

    Raises:
        ClusterError: there is no such cluster, or a machine of it does not see the folder or the program.
    """
    ray = join_cluster(address, CORES_EACH)
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    try:
        check_shared([(node["NodeManagerAddress"], _asking(ray, node["NodeID"])) for node in nodes], folder)
    except ClusterError:
        ray.shutdown()
        raise
    cores = [int(node["Resources"]["CPU"]) for node in nodes]
    each = min(CORES_EACH, *cores)
    workers = (ActorWorker(make_service, prepare, ray=ray, cores=each) for count in cores for _ in range(count // each))
    return WorkerPool(tuple(workers), on_close=ray.shutdown)


def check_shared(machines: Iterable[tuple[str, Callable[[str], bool]]], folder: Path) -> None:
    """Refuse a cluster whose machines do not see the same files.

    Args:
        machines: address of each, and what asks it whether it sees a file.
        folder: where clips and results lie.

    Raises:
        ClusterError: a machine does not see a file in the folder.
    """
    with NamedTemporaryFile(dir=folder, prefix="cluster-") as token:
        for address, sees in machines:
            if not sees(token.name):
                raise ClusterError(
                    "A machine of the cluster does not see the uploads",
                    where=f"{address}, {folder}",
                    remedy="Set TMPDIR to a folder that all of them share",
                )


def is_file(path: str) -> bool:
    """Return whether this machine sees a file; runs on every machine of a cluster."""
    return Path(path).is_file()


def _asking(ray: Any, node: str) -> Callable[[str], bool]:  # noqa: ANN401 - the module ray
    """Return what asks a machine whether it sees a file."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node, soft=False)

    def sees(path: str) -> bool:
        look = ray.remote(num_cpus=0, scheduling_strategy=there, max_retries=0)(is_file).remote(path)
        try:
            return bool(ray.get(look, timeout=LOOK_S))
        except ray.exceptions.RayError as error:
            remedy = "Put it, with its packages, at the same path on every machine"
            raise ClusterError("A machine of the cluster lacks this program", where=node, remedy=remedy) from error

    return sees
