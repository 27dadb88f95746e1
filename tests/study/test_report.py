"""The report as a whole: files, sentences instead of crashes, and nothing that asks the network."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from video2music.cli import main
from video2music.study.export import answers_csv
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.records import Row
from video2music.study.report.analysis import Analysis, analyse
from video2music.study.report.answers import AnswersError, gather, participant_means, read_csv, without_clip_effects
from video2music.study.report.writing import write_report
from video2music.study.simulation import Crowd, Population, simulate
from video2music.study.store import open_store

WORDS = {"en": "Words"}
SCALE = {"text": WORDS, "low": WORDS, "high": WORDS}
CONDITIONS = [
    {"id": "ours", "label": "Ours", "source": "engine"},
    {"id": "theirs", "label": "Theirs", "source": "midi", "folder": "theirs"},
    {"id": "low", "label": "Shuffled", "source": "shuffled", "of": "ours", "role": "low"},
    {"id": "high", "label": "Original", "source": "original", "role": "high"},
]

STUDY = """\
name: pilot
title: Music
consent: {version: "1", text: I agree.}
questions:
  - {id: overall, text: How good?, low: bad, high: good}
conditions:
  - {id: ours, source: engine}
  - {id: original, source: original, role: high}
clips:
  - {id: one, file: one.mp4}
  - {id: two, file: two.mp4}
