"""Many people at one server: how long each waits, what it does to memory, and whether anybody gets another's music.

    python -m benchmarks.load [--people 1,4,16,64] [--pieces 32] [--minutes 0] [--seconds 15] [--json FILE]

Starts `app.py` on a free port of 127.0.0.1 and talks to nothing else. Each person is a session of its own that sends a
clip, waits, checks the answer and sends the next one, until --pieces are made together, or for --minutes. Whoever finds
the line full asks again a moment later; the time until then counts as waiting. Every request asks for a seed and a
tempo of its own; an answer that says otherwise, or whose picture has another length than its clip, is somebody else's
and is counted. Memory is that of the server and all its processes (proportional set size), sampled every second.
"""

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.request import urlopen

import imageio_ffmpeg
import numpy as np
from gradio_client import Client, handle_file

from benchmarks.compose import default_clip

ROOT = Path(__file__).parents[1]
LONGEST_S = 2 * 3600
START_S = 120
AGAIN_S = 1.0
TEMPOS = range(70, 150)


@dataclass(frozen=True)
class Answer:
    """One request and what came back.

    Attributes:
        person: who asked.
        asked_s: seconds since the round began.
        took_s: until the answer was there, refusals included.
        refusals: how often the line was full.
        fault: what was wrong with the answer; "" where nothing was.
    """

    person: int
    asked_s: float
    took_s: float
    refusals: int
    fault: str


@dataclass
class Round:
    """People at a server, until enough was made.

    Attributes:
        url: of the server.
        clips: of different lengths; each person has one.
        pieces: to be made together; None where only time ends the round.
        until: when the round ends, on the monotonic clock.
    """

    url: str
    clips: Sequence[tuple[Path, float]]
    pieces: int | None
    until: float
    answers: list[Answer] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    _taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int | None:
        """Return the number of the next piece; None when the round is over."""
        with self._lock:
            if time.monotonic() > self.until or (self.pieces is not None and self._taken >= self.pieces):
                return None
            self._taken += 1
            return self._taken

    def person(self, number: int) -> None:
        """Ask for pieces until the round is over."""
        client = Client(self.url, verbose=False, download_files=tempfile.mkdtemp(prefix="load-"))
        try:
            while (piece := self.next()) is not None:
                self.answers.append(self.ask(client, number, piece))
        finally:
            shutil.rmtree(client.output_dir, ignore_errors=True)
            client.close()

    def ask(self, client: Client, number: int, piece: int) -> Answer:
        """Ask for one piece and check it."""
        clip, length_s = self.clips[number % len(self.clips)]
        seed, tempo = 1000 * number + piece, TEMPOS[(7 * number + piece) % len(TEMPOS)]
        asked, refusals = time.monotonic(), 0
        while True:
            try:
                files = client.predict(clip=handle_file(clip), seed=seed, tempo=tempo, api_name="/compose")
                fault = fault_of(Path(files[3]), seed, tempo, length_s)
                break
            except Exception as error:  # noqa: BLE001 - whatever the server says is part of the measurement
                fault = str(error)
                if not any(word in fault for word in ("line", "waiting")):
                    break
                refusals += 1
                time.sleep(AGAIN_S * random.uniform(0.5, 1.5))  # noqa: S311 - people do not come back in step
        return Answer(number, asked - self.begun, time.monotonic() - asked, refusals, fault)


