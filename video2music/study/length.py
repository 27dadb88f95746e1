"""How long a session will take, before anybody took part."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean

from video2music.study.headphones import GAP_S, TONE_S, TRIALS
from video2music.study.plan import Question, Study
from video2music.study.reading import in_language
from video2music.study.session import steps
from video2music.study.trials import Stimulus

QUESTION_S = 15 * 60 / 85
"""Pew Research Center (2022), How we keep our online surveys from running too long: 85 stand-alone questions are
planned for 15 minutes, from the response times of its panel."""

FREE_TEXT_S = 60.0
"""Our guess; the same source only says that open questions can take minutes."""

WORDS_PER_MINUTE = 238
"""Silent reading of non-fiction in English, mean over 190 studies: Brysbaert (2019), How many words do we read per
minute?, Journal of Memory and Language 109, 104047."""

PAGE_S = 5.0
"""Our guess for finding one's way on a new page, and for choosing in each trial of the headphone check."""

VOLUME_S = 20.0
"""Our guess."""

HEADPHONES_S = TRIALS * (3 * TONE_S + 2 * GAP_S + PAGE_S)
"""The whole headphone check."""

ASSUMED = (
    f"{QUESTION_S:.1f} s a question (Pew Research Center 2022), {FREE_TEXT_S:.0f} s a free text and "
    f"{PAGE_S:.0f} s a page (guesses), every clip once"
)


@dataclass(frozen=True)
class Length:
    """An estimate.

    Attributes:
        minutes: of the whole session.
        playing_minutes: of them with a clip playing; nobody can be faster than this.
        assumed: where the rest comes from.
    """

    minutes: float
    playing_minutes: float
    assumed: str = ASSUMED


def estimate_length(study: Study, stimuli: Mapping[tuple[str, str], Stimulus]) -> Length:
    """Estimate how long a session takes.

    Args:
        study: as read.
        stimuli: by clip and condition; those that are missing count as long as the mean of the others.
    """
    length_s = {key: stimulus.duration_s for key, stimulus in stimuli.items()}
    usual_s = mean(length_s.values()) if length_s else 0.0
    pages = steps(study, 0, 1)
    rated = [page for page in pages if page.kind == "trial"]
    clips_s = mean(length_s.get((c.id, k.id), usual_s) for c in study.clips for k in study.conditions)
    playing_s = sum(len(page.trial.conditions) for page in rated if page.trial) * clips_s
    for page in pages:
        if page.kind == "training" and page.trial:
            playing_s += sum(length_s.get((page.trial.clip, name), usual_s) for name in page.trial.conditions)
    other_s = sum(answering_s(page.questions) + PAGE_S for page in pages)
    return Length((playing_s + other_s + _beginning_s(study)) / 60, playing_s / 60)


def answering_s(questions: Iterable[Question]) -> float:
    """Estimate how long questions take.

    Args:
        questions: of a page.
    """
    return sum(FREE_TEXT_S if question.kind == "text" else QUESTION_S for question in questions)


def _beginning_s(study: Study) -> float:
    """Return how long consent, volume and headphone check take, as far as the study has them."""
    words = len(in_language(study.consent.text, study.languages[0]).split())
    check_s = HEADPHONES_S if study.session.headphones != "off" else 0.0
    return words / WORDS_PER_MINUTE * 60 + (VOLUME_S if study.session.volume else 0.0) + check_s
