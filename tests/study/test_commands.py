import csv
import itertools
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from video2music.cli import main
from video2music.study.reading import read_study
from video2music.study.session import HEADPHONES, VOLUME, Playing
from video2music.study.store.store import open_store


def run(*words: object) -> int:
    return main(["study", *map(str, words)])


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    facts: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return facts


def test_new_writes_a_study_that_can_be_read_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    assert run("new", path, "--json") == 0
    assert last_json(capsys) == {"file": str(path)}
    assert read_study(path).name == "listening-test"
    path.write_text("my own work", encoding="utf-8")
    assert run("new", path) == 1
    assert "There is a file of this name" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "my own work"
    assert run("new", tmp_path / "nowhere" / "study.yaml") == 1


def test_mistakes_in_the_file_are_one_line_each_and_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.yaml"
    run("new", path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("lufs: -23", "lufs: 5").replace("of: ours", "of: theirs", 1), encoding="utf-8")
    capsys.readouterr()
    for command in ("prepare", "check"):
        assert run(command, path) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert [line.split(": ")[0].split(", ")[-1] for line in printed.err.splitlines()] == ["lufs"]


def test_check_ends_with_one_until_everything_is_there(
    prepared: Path, materials: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", prepared / "study.yaml") == 0
    assert "Ready." in capsys.readouterr().out
    assert run("check", materials / "study.yaml", "--json") == 1
    facts = last_json(capsys)
    assert facts["ready"] is False
    assert facts["cells"] == 10


def test_prepare_keeps_what_is_there_and_reports_what_it_cannot_make(
    prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = prepared / "study.yaml"
    assert run("prepare", study, "--json") == 0
    assert len(last_json(capsys)["kept"]) == 11  # type: ignore[arg-type]
    (prepared / "notes" / "one.mid").unlink()
    assert run("prepare", study, "--json") == 1
    printed = capsys.readouterr()
    facts = json.loads(printed.out.splitlines()[-1])
    assert len(facts["kept"]) == 10
    assert facts["problems"] == [line for line in printed.err.splitlines() if line.startswith("one with notes: ")]
    assert len(facts["problems"]) == 1


def give_an_answer(folder: Path) -> None:
    """Let somebody begin, and rate the video of the training."""
    study = read_study(folder / "study.yaml")
    moments = itertools.count()

    def now() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(moments))

    with closing(open_store(study, now=now)) as store:
        person = store.enrol("en", study.consent.version).id
        for step in (VOLUME, HEADPHONES):
            store.open_step(person, step)
            if step == HEADPHONES:
                store.headphones(person, right=6)
            store.pass_step(person, step)
        store.open_step(person, "training-1")
        store.answer(person, "training-1", "overall", 5, [Playing(2.0, 1, [(0.0, 2.0)])])


def test_what_people_have_rated_is_not_replaced(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = prepared / "study.yaml"
    assert run("prepare", study, "--replace") == 0
    give_an_answer(prepared)
    before = {path: path.stat().st_mtime_ns for path in (prepared / "stimuli").iterdir()}
    (prepared / "notes" / "one.mid").write_bytes((prepared / "notes" / "two.mid").read_bytes())
    capsys.readouterr()
    assert run("prepare", study, "--replace") == 1
    assert "The stimuli as they are were rated already (1 answers)" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in (prepared / "stimuli").iterdir()} == before


def test_export_writes_what_was_answered(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = prepared / "study.yaml"
    assert run("export", study) == 1, "nobody has answered, and asking makes no database"
    assert sorted(path.name for path in prepared.glob("*.sqlite*")) == []
    give_an_answer(prepared)
    capsys.readouterr()
    assert run("export", study, "-o", tmp_path / "out", "--json") == 0
    facts = last_json(capsys)
    assert (facts["answers"], facts["participants"]) == (1, 1)
    with (tmp_path / "out" / "answers.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert {name: row[name] for name in ("mode", "step", "clip", "condition", "question", "value")} == {
        "mode": "live",
        "step": "training-1",
        "clip": "warm-up",
        "condition": "ours",
        "question": "overall",
        "value": "5",
    }
    assert run("export", study, "--test", "--json") == 0
    assert last_json(capsys)["answers"] == 0
