"""From beats to written notes: whole sixteenths, cut at bar lines and beats, tied and beamed as musicians expect."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from video2music.music.melody import MelodyNote
from video2music.music.score import BEATS_PER_BAR, Score

SIXTEENTHS = 4
"""In a beat; nothing shorter is written."""

BAR = BEATS_PER_BAR * SIXTEENTHS
_HALF = BAR // 2
_DOTTED_HALF, _DOTTED_QUARTER = 12, 6
_EIGHTH = 2


@dataclass(frozen=True)
class WrittenNote:
    """A note or rest with one head.

    Attributes:
        position: sixteenths from the bar line.
        length: sixteenths; 1, 2, 3, 4, 6, 8, 12 or 16.
        pitch: MIDI note; None is a rest.
        tied_back: whether it goes on sounding from the note before.
        tied_on: whether it goes on in the next.
        beams: of each level, "begin", "continue", "end", "forward hook" or "backward hook".
    """

    position: int
    length: int
    pitch: int | None = None
    tied_back: bool = False
    tied_on: bool = False
    beams: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenBar:
    """A bar.

    Attributes:
        number: 0 for a pickup.
        first: where it begins, in sixteenths from its bar line; more than 0 for a pickup.
        notes: notes and rests, which fill it.
        chords: symbol by position.
    """

    number: int
    first: int
    notes: tuple[WrittenNote, ...]
    chords: Mapping[int, str]


def write_bars(score: Score) -> list[WrittenBar]:
    """Write the tune and the chords of a score in bars of four beats.

    Args:
        score: as it sounds; without a tune the bars hold rests.
    """
    pickup = round(score.pickup_beats * SIXTEENTHS)
    notes = _in_sixteenths(score.melody or (), score.pickup_beats, pickup)
    end = round((score.duration_s / score.beat_s - score.pickup_beats) * SIXTEENTHS)
    begun = max([1, *(start + 1 for start, _, _ in notes)])
    bars = math.ceil(max(begun, end - SIXTEENTHS + 1) / BAR)  # what is left after the last bar is less than a beat
    notes = [(start, min(last, bars * BAR), pitch) for start, last, pitch in notes]
    chords = _changes(score, pickup)
    begins = ([-BAR] if pickup else []) + [BAR * bar for bar in range(bars)]
    written = []
    for number, begin in enumerate(begins, start=0 if 0 < pickup < BAR else 1):
        first = max(0, -pickup - begin)
        inside = {at - begin: symbol for at, symbol in chords.items() if begin <= at < begin + BAR}
        heads = [*_heads(notes, begin, first, set(inside))]
        written.append(WrittenBar(number, first, tuple(_beamed(heads)), inside))
    return written


def _in_sixteenths(melody: Sequence[MelodyNote], bar_line: float, pickup: int) -> list[tuple[int, int, int]]:
    """Return start and end, counted from the first bar line, and pitch; a breath of a sixteenth is not written."""
    rounded = {}
    for note in melody:
        start = max(-pickup, round((note.onset_beat - bar_line) * SIXTEENTHS))
        rounded[start] = (max(start + 1, round((note.end_beat - bar_line) * SIXTEENTHS)), note.pitch)
    notes = [(start, end, pitch) for start, (end, pitch) in sorted(rounded.items())]
    joined = [
        (start, later if end >= later - 1 else end, pitch) for (start, end, pitch), (later, _, _) in pairwise(notes)
    ]
    return [*joined, *notes[-1:]]


def _changes(score: Score, pickup: int) -> dict[int, str]:
    """Return the symbols of chords where they change, by sixteenths from the first bar line."""
    chords = {
        max(-pickup, round((score.beat_of_step(step) - score.pickup_beats) * SIXTEENTHS)): symbol
        for step, symbol in enumerate(score.chords)
    }
    before: str | None = None
    changes = {}
    for at, symbol in sorted(chords.items()):
        if symbol != before:
            changes[at] = before = symbol
    return changes


def _heads(notes: Sequence[tuple[int, int, int]], begin: int, first: int, chords: set[int]) -> Iterator[WrittenNote]:
    """Write what sounds in a bar, with rests between."""
    filled = first
    for start, end, pitch in notes:
        low, high = max(start - begin, first), min(end - begin, BAR)
        if low >= high:
            continue
        yield from _rests(filled, low, chords)
        pieces = list(_pieces(low, high))
        for number, (position, until) in enumerate(pieces):
            back = number > 0 or start < begin + low
            on = number < len(pieces) - 1 or end > begin + BAR
            yield WrittenNote(position, until - position, pitch, back, on)
        filled = high
    yield from _rests(filled, BAR, chords)


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a note so that the middle of the bar and the beats stay visible."""
    length, in_half = end - start, start % _HALF
    whole = start == 0 and length in (BAR, _DOTTED_HALF)
    syncopated = in_half == _EIGHTH and length == SIXTEENTHS
    if whole or syncopated or (in_half == 0 and length in (_HALF, _DOTTED_QUARTER)):
        yield start, end
        return
    unit = _HALF if start // _HALF != (end - 1) // _HALF else SIXTEENTHS
    line = (start // unit + 1) * unit
    if end <= line:
        yield start, end
    else:
        yield from _pieces(start, line)
        yield from _pieces(line, end)


def _rests(start: int, end: int, chords: set[int]) -> Iterator[WrittenNote]:
    """Fill a gap with rests that each lie inside a beat, or are a half or a whole bar; a chord begins with its own."""
    while start < end:
        whole = next(
            (
                length
                for length in (BAR, _HALF, SIXTEENTHS, _EIGHTH)
                if start % length == 0
                and start + length <= end
                and not any(start < chord < start + length for chord in chords)
            ),
            1,
        )
        yield WrittenNote(start, whole)
        start += whole


def _beamed(notes: Sequence[WrittenNote]) -> Iterator[WrittenNote]:
    """Join eighths and sixteenths of a beat by beams, and four eighths of half a bar."""
    for _, half in groupby(notes, key=lambda note: note.position // _HALF):
        inside = list(half)
        even = len(inside) == SIXTEENTHS and all(note.length == _EIGHTH for note in inside)
        unit = _HALF if even else SIXTEENTHS
        for _, group in groupby(inside, key=lambda note: (note.position // unit, _has_flag(note))):
            yield from _joined(list(group))


def _has_flag(note: WrittenNote) -> bool:
    return note.pitch is not None and note.length < SIXTEENTHS


def _joined(group: list[WrittenNote]) -> list[WrittenNote]:
    if len(group) < 2 or not _has_flag(group[0]):
        return group
    shorter = [note.length == 1 for note in group]
    beams = [(_beam([True] * len(group), number), _beam(shorter, number)) for number in range(len(group))]
    return [
        replace(note, beams=tuple(beam for beam in levels if beam)) for note, levels in zip(group, beams, strict=True)
    ]


def _beam(reaches: Sequence[bool], number: int) -> str:
    """Return what the beam of one level does at a note; nothing where it does not reach."""
    if not reaches[number]:
        return ""
    before = number > 0 and reaches[number - 1]
    after = number + 1 < len(reaches) and reaches[number + 1]
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    return "backward hook" if number else "forward hook"
