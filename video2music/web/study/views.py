"""What the templates of a session are filled with."""

from collections.abc import Sequence
from typing import Any

from video2music.study.headphones import TRIALS
from video2music.study.length import page_s
from video2music.study.plan import Question, Study
from video2music.study.reading import in_language
from video2music.study.session import HEADPHONE_ATTEMPTS, Step
from video2music.study.store import Participant, Visit
from video2music.web.study.served import ServedStudy
from video2music.web.study.words import speak

ANSWERED = ("training", "trial", "attention", "background")
"""Kinds of pages that can be looked at again."""


def page_view(served: ServedStudy, participant: Participant, step: Step) -> dict[str, Any]:
    """Return what every page of a session shows: how far it is.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
    """
    pages = served.store.pages(participant)[1:]  # the consent was before
    place = pages.index(step) + 1
    return {
        "here": step.key,
        "step": place,
        "steps": len(pages),
        "minutes": minutes_left(served, pages[place - 1 :]),
        "code": participant.resume_code,
        "participant": participant.id[:8],
    }


def minutes_left(served: ServedStudy, pages: Sequence[Step]) -> int:
    """Estimate how long the rest of a session takes.

    Args:
        served: of the study.
        pages: that are left.

    Returns:
        Whole minutes; 0 for less than one.
    """
    seconds = (
        page_s(step, sum(stimulus.duration_s for stimulus in served.shown(step)), served.measured) for step in pages
    )
    return round(sum(seconds) / 60)


def step_view(served: ServedStudy, participant: Participant, step: Step, visit: Visit) -> dict[str, Any]:
    """Return what a page with questions shows.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
        visit: what is stored of it.
    """
    language = participant.language
    is_open = visit.ratings_open or step.trial is None
    return {
        **page_view(served, participant, step),
        "heading": heading(served, participant, step),
        "practice": step.kind == "training",
        "open": is_open,
        "players": players(served, step, language, heard=is_open),
        "questions": [question_view(one, language, visit.answers.get(one.id, "")) for one in step.questions],
        "upcoming": [f"{stimulus.name}.mp4" for stimulus in served.upcoming(participant, step)],
        "earlier": earlier(served, participant, step),
    }


def kept_view(served: ServedStudy, participant: Participant, step: Step, visit: Visit) -> dict[str, Any]:
    """Return what a page that was left shows when somebody comes back to it.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
        visit: what is stored of it.
    """
    language = participant.language
    questions = [question_view(one, language, visit.answers.get(one.id, "")) for one in step.questions]
    return {
        **page_view(served, participant, step),
        "heading": heading(served, participant, step),
        "questions": [{**one, "read": readable(one)} for one in questions],
        "earlier": earlier(served, participant, step),
    }


def headphones_view(served: ServedStudy, participant: Participant, step: Step) -> dict[str, Any]:
    """Return what the page of the headphone check shows.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
    """
    attempt = min(participant.headphone_attempts + 1, HEADPHONE_ATTEMPTS)
    return {**page_view(served, participant, step), "trials": TRIALS, "attempt": attempt}


def heading(served: ServedStudy, participant: Participant, step: Step) -> str:
    """Return the title of a page with questions.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
    """
    say = speak(participant.language)
    if step.kind != "trial" or step.trial is None:
        return say(f"{step.kind}_title")
    positions = sum(one.kind == "trial" for one in served.store.pages(participant))
    name = "pair_title" if len(step.trial.conditions) > 1 else "trial_title"
    return say(name, position=step.trial.position, positions=positions)


def earlier(served: ServedStudy, participant: Participant, step: Step) -> str:
    """Return the key of the page before that can be looked at again, "" if there is none.

    Args:
        served: of the study.
        participant: whose session.
        step: the page.
    """
    pages = served.store.pages(participant)
    before = pages[: pages.index(step)]
    return next((one.key for one in reversed(before) if one.kind in ANSWERED), "")


def players(served: ServedStudy, step: Step, language: str, *, heard: bool) -> list[dict[str, Any]]:
    """Return what plays the stimuli of a page; nothing here tells a condition.

    Args:
        served: of the study.
        step: the page.
        language: of the participant.
        heard: whether they were played already.
    """
    say, stimuli = speak(language), served.shown(step)
    names = (say("name_left"), say("name_right")) if len(stimuli) > 1 else ("",)
    return [
        {
            "name": name,
            "label": say("clip_named", name=name) if name else say("clip"),
            "file": f"{stimulus.name}.mp4",
            "duration_s": stimulus.duration_s,
            "share": int(heard),
            **{f"say_{act}": say(f"{act}_named", name=name) if name else say(act) for act in ("play", "stop", "again")},
        }
        for name, stimulus in zip(names, stimuli, strict=False)
    ]


def question_view(question: Question, language: str, value: str) -> dict[str, Any]:
    """Return what a question shows.

    Args:
        question: as in the study.
        language: of the participant.
        value: the stored answer; "" if there is none.
    """
    return {
        "id": question.id,
        "kind": question.kind,
        "text": in_language(question.text, language),
        "low": in_language(question.low, language) if question.low else "",
        "high": in_language(question.high, language) if question.high else "",
        "points": question.points,
        "options": [{"id": option.id, "text": in_language(option.text, language)} for option in question.options],
        "several": question.several,
        "ties": question.ties,
        "required": question.required,
        "sides": _sides(question, language),
        "value": value,
    }


def readable(question: dict[str, Any]) -> str:
    """Return a stored answer as the participant read it.

    Args:
        question: made by `question_view`.
    """
    kind, value = question["kind"], question["value"]
    if kind == "choice":
        return ", ".join(option["text"] for option in question["options"] if option["id"] in value.split())
    if kind == "preference":
        return str(dict(question["sides"]).get(value, ""))
    if kind == "slider" and value:
        return f"{float(value):.0f} / 100"
    if kind == "likert" and value:
        return f"{value} / {question['points']}"
    return str(value)


def consent_view(study: Study, language: str) -> dict[str, Any]:
    """Return what the first page shows.

    Args:
        study: that is served.
        language: that is read.
    """
    text = in_language(study.consent.text, language)
    return {
        "paragraphs": [" ".join(part.split()) for part in text.split("\n\n") if part.strip()],
        "version": study.consent.version,
    }


def _sides(question: Question, language: str) -> list[tuple[str, str]]:
    say = speak(language)
    sides = [("left", say("name_left")), ("right", say("name_right"))]
    return [sides[0], ("tie", say("no_preference")), sides[1]] if question.ties else sides
