"""Answers as tables: rows of the store or of an exported file, and each participant's mean per condition."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd

from emotion.errors import RefusalError
from video2music.study.plan import Study
from video2music.study.records import Mode, Row

COLUMNS = tuple(get_type_hints(Row))

SCALES = ("likert", "slider")


class AnswersError(RefusalError):
    """Answers that cannot be read, or that belong to another study."""


@dataclass(frozen=True)
class Departed:
    """Who is in no row, as the store counts them.

    Attributes:
        refused: did not agree to take part.
        withdrawn: agreed, and had everything deleted later.
    """

    refused: int
    withdrawn: int


@dataclass(frozen=True)
class Answers:
    """What one report is about.

    Attributes:
        study: the plan.
        mode: live or test; the other mode's rows are only counted.
        rows: of this mode, one answer each, with the columns of `records.Row`.
        other_mode: participants of the other mode.
        departed: who refused or withdrew; None where only an exported table is known.
    """

    study: Study
    mode: Mode
    rows: pd.DataFrame
    other_mode: int
    departed: Departed | None = None

    def of(self, participants: Iterable[str]) -> pd.DataFrame:
        """Return the rows of some participants."""
        return self.rows[self.rows["participant"].isin(list(participants))]


def gather(study: Study, rows: Iterable[Row], mode: Mode = "live", departed: Departed | None = None) -> Answers:
    """Put rows into a table.

    Args:
        study: the plan.
        rows: of any mode.
        mode: which sessions the report is about.
        departed: who is in no row.

    Returns:
        The answers, in order of arrival.

    Raises:
        AnswersError: rows of another study.
    """
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    strange = set(table["study"]) - {study.name}
    if strange:
        raise AnswersError(
            f"The answers belong to the study {min(strange)}, not to {study.name}",
            remedy="Give the file of that study",
        )
    own = table[table["mode"] == mode].sort_values(["number", "stored_at"], kind="stable")
    return Answers(study, mode, own, table.loc[table["mode"] != mode, "participant"].nunique(), departed)


def read_csv(path: Path | str) -> list[Row]:
    """Read an exported file of answers.

    Args:
        path: long CSV as `study export` writes it.

    Returns:
        One row per answer.

    Raises:
        AnswersError: the file cannot be read, or is no export.
    """
    path = Path(path)
    remedy = "Write it with: python -m video2music study export"
    kinds = get_type_hints(Row)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise AnswersError(f"The answers lack the column {missing[0]}", where=path, remedy=remedy)
            return [_row(record, kinds) for record in reader]
    except OSError as error:
        raise AnswersError(f"The answers cannot be read ({error.strerror})", where=path, remedy=remedy) from error
    except (ValueError, TypeError, csv.Error) as error:
        raise AnswersError(f"The answers cannot be read ({error})", where=path, remedy=remedy) from error


def _row(record: dict[str, str], kinds: dict[str, Any]) -> Row:
    values: Any = {
        name: kind(record[name]) if kind in (int, float) else str(record[name]) for name, kind in kinds.items()
    }
    row: Row = values
    return row


def ratings(rows: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the ratings of single stimuli on a scale.

    Args:
        rows: of the participants that count.
        question: id of a likert or slider question.

    Returns:
        Columns participant, clip, condition, position, value; one row per rating.
    """
    chosen = rows[(rows["kind"] == "trial") & (rows["question"] == question) & (rows["other_condition"] == "")]
    table = chosen[["participant", "clip", "condition", "position"]].copy()
    table["value"] = pd.to_numeric(chosen["value"], errors="coerce")
    return table.dropna(subset=["value"]).reset_index(drop=True)


def without_clip_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Take out of the ratings what the clips add to them, so that conditions are compared on equal terms.

    A participant hears every condition with other clips. The effects of the clips are estimated by least squares beside
    those of the conditions (Hodges & Lehmann 1962: ranks after alignment); where too few have rated to tell the two
    apart, the ratings stay as they are.

    Args:
        table: as `ratings` returns it.

    Returns:
        The same rows; their mean does not change.
    """
    if table.empty:
        return table
    clips, conditions = (pd.get_dummies(table[name], dtype=float) for name in ("clip", "condition"))
    design = np.column_stack([clips, conditions])
    effects, _, rank, _ = np.linalg.lstsq(design, table["value"].to_numpy(float), rcond=None)
    if rank < design.shape[1] - 1:
        return table
    added = clips.to_numpy() @ effects[: clips.shape[1]]
    return table.assign(value=table["value"] - added + added.mean())


def participant_means(table: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Return each participant's mean per condition: the unit of every test that is not a mixed model.

    Args:
        table: as `ratings` returns it.
        conditions: columns of the result.

    Returns:
        Index participant, one column per condition; NaN where somebody rated nothing of it.
    """
    wide = table.pivot_table(index="participant", columns="condition", values="value", aggfunc="mean", observed=True)
    return wide.reindex(columns=list(conditions))


def scale_questions(study: Study) -> list[str]:
    """Return the ids of the questions that are answered on a scale."""
    return [question.id for question in study.questions if question.kind in SCALES]


def condition_ids(study: Study) -> list[str]:
    """Return the ids of all conditions in the order of the study's file."""
    return [condition.id for condition in study.conditions]