def fault_of(result: Path, seed: int, tempo: int, length_s: float) -> str:
    """Return what is wrong with an answer.

    Args:
        result: its result.json.
        seed: that was asked for.
        tempo: that was asked for.
        length_s: of the clip.
    """
    facts = json.loads(result.read_text(encoding="utf-8"))
    shutil.rmtree(result.parent, ignore_errors=True)
    found = facts["seed"], round(facts["tempo"]), round(facts["duration_s"], 1)
    wanted = seed, tempo, round(length_s, 1)
    return "" if found == wanted else f"asked for {wanted}, got {found}"


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", default="1,4,16,64", help="how many at once, one round for each number")
    parser.add_argument("--pieces", type=int, default=32, help="made in each round")
    parser.add_argument("--minutes", type=float, default=0, help="length of a round, instead of a number of pieces")
    parser.add_argument("--seconds", type=int, default=15, help="length of the clips")
    parser.add_argument("--json", type=Path, help="write every answer there")
    options = parser.parse_args()
    rounds = {}
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(Path(folder), options.seconds)
        for people in map(int, options.people.split(",")):
            rounds[people] = run_round(people, clips, options.pieces, options.minutes, Path(folder))
            print(row(people, *rounds[people]), flush=True)
    if options.json:
        facts = {people: [[*map(asdict, answers)], memory] for people, (answers, memory) in rounds.items()}
        options.json.write_text(json.dumps(facts), encoding="utf-8")


def run_round(
    people: int, clips: Sequence[tuple[Path, float]], pieces: int, minutes: float, folder: Path
) -> tuple[list[Answer], list[float]]:
    """Serve the page anew and let people ask; return the answers, and memory in MB by the second."""
    until = time.monotonic() + (minutes * 60 or LONGEST_S)
    with serve(folder) as (url, process), ThreadPoolExecutor(people) as crowd:
        Client(url, verbose=False).predict(clip=handle_file(clips[0][0]), seed=1, tempo=100, api_name="/compose")
        memory: list[float] = []
        over = threading.Event()
        watch = threading.Thread(target=sample_memory, args=(process.pid, memory, over))
        watch.start()
        this = Round(url, clips, None if minutes else pieces, until)
        list(crowd.map(this.person, range(people)))
        over.set()
        watch.join()
    return this.answers, memory


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve the page until the block ends, with options of app.py."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "app.py", "--port", str(port), *options]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(folder)}
        )
        try:
            wait_for(url, process)
            yield url, process
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the page is served."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - an address of this machine, made above
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the page was not served")


def make_clips(folder: Path, seconds: int) -> list[tuple[Path, float]]:
    """Cut four clips whose lengths tell them apart out of the default clip of the benchmarks."""
    whole, clips = default_clip(folder), []
    for number in range(4):
        path, length_s = folder / f"clip{number}.mp4", seconds + number / 2
        cut = ["-i", str(whole), "-t", str(length_s), "-preset", "fast", str(path)]
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *cut], check=True)
        clips.append((path, length_s))
    return clips


def sample_memory(pid: int, samples: list[float], over: threading.Event) -> None:
    """Note the memory of a process and its descendants every second, in MB."""
    while not over.wait(1.0):
        samples.append(sum(map(proportional_mb, family(pid))))


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    members = [pid]
    for member in members:
        try:
            threads = Path(f"/proc/{member}/task").iterdir()
            members += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:  # it ended meanwhile
            continue
    return members


def proportional_mb(pid: int) -> float:
    """Return the memory of a process, in which what is shared counts in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def row(people: int, answers: Sequence[Answer], memory: Sequence[float]) -> str:
    """Return one line of the table."""
    good = [answer.took_s for answer in answers if not answer.fault]
    ended = max(answer.asked_s + answer.took_s for answer in answers)
    middle, late = np.percentile(good, [50, 95])
    each = [statistics.mean(a.took_s for a in answers if a.person == person) for person in {a.person for a in answers}]
    third = max(1, len(memory) // 3)
    growth = statistics.mean(memory[-third:]) / statistics.mean(memory[third : 2 * third] or memory) - 1
    faults = [answer.fault for answer in answers if answer.fault]
    refusals = sum(answer.refusals for answer in answers)
    parts = [
        f"{people:3} people: {len(good)} pieces, {60 * len(good) / ended:.1f} a minute",
        f"p50 {middle:.1f} s, p95 {late:.1f} s, slowest to quickest person {max(each) / min(each):.2f}",
        f"line full {refusals} times, faults {faults[:3] or 0}",
        f"memory {max(memory):.0f} MB at most, last third to the one before {growth:+.1%}",
    ]
    return ", ".join(parts)


if __name__ == "__main__":
    main()
