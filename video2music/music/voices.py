"""Where the voices of a part lie: held in their register, each going to the nearest tone, with room in the low."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise

from video2music.harmony.vocabulary import INTERVALS, NO_CHORD, root_and_quality, transpose
from video2music.music.ensemble import Part
from video2music.music.registers import seat_voices

LOW = 48
"""C3: below it tones lie at least a fifth apart."""

_LOW_INTERVAL = 7
_USUAL_GAP = 5  # a fourth: wider ones sound hollow, and figures leap over them
_LEAST_NEEDED = (7, 0)  # semitones above the root that a chord can spare, the first one first
_CENTRE_PULL = 0.3
_GAP_COST, _SECOND_COST = 0.8, 1.0
_MOST_NOTES = 16  # of a register, beyond which a search through all voicings would be slow


def voice_part(part: Part, chords: Sequence[int], semitones: int, *, raised: float = 0.0) -> list[tuple[int, ...]]:
    """Lay the chords of a piece out for one part.

    Args:
        part: its register, number of voices and kind of voicing.
        chords: numbers as they sound.
        semitones: of the key above C major or A minor.
        raised: semitones by which harmony lies higher in its register than usual.

    Returns:
        Notes of every chord from low to high; for a bass root, fifth, octave and third; empty for "no chord".
    """
    if part.voicing == "piano":
        return seat_voices([transpose(chord, -semitones) for chord in chords], semitones, raised=raised)
    voiced: list[tuple[int, ...]] = []
    previous: tuple[int, ...] = ()
    for chord in chords:
        notes: tuple[int, ...] = ()
        if chord != NO_CHORD and part.voicing != "drums":
            notes = _bass(part, chord, previous) if part.voicing == "bass" else _close(part, chord, previous, raised)
        previous = notes or previous
        voiced.append(notes)
    return voiced


def _bass(part: Part, chord: int, previous: tuple[int, ...]) -> tuple[int, ...]:
    """Put the root near the last one, and find the fifth, octave and third that lie well from there."""
    low, high = part.register
    root, quality = root_and_quality(chord)
    third, fifth = INTERVALS[quality][1:3]
    centre = previous[0] if previous else (low + high) / 2 - 3
    note = min(_in_register(root, low, high), key=lambda octave: (abs(octave - centre), octave))
    return (note, _fold(note + fifth, low, high), _fold(note + 12, low, high), _fold(note + third, low, high))


def _fold(note: int, low: int, high: int) -> int:
    """Move a note by octaves into the register."""
    while note > high:
        note -= 12
    while note < low:
        note += 12
    return note


def _in_register(pitch_class: int, low: int, high: int) -> range:
    return range(low + (pitch_class - low) % 12, high + 1, 12)


def _close(part: Part, chord: int, previous: tuple[int, ...], raised: float) -> tuple[int, ...]:
    """Choose the voicing that moves least and lies best."""
    candidates = _voicings(chord, part.register, part.voices)
    centre = sum(part.register) / 2 + raised
    return min(candidates, key=lambda notes: (_movement(notes, previous) + _awkwardness(notes, centre), notes))


def _movement(notes: tuple[int, ...], previous: tuple[int, ...]) -> float:
    if len(previous) != len(notes):
        return 0.0
    return float(sum(abs(note - before) for note, before in zip(notes, previous, strict=True)))


def _awkwardness(notes: tuple[int, ...], centre: float) -> float:
    gaps = [upper - lower for lower, upper in pairwise(notes)]
    wide = sum(max(0, gap - _USUAL_GAP) for gap in gaps)
    clusters = sum(gap < 3 for gap in gaps)
    drift = abs(sum(notes) / len(notes) - centre)
    return _GAP_COST * wide + _SECOND_COST * clusters + _CENTRE_PULL * drift * len(notes)


@cache
def _voicings(chord: int, register: tuple[int, int], voices: int) -> tuple[tuple[int, ...], ...]:
    """List every way to lay a chord out with so many voices that keeps its character and is clear in the low."""
    root, quality = root_and_quality(chord)
    low, high = register
    intervals = list(INTERVALS[quality])
    for spare in _LEAST_NEEDED:
        if len(intervals) > voices and spare in intervals:
            intervals.remove(spare)
    wanted = [(root + interval) % 12 for interval in intervals[-voices:]]
    notes = sorted(note for pitch_class in wanted for note in _in_register(pitch_class, low, high))[-_MOST_NOTES:]
    whole = [
        chosen
        for chosen in combinations(notes, min(voices, len(notes)))
        if {note % 12 for note in chosen} == set(wanted)
        and all(upper - lower >= (_LOW_INTERVAL if lower < LOW else 1) for lower, upper in pairwise(chosen))
    ]
    return tuple(whole) or (tuple(notes[-voices:]),)
