"""The answers of a study as files that others can read: a long table, the same as JSON, and what the columns mean."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from video2music.output import OutputFolder
from video2music.piece import PROGRAM
from video2music.study.plan import Study
from video2music.study.records import Row

DICTIONARY: Mapping[str, str] = {
    "study": "name of the study",
    "participant": "random identifier",
    "mode": "live, or test for sessions that only try the study",
    "number": "order of arrival, from 1",
    "cell": "cell of the design, from 0: which condition each clip has, and in which order conditions come",
    "language": "language that was read, two letters",
    "external_id": "identifier on a recruiting platform, empty if the study does not ask for it",
    "state": "how far the participant is: consented, rating, finished or screened (failed a required headphone check)",
    "consent_version": "version of the consent that was agreed to",
    "started_at": "when the session began; ISO 8601, UTC",
    "finished_at": "when it was finished; ISO 8601, UTC; empty while it is not",
    "headphones": "right answers of the headphone check, 0 to 6; -1 where it was not made",
    "step": "key of the page, such as trial-3",
    "kind": "kind of the page: training, trial, attention or background",
    "position": "position of the trial in the session, from 1; 0 on pages without a clip",
    "block": "block of conditions that the trial belongs to, from 1; 0 elsewhere",
    "clip": "id of the clip; empty on pages without one",
    "condition": "id of the condition, or of the left one of a pair",
    "other_condition": "id of the right condition of a pair; empty elsewhere",
    "question": "id of the question, or of the attention check",
    "question_kind": "likert, slider, preference, text or choice",
    "value": "the answer: a point as 5, a slider as 73.0, left, right or tie, a text, or ids of options with spaces",
    "expected": "answer that an attention check expects; empty elsewhere",
    "opened_at": "when the page was opened; ISO 8601, UTC",
    "stored_at": "when the answer was stored; ISO 8601, UTC",
    "seconds": "from the opening of the page to the answer",
    "plays": "how often the clip was started",
    "played_share": "share of the clip that was played without seeking, 0 to 1; the lesser one of a pair",
    "duration_s": "length of the clip in seconds; 0 on pages without one",
}
"""What each column of the table means, in the order of the columns."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answers_csv(_study: Study, rows: Sequence[Row]) -> str:
    """Return the long table: one answer a line.

    What participants typed and a spreadsheet would take for a formula gets an apostrophe before it; the JSON keeps it
    as it is.

    Args:
        rows: of the store.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(DICTIONARY))
    table.writeheader()
    for row in rows:
        typed = {"value": _harmless(row["value"]), "external_id": _harmless(row["external_id"])}
        table.writerow({**row, **typed})
    return text.getvalue()


def dictionary_csv(_study: Study, _rows: Sequence[Row]) -> str:
    """Return what the columns mean, one a line."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("column", "type", "meaning"))
    table.writerows((name, _kind(name), meaning) for name, meaning in DICTIONARY.items())
    return text.getvalue()


def answers_json(study: Study, rows: Sequence[Row]) -> str:
    """Return study, answers and meaning of the columns in one object.

    Args:
        study: as read.
        rows: of the store.
    """
    facts = {
        "program": PROGRAM,
        "study": study.model_dump(mode="json", exclude={"folder"}),
        "columns": [{"name": name, "type": _kind(name), "meaning": words} for name, words in DICTIONARY.items()],
        "answers": rows,
        "files": list(FILES),
    }
    return json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


FILES: Mapping[str, Callable[[Study, Sequence[Row]], str]] = {
    "answers.csv": answers_csv,
    "dictionary.csv": dictionary_csv,
    "answers.json": answers_json,
}
"""What is exported, and how its text is made."""


def export_answers(study: Study, rows: Sequence[Row], folder: Path) -> tuple[Path, ...]:
    """Write all files; an earlier export in the folder is replaced, anything else is not.

    Args:
        study: as read.
        rows: of the store.
        folder: made if it does not exist.

    Returns:
        The paths.

    Raises:
        OutputError: the folder cannot be written, or holds files of these names that are no export.
    """
    with OutputFolder(folder, list(FILES)) as out:
        for name, write in FILES.items():
            (out.temporary / name).write_text(write(study, rows), encoding="utf-8", newline="")
        return out.publish()


def _harmless(typed: str) -> str:
    return f"'{typed}" if typed.startswith(_FORMULA) else typed


def _kind(name: str) -> str:
    kind = Row.__annotations__[name]
    return {int: "whole number", float: "number"}.get(kind, "text")
