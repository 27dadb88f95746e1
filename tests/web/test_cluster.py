"""The page on a cluster of two nodes: two pieces at once, and what happens when work fails, hangs, or its node dies."""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from emotion.errors import RefusalError
from video2music.errors import ClusterError
from video2music.web.workers import StoppedError, WorkerLostError

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="module")
def tasks() -> Iterator[ModuleType]:
    """Import the tasks here, and let the nodes find them by path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH", "")])))
        yield importlib.import_module("counting_service")
        sys.modules.pop("counting_service", None)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray", reason="pip install -r requirements-cluster.txt")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def pool(tasks: ModuleType, cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:  # noqa: ANN401
    from video2music.web.cluster import cluster_pool

    pool = cluster_pool(cluster.address, tasks.CountingService, None, tmp_path_factory.mktemp("shared"))
    pool.warm()
    yield pool
    pool.close()


def never() -> bool:
    return False


def silent(_stage: str, _fraction: float) -> None:
    pass


def test_reports_outcomes_and_refusals_come_back(pool: Any, tasks: ModuleType) -> None:  # noqa: ANN401
    heard: list[tuple[str, float]] = []
    assert pool.perform(partial(tasks.note, "a"), lambda *told: heard.append(told), never)[0] == "a"
    assert heard == [("noting", 0.5)]
    with pytest.raises(RefusalError, match=r"This is no video: a\.mp4\. Choose another\."):
        pool.perform(tasks.refuse, silent, never)
    with pytest.raises(RuntimeError, match="something odd"):
        pool.perform(tasks.fail, silent, never)


def test_both_nodes_work_at_once(pool: Any, tasks: ModuleType, tmp_path: Path) -> None:  # noqa: ANN401
    place = tmp_path / "meeting"
    os.mkfifo(place)
    with ThreadPoolExecutor(2) as people:
        gives = people.submit(pool.perform, partial(tasks.meet, str(place), "w"), silent, never)
        takes = people.submit(pool.perform, partial(tasks.meet, str(place), "r"), silent, never)
        assert gives.result(60) != takes.result(60)
    assert pool.places == 2


def test_work_is_stopped_whether_it_reports_or_hangs(pool: Any, tasks: ModuleType) -> None:  # noqa: ANN401
    for work in (tasks.dawdle, tasks.hang):
        heard = threading.Event()
        with pytest.raises(StoppedError):
            pool.perform(work, lambda *_, heard=heard: heard.set(), heard.is_set)
    assert pool.perform(partial(tasks.note, "b"), silent, never)[0] == "b"


def test_a_worker_that_dies_costs_one_piece(pool: Any, tasks: ModuleType) -> None:  # noqa: ANN401
    with pytest.raises(WorkerLostError, match="ended unexpectedly"):
        pool.perform(tasks.die, silent, never)
    for name in ("a", "b"):
        assert pool.perform(partial(tasks.note, name), silent, never)[0] == name


def test_a_crew_is_dismissed_once() -> None:
    from video2music.web.cluster import WorkerPool

    closed: list[str] = []
    pool: WorkerPool[None] = WorkerPool((), on_close=lambda: closed.append("bye"))
    pool.close()
    pool.close()
    assert closed == ["bye"]


def test_a_folder_that_a_machine_does_not_see_is_one_sentence(tmp_path: Path) -> None:
    from video2music.web.cluster import check_shared

    with pytest.raises(ClusterError, match=r"does not see the uploads: node 2, .*Set TMPDIR to a folder that all"):
        check_shared([("node 1", lambda _token: True), ("node 2", lambda _token: False)], tmp_path)
    assert not any(tmp_path.iterdir())
