"""Reads the file of a study; whatever is wrong with it is said at once, with the line of each mistake."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from emotion.errors import RefusalError
from video2music.study.consistency import contradictions
from video2music.study.lined_yaml import Lined, Place, Problem, YamlProblemError, read_yaml
from video2music.study.plan import Study, Text

MOST_SHOWN = 60
"""Letters of a wrong value that a message repeats."""

BEGIN = "Write one with: python -m video2music study new FILE"

WORDS = {
    "missing": ("It is missing", "Add it"),
    "too_short": ("There are too few", "Give {min_length} or more"),
    "literal_error": ("{shown} is none of the choices", "Choose {expected}"),
    "string_pattern_mismatch": ("{shown} is not a short name", "Use a to z, digits, - and _, a letter or digit first"),
    "greater_than": ("{shown} is too little", "Use more than {gt:g}"),
    "greater_than_equal": ("{shown} is less than {ge:g}", "Use {ge:g} or more"),
    "less_than_equal": ("{shown} is more than {le:g}", "Use {le:g} or less"),
    "number_for_text": ("{shown} is a number, not a text", "Put it in quotes"),
    "extra_forbidden": ("There is no such field", "{alike}"),
}
"""What is said of each kind of mistake, and its remedy."""


class StudyFileError(RefusalError):
    """A study's file that cannot be used.

    Args:
        path: the file.
        problems: everything that is wrong with it.

    Attributes:
        sentences: one for each problem: file, line, field, what is wrong and the remedy.
    """

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        in_order = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
        self.sentences = tuple(_sentence(path, problem) for problem in in_order)
        super().__init__(f"{len(self.sentences)} mistakes in the study", where=path)
        self.args = ("\n".join(self.sentences),)


def read_study(path: Path | str) -> Study:
    """Read and check a study.

    Whether clips and prepared stimuli exist is not looked at: `checking.check_study` does that.

    Args:
        path: the YAML file.

    Returns:
        The study; `folder` is where the file lies.

    Raises:
        StudyFileError: the file cannot be read, or something in it cannot be used; the message names every mistake
            with its line.
    """
    path = Path(path)
    try:
        lined = read_yaml(path)
    except OSError as error:
        problem = Problem(1, (), f"The study cannot be read ({(error.strerror or str(error)).lower()})", BEGIN)
        raise StudyFileError(path, [problem]) from error
    except YamlProblemError as error:
        raise StudyFileError(path, [error.problem]) from error
    if not isinstance(lined.data, dict):
        raise StudyFileError(path, [Problem(1, (), "This is not a study", BEGIN)])
    if "folder" in lined.data:
        raise StudyFileError(
            path, [Problem(lined.line(("folder",)), ("folder",), "There is no such field", "Remove it")]
        )
    study = _validated(path, lined)
    found = [Problem(lined.line(place), place, what, remedy) for place, what, remedy in contradictions(study)]
    if found:
        raise StudyFileError(path, found)
    return study.model_copy(update={"folder": path.resolve().parent})


def in_language(text: Text, language: str) -> str:
    """Return what a participant reads.

    Args:
        text: in every language of the study.
        language: that the participant chose; another one gives the study's first.
    """
    return text.get(language) or next(iter(text.values()))


def _validated(path: Path, lined: Lined) -> Study:
    languages = lined.data.get("languages", ["en"])
    usable = isinstance(languages, list) and languages and all(isinstance(code, str) for code in languages)
    try:
        return Study.model_validate(lined.data, context={"languages": tuple(languages) if usable else ("en",)})
    except ValidationError as error:
        raise StudyFileError(path, _problems(error, lined)) from error


def _problems(error: ValidationError, lined: Lined) -> list[Problem]:
    """Return one problem for each value that is wrong, however many ways of reading it were tried."""
    found: dict[Place, Problem] = {}
    for details in error.errors():
        given, least = details["input"], details.get("ctx", {}).get("min_length", 0)
        if details["type"] == "too_short" and isinstance(given, list) and len(given) >= least:
            continue  # there are enough, but some of them are wrong: that is said of each
        problem = _problem(details, lined)
        found.setdefault(problem.place, problem)
    return list(found.values())


def _problem(details: ErrorDetails, lined: Lined) -> Problem:
    kind, given, place = details["type"], details["input"], _written_place(details["loc"], lined)
    plain = details["msg"].rstrip(".")
    context = {"shown": _shown(given), "alike": _alike(place), "plain": plain, **details.get("ctx", {})}
    if kind == "string_type" and isinstance(given, int | float):
        kind = "number_for_text"
    what, remedy = (
        words.format(**context) for words in WORDS.get(kind, ("{shown} cannot be used ({plain})", "Correct it"))
    )
    return Problem(lined.line(place), tuple(details["loc"]) if kind == "missing" else place, what, remedy)


def _written_place(loc: Sequence[str | int], lined: Lined) -> Place:
    """Return the part of a location that stands in the file; of a union it also names the kinds that were tried."""
    place = tuple(loc)
    while place and place not in lined.lines:
        place = place[:-1]
    return place


def _alike(place: Place) -> str:
    """Say which field could be meant instead of one that does not exist."""
    model: type[BaseModel] = Study
    for key in place[:-1]:
        if isinstance(key, str) and key in model.model_fields:
            model = _part_of(model.model_fields[key].annotation) or model
    names = [name for name in model.model_fields if name != "folder" or model is not Study]
    near = difflib.get_close_matches(str(place[-1]), names, n=1) if place else []
    return f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(names)}"


def _part_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation of a field
    """Return the model that a field holds, alone or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = getattr(annotation, "__args__", ())
    return next((found for part in inner if (found := _part_of(part))), None)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:MOST_SHOWN]}…"' if len(value) > MOST_SHOWN else f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    return {dict: "A mapping", list: "A list", tuple: "A list", type(None): "Nothing"}.get(type(value), str(value))


def _sentence(path: Path, problem: Problem) -> str:
    field = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in problem.place).lstrip(".")
    end = "" if problem.remedy.endswith("?") else "."
    return f"{path}, line {problem.line}{field and ', '}{field}: {problem.what}. {problem.remedy}{end}"
