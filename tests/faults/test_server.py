"""The real program: its processes are killed, its files damaged, and it is told to stop in the midst of a piece."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file

from emotion.hub import cache_folder

ROOT = Path(__file__).parents[2]

MODELS = ROOT / "assets" / "models"

PATIENT_S = 240.0


def until(reached: Callable[[], bool]) -> None:
    """Wait for what comes soon."""
    end = time.monotonic() + PATIENT_S
    while not reached():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


@dataclass
class Server:
    """The program, in a process of its own, with folders of its own."""

    folder: Path

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        places = {"TMPDIR": str(self.folder), "VIDEO2MUSIC_CACHE": str(self.folder / "cache")}
        compiled = {"NUMBA_CACHE_DIR": str(cache_folder() / "numba"), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        compiled["MPLCONFIGDIR"] = str(cache_folder() / "matplotlib")
        models = {"VIDEO2MUSIC_WEIGHTS": str(self.models)}
        if not self.models.exists():
            shutil.copytree(MODELS, self.models)
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), "--engines", "embedded"]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=os.environ | places | compiled | models, cwd=self.folder
            )
        self.url = f"http://127.0.0.1:{port}/"
        until(lambda: b"Open " in self.log.read_bytes() or self.process.poll() is not None)

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def root(self) -> Path:
        return self.folder / f"video2music-{os.getuid()}"

    def submit(self, clip: Path) -> Any:  # noqa: ANN401 - a job of gradio_client
        patient = {"timeout": PATIENT_S}  # the first answers of a program that has just begun take a while
        client = Client(self.url, verbose=False, analytics_enabled=False, httpx_kwargs=patient)
        return client.submit(clip=handle_file(str(clip)), seed=7, api_name="/compose")

    def compose(self, clip: Path) -> list[Path]:
        files = [Path(path) for path in self.submit(clip).result(PATIENT_S)]
        assert all(path.stat().st_size > 100 for path in files)
        return files

    def family(self) -> list[int]:
        """Return the program and every process that it started, and those that they started."""
        members = [self.process.pid]
        for member in members:
            threads = Path(f"/proc/{member}/task")
            for children in threads.glob("*/children"):
                members += map(int, children.read_text(encoding="ascii").split())
        return members

    def workers(self) -> list[int]:
        """Return the processes that work: those that lead a session of their own."""
        return [number for number in self.family()[1:] if os.getsid(number) == number]

    def kill_workers(self) -> None:
        before = self.workers()
        for number in before:
            os.kill(number, signal.SIGKILL)
        until(lambda: not any(is_alive(number) for number in before))

    def at_work(self) -> bool:
        """Return whether a clip lies in the folder of a request."""
        return any(self.root.glob("server-*/run-*/*.mp4"))


def is_alive(number: int) -> bool:
    """Return whether a process runs; one that ended and is not buried yet does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.process.kill()
    server.process.wait(PATIENT_S)


@pytest.fixture
def clip(make_clip: Callable[..., Path]) -> Path:
    return make_clip(seconds=2.0)


def refusal(server: Server, clip: Path) -> str:
    with pytest.raises(Exception) as said:  # noqa: PT011 - gradio_client has several kinds
        server.submit(clip).result(PATIENT_S)
    return str(said.value)


def test_a_worker_that_is_killed_at_work_costs_one_piece(server: Server, clip: Path) -> None:
    job = server.submit(clip)
    until(server.at_work)
    until(lambda: bool(server.workers()))
    server.kill_workers()
    with pytest.raises(Exception, match="The process that worked on this ended unexpectedly"):
        job.result(PATIENT_S)
    server.compose(clip)


def test_weights_that_are_damaged_are_named_until_they_are_whole_again(server: Server, clip: Path) -> None:
    weights = server.models / "amt.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    server.kill_workers()
    said = refusal(server, clip)
    assert "amt.safetensors" in said or "weight" in said.lower()
    assert str(server.folder) not in said
    weights.write_bytes(whole)
    server.compose(clip)


def test_a_program_that_is_told_to_stop_at_work_leaves_nothing(server: Server, make_clip: Callable[..., Path]) -> None:
    job = server.submit(make_clip(seconds=20.0))
    until(server.at_work)
    family = server.family()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENT_S) == 0
    until(lambda: not any(is_alive(number) for number in family))
    assert not job.done() or job.exception() is not None
    assert [path.name for path in server.root.iterdir()] == ["lock"]
    assert b"Traceback" not in server.log.read_bytes()


def test_a_program_that_is_killed_at_work_is_cleared_up_after_at_the_next_start(
    tmp_path: Path, make_clip: Callable[..., Path]
) -> None:
    first = Server(tmp_path)
    first.submit(make_clip(seconds=20.0))
    until(first.at_work)
    family = first.family()
    first.process.kill()
    first.process.wait(PATIENT_S)
    until(lambda: not any(is_alive(number) for number in family))
    assert list(first.root.glob("server-*/served/*/clip.mp4"))
    second = Server(tmp_path)
    try:
        assert httpx.get(second.url).status_code == 200
        assert not list(second.root.rglob("clip.mp4"))
    finally:
        second.process.terminate()
        assert second.process.wait(PATIENT_S) == 0
