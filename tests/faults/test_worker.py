"""Processes that are killed, that take too much, and that outlive the program that started them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from types import ModuleType

import pytest

from video2music.web.resource_limits import (
    OPEN_FILES,
    ResourceLimits,
    TooMuchMemoryError,
    machine_memory,
    worker_memory,
)
from video2music.web.workers import ProcessWorker, StoppedError, WorkerLostError

TASKS = Path(__file__).parents[1] / "web"

PATIENT_S = 60.0

STARTS = """
import sys
from functools import partial
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import counting_service
from video2music.web.workers import ProcessWorker

if __name__ == "__main__":
    task = partial(counting_service.run_program, Path(sys.argv[2]))
    ProcessWorker(counting_service.CountingService).perform(task, lambda *_: print("begun", flush=True), lambda: False)
"""


def never() -> bool:
    return False


def silent(_stage: str, _fraction: float) -> None:
    pass


def number_of(worker: ProcessWorker, tasks: ModuleType) -> int:
    """Return the number of the process that works."""
    return int(worker.perform(partial(tasks.note, "who"), silent, never)[2])


def gone(number: int) -> bool:
    """Wait until a process has ended; return False where it does not."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(number)
        try:
            import select

            return bool(select.select([handle], [], [], PATIENT_S)[0])
        finally:
            os.close(handle)
    return True


def test_one_that_is_killed_while_idle_is_missed_by_nobody(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType
) -> None:
    worker = start_worker()
    number = number_of(worker, tasks)
    os.kill(number, signal.SIGKILL)
    assert gone(number)
    assert number_of(worker, tasks) != number


def test_one_that_is_killed_at_work_says_so_and_the_next_works(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType
) -> None:
    worker = start_worker()
    number = number_of(worker, tasks)
    with pytest.raises(WorkerLostError, match="ended unexpectedly"):
        worker.perform(tasks.hang, lambda *_: os.kill(number, signal.SIGKILL), never)
    assert number_of(worker, tasks) != number


def test_when_the_process_that_starts_others_is_killed_another_one_does(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType
) -> None:
    worker = start_worker()
    number = number_of(worker, tasks)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    os.kill(number, signal.SIGKILL)
    assert gone(number)
    assert number_of(worker, tasks) != number


def test_programs_end_with_the_work_that_started_them(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType, tmp_path: Path
) -> None:
    heard = threading.Event()
    with pytest.raises(StoppedError):
        start_worker().perform(partial(tasks.run_program, tmp_path / "number"), lambda *_: heard.set(), heard.is_set)
    assert gone(int((tmp_path / "number").read_text(encoding="ascii")))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_nothing_outlives_the_program(tmp_path: Path, how: signal.Signals) -> None:
    script, number = tmp_path / "starts.py", tmp_path / "number"
    script.write_text(STARTS, encoding="utf-8")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(script), str(TASKS), str(number)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"begun\n"
        started = int(number.read_text(encoding="ascii"))
        worker = int(Path(f"/proc/{started}/stat").read_text(encoding="ascii").split()[3])
        program.send_signal(how)
        program.wait(PATIENT_S)
        assert gone(worker)
        assert gone(started)


def test_work_that_needs_too_much_memory_is_refused_and_the_next_works(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType
) -> None:
    worker = start_worker(limits=ResourceLimits(memory=1_000_000_000))
    number = number_of(worker, tasks)
    for greedy in (tasks.hold, tasks.hold_tensor):
        with pytest.raises(TooMuchMemoryError, match=r"more memory than the 1000 MB that it may take"):
            worker.perform(partial(greedy, 2000), silent, never)
    assert worker.perform(partial(tasks.hold, 100), silent, never) == 100_000_000
    assert number_of(worker, tasks) != number  # what is left of memory in pieces is nobody's inheritance


def test_a_file_that_grows_too_large_is_refused_and_the_next_works(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType, tmp_path: Path
) -> None:
    worker = start_worker(limits=ResourceLimits(file=1_000_000))
    with pytest.raises(RuntimeError, match="File too large"):
        worker.perform(partial(tasks.write, tmp_path / "large", 2_000_000), silent, never)
    assert worker.perform(partial(tasks.write, tmp_path / "small", 900_000), silent, never) == 900_000


def test_what_finished_work_has_freed_goes_back_to_the_system(
    start_worker: Callable[..., ProcessWorker], tasks: ModuleType
) -> None:
    worker = start_worker()
    before = worker.perform(tasks.resident_megabytes, silent, never)
    worker.perform(partial(tasks.litter, 400), silent, never)
    assert worker.perform(tasks.resident_megabytes, silent, never) < before + 200


def test_bounds_hold_for_good(start_worker: Callable[..., ProcessWorker], tasks: ModuleType) -> None:
    worker = start_worker(limits=ResourceLimits(memory=3_000_000_000, file=2_000_000))
    assert worker.perform(tasks.ask_bounds, silent, never) == [3_000_000_000, 2_000_000, OPEN_FILES, 0]


def test_memory_is_a_share_of_the_machine_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIDEO2MUSIC_WORKER_MEGABYTES", raising=False)
    assert worker_memory() == round(0.7 * machine_memory())
    monkeypatch.setenv("VIDEO2MUSIC_WORKER_MEGABYTES", "3000")
    assert worker_memory() == 3_000_000_000
    monkeypatch.setenv("VIDEO2MUSIC_WORKER_MEGABYTES", "much")
    assert worker_memory() == round(0.7 * machine_memory())
