"""Ensembles: tables of parts and figures, one file each, read once and checked before anything is played."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from video2music.errors import EnsembleError
from video2music.features.video_features import EMOTIONS
from video2music.music.notation import SILENCE, STEP_LENGTH, Figure, read_drums, read_figure

LEVELS = 5
"""Density levels, from sparse to dense."""

DEFAULT_ENSEMBLE = "piano"

PAPER = "paper"
"""The ensemble that plays as published."""

Role = Literal["harmony", "bass", "drums", "melody"]
Voicing = Literal["close", "piano", "bass", "drums"]
Span = Literal["chord", "phrase"]
Final = Literal["roll", "chord", "root", "hit", "silent"]

_USUAL_FINAL: dict[Role, Final] = {"harmony": "chord", "bass": "root", "drums": "hit", "melody": "silent"}
_USUAL_VOICING: dict[Role, Voicing] = {"harmony": "close", "bass": "bass", "drums": "drums", "melody": "close"}
_ROLES_OF_ROWS = ("harmony", "bass", "drums")

MELODY = "Melody"
"""Name of the track and the stem of the tune."""

_LOWEST, _HIGHEST = 0, 127
_MOST_VOICES = 6


@dataclass(frozen=True)
class Swell:
    """How a held sound grows.

    Attributes:
        over: what it grows over, a chord or a phrase.
        from_db: how much softer it begins, 0 or less.
    """

    over: Span
    from_db: float


@dataclass(frozen=True)
class Part:
    """One instrument of an ensemble; how a file says it stands in docs/ensembles.md.

    Attributes:
        name: of the track and the stem.
        role: what it is for.
        program: General MIDI program, 0 to 127; for drums the kit.
        register: lowest and highest note.
        voices: notes of its chords.
        voicing: how a chord is laid out in the register.
        cycle: whether its figures begin anew with every chord or with every bar.
        ring: beats that a note sounds at least, unless the harmony changes; 0 holds it as it is written.
        ring_low: the same for the lowest voice.
        sustained: whether tones that two chords share are held across, and the last chord fades.
        complete: whether tones of a chord that its figure leaves out are added before the chord ends.
        strum: beats between the tones of a struck chord.
        overlap: beats by which a note reaches into the next one of the same chord.
        level_db: loudness beside the other parts.
        velocity: factor on velocities.
        accent: by which share weak beats are softer than strong ones.
        pan: -1 left to 1 right.
        reverb: 0 to 1, how much of it is sent to the reverb.
        delay_ms: largest random delay of a stroke.
        jitter: largest random change of a velocity.
        enters: bar in which it begins to play, 0 is the first.
        swell: how held notes grow; None if they do not.
        final: how it plays the last chord: rolled, as a chord, its root, a hit of the drums, or not at all.
        figures: per level; of a melody, which plays the tune of the score, silent.
        answers: per level, in phrases that answer; the figures if the file has none.
        turns: per level, two beats at the end of a phrase or before a cut; None if the file has none.
        accents: per level, two beats that are added at a cut; silent if the file has none.
    """

    name: str
    role: Role
    program: int
    register: tuple[int, int]
    voices: int
    voicing: Voicing
    cycle: Literal["chord", "bar"]
    ring: float
    ring_low: float
    sustained: bool
    complete: bool
    strum: float
    overlap: float
    level_db: float
    velocity: float
    accent: float
    pan: float
    reverb: float
    delay_ms: float
    jitter: int
    enters: int
    swell: Swell | None
    final: Final
    figures: tuple[Figure, ...]
    answers: tuple[Figure, ...]
    turns: tuple[Figure, ...] | None
    accents: tuple[Figure, ...]


@dataclass(frozen=True)
class Ensemble:
    """Instruments that play together.

    Attributes:
        name: identifier, the name of its file.
        title: what a person reads.
        summary: one sentence about it.
        as_published: whether it plays with the habits and errors of the published code.
        swing: share of a beat at which its second half begins, 0.5 is straight.
        suits: how well it suits each emotion of a video, 0 to 1, by name; emotions left out are not suited.
        liveliness: how well it suits a video that moves more than usual, -1 to 1.
        parts: its instruments.
        melody: who plays the tune of a score that has one; None where nobody does.
    """

    name: str
    title: str
    summary: str
    as_published: bool
    swing: float
    suits: Mapping[str, float]
    liveliness: float
    parts: tuple[Part, ...]
    melody: Part | None = None


def ensemble_names() -> tuple[str, ...]:
    """Return the identifiers of all ensembles, in alphabetical order."""
    files = resources.files(__package__).joinpath("ensembles").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def load_ensemble(name: str) -> Ensemble:
    """Read an ensemble that comes with the package.

    Args:
        name: its identifier.

    Raises:
        EnsembleError: there is none of that name, or its file cannot be played.
    """
    names = ensemble_names()
    if name not in names:
        nearest = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.0)
        raise EnsembleError(
            f"There is no ensemble '{name[:40]}'",
            remedy=f"Did you mean {nearest[0]}? There are {', '.join(names)}",
        )
    text = resources.files(__package__).joinpath("ensembles", f"{name}.toml").read_text(encoding="utf-8")
    return read_ensemble(name, text)


def read_ensemble(name: str, text: str) -> Ensemble:
    """Read the text of an ensemble's file.

    Args:
        name: its identifier.
        text: TOML.

    Raises:
        EnsembleError: it is not TOML, a field is missing, unknown or out of range, or a figure cannot be read.
    """
    try:
        table = _Table(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise EnsembleError(f"The file is not TOML ({error})", where=name) from error
    rows, melody = table.take("part", list), table.take("melody", dict, default={})
    ensemble = Ensemble(
        name=name,
        title=table.take("title", str),
        summary=table.take("summary", str),
        as_published=table.take("as_published", bool, default=False),
        swing=table.number("swing", 0.5, (0.5, 0.75)),
        suits=_read_suits(_Table(table.take("suits", dict, default={}), f"{name}, suits")),
        liveliness=table.number("liveliness", 0.0, (-1, 1)),
        parts=tuple(_read_part(_Table(row, f"{name}, part {index + 1}")) for index, row in enumerate(rows)),
        melody=_read_melody(melody, name) if melody else None,
    )
    table.close()
    names = [part.name for part in (*ensemble.parts, *([ensemble.melody] if ensemble.melody else []))]
    if len(set(names)) < len(names) or not names:
        raise EnsembleError("The parts need names of their own, and at least one is needed", where=name)
    if not any(part.role != "drums" and part.figures[0].strokes and not part.enters for part in ensemble.parts):
        raise EnsembleError("No part with pitches plays at the lowest level from the beginning", where=name)
    return ensemble


def _read_suits(table: "_Table") -> Mapping[str, float]:
    suits = {emotion: table.number(emotion, 0.0, (0, 1)) for emotion in EMOTIONS}
    table.close()
    return suits


def _read_melody(fields: Mapping[str, Any], name: str) -> Part:
    """Read who plays the tune: a part without figures."""
    given = sorted({"figures", "answers", "turns", "accents", "role"} & set(fields))
    if given:
        raise EnsembleError(f"The melody plays the tune of the score, not {given[0]}", where=name)
    return _read_part(_Table({"name": MELODY, **fields, "figures": [""] * LEVELS}, f"{name}, melody"), "melody")


def _read_part(table: "_Table", role: Role | None = None) -> Part:
    role = role or table.choice("role", _ROLES_OF_ROWS)
    table.where += f" ({table.peek('name')})"
    swell = table.take("swell", dict, default={})
    figures = table.figures("figures", role)
    if figures is None:
        raise EnsembleError("There are no figures", where=table.where)
    ring = table.number("ring", 0.0, (0, 16))
    part = Part(
        name=table.take("name", str),
        role=role,
        program=int(table.number("program", 0 if role == "drums" else None, (0, 127))),
        register=_read_register(table, role),
        voices=int(table.number("voices", 3, (1, _MOST_VOICES))),
        voicing=table.choice("voicing", get_args(Voicing), _USUAL_VOICING[role]),
        cycle=table.choice("cycle", ("chord", "bar"), "bar" if role == "drums" else "chord"),
        ring=ring,
        ring_low=table.number("ring_low", ring, (0, 16)),
        sustained=table.take("sustained", bool, default=False),
        complete=table.take("complete", bool, default=False),
        strum=table.number("strum", 0.0, (0, 0.5)),
        overlap=table.number("overlap", 0.0, (0, 1)),
        level_db=table.number("level_db", 0.0, (-24, 4)),
        velocity=table.number("velocity", 1.0, (0.3, 1.3)),
        accent=table.number("accent", 0.06, (0, 0.5)),
        pan=table.number("pan", 0.0, (-1, 1)),
        reverb=table.number("reverb", 0.3, (0, 1)),
        delay_ms=table.number("delay_ms", 8.0, (0, 40)),
        jitter=int(table.number("jitter", 2, (0, 12))),
        enters=int(table.number("enters", 0, (0, 8))),
        swell=_read_swell(_Table(swell, f"{table.where}, swell")) if swell else None,
        final=table.choice("final", get_args(Final), _USUAL_FINAL[role]),
        figures=figures,
        answers=table.figures("answers", role) or figures,
        turns=table.figures("turns", role, one_step=True),
        accents=table.figures("accents", role, one_step=True) or (SILENCE,) * LEVELS,
    )
    table.close()
    return part


def _read_register(table: "_Table", role: Role) -> tuple[int, int]:
    if role == "drums":
        return (_LOWEST, _HIGHEST)
    low, high = (int(note) for note in table.take("register", list)[:2])
    if not _LOWEST <= low <= high - 11 <= _HIGHEST - 11:
        raise EnsembleError("The register must hold every pitch class, from low to high", where=table.where)
    return low, high


def _read_swell(table: "_Table") -> Swell:
    swell = Swell(over=table.choice("over", get_args(Span)), from_db=table.number("from_db", None, (-24, 0)))
    table.close()
    return swell


class _Table:
    """A table of a file that gives out its fields once each, checked, and knows which nobody asked for."""

    def __init__(self, fields: Mapping[str, Any], where: str) -> None:
        self._fields = dict(fields)
        self.where = where

    def peek(self, name: str) -> object:
        return self._fields.get(name)

    def take(self, name: str, kind: type, *, default: Any = None) -> Any:  # noqa: ANN401 - as `kind` says
        if name not in self._fields and default is None:
            raise EnsembleError(f"The field {name} is missing", where=self.where)
        value = self._fields.pop(name, default)
        if not isinstance(value, kind):
            raise EnsembleError(f"The field {name} is {value!r}, which is of the wrong kind", where=self.where)
        return value

    def number(self, name: str, default: float | None, limits: tuple[float, float]) -> float:
        value = self.take(name, int | float, default=default)  # type: ignore[arg-type]
        if isinstance(value, bool) or not limits[0] <= value <= limits[1]:
            raise EnsembleError(
                f"The field {name} is {value}", where=self.where, remedy=f"It must be from {limits[0]} to {limits[1]}"
            )
        return float(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> Any:  # noqa: ANN401
        value = self.take(name, str, default=default)
        if value not in choices:
            raise EnsembleError(
                f"The field {name} is '{value}'", where=self.where, remedy=f"It must be one of {', '.join(choices)}"
            )
        return value

    def figures(self, name: str, role: Role, *, one_step: bool = False) -> tuple[Figure, ...] | None:
        """Read a list of one figure per level; None if the field is missing."""
        rows = self.take(name, list, default=[])
        if not rows:
            return None
        if len(rows) != LEVELS:
            raise EnsembleError(f"The field {name} has {len(rows)} figures", where=self.where, remedy="It needs 5")
        try:
            read = tuple(_read_row(row, role) for row in rows)
        except EnsembleError as error:
            raise EnsembleError(
                f"{error.what} in {name} ({error.where})", where=self.where, remedy=error.remedy
            ) from None
        if one_step and any(figure.beats not in (0.0, STEP_LENGTH / 4) for figure in read):
            raise EnsembleError(f"The field {name} has a figure that is longer than two beats", where=self.where)
        return read

    def close(self) -> None:
        """Refuse fields that nobody asked for, which are most often misspelled."""
        if self._fields:
            raise EnsembleError(f"The field {min(self._fields)} is not known", where=self.where)


def _read_row(row: Any, role: Role) -> Figure:  # noqa: ANN401 - what a person wrote
    if role == "drums":
        if not isinstance(row, dict) or not all(isinstance(line, str) for line in row.values()):
            raise EnsembleError("A figure of the drums is a table of lines", where=row)
        return read_drums(row)
    lines = [row] if isinstance(row, str) else row
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise EnsembleError("A figure is a line or a list of lines", where=row)
    return read_figure(lines)
