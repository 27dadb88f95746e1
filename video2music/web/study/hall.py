"""One study while it is served: its file, its store and its stimuli."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emotion.errors import RefusalError
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.session import Step
from video2music.study.stimuli import load_stimuli
from video2music.study.store import Participant, Store, open_store
from video2music.study.trials import Stimulus
from video2music.web.study.passwords import read_password
from video2music.web.study.tries import Tries

WRONG_CODES, WITHIN_S = 10, 600.0


@dataclass(frozen=True)
class Hall:
    """A study that people can enter.

    Attributes:
        study: as read from its file.
        store: of its answers.
        stimuli: by clip and condition.
        password: hash of the researcher's password; "" closes the desk.
        codes: wrong codes of each caller.
    """

    study: Study
    store: Store
    stimuli: Mapping[tuple[str, str], Stimulus]
    password: str = ""
    codes: Tries = field(default_factory=lambda: Tries(WRONG_CODES, WITHIN_S))

    @property
    def bar(self) -> tuple[str, ...]:
        """Keys of the pages that a bar leads to: none, as people go one way."""
        return ()

    def lead(self, participant: Participant | None, key: str) -> Participant | None:  # noqa: ARG002 - see PreviewHall
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


def open_halls(files: Sequence[Path]) -> list[Hall]:
    """Make several studies ready to be served side by side.

    Args:
        files: of the studies.

    Raises:
        RefusalError: one of them cannot be used, or two have the same name.
    """
    halls: dict[str, Hall] = {}
    for path in files:
        study = read_study(path)
        if study.name in halls:
            raise RefusalError("Two studies have the same name", where=study.name, remedy="Rename one of them")
        halls[study.name] = open_hall(study)
    return list(halls.values())


def open_hall(study: Study) -> Hall:
    """Make a study ready to be served.

    Args:
        study: as read from its file.

    Raises:
        RefusalError: stimuli are missing, or the store cannot be opened.
    """
    stimuli = load_stimuli(study)
    return Hall(study, open_store(study), stimuli, read_password(study))
