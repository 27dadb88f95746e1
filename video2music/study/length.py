"""How long a session will take: from assumptions before anybody took part, then from those who have finished."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import mean

from video2music.study.headphones import GAP_S, TONE_S, TRIALS
from video2music.study.plan import Question, Study
from video2music.study.reading import in_language
from video2music.study.session import Step, steps
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

FIXED_S = {"volume": VOLUME_S, "headphones": HEADPHONES_S}
"""Kinds of pages without questions."""

ASSUMED = (
    f"assumed: {QUESTION_S:.1f} s a question (Pew Research Center 2022), {FREE_TEXT_S:.0f} s a free text and "
    f"{PAGE_S:.0f} s a page (guesses), every clip once"
)


@dataclass(frozen=True)
class PageTimes:
    """What was measured.

    Attributes:
        sessions: that were finished.
        median_s: kind of page to seconds from opening to leaving it, clips included.
    """

    sessions: int = 0
    median_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Length:
    """An estimate.

    Attributes:
        minutes: of the whole session.
        playing_minutes: of them with a clip playing; nobody can be faster than this.
        source: where the estimate comes from.
    """

    minutes: float
    playing_minutes: float
    source: str = ASSUMED


def estimate_length(
    study: Study, stimuli: Mapping[tuple[str, str], Stimulus], measured: PageTimes | None = None
) -> Length:
    """Estimate how long a session takes.

    Args:
        study: as read.
        stimuli: by clip and condition; those that are missing count as long as the mean of the others.
        measured: in this study; None before enough people have finished.
    """
    length_s = {key: stimulus.duration_s for key, stimulus in stimuli.items()}
    usual_s = mean(length_s.values()) if length_s else 0.0
    clips_s = mean(length_s.get((c.id, k.id), usual_s) for c in study.clips for k in study.conditions)
    total_s, all_playing_s = 0.0, 0.0
    for page in steps(study, 0, 1):
        playing_s = 0.0
        if page.kind == "trial" and page.trial:
            playing_s = len(page.trial.conditions) * clips_s
        elif page.trial:
            playing_s = sum(length_s.get((page.trial.clip, name), usual_s) for name in page.trial.conditions)
        all_playing_s += playing_s
        total_s += reading_s(study) if page.kind == "consent" else page_s(page, playing_s, measured)
    source = ASSUMED if measured is None else f"measured: the median pages of {measured.sessions} finished sessions"
    return Length(total_s / 60, all_playing_s / 60, source)


def page_s(page: Step, playing_s: float, measured: PageTimes | None = None) -> float:
    """Estimate how long a page takes.

    Args:
        page: of a session; not the consent.
        playing_s: length of its clips.
        measured: in this study; None before enough people have finished.

    Returns:
        Seconds.
    """
    if measured is not None and page.kind in measured.median_s:
        return measured.median_s[page.kind]
    return playing_s + (FIXED_S[page.kind] if page.kind in FIXED_S else PAGE_S + answering_s(page.questions))


def answering_s(questions: Iterable[Question]) -> float:
    """Estimate how long questions take.

    Args:
        questions: of a page.
    """
    return sum(FREE_TEXT_S if question.kind == "text" else QUESTION_S for question in questions)


def reading_s(study: Study) -> float:
    """Estimate how long the consent takes to read.

    Args:
        study: as read.
    """
    words = len(in_language(study.consent.text, study.languages[0]).split())
    return PAGE_S + words / WORDS_PER_MINUTE * 60
