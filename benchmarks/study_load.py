"""Many people in one listening study at once: is any answer lost or doubled, and how long does storing one take?

    python -m benchmarks.study_load [--people 30] [--trials 6] [--think 1.0] [--database URL] [--json FILE]

Starts `app.py --study` on a free port of 127.0.0.1 with a study that is made for the purpose, and talks to nothing
else. All people agree at the same moment. Each goes through a whole session as the page's script does: fetch the page,
fetch the clip, report that it was played once its second is over, store five ratings with --think seconds between them
(people need about ten), go on. Every tenth answer is sent twice, as by a double click. At the end each answer that the
server has acknowledged is looked up in the database. The time of an answer is what the client waits; clients and server
share the machine.
"""

import argparse
import hashlib
import json
import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier

import httpx
import numpy as np

from benchmarks.load import serve
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.records import Row
from video2music.study.stimuli import Entry, needed, stimuli_folder, write_manifest
from video2music.study.store import VARIABLE, open_store

CLIP_S = 1.0
"""What the manifest says; the file may be longer."""

CLIP_BYTES = 2_000_000

LOUDNESS = {"lufs": -23.0, "true_peak_dbtp": -3.0, "music_ends_s": CLIP_S}

QUESTIONS = ("overall", "match", "harmony", "rhythm", "loudness")
DOUBLED = 0.1
TIMEOUT_S = 60.0

Key = tuple[str, str, str]
"""Participant, page and question."""


@dataclass
class Crowd:
    """What the people of a run have seen.

    Attributes:
        url: of the study.
        think_s: between two answers.
        start: holds everybody until all are there.
        acknowledged: answers that the server has said to have stored.
        answer_s: how long each took.
        other_s: how long every other request took.
    """

    url: str
    think_s: float
    start: Barrier
    acknowledged: dict[Key, str] = field(default_factory=dict)
    answer_s: list[float] = field(default_factory=list)
    other_s: list[float] = field(default_factory=list)

    def take_part(self, number: int) -> None:
        """Go through one session."""
        chance = random.Random(number)  # noqa: S311 - the same people in every run
        with httpx.Client(base_url=self.url, headers={"x-study": "1"}, timeout=TIMEOUT_S) as client:
            self.start.wait()
            self.send(client, "begin", language="en", version="1")
            participant = next(iter(client.cookies.values())).partition(".")[0]
            while (step := self.look(client)) != "done":
                if step.startswith("trial"):
                    self.rate(client, participant, step, chance)
                self.send(client, "next", step=step)

    def look(self, client: httpx.Client) -> str:
        """Fetch the page and its clip; return the key of the page."""
        page = self.timed(self.other_s, client, "GET", "")
        for clip in re.findall(r'<video src="([^"]*)"', page.text):
            self.timed(self.other_s, client, "GET", clip)
        found = re.search(r'data-step="([^"]*)"', page.text)
        return found[1] if found else "done"

    def rate(self, client: httpx.Client, participant: str, step: str, chance: random.Random) -> None:
        """Hear the clip and answer its questions."""
        time.sleep(CLIP_S)
        self.send(client, "played", step=step, stimuli=[{"ranges": [[0, CLIP_S]], "plays": 1}])
        for question in QUESTIONS:
            time.sleep(self.think_s * chance.uniform(0.5, 1.5))
            value = str(chance.randint(1, 7))
            for _ in range(2 if chance.random() < DOUBLED else 1):
                self.timed(self.answer_s, client, "POST", "answer", step=step, question=question, value=value)
            self.acknowledged[participant, step, question] = value

    def send(self, client: httpx.Client, call: str, **body: object) -> None:
        """Make one of the other calls."""
        self.timed(self.other_s, client, "POST", call, **body)

    def timed(self, times: list[float], client: httpx.Client, method: str, path: str, **body: object) -> httpx.Response:
        """Make a request and note how long it takes; anything but success ends the run."""
        began = time.monotonic()
        response = client.request(method, path, json=body or None).raise_for_status()
        times.append(time.monotonic() - began)
        return response


