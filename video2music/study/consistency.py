"""Whether the parts of a study contradict each other: what no part can check by itself."""

import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from emotion.errors import RefusalError
from video2music.engines import find_engine
from video2music.study.lined_yaml import Place
from video2music.study.plan import AttentionCheck, Choice, Clip, Condition, Question, Study
from video2music.study.wishes import composer_wishes

Contradiction = tuple[Place, str, str]
"""Where, what is wrong, and the remedy; both sentences without their full stops."""

_LANGUAGE = re.compile(r"[a-z]{2}")
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def contradictions(study: Study) -> Iterator[Contradiction]:
    """List everything in a study that contradicts something else in it.

    Args:
        study: whose parts are valid each by itself.
    """
    yield from _languages(study)
    yield from _repeated(study)
    for place, question in _asked(study):
        yield from _question(place, question)
    yield from _beside(study)
    for number, condition in enumerate(study.conditions):
        yield from _condition(("conditions", number), condition, study)
    for name in ("clips", "training_clips"):
        for number, clip in enumerate(getattr(study, name)):
            yield from _range((name, number), clip)
    yield from _design(study)
    for number, check in enumerate(study.attention):
        yield from _attention(("attention", number), check, study)
    yield from _training(study)
    yield from _session(study)


def _languages(study: Study) -> Iterator[Contradiction]:
    if not study.languages:
        yield ("languages",), "There is no language", "Name one, such as en"
    for number, language in enumerate(study.languages):
        if not _LANGUAGE.fullmatch(language):
            yield ("languages", number), f'"{language}" is no language', "Use two letters, such as en"
        if language in study.languages[:number]:
            yield ("languages", number), f'"{language}" is given twice', "Remove one"
    for place, text in _texts(study, ()):
        for language in study.languages:
            if not text.get(language, "").strip():
                yield place, f'There are no words in "{language}"', f"Add a line that begins with {language}:"
        for language in sorted(text.keys() - set(study.languages)):
            what = f'"{language}" is not a language of the study'
            yield (*place, language), what, "Add it to languages, or remove it"


def _texts(part: BaseModel, place: Place) -> Iterator[tuple[Place, dict[str, str]]]:
    """List every text that participants read; wishes are the one mapping that is none."""
    for name in type(part).model_fields:
        value, here = getattr(part, name), (*place, name)
        if isinstance(value, BaseModel):
            yield from _texts(value, here)
        elif isinstance(value, dict) and name != "wishes":
            yield here, value
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _texts(item, (*here, number))


def _asked(study: Study) -> Iterator[tuple[Place, Question]]:
    for name in ("questions", "background"):
        for number, question in enumerate(getattr(study, name)):
            yield (name, number), question
    for number, check in enumerate(study.attention):
        yield ("attention", number, "question"), check.question


def _repeated(study: Study) -> Iterator[Contradiction]:
    """List ids that name two things of a kind; questions, background and checks share one column of the answers."""
    groups: tuple[Sequence[str], ...] = (("questions", "background", "attention"), ("clips", "training_clips"))
    for names in (*groups, ("conditions",)):
        parts = [((name, number, "id"), part.id) for name in names for number, part in enumerate(getattr(study, name))]
        yield from _twice(parts)
    for place, question in _asked(study):
        yield from _twice([((*place, "options", n, "id"), option.id) for n, option in enumerate(question.options)])


def _twice(ids: Sequence[tuple[Place, str]]) -> Iterator[Contradiction]:
    taken: set[str] = set()
    for place, name in ids:
        if name in taken:
            yield place, f'The id "{name}" is taken', "Choose another one"
        taken.add(name)


def _question(place: Place, question: Question) -> Iterator[Contradiction]:
    kind, anchored = question.kind, question.kind in ("likert", "slider")
    for end in ("low", "high"):
        given = getattr(question, end) is not None
        if anchored and not given:
            yield place, f"The {end} end of the scale is not named", f"Add {end}: and what it means"
        if given and not anchored:
            yield (*place, end), f"A question of the kind {kind} has no ends", "Remove it"
    if kind == "choice" and len(question.options) < 2:
        yield place, "There are fewer than two options", "Add options, each with id and text"
    belongs = {"options": "choice", "several": "choice", "ties": "preference", "points": "likert"}
    for name, owner in belongs.items():
        if name in question.model_fields_set and kind != owner:
            yield (*place, name), f"It belongs to questions of the kind {owner}", "Remove it"


def _beside(study: Study) -> Iterator[Contradiction]:
    """List questions that do not fit to how many videos are shown beside them."""
    pairs = study.design.show == "pair"
    for place, question in _asked(study):
        rated, preferred = question.kind in ("likert", "slider"), question.kind == "preference"
        if preferred and place[0] != "questions":
            yield (*place, "kind"), "A preference needs two videos, and none is shown here", "Ask otherwise"
        elif preferred and not pairs:
            yield (*place, "kind"), "A preference needs pairs", "Set show: pair under design, or ask otherwise"
        elif rated and pairs and place[0] == "questions":
            yield place, "Beside two videos nobody knows which one is rated", "Ask for a preference, or set show: one"


