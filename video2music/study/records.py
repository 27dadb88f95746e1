"""One answer as a row: what the store gives out, the export writes and the report reads."""

from typing import Literal, TypedDict

StepKind = Literal["training", "trial", "attention", "background"]
ParticipantState = Literal["consented", "rating", "finished", "withdrawn", "refused", "screened"]
Mode = Literal["live", "test"]


class Row(TypedDict):
    """One answer to one question; `export.DICTIONARY` says the same to readers of the files.

    Attributes:
        study: name of the study.
        participant: random identifier.
        mode: "test" for sessions that only try the study.
        number: order of arrival, from 1.
        cell: of the design.
        language: that was read.
        external_id: of a recruiting platform, "" if there is none.
        state: how far the participant is.
        consent_version: that was agreed to.
        started_at: ISO 8601, UTC.
        finished_at: ISO 8601, UTC; "" while unfinished.
        headphones: right answers of the headphone check, 0 to 6; -1 where it was not made.
        step: key of the page, such as "trial-3".
        kind: of the page.
        position: of the trial, from 1; 0 elsewhere.
        block: of the trial, from 1; 0 elsewhere.
        clip: shown clip, "" where there is none.
        condition: shown condition, or the one shown on the left of a pair.
        other_condition: the one shown on the right of a pair, "" elsewhere.
        question: its id; the id of an attention check.
        question_kind: such as "likert".
        value: the answer: a point as "5", a slider as "73.0", "left", "right" or "tie", a text, ids of options joined
            by " ".
        expected: the answer that an attention check expects, "" elsewhere.
        opened_at: when the page was opened; ISO 8601, UTC.
        stored_at: when the answer arrived; ISO 8601, UTC.
        seconds: from the page's opening until the answer.
        plays: how often the stimulus was started.
        played_share: 0 to 1, of the stimulus that was played without seeking; the lesser one of a pair.
        duration_s: of the stimulus; 0 where there is none.
    """

    study: str
    participant: str
    mode: Mode
    number: int
    cell: int
    language: str
    external_id: str
    state: ParticipantState
    consent_version: str
    started_at: str
    finished_at: str
    headphones: int
    step: str
    kind: StepKind
    position: int
    block: int
    clip: str
    condition: str
    other_condition: str
    question: str
    question_kind: str
    value: str
    expected: str
    opened_at: str
    stored_at: str
    seconds: float
    plays: int
    played_share: float
    duration_s: float