def make_study(folder: Path, trials: int) -> Study:
    """Write a study with five questions, two conditions and the clips of the trials."""
    words = {"en": "words"}
    facts = {
        "name": "load",
        "title": words,
        "consent": {"version": "1", "text": words},
        "questions": [{"id": name, "text": words, "low": words, "high": words} for name in QUESTIONS],
        "conditions": [{"id": name, "source": "files", "folder": "."} for name in ("ours", "theirs")],
        "clips": [{"id": f"clip{number}", "file": f"clip{number}.mp4"} for number in range(trials)],
        "session": {"volume": False, "headphones": "off"},
    }
    (folder / "study.yaml").write_text(json.dumps(facts), encoding="utf-8")
    study = read_study(folder / "study.yaml")
    write_stimuli(study)
    return study


def write_stimuli(study: Study) -> None:
    """Write stimuli that only take as many bytes as real ones."""
    stimuli_folder(study).mkdir()
    entries = []
    for clip, condition in needed(study):
        content = random.Random(f"{clip.id} {condition.id}").randbytes(CLIP_BYTES)  # noqa: S311 - noise
        hashed = hashlib.sha256(content).hexdigest()
        (stimuli_folder(study) / f"{hashed[:16]}.mp4").write_bytes(content)
        facts = {"name": hashed[:16], "clip": clip.id, "condition": condition.id, "duration_s": CLIP_S}
        hashes = dict.fromkeys(("sha256", "picture_sha256", "scene", "fingerprint"), hashed)
        entries.append(Entry.model_validate(facts | hashes | LOUDNESS))
    write_manifest(study, entries)


def run(people: int, trials: int, think_s: float) -> tuple[Crowd, list[Row], float]:
    """Let everybody take part, then look at what is stored.

    Returns:
        What they have seen, the stored rows, and the seconds that it took.
    """
    with tempfile.TemporaryDirectory(prefix="study-load-") as name:
        folder = Path(name)
        study = make_study(folder, trials)
        with serve(folder, "--study", str(folder / "study.yaml")) as (url, _), ThreadPoolExecutor(people) as threads:
            crowd = Crowd(f"{url}study/{study.name}/", think_s, Barrier(people))
            began = time.monotonic()
            list(threads.map(crowd.take_part, range(people)))
            took_s = time.monotonic() - began
        with closing(open_store(study)) as store:
            return crowd, store.rows(), took_s


def compare(crowd: Crowd, rows: Sequence[Row]) -> dict[str, int]:
    """Count answers that were acknowledged and are not there as they were given, and those that are there twice."""
    stored = Counter((row["participant"], row["step"], row["question"]) for row in rows)
    values = {(row["participant"], row["step"], row["question"]): row["value"] for row in rows}
    return {
        "acknowledged": len(crowd.acknowledged),
        "stored": len(rows),
        "lost": sum(values.get(key) != value for key, value in crowd.acknowledged.items()),
        "doubled": sum(count > 1 for count in stored.values()),
    }


def main() -> None:
    """Run once and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--think", type=float, default=1.0, help="seconds between two answers of a person")
    parser.add_argument("--database", metavar="URL", help="default: SQLite in a temporary folder")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.database:
        os.environ[VARIABLE] = options.database
    load_before = os.getloadavg()[0]
    crowd, rows, took_s = run(options.people, options.trials, options.think)
    facts = {"people": options.people, "trials": options.trials, "think_s": options.think, **compare(crowd, rows)}
    for name, times in (("answer", crowd.answer_s), ("other", crowd.other_s)):
        middle, late = np.percentile(times, [50, 95]) * 1000
        facts |= {f"{name}_requests": len(times), f"{name}_p50_ms": round(middle), f"{name}_p95_ms": round(late)}
    facts |= {"answers_per_s": round(len(crowd.answer_s) / took_s, 1), "cores": os.cpu_count()}
    facts |= {"load_before": load_before, "load_after": os.getloadavg()[0]}
    print("\n".join(f"{name:18} {value}" for name, value in facts.items()))
    if options.json:
        options.json.write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
