"""What the researcher's page shows."""

from typing import Any

from video2music.study.flags import RULES
from video2music.study.plan import Study
from video2music.study.reading import in_language
from video2music.study.store.progress import Progress

GROUPS = {
    "finished": "Finished",
    "active": "In progress",
    "idle": "Idle",
    "screened": "Failed headphone check",
    "withdrawn": "Withdrawn",
}
"""Groups of participants and how they are headed."""


def dashboard_view(study: Study, progress: Progress) -> dict[str, Any]:
    """Return what the dashboard shows.

    Args:
        study: as read from its file.
        progress: how it is going.
    """
    language = study.languages[0]
    wording = {
        question.id: in_language(question.text, language) + ("" if question.required else " (optional)")
        for question in study.questions
    }
    slowest = max(progress.median_seconds.values(), default=0.0)
    return {
        "tiles": [
            ("Agreed", progress.total("enrolled"), f"of {study.design.planned} planned"),
            *((words, progress.total(group), "") for group, words in GROUPS.items()),
            ("Declined", progress.refused, ""),
        ],
        "planned": study.design.planned,
        "finished": progress.total("finished"),
        "groups": list(GROUPS.values()),
        "cells": [
            {"number": cell.cell + 1, "enrolled": cell.enrolled, "groups": [getattr(cell, group) for group in GROUPS]}
            for cell in progress.cells
        ],
        "missing": [
            {"id": one.question, "text": wording[one.question], "expected": one.expected, "missing": one.missing}
            for one in progress.missing
        ],
        "slowest": slowest,
        "times": list(progress.median_seconds.items()),
        "flagged": [
            {"number": progress.numbers[flag.participant], "rule": RULES[flag.rule], "reason": flag.reason}
            for flag in progress.flags
        ],
    }