"""


def a_study(**changes: object) -> Study:
    content = {
        "name": "pilot",
        "title": {"en": "Music <for> videos"},
        "consent": {"version": "1", "text": WORDS},
        "questions": [{"id": "overall", **SCALE}, {"id": "remark", "kind": "text", "text": WORDS, "required": False}],
        "conditions": CONDITIONS,
        "clips": [{"id": f"clip-{n}", "file": f"{n}.mp4"} for n in range(8)],
        "background": [
            {"id": "training", "kind": "choice", "text": WORDS, "options": [{"id": x, "text": WORDS} for x in "ab"]}
        ],
    }
    return Study.model_validate(content | changes)


def report(study: Study, rows: Sequence[Row], folder: Path, mode: Any = "live") -> tuple[Analysis, str]:  # noqa: ANN401
    analysis = analyse(gather(study, rows, mode), resamples=199)
    paths = write_report(analysis, folder)
    assert all(path.exists() for path in paths)
    page = (folder / "report.html").read_text(encoding="utf-8")
    words = (folder / "report.md").read_text(encoding="utf-8")
    json.loads((folder / "report.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    for text in (re.sub(r'src="[^"]*"', "", page), words):
        assert not re.search(r"\b(nan|inf|None)\b", text)
    return analysis, page


def test_report_of_a_study_with_anchors_finds_the_effects_and_excludes_the_cheater(tmp_path: Path) -> None:
    study = a_study()
    population = Population(effects={"ours": 0.8, "high": 1.5, "low": -1.0})
    simulated = simulate(study, population, Crowd(24, cheaters={"too_fast": 1}), seed=2)
    analysis, page = report(study, simulated.rows, tmp_path)
    assert set(analysis.people.excluded) == set(simulated.cheaters)
    assert len(analysis.people.included) == 23
    assert analysis.anchors[0].passed
    assert analysis.included.friedman[0].p is not None
    assert analysis.included.friedman[0].p < 0.001
    assert analysis.models[0].converged
    assert "Music &lt;for&gt; videos" in page
    assert all(words in page for words in ("Friedman", "Holm, S. (1979)", "Krippendorff", "as it should be"))


def test_page_asks_nothing_of_the_network_and_says_what_figures_show(tmp_path: Path) -> None:
    study = a_study()
    _, page = report(study, simulate(study, crowd=Crowd(3)).rows, tmp_path)
    assert page.count("data:image/svg+xml;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert all(alt for alt in re.findall(r'alt="([^"]*)"', page))


def equal_answers(rows: list[Row]) -> list[Row]:
    return [Row(**{**row, "value": "4"}) if row["question"] == "overall" else row for row in rows]  # type: ignore[typeddict-item]


SMALL: dict[str, Callable[[list[Row]], list[Row]]] = {
    "nobody": lambda _: [],
    "one participant": lambda rows: [row for row in rows if row["number"] == 1],
    "two participants": lambda rows: [row for row in rows if row["number"] <= 2],
    "one clip": lambda rows: [row for row in rows if row["clip"] in {"clip-1", ""}],
    "one condition missing": lambda rows: [row for row in rows if row["condition"] != "theirs"],
    "one condition only": lambda rows: [row for row in rows if row["condition"] in {"ours", ""}],
    "one answer": lambda rows: rows[:1],
    "all answers equal": equal_answers,
    "nobody finished": lambda rows: [Row(**{**row, "state": "rating"}) for row in rows],  # type: ignore[typeddict-item]
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_small_studies_give_sentences_and_neither_crash_nor_nan(name: str, tmp_path: Path) -> None:
    study = a_study()
    rows = SMALL[name](simulate(study, Population(), Crowd(6), seed=1).rows)
    _, page = report(study, rows, tmp_path)
    assert "Not computed for" in page


def test_preferences_of_pairs(tmp_path: Path) -> None:
    study = a_study(
        questions=[{"id": "which", "kind": "preference", "ties": True, "text": WORDS}], design={"show": "pair"}
    )
    analysis, page = report(study, simulate(study, Population(effects={"high": 1.5}), Crowd(24), seed=4).rows, tmp_path)
    scale = {ability.condition: ability.log_odds for ability in analysis.abilities}
    assert max(scale, key=lambda name: scale[name]) == "high"
    assert sum(scale.values()) == pytest.approx(0)
    won = next(one for one in analysis.preferences if (one.first, one.second) == ("low", "high"))
    assert won.share < 0.5
    assert won.wins + won.ties + won.losses == 24 * 8 / 6
    assert "Bradley-Terry" in page


def test_exported_table_gives_the_same_rows_and_test_sessions_stay_apart(tmp_path: Path) -> None:
    study = a_study()
    rows = simulate(study, crowd=Crowd(3), seed=1).rows
    rows[0]["mode"] = "test"
    path = tmp_path / "answers.csv"
    path.write_text(answers_csv(study, rows), encoding="utf-8", newline="")
    assert read_csv(path) == rows
    assert gather(study, read_csv(path)).other_mode == 1
    assert len(gather(study, read_csv(path)).rows) == len(rows) - 1


def test_tables_that_are_no_export_and_answers_of_another_study_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["study"], ["x"]])
    with pytest.raises(AnswersError, match="lack the column participant"):
        read_csv(path)
    with pytest.raises(AnswersError, match="cannot be read"):
        read_csv(tmp_path / "missing.csv")
    with pytest.raises(AnswersError, match="belong to the study pilot"):
        gather(a_study(name="other"), simulate(a_study(), crowd=Crowd(1)).rows)


def test_free_texts_cannot_become_markup(tmp_path: Path) -> None:
    study = a_study()
    rows = simulate(study, crowd=Crowd(2)).rows
    for row in rows:
        if row["question"] == "remark":
            row["value"] = "<script>alert(1)</script> | *bold*"
    report(study, simulate(study, crowd=Crowd(2)).rows, tmp_path)
    _, page = report(study, rows, tmp_path)  # the earlier one is replaced
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_command_writes_the_report_of_an_exported_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    study = read_study(tmp_path / "study.yaml")
    table = tmp_path / "answers.csv"
    table.write_text(answers_csv(study, simulate(study, crowd=Crowd(4)).rows), encoding="utf-8", newline="")
    out = tmp_path / "out"
    arguments = ["study", "report", str(tmp_path / "study.yaml"), "--answers", str(table), "-o", str(out), "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["enrolled"], facts["analysed"]) == (4, 4)
    assert (out / "figures" / "means.png").stat().st_size > 0


def test_report_of_the_store_counts_those_who_refused_or_withdrew(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    study = read_study(tmp_path / "study.yaml")
    with closing(open_store(study)) as store:
        store.refuse()
        people = [store.enrol(study.languages[0], study.consent.version) for _ in range(2)]
        store.withdraw(people[0].resume_code)
    assert main(["study", "report", str(tmp_path / "study.yaml"), "--json"]) == 0
    words = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "1 person did not agree to take part, and 1 person withdrew" in words


def test_clips_that_please_everybody_help_no_condition() -> None:
    rated = [("p1", "x", "a", 7), ("p1", "y", "b", 3), ("p2", "x", "b", 6), ("p2", "y", "a", 4)]
    table = pd.DataFrame(rated, columns=["participant", "clip", "condition", "value"])
    aligned = without_clip_effects(table)
    assert aligned["value"].mean() == pytest.approx(5)
    means = participant_means(aligned, ["a", "b"])
    np.testing.assert_allclose(means["a"] - means["b"], [1, 1])
    alone = table[table["participant"] == "p1"]
    assert without_clip_effects(alone) is alone, "a clip that one condition has alone cannot be told from it"
