"""Takes part in a study without end, and says which answers were acknowledged; run by test_durability.py."""

import sys
from pathlib import Path

from video2music.study.plan import Study
from video2music.study.session import Playing
from video2music.study.store import Store, open_store

DURATION_S = 0.5
"""Short enough to count as played at once."""


def take_part(store: Store) -> None:
    """Go through one session; an answer is told the moment it is acknowledged."""
    person = store.enrol("en", "2")
    for step in store.pages(person)[1:-1]:
        store.open_step(person.id, step.key)
        if step.trial is not None:
            store.played(person.id, step.key, [Playing(DURATION_S, 1, [(0, DURATION_S)])])
        if step.kind == "headphones":
            store.headphones(person.id, 6)
        for question in step.questions:
            stored = store.answer(person.id, step.key, question.id, "2")
            sys.stdout.write(f"{person.id} {step.key} {question.id} {stored.stored_at}\n")
            sys.stdout.flush()
        store.pass_step(person.id, step.key)


if __name__ == "__main__":
    study = Study.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    opened = open_store(study, sys.argv[2])
    while True:
        take_part(opened)
