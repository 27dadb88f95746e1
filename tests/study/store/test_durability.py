"""A process that is killed in the middle of storing loses no answer that it has acknowledged."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from video2music.study.plan import Study
from video2music.study.store import open_store

ROOT = Path(__file__).parents[3]
WRITERS = 2
ACKNOWLEDGED = 40


def test_killed_processes_lose_and_double_nothing(
    make_study: Callable[..., Study], address: str, tmp_path: Path
) -> None:
    study = make_study()
    file = tmp_path / "study.json"
    file.write_text(study.model_dump_json(), encoding="utf-8")
    open_store(study, address).close()
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), str(file), address]
    writers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
        for _ in range(WRITERS)
    ]
    told: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        told += [writer.stdout.readline() for _ in range(ACKNOWLEDGED // WRITERS)]
    for writer in writers:
        writer.kill()
    for writer in writers:
        assert writer.stdout is not None
        told += writer.stdout.readlines()
        writer.stdout.close()
        assert writer.wait() < 0
    acknowledged = [tuple(line.split()) for line in told if line.endswith("\n")]
    assert len(acknowledged) >= ACKNOWLEDGED
    with closing(open_store(study, address)) as store:
        rows = store.rows()
        stored = [(row["participant"], row["step"], row["question"], row["stored_at"]) for row in rows]
        assert len(set(stored)) == len(stored)
        assert set(acknowledged) <= set(stored)
        assert len(stored) - len(acknowledged) <= WRITERS  # stored, and killed before it could be told
        for person in {row["participant"] for row in rows}:
            assert store.position(person).key
