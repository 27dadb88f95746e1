"""Reads YAML from strangers: plain data only, and the line on which every value stands."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

LARGEST_BYTES = 200_000
DEEPEST = 20

Place = tuple[str | int, ...]
"""Keys and numbers that lead from the root to a value."""


@dataclass(frozen=True)
class Problem:
    """Something in a file that must be changed.

    Attributes:
        line: from 1.
        place: which value it is about; empty for all of the file.
        what: what is wrong, as a sentence without its full stop.
        remedy: what the person can do, as a sentence without its full stop.
    """

    line: int
    place: Place
    what: str
    remedy: str


class YamlProblemError(Exception):
    """A file that is not the plain YAML that is read here.

    Args:
        problem: what is wrong and where.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass
class Lined:
    """Plain data with the lines on which it stands.

    Attributes:
        data: mappings, lists, texts, numbers, truth values and None.
        lines: line of every value, from 1.
    """

    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Return the line of a value, or of what should hold it if it is missing."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(path: Path) -> Lined:
    """Read one document of plain YAML 1.2.

    Tags, anchors, aliases, repeated keys, further documents, deep nesting and large files are refused, so nothing is
    ever constructed or multiplied.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be read.
        YamlProblemError: it is something else than plain YAML.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise YamlProblemError(Problem(1, (), "The file is larger than 200 kB", "Is this the study's file?"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise YamlProblemError(Problem(line, (), "This is not a text in UTF-8", "Save the file as UTF-8")) from error
    try:
        return _read(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = (error.problem or "it cannot be read").replace("\n", " ").rstrip(". ")
        raise YamlProblemError(
            Problem(mark.line + 1 if mark else 1, (), f"This is not valid YAML: {what}", "Check indents and quotes")
        ) from error
    except YAMLError as error:
        raise YamlProblemError(Problem(1, (), "This is not valid YAML", "Check for unusual characters")) from error


def _read(text: str) -> Lined:
    for problem in _tricks(text):
        raise YamlProblemError(problem)
    yaml, lined = YAML(typ="safe", pure=True), Lined()
    root = yaml.compose(text)
    if root is not None:
        lined.data = _plain(root, (), lined.lines, yaml)
    return lined


def _tricks(text: str) -> Iterator[Problem]:
    """List what goes beyond plain data, before anything is built."""
    depth = documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        documents += isinstance(event, DocumentStartEvent)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            yield Problem(line, (), "The file is nested too deeply", "Look for a bracket that is never closed")
        elif documents > 1:
            yield Problem(line, (), "A second document begins here", "Keep one study in a file, without a line ---")
        elif isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            yield Problem(line, (), "Anchors (&) and aliases (*) are not read", "Write the value out, or quote it")
        elif getattr(event, "tag", None):
            yield Problem(line, (), f"Tags such as {event.tag} are not read", "Remove it, or quote the text")


def _plain(node: Node, place: Place, lines: dict[Place, int], yaml: YAML) -> Any:  # noqa: ANN401 - any plain data
    lines[place] = node.start_mark.line + 1
    if isinstance(node, SequenceNode):
        return [_plain(child, (*place, number), lines, yaml) for number, child in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, place, lines, yaml)
    return _scalar(node, place, yaml)


def _mapping(node: MappingNode, place: Place, lines: dict[Place, int], yaml: YAML) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, child in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise YamlProblemError(Problem(line, place, "A key is a list or a mapping", "Use a word as the key"))
        if key.value in found:
            raise YamlProblemError(Problem(line, (*place, key.value), "It is given twice", "Keep one of them"))
        found[key.value] = _plain(child, (*place, key.value), lines, yaml)
        lines[(*place, key.value)] = line
    return found


def _scalar(node: Node, place: Place, yaml: YAML) -> str | int | float | bool | None:
    kind = str(node.tag).rpartition(":")[2]
    if kind not in ("int", "float", "bool", "null"):
        return str(node.value)
    try:
        value: int | float | bool | None = yaml.constructor.construct_object(node)
    except ValueError:
        return str(node.value)  # more digits than a number has
    if isinstance(value, float) and not math.isfinite(value):
        raise YamlProblemError(
            Problem(node.start_mark.line + 1, place, f"{node.value} is not a number", "Give a finite number")
        )
    return value
