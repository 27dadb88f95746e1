"""Figures as people write them: one character for every sixteenth, so that a bar can be read at a glance."""

from collections.abc import Iterator
from dataclasses import dataclass

from video2music.errors import EnsembleError
from video2music.music.score import BEATS_PER_CHORD

BEATS_PER_CHARACTER = 0.25
STEP_LENGTH = round(BEATS_PER_CHORD / BEATS_PER_CHARACTER)
"""Characters of a step of two beats."""

ALL_TONES, APPROACH = -1, -2
"""Tones that are not an index: the whole chord, and a note that leads to the root of the next one."""

DRUMS = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "brush": 40, "floor": 41, "hat": 42, "pedal": 44, "low_tom": 45,
    "open": 46, "mid_tom": 47, "crash": 49, "high_tom": 50, "ride": 51, "bell": 53, "tambourine": 54, "shaker": 70,
}  # fmt: skip
"""Notes of the General MIDI percussion map."""

_WEIGHTS = {"X": 1.12, "x": 1.0, "o": 0.72}
_HOLD, _REST = "-", "."


@dataclass(frozen=True)
class Stroke:
    """One note or chord of a figure.

    Attributes:
        beat: when it begins, in beats from the beginning of the figure.
        beats: how long it is held.
        tone: index into the voices of the part, ALL_TONES or APPROACH; for drums the note.
        weight: factor on its velocity.
    """

    beat: float
    beats: float
    tone: int
    weight: float = 1.0


@dataclass(frozen=True)
class Figure:
    """What a part plays, over and over, at one density level.

    Attributes:
        beats: its length, a whole number of steps; 0 where the part is silent.
        strokes: in order of time.
    """

    beats: float
    strokes: tuple[Stroke, ...]


SILENCE = Figure(0.0, ())


def read_figure(layers: list[str]) -> Figure:
    """Read the figure of a part with pitches.

    A digit strikes a voice, 0 the lowest; numbers beyond the voices continue an octave higher. "*" strikes all voices,
    "a" a note that leads to the next root, "-" holds, "." rests; blanks and bars "|" only help the eye.

    Args:
        layers: lines that sound together, of equal length.

    Raises:
        EnsembleError: a line has another character, or is not a whole number of steps of eight characters.
    """
    strokes = [stroke for line in _lines(layers) for stroke in _strokes(line)]
    return _figure(_lines(layers), strokes)


def read_drums(layers: dict[str, str]) -> Figure:
    """Read the figure of the drums: "X" strikes hard, "x" plainly, "o" softly, "." and "-" rest.

    Args:
        layers: a line for every instrument of DRUMS that plays.

    Raises:
        EnsembleError: an instrument or character does not exist, or a line is not a whole number of steps.
    """
    unknown = [name for name in layers if name not in DRUMS]
    if unknown:
        raise EnsembleError(f"There is no drum '{unknown[0]}'", remedy=f"The drums are {', '.join(sorted(DRUMS))}")
    lines = _lines(list(layers.values()))
    strokes = []
    for name, line in zip(layers, lines, strict=True):
        for position, character in enumerate(line):
            if character in _WEIGHTS:
                beat = position * BEATS_PER_CHARACTER
                strokes.append(Stroke(beat, BEATS_PER_CHARACTER, DRUMS[name], _WEIGHTS[character]))
            elif character not in (_HOLD, _REST):
                raise EnsembleError(f"A figure of the drums has the character '{character}'", where=line)
    return _figure(lines, strokes)


def _figure(lines: list[str], strokes: list[Stroke]) -> Figure:
    if not strokes:
        return SILENCE
    return Figure(len(lines[0]) * BEATS_PER_CHARACTER, tuple(sorted(strokes, key=lambda s: (s.beat, s.tone))))


def _lines(layers: list[str]) -> list[str]:
    """Take away what only helps the eye, and repeat short lines until all are as long as the longest."""
    lines = [line.replace(" ", "").replace("|", "") for line in layers]
    longest = max((len(line) for line in lines), default=0)
    for line in lines:
        if len(line) % STEP_LENGTH or (line and longest % len(line)):
            raise EnsembleError(
                f"A line of a figure has {len(line)} characters", where=line,
                remedy=f"It must have a multiple of {STEP_LENGTH}, and lines must fit into the longest",
            )  # fmt: skip
    return [line * (longest // len(line)) for line in lines if line]


def _strokes(line: str) -> Iterator[Stroke]:
    for position, character in enumerate(line):
        if character in (_HOLD, _REST):
            continue
        if character not in "0123456789*a":
            raise EnsembleError(f"A figure has the character '{character}'", where=line)
        held = len(line[position + 1 :]) - len(line[position + 1 :].lstrip(_HOLD))
        tone = {"*": ALL_TONES, "a": APPROACH}.get(character)
        yield Stroke(
            beat=position * BEATS_PER_CHARACTER,
            beats=(1 + held) * BEATS_PER_CHARACTER,
            tone=int(character) if tone is None else tone,
        )
