"""Processes and clusters: every item has one outcome, whatever the others do."""

import importlib
import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from video2music.batch.cluster import RayCluster
from video2music.batch.processes import Processes
from video2music.batch.work import Done, Work, Workers
from video2music.errors import ClusterError

ITEMS = ["good:1", "bad:1", "kill:1", "good:2", "odd:1", "hang:1", "good:3"]


def odd_jobs(**options: Any) -> Work:  # noqa: ANN401 - fields of OddJobs
    work: Work = importlib.import_module("odd_jobs").OddJobs(**options)
    return work


def outcomes(workers: Workers, items: Sequence[str]) -> dict[str, Done]:
    done = list(workers.run(odd_jobs(), items))
    assert sorted(each.item for each in done) == sorted(items)
    return {each.item: each for each in done}


def check(done: dict[str, Done]) -> None:
    assert all(done[f"good:{number}"].problem == "" and done[f"good:{number}"].facts["pid"] for number in (1, 2, 3))
    assert done["bad:1"].problem == "This is no video: bad:1."
    assert done["odd:1"].problem == "The program failed (ValueError: the library met something odd)"
    assert "kill:1" in done["kill:1"].problem
    assert done["hang:1"].problem.startswith("It was given up after")


def test_a_file_that_kills_or_holds_its_process_stops_nothing_else() -> None:
    check(outcomes(Processes(count=2, deadline_s=3), ITEMS))


def test_a_worker_loads_once_for_many_items() -> None:
    done = outcomes(Processes(count=1, deadline_s=30), ["good:1", "good:2", "good:3"])
    assert len({each.facts["pid"] for each in done.values()}) == 1


def test_work_that_cannot_load_is_hopeless() -> None:
    done = list(Processes(count=1, deadline_s=30).run(odd_jobs(loads=False), ["good:1"]))
    assert [(each.hopeless, each.problem) for each in done] == [(True, "The weights are missing. Bring them.")]


def test_no_process_stays_when_the_outcomes_are_no_longer_wanted() -> None:
    before = set(multiprocessing.active_children())
    running = Processes(count=1, deadline_s=60).run(odd_jobs(), ["good:1", "hang:1"])
    assert next(running).item == "good:1"
    assert set(multiprocessing.active_children()) - before
    running.close()  # type: ignore[attr-defined]  # a generator
    assert not set(multiprocessing.active_children()) - before


def test_a_cluster_of_two_nodes_does_the_same(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="pip install -r requirements-cluster.txt")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        late = outcomes(RayCluster(cluster.address, deadline_s=3), ["hang:1"])
        others = [item for item in ITEMS if item not in late]
        check(outcomes(RayCluster(cluster.address, deadline_s=60), others) | late)
        place = tmp_path / "meeting"
        os.mkfifo(place)
        both = [f"give:{place}", f"take:{place}"]  # a node has one core: they meet where both nodes work at once
        met = outcomes(RayCluster(cluster.address, deadline_s=60), both)
        assert len({each.facts["pid"] for each in met.values()}) == 2
    finally:
        cluster.shutdown()


def test_a_cluster_that_is_not_there_is_one_sentence() -> None:
    pytest.importorskip("ray", reason="pip install -r requirements-cluster.txt")
    with pytest.raises(ClusterError, match="There is no Ray cluster there"):
        list(RayCluster("127.0.0.1:1", deadline_s=1).run(odd_jobs(), ["good:1"]))