def _condition(place: Place, condition: Condition, study: Study) -> Iterator[Contradiction]:
    belongs = {"folder": ("midi", "files"), "of": ("shuffled",), "engine": ("engine",), "wishes": ("engine",)}
    for name, sources in belongs.items():
        if name in condition.model_fields_set and condition.source not in sources:
            yield (*place, name), f"It does not belong to the source {condition.source}", "Remove it"
    if condition.source in ("midi", "files") and condition.folder is None:
        yield place, "It is not said where the files are", "Add folder: and the folder's name"
    if condition.source == "shuffled":
        yield from _shuffled(place, condition, study)
    if condition.source == "engine":
        yield from _composed(place, condition)


def _composed(place: Place, condition: Condition) -> Iterator[Contradiction]:
    """List what the composer would refuse, before it is started."""
    for name, check in (
        ("engine", lambda: find_engine(condition.engine)),
        ("wishes", lambda: composer_wishes(condition, seed=0)),
    ):
        try:
            check()
        except RefusalError as error:
            yield (*place, name), error.what, error.remedy or "Correct it"


def _shuffled(place: Place, condition: Condition, study: Study) -> Iterator[Contradiction]:
    of = next((other for other in study.conditions if other.id == condition.of), None)
    if condition.of is None:
        yield place, "It is not said whose music is shuffled", "Add of: and the id of a condition"
    elif of is None:
        yield (*place, "of"), f'There is no condition "{condition.of}"', _one_of(study.conditions)
    elif of.source == "shuffled":
        yield (*place, "of"), f'"{of.id}" is shuffled itself', "Name a condition that has music of its own"
    if len(study.clips) < 2:
        yield place, "With one clip there is no other music to show", "Add a clip, or remove this condition"


def _range(place: Place, clip: Clip) -> Iterator[Contradiction]:
    from video2music.video.part import Part, PartError

    if clip.range_s is None:
        return
    try:
        Part(*clip.range_s)
    except PartError as error:
        yield (*place, "range_s"), error.what, "Give the first and the last second, such as [5, 25]"


def _design(study: Study) -> Iterator[Contradiction]:
    each = study.design.clips_each
    if each is not None and each > len(study.clips):
        yield ("design", "clips_each"), f"There are {len(study.clips)} clips", f"Use {len(study.clips)} or less"


def _attention(place: Place, check: AttentionCheck, study: Study) -> Iterator[Contradiction]:
    trials = study.design.clips_each or len(study.clips)
    if check.after > trials:
        yield (*place, "after"), f"There are {trials} trials", f"Use {trials} or less"
    question, expected = check.question, check.expect
    points = {"likert": question.points, "slider": 100}.get(question.kind)
    if points is not None:
        lowest = 1 if question.kind == "likert" else 0
        if isinstance(expected, str) or not lowest <= expected <= points:
            yield (*place, "expect"), "The scale has no such point", f"Use a number from {lowest} to {points}"
        elif question.kind == "likert" and expected != int(expected):
            yield (*place, "expect"), "The scale has no such point", "Use a whole number"
    elif question.kind == "choice" and expected not in [option.id for option in question.options]:
        yield (*place, "expect"), f'There is no option "{expected}"', _one_of(question.options)
    elif question.kind == "text" and not isinstance(expected, str):
        yield (*place, "expect"), f"{expected} is a number, not a text", "Put it in quotes"


def _training(study: Study) -> Iterator[Contradiction]:
    shown = 2 if study.design.show == "pair" else 1
    clips, conditions = ({part.id for part in parts} for parts in (study.training_clips, study.conditions))
    for number, item in enumerate(study.training):
        place: Place = ("training", number)
        if item.clip not in clips:
            yield (*place, "clip"), f'There is no training clip "{item.clip}"', _one_of(study.training_clips)
        for name in sorted(set(item.conditions) - conditions):
            yield (*place, "conditions"), f'There is no condition "{name}"', _one_of(study.conditions)
        if len(set(item.conditions)) != shown or len(item.conditions) != shown:
            words = "two different conditions" if shown == 2 else "one condition"
            yield (*place, "conditions"), f"On a page there is room for {words}", f"Name {words}"
    if len(study.training_clips) == 1 and any(_is_shuffled(study, item.conditions) for item in study.training):
        yield ("training",), "With one training clip there is no other music to show", "Add another training clip"


def _is_shuffled(study: Study, conditions: Sequence[str]) -> bool:
    return any(condition.id in conditions and condition.source == "shuffled" for condition in study.conditions)


def _session(study: Study) -> Iterator[Contradiction]:
    url, parameter = study.session.completion_url, study.session.external_id
    if url and not url.startswith(("https://", "http://")):
        yield ("session", "completion_url"), "It is no web address", "Begin it with https://"
    if parameter is not None and not _PARAMETER.fullmatch(parameter):
        remedy = "Use letters, digits, _, - and ., such as PROLIFIC_PID"
        yield ("session", "external_id"), "It is no name of a parameter", remedy


def _one_of(parts: Sequence[Choice | Clip | Condition]) -> str:
    return f"Choose from {', '.join(part.id for part in parts)}" if parts else "Add one"
