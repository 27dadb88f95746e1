"""Walks a study without storing: answers lie in a folder that is gone afterwards, and a bar leads to any page."""

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from video2music.study.headphones import TRIALS
from video2music.study.plan import Question, Study
from video2music.study.session import HEADPHONES, Playing, Step, steps
from video2music.study.stimuli import load_stimuli
from video2music.study.store import Participant, open_store
from video2music.study.store.moments import utc_now
from video2music.web.study.served import ServedStudy
from video2music.web.study.server import study_routes

SAMPLES = {"likert": "1", "slider": "50", "preference": "left", "text": "-"}
"""What is answered on pages that somebody jumps over."""


class WoundClock:
    """A clock that can be wound forward, so that clips which nobody has heard count as played.

    Attributes:
        ahead: of the real clock.
    """

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the moment that it shows."""
        return utc_now() + self.ahead


@dataclass(frozen=True, kw_only=True)
class PreviewedStudy(ServedStudy):
    """A study whose answers are forgotten, and whose clock can be wound.

    Attributes:
        clock: of the store.
    """

    clock: WoundClock

    @property
    def bar(self) -> tuple[str, ...]:
        """Keys of the pages that a bar leads to."""
        return tuple(step.key for step in steps(self.study, 0, 1))

    def lead(self, participant: Participant | None, key: str) -> Participant:
        """Lead somebody to a page; somebody who is past it begins anew.

        Args:
            participant: who walks; None for nobody yet.
            key: of the page.

        Returns:
            Who is there.
        """
        if participant is None or self._is_past(participant, key):
            language = participant.language if participant else self.study.languages[0]
            participant = self.store.enrol(language, self.study.consent.version)
        for step in self.store.pages(participant):
            if step.key == key:
                break
            if step == self.store.position(participant.id):
                self._pass(participant, step)
        return participant

    def _is_past(self, participant: Participant, key: str) -> bool:
        keys = [step.key for step in self.store.pages(participant)]
        return key in keys[: keys.index(self.store.position(participant.id).key)]

    def _pass(self, participant: Participant, step: Step) -> None:
        visit = self.store.open_step(participant.id, step.key)
        stimuli = [Playing(one.duration_s, 1, [(0.0, one.duration_s)]) for one in self.shown(step)]
        self.clock.ahead += timedelta(seconds=sum(one.duration_s for one in stimuli))
        self.store.played(participant.id, step.key, stimuli)
        for question in step.questions:
            if question.required and question.id not in visit.answers:
                self.store.answer(participant.id, step.key, question.id, sample(question))
        if step.key == HEADPHONES:
            self.store.headphones(participant.id, TRIALS, participant.headphone_attempts + 1)
        self.store.pass_step(participant.id, step.key)


def sample(question: Question) -> str:
    """Return some answer to a question.

    Args:
        question: of any kind.
    """
    return question.options[0].id if question.options else SAMPLES[question.kind]


def open_preview(study: Study, folder: Path) -> PreviewedStudy:
    """Make a study ready to be looked at.

    Args:
        study: as read from its file.
        folder: for what is answered; the caller deletes it.

    Raises:
        RefusalError: stimuli are missing.
    """
    stimuli, clock = load_stimuli(study), WoundClock()
    return PreviewedStudy(study, open_store(study, str(folder / "preview.sqlite"), now=clock), stimuli, clock=clock)


def serve_preview(study: Study, host: str, port: int) -> None:
    """Show a study until the program is stopped.

    Args:
        study: as read from its file.
        host: name or number to listen on.
        port: to listen on.

    Raises:
        RefusalError: stimuli are missing.
    """
    with tempfile.TemporaryDirectory(prefix="study-preview-") as folder:
        served = open_preview(study, Path(folder))
        try:
            uvicorn.run(Starlette(routes=study_routes([served])), host=host, port=port, log_level="warning")
        finally:
            served.store.close()
