"""Hands hostile files to a process of its own and watches what becomes of it."""

import hashlib
import http.server
import json
import os
import resource
import selectors
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]

LONGEST_S = 20.0
"""Seconds of work after which a file counts as one that hangs."""
PATIENCE = 5.0
"""Other work may keep the machine busy: a file that used little of the processor may last so many times longer."""
MOST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class End:
    """What became of one file.

    Attributes:
        kind: "result", "refusal", "fault", "crash", "hang", "memory" or "escape".
        words: about it.
        seconds: of work.
        peak: bytes of memory, at most, of the process or of one that it started.
    """

    kind: str
    words: str
    seconds: float
    peak: int

    @property
    def good(self) -> bool:
        """Whether the promise was kept."""
        return self.kind in ("result", "refusal")


@dataclass
class Watch:
    """A victim, started again whenever a file has ended it.

    Attributes:
        folder: of this watch alone; files that are read lie elsewhere.
        readers: names of readers that will be used.
        guarded: folders in which nothing may change.
        longest_s: seconds of work after which a file counts as one that hangs.
    """

    folder: Path
    readers: tuple[str, ...]
    guarded: tuple[Path, ...] = ()
    longest_s: float = LONGEST_S
    _victim: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _before: dict[str, str] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._before = self._seen()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, reader: str, path: Path) -> End:
        """Let a file be read.

        Args:
            reader: the way in which it is read.
            path: the file.
        """
        out = self.folder / f"out{self._count}"
        self._count += 1
        out.mkdir()
        try:
            return self._judged(self._ask({"reader": reader, "path": str(path), "out": str(out)}))
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def escaped(self) -> list[str]:
        """Return what was written outside the folders in which it may be."""
        now = self._seen()
        changed = {name for name in now.keys() | self._before.keys() if now.get(name) != self._before.get(name)}
        left = [path.name for path in self.folder.iterdir() if path.name != "stderr"]
        return sorted(changed) + left

    def _judged(self, answer: dict[str, Any]) -> End:
        seconds, peak = max(answer["cpu_s"], min(answer["wall_s"], self.longest_s)), answer["peak"]
        end = End(answer["end"], answer["words"], seconds, peak)
        if answer["broken"]:
            return End("escape", str(answer["broken"]), seconds, peak)
        if end.good and peak > MOST_BYTES:
            return End("memory", end.words, seconds, peak)
        if end.good and answer["cpu_s"] > self.longest_s:
            return End("hang", end.words, seconds, peak)
        return end

    def _ask(self, job: dict[str, str]) -> dict[str, Any]:
        victim = self._started()
        assert victim.stdin
        assert victim.stdout
        victim.stdin.write(json.dumps(job).encode() + b"\n")
        victim.stdin.flush()
        begun, cpu = time.monotonic(), self._cpu_s()
        with selectors.DefaultSelector() as selector:
            selector.register(victim.stdout, selectors.EVENT_READ)
            while not selector.select(0.5):
                wall, used = time.monotonic() - begun, self._cpu_s() - cpu
                if used > self.longest_s or wall > self.longest_s * PATIENCE:
                    self._end()
                    return _answer("hang", f"stopped after {wall:.0f} s, {used:.0f} s of them at work", used)
        line = victim.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = victim.wait()
        log = (self.folder / "stderr").read_text(errors="replace")[-1500:]
        self._end()
        return _answer("crash", f"exit status {code}: {log}", 0.0)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._victim is None:
            paths = [str(HERE), str(PROJECT), os.environ.get("PYTHONPATH", "")]
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "HOSTILE_READERS": " ".join(self.readers),
                "OMP_NUM_THREADS": "1",
                "HF_HUB_OFFLINE": "1",
                "GRADIO_ANALYTICS_ENABLED": "False",
            }
            with (self.folder / "stderr").open("wb") as log:
                self._victim = subprocess.Popen(
                    [sys.executable, str(HERE / "victim.py")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment,
                    cwd=self.folder,
                    start_new_session=True,
                )
            self._ready()
        return self._victim

    def _ready(self) -> None:
        """Wait until it has loaded what it needs: that is not the work of the first file."""
        assert self._victim
        assert self._victim.stdout
        if self._victim.stdout.readline() != b"ready\n":
            raise RuntimeError((self.folder / "stderr").read_text(errors="replace")[-3000:])

    def _cpu_s(self) -> float:
        assert self._victim
        try:
            fields = Path(f"/proc/{self._victim.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def _end(self) -> None:
        if self._victim is not None:
            self._victim.kill()
            self._victim.wait()
            for pipe in (self._victim.stdin, self._victim.stdout):
                if pipe:
                    pipe.close()
            self._victim = None

    def _seen(self) -> dict[str, str]:
        files = [path for folder in self.guarded for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _answer(end: str, words: str, seconds: float) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 if end == "crash" else 0
    return {"end": end, "words": words, "wall_s": seconds, "cpu_s": min(seconds, LONGEST_S), "peak": peak, "broken": []}


@dataclass
class Canary:
    """What must never be seen: a server that nobody may ask, and words that stand in a file beside the hostile ones.

    Attributes:
        address: of the server.
        asked: requests that came.
        file: holds the secret.
        secret: words that may appear nowhere.
    """

    address: str
    file: Path
    secret: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def canary(folder: Path) -> Iterator[Canary]:
    """Offer a canary while a test lasts.

    Args:
        folder: for the file.
    """
    secret = "the-canary-sings"  # noqa: S105 - it unlocks nothing
    file = folder / "secret.txt"
    file.write_text(f"{secret}\n" * 50, encoding="ascii")
    found = Canary("", file, secret)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_OPTIONS = do_DESCRIBE = do_GET  # noqa: N815 - names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
