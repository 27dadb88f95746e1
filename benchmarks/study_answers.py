"""Many people who answer at once: how long storing an answer takes, and whether any is lost.

    python -m benchmarks.study_answers [--people 30] [--clips 10] [--pause 1.0] [--json FILE]

Starts a server with a study of its own on a free port of 127.0.0.1. Each person is a session over HTTP, as the page's
script leads it: they agree, report each clip as played, answer five questions with --pause seconds between two answers
on average (0 for none) and go on. An answer counts as stored when the server has said so, which it says once it is on
the disk. The server is then killed and the store read: every acknowledged answer has to be there once.
"""

import argparse
import hashlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.stimuli import Entry, needed, stimuli_folder, write_manifest
from video2music.study.store import open_store

ROOT = Path(__file__).parents[1]
QUESTIONS = ("quality", "match", "harmony", "rhythm", "loudness")
START_S = 60
CLIP_S = 0.01
"""Nobody plays the clips here; the server only checks that there was time to."""

SERVE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from video2music.web.study.hall import open_halls
from video2music.web.study.server import study_routes
app = Starlette(routes=study_routes(open_halls([Path(sys.argv[1])])))
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""


def write_study(folder: Path, clips: int) -> Study:
    """Write a study of three systems, with stimuli that nobody will look at.

    Args:
        folder: for its file.
        clips: that each person rates.
    """
    lines = [
        "name: load",
        "title: Load",
        'consent: {version: "1", text: "Text"}',
        "session: {volume: false, headphones: off}",
    ]
    lines += ["questions:", *(f"  - {{id: {name}, text: {name}, low: bad, high: good}}" for name in QUESTIONS)]
    lines += ["conditions:", *(f"  - {{id: {name}, source: files, folder: .}}" for name in "abc")]
    lines += ["clips:", *(f"  - {{id: clip{number}, file: clip{number}.mp4}}" for number in range(clips))]
    path = folder / "study.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = read_study(path)
    stimuli_folder(study).mkdir()
    write_manifest(study, [entry(clip.id, condition.id) for clip, condition in needed(study)])
    return study


def entry(clip: str, condition: str) -> Entry:
    """Return the manifest's line of a stimulus.

    Args:
        clip: its id.
        condition: its id.
    """
    drawn = hashlib.sha256(f"{clip} {condition}".encode()).hexdigest()
    return Entry(
        name=drawn[:16],
        clip=clip,
        condition=condition,
        scene=drawn,
        sha256=drawn,
        duration_s=CLIP_S,
        lufs=-23,
        true_peak_dbtp=-3,
        picture_sha256=drawn,
        fingerprint=drawn,
        music_ends_s=CLIP_S,
    )


def start_server(study: Study) -> tuple[subprocess.Popen[bytes], str]:
    """Start a process that serves the study.

    Args:
        study: as read.

    Returns:
        The process, and the address of the study.

    Raises:
        TimeoutError: it does not answer.
    """
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(study.folder / "study.yaml"), str(port)], cwd=ROOT)
    url = f"http://127.0.0.1:{port}/study/{study.name}/"
    limit = time.monotonic() + START_S
    while time.monotonic() < limit:
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return process, url
    process.kill()
    raise TimeoutError(url)


def take_part(url: str, clips: int, pause_s: float, together: threading.Barrier) -> list[float]:
    """Walk one session.

    Args:
        url: of the study.
        clips: how many there are.
        pause_s: mean time between two answers.
        together: everybody begins at once.

    Returns:
        Seconds until each answer was acknowledged.
    """
    took = []
    with httpx.Client(base_url=url, headers={"x-study": "1"}, timeout=60) as client:

        def post(path: str, **body: object) -> float:
            begin = time.perf_counter()
            client.post(path, json=body).raise_for_status()
            return time.perf_counter() - begin

        together.wait()
        post("begin", language="en", version="1")
        for number in range(1, clips + 1):
            step = f"trial-{number}"
            client.get("").raise_for_status()
            post("played", step=step, stimuli=[{"ranges": [[0, CLIP_S]], "plays": 1}])
            for question in QUESTIONS:
                time.sleep(random.expovariate(1 / pause_s) if pause_s else 0)
                took.append(post("answer", step=step, question=question, value="4"))
            post("next", step=step)
    return took


def measure(people: int, clips: int, pause_s: float) -> dict[str, Any]:
    """Let people take part together.

    Args:
        people: sessions at once.
        clips: each rates.
        pause_s: mean time between two answers of a person.

    Returns:
        Answers that were acknowledged, lost and doubled, and how long storing took in milliseconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        study = write_study(Path(folder), clips)
        process, url = start_server(study)
        together = threading.Barrier(people)
        begin = time.perf_counter()
        try:
            with ThreadPoolExecutor(people) as pool:
                runs = [pool.submit(take_part, url, clips, pause_s, together) for _ in range(people)]
                took = [seconds for run in runs for seconds in run.result()]
            wall_s = time.perf_counter() - begin
        finally:
            process.kill()  # no farewell: what was acknowledged has to be on the disk
            process.wait()
        with closing(open_store(study, existing=True)) as store:
            counted = Counter((row["participant"], row["step"], row["question"]) for row in store.rows())
    percentiles = {f"p{share}_ms": round(1000 * float(np.percentile(took, share)), 1) for share in (50, 95, 99)}
    return {
        "people": people,
        "pause_s": pause_s,
        "answers": len(took),
        "lost": len(took) - len(counted),
        "doubled": sum(counted.values()) - len(counted),
        "answers_per_s": round(len(took) / wall_s, 1),
        **percentiles,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print.

    Args:
        arguments: of the command line; the process's own by default.
    """
    parser = argparse.ArgumentParser(description="Many people who answer at once.")
    parser.add_argument("--people", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--clips", type=int, default=10, help="each person rates; default: %(default)s")
    parser.add_argument("--pause", type=float, default=1.0, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    facts = measure(given.people, given.clips, given.pause)
    for name, value in facts.items():
        print(f"{name:>14}  {value}")
    if given.json:
        given.json.write_text(json.dumps(facts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
