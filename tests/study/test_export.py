import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import OutputError
from video2music.study.export import DICTIONARY, FILES, answers_csv, answers_json, dictionary_csv, export_answers
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.records import Row


def a_row(value: str, **others: object) -> Row:
    empty = {name: kind() if kind in (int, float, str) else "" for name, kind in Row.__annotations__.items()}
    row: Row = {**empty, "study": "pilot", "mode": "live", "question": "remark", "value": value, **others}  # type: ignore[typeddict-item]
    return row


@pytest.fixture
def study(materials: Path) -> Study:
    return read_study(materials / "study.yaml")


def test_the_dictionary_names_every_column_in_its_order(study: Study) -> None:
    assert list(DICTIONARY) == list(Row.__annotations__)
    rows = list(csv.DictReader(io.StringIO(dictionary_csv(study, []))))
    assert [row["column"] for row in rows] == list(DICTIONARY)
    assert {row["column"]: row["type"] for row in rows if row["type"] != "text"} == {
        **dict.fromkeys(("number", "cell", "headphones", "position", "block", "plays"), "whole number"),
        **dict.fromkeys(("seconds", "played_share", "duration_s"), "number"),
    }


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=4))
def test_the_table_holds_every_text_as_it_was_typed(texts: list[str]) -> None:
    study = Study.model_construct()
    table = list(csv.DictReader(io.StringIO(answers_csv(study, [a_row(text) for text in texts]), newline="")))
    assert len(table) == len(texts)
    for row, text in zip(table, texts, strict=True):
        assert row["value"] in (text, f"'{text}")


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_formula_that_somebody_typed(typed: str, study: Study) -> None:
    rows = [a_row(typed, external_id=typed)]
    (row,) = csv.DictReader(io.StringIO(answers_csv(study, rows), newline=""))
    assert row["value"] == row["external_id"] == f"'{typed}"
    assert json.loads(answers_json(study, rows))["answers"][0]["value"] == typed


def test_the_json_holds_the_study_beside_the_answers(study: Study) -> None:
    facts = json.loads(answers_json(study, [a_row("schön", seconds=1.5)]))
    assert facts["study"]["questions"][0]["text"] == {"en": "How good?"}
    assert "folder" not in facts["study"]
    assert facts["answers"][0]["value"] == "schön"
    assert facts["answers"][0]["seconds"] == 1.5
    assert [column["name"] for column in facts["columns"]] == list(DICTIONARY)


def test_an_export_replaces_an_earlier_one_and_nothing_else(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    for value in ("1", "2"):
        paths = export_answers(study, [a_row(value)], folder)
    assert [path.name for path in paths] == list(FILES)
    assert json.loads(paths[-1].read_text(encoding="utf-8"))["answers"][0]["value"] == "2"
    other = tmp_path / "mine"
    other.mkdir()
    (other / "answers.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError):
        export_answers(study, [], other)
    assert (other / "answers.csv").read_text(encoding="utf-8") == "mine"
