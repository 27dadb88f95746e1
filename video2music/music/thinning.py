"""Between two levels of density: figures of the denser one, without the strokes that would be missed least."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from video2music.music.ensemble import Part
from video2music.music.form import Step
from video2music.music.midi import PlayedNote
from video2music.music.score import Score

_AUDIBLE_BEATS = 0.05
_RINGING_ON = 0.65  # of a note: counted in full, they would leave no strokes to the second half of a chord
_SIXTEENTHS_PER_BEAT = 4

Notes = Sequence[PlayedNote]


def thin(
    parts: Sequence[Part], played: Sequence[Notes], score: Score, steps: Sequence[Step], wanted: NDArray[np.float64]
) -> list[list[PlayedNote]]:
    """Leave notes out until no step has more than wanted.

    Only harmony gives notes away, never those on a cut nor the last of a tone of its chord: first strokes
    between the halves of beats, then between beats, then on weak beats; of those struck together the inner ones.

    Args:
        parts: who plays.
        played: notes of each part.
        score: its grid.
        steps: the plan.
        wanted: (steps,) notes that should sound in each step.

    Returns:
        What each part still plays, in order of time.
    """
    kept = [sorted(notes, key=lambda note: (note.start, note.pitch)) for notes in played]
    begun = _by_step(kept, score, len(steps))
    tones = _tones_of_chords(parts, begun, steps)
    ringing: list[tuple[int, PlayedNote]] = []
    left_out: set[tuple[int, PlayedNote]] = set()
    surplus = 0.0  # what is left of it below one note, counts in the next step
    for step in steps:
        new = begun[step.index]
        ringing = _still_ringing(ringing, new, step.beat)
        surplus = min(max(surplus, 0.0), 1.0) + len(new) + _RINGING_ON * len(ringing) - float(wanted[step.index])
        chord = tones[step.index - step.position]
        for entry in sorted(_spare(parts, new, step), key=lambda entry: _weight(entry, new, step)):
            pitch_class = entry[1].pitch % 12
            if surplus >= 1 and chord[pitch_class] > 1:
                chord[pitch_class] -= 1
                surplus -= 1
                left_out.add(entry)
        ringing = [*ringing, *(entry for entry in new if entry not in left_out)]
    return [[note for note in notes if (number, note) not in left_out] for number, notes in enumerate(kept)]


def sounding_notes(played: Sequence[Notes], score: Score, count: int) -> NDArray[np.float64]:
    """Return how many notes sound in each step, (count,); those that ring on from the step before count less.

    Args:
        played: notes of each part.
        score: its grid.
        count: number of steps.
    """
    sounding = np.zeros(count)
    for note in (note for notes in played for note in notes):
        first = min(score.step_at(note.start), count - 1)
        last = min(max(first, score.step_at(note.end - _AUDIBLE_BEATS)), count - 1)
        sounding[first] += 1
        sounding[first + 1 : last + 1] += _RINGING_ON
    return sounding


def dense_enough(steps: Sequence[Step], counts: NDArray[np.float64], wanted: NDArray[np.float64]) -> list[Step]:
    """Let bars play the next denser figures where those of their level have too few notes, as before parts enter.

    Args:
        steps: the plan.
        counts: (levels, steps) notes that sound where all steps are played at one level.
        wanted: (steps,) notes that should sound.
    """
    raised: list[Step] = []
    for (_, level), group in groupby(steps, key=lambda step: (step.bar, step.level)):
        bar = list(group)
        inside = [step.index for step in bar]
        short = counts[level, inside].sum() <= wanted[inside].sum() - len(bar)
        raised += [replace(step, level=min(level + short, len(counts) - 1)) for step in bar]
    return raised


def _by_step(played: Sequence[Notes], score: Score, count: int) -> list[list[tuple[int, PlayedNote]]]:
    begun: list[list[tuple[int, PlayedNote]]] = [[] for _ in range(count)]
    for number, notes in enumerate(played):
        for note in notes:
            begun[min(score.step_at(note.start), count - 1)].append((number, note))
    return begun


def _tones_of_chords(
    parts: Sequence[Part], begun: Sequence[Sequence[tuple[int, PlayedNote]]], steps: Sequence[Step]
) -> dict[int, Counter[int]]:
    """Count how often each tone of a chord is struck, by the step in which the chord begins."""
    tones: dict[int, Counter[int]] = {step.index - step.position: Counter() for step in steps}
    for step in steps:
        struck = (note.pitch % 12 for number, note in begun[step.index] if parts[number].role != "drums")
        tones[step.index - step.position].update(struck)
    return tones


def _still_ringing(
    ringing: Iterable[tuple[int, PlayedNote]], new: Sequence[tuple[int, PlayedNote]], beat: float
) -> list[tuple[int, PlayedNote]]:
    """Keep what is heard after a beat and not struck again on it."""
    again = {(number, note.pitch) for number, note in new if note.start - beat < _AUDIBLE_BEATS}
    return [
        (number, note)
        for number, note in ringing
        if note.end > beat + _AUDIBLE_BEATS and (number, note.pitch) not in again
    ]


def _spare(
    parts: Sequence[Part], new: Sequence[tuple[int, PlayedNote]], step: Step
) -> Iterable[tuple[int, PlayedNote]]:
    marked = step.beat + _AUDIBLE_BEATS if step.cut else -math.inf
    return (entry for entry in new if parts[entry[0]].role == "harmony" and entry[1].start > marked)


def _weight(
    entry: tuple[int, PlayedNote], new: Sequence[tuple[int, PlayedNote]], step: Step
) -> tuple[int, bool, float, int]:
    """Order strokes by how much they would be missed."""
    number, note = entry
    sixteenth = round((note.start - step.beat) / step.stretch * _SIXTEENTHS_PER_BEAT)
    metre = 0 if sixteenth % 2 else 1 if sixteenth % 4 else 2 if sixteenth else 3
    together = [other.pitch for part, other in new if part == number and other.start == note.start]
    outer = note.pitch in (min(together), max(together))
    return metre, outer, -note.start, number
