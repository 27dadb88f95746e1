"""One study while it is served: its file, its store and its stimuli."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emotion.errors import RefusalError
from video2music.study.length import PageTimes
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.session import Step
from video2music.study.stimuli import load_stimuli
from video2music.study.store import Participant, Store, open_store
from video2music.study.trials import Stimulus
from video2music.web.study.attempts import AttemptLimit
from video2music.web.study.copying import AnswerCopy
from video2music.web.study.passwords import read_password

WRONG_CODES, WITHIN_S = 10, 600.0


@dataclass(frozen=True)
class ServedStudy:
    """A study that people can enter.

    Attributes:
        study: as read from its file.
        store: of its answers.
        stimuli: by clip and condition.
        password: hash of the researcher's password; "" closes the dashboard.
        measured: how long pages took those who had finished when the server was started; None for too few.
        copy: of its answers in a data set; None where none is ever made.
        codes: wrong codes of each caller.
    """

    study: Study
    store: Store
    stimuli: Mapping[tuple[str, str], Stimulus]
    password: str = ""
    measured: PageTimes | None = None
    copy: AnswerCopy | None = None
    codes: AttemptLimit = field(default_factory=lambda: AttemptLimit(WRONG_CODES, WITHIN_S))

    @property
    def bar(self) -> tuple[str, ...]:
        """Keys of the pages that a bar leads to: none, as people go one way."""
        return ()

    def lead(self, participant: Participant | None, key: str) -> Participant | None:  # noqa: ARG002 - see PreviewedStudy
        """Lead somebody to a page, where the study is only shown.

        Args:
            participant: who walks; None for nobody yet.
            key: of the page.

        Returns:
            Who is there.
        """
        return participant

    def shown(self, step: Step) -> tuple[Stimulus, ...]:
        """Return the stimuli of a page, from left to right.

        Args:
            step: of a session.
        """
        if step.trial is None:
            return ()
        return tuple(self.stimuli[step.trial.clip, condition] for condition in step.trial.conditions)

    def upcoming(self, participant: Participant, step: Step) -> tuple[Stimulus, ...]:
        """Return the stimuli of the next page that shows any, which may be fetched beforehand.

        Args:
            participant: whose session.
            step: where they are.
        """
        following = after(self.store.pages(participant), step)
        return next((self.shown(one) for one in following if one.trial is not None), ())


def after(pages: Sequence[Step], step: Step) -> Sequence[Step]:
    """Return the pages that follow one.

    Args:
        pages: of a session.
        step: one of them.
    """
    return pages[pages.index(step) + 1 :]


def open_studies(files: Sequence[Path]) -> list[ServedStudy]:
    """Make several studies ready to be served side by side.

    Args:
        files: of the studies.

    Raises:
        RefusalError: one of them cannot be used, or two have the same name.
    """
    studies: dict[str, ServedStudy] = {}
    for path in files:
        study = read_study(path)
        if study.name in studies:
            raise RefusalError("Two studies have the same name", where=study.name, remedy="Rename one of them")
        studies[study.name] = open_study(study)
    return list(studies.values())


def open_study(study: Study) -> ServedStudy:
    """Make a study ready to be served.

    Args:
        study: as read from its file.

    Raises:
        RefusalError: stimuli are missing, or the store cannot be opened.
    """
    stimuli = load_stimuli(study)
    store = open_store(study)
    return ServedStudy(study, store, stimuli, read_password(study), store.page_times(), AnswerCopy(study, store))
