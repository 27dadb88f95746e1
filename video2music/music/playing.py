"""From a plan and a part's figures to its notes: strokes, holding and letting go, walking basses, human touch."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from video2music.harmony.key import Key
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes
from video2music.music.ensemble import Part
from video2music.music.form import Step
from video2music.music.midi import PlayedNote
from video2music.music.notation import ALL_TONES, APPROACH, BEATS_PER_CHARACTER, SILENCE, Figure, Stroke
from video2music.music.score import BEATS_PER_CHORD, Score

_LONGEST_TIE = 8.0
_HELD = 1.0  # beats from which a stroke counts as held
_SHORTEST = 0.1


@dataclass(frozen=True)
class Voiced:
    """What a part needs to know of the piece.

    Attributes:
        score: resolved.
        key: of the piece.
        steps: the plan, up to the final chord.
        chords: numbers of all chords, the final one included.
        tones: (per chord) notes of the part.
        closing_beat: where the final chord begins.
        cut_accent: factor on the velocity of strokes on a cut.
        full_level: density level at which no part waits any longer.
        shortest_stroke_s: seconds; where a sixteenth is shorter, figures are played in eighths.
    """

    score: Score
    key: Key
    steps: Sequence[Step]
    chords: Sequence[int]
    tones: Sequence[tuple[int, ...]]
    closing_beat: float
    cut_accent: float
    full_level: int
    shortest_stroke_s: float


def play(part: Part, piece: Voiced) -> list[PlayedNote]:
    """Play a part up to the final chord.

    Args:
        part: its figures and touch.
        piece: the plan and the part's voices.

    Returns:
        Notes that sound only in chords they belong to, unless they are marked as passing.
    """
    notes: list[PlayedNote] = []
    heard: set[int] = set()
    before: Step | None = None
    waits = part.enters > 0 and _has_room(part, piece)
    for step in piece.steps:
        waits = waits and step.bar < part.enters and step.level < piece.full_level
        if waits:
            continue
        if part.role != "drums" and step.chord == NO_CHORD:
            continue
        strokes = _strokes(part, step, fresh=before is None or _begins_anew(part, before, step))
        if piece.score.beat_s * BEATS_PER_CHARACTER < piece.shortest_stroke_s:
            strokes = _on_eighths(strokes, part, step)
        before = step
        if part.complete:
            heard = heard if step.position % 2 else set()
            strokes = _completed(strokes, step, len(piece.tones[step.index]), heard)
        for stroke in strokes:
            notes.extend(_sound(part, piece, step, stroke))
    notes = _one_at_a_time(notes, part.overlap) if part.role == "bass" else notes
    return _tied(notes, piece) if part.sustained else notes


def _one_at_a_time(notes: list[PlayedNote], overlap: float) -> list[PlayedNote]:
    """End every note of a bass where the next one begins: two low notes at a time would growl."""
    longest = {round(note.start, 6): note for note in sorted(notes, key=lambda note: note.end)}
    ordered = sorted(longest.values(), key=lambda note: note.start)
    cut = [replace(note, end=min(note.end, later.start + overlap)) for note, later in pairwise(ordered)]
    return [*cut, *ordered[-1:]]


def _has_room(part: Part, piece: Voiced) -> bool:
    """Tell whether the piece is long enough for a part to wait: twice its wait."""
    return bool(piece.steps) and piece.steps[-1].bar >= 2 * part.enters


def _begins_anew(part: Part, before: Step, step: Step) -> bool:
    """Tell whether what the figure holds must be struck again, because the step before did not play its beginning."""
    if step.index != before.index + 1 or (before.turns and part.turns is not None):
        return True
    return step.position == 0 or _figure(part, before) is not _figure(part, step)


def _on_eighths(strokes: list[Stroke], part: Part, step: Step) -> list[Stroke]:
    """Let strokes between eighths join the one before, as two voices at a time; drums leave them out but in fills."""
    if part.role != "drums":
        return [replace(stroke, beat=stroke.beat - stroke.beat % 0.5) for stroke in strokes]
    return [stroke for stroke in strokes if step.turns or stroke.beat % 0.5 == 0]


def _figure(part: Part, step: Step) -> Figure:
    return (part.answers if step.answers else part.figures)[step.level]


def _strokes(part: Part, step: Step, *, fresh: bool) -> list[Stroke]:
    """Cut out of the figure what belongs into a step, counted from its beginning."""
    figure = _figure(part, step)
    if step.turns and part.turns is not None:
        strokes = list(part.turns[step.level].strokes)
    elif figure is SILENCE or not figure.beats:
        strokes = []
    else:
        strokes = _window(part, step, figure, fresh=fresh)
    return [*strokes, *part.accents[step.level].strokes] if step.cut else strokes


def _window(part: Part, step: Step, figure: Figure, *, fresh: bool) -> list[Stroke]:
    position = step.position if part.cycle == "chord" else step.bar * 2 + step.half
    first = position * BEATS_PER_CHORD % figure.beats
    found = []
    for stroke in figure.strokes:
        if first <= stroke.beat < first + BEATS_PER_CHORD:
            found.append(replace(stroke, beat=stroke.beat - first))
        elif fresh and stroke.beat < first < stroke.beat + stroke.beats:
            found.append(replace(stroke, beat=0.0, beats=stroke.beat + stroke.beats - first))
    return found


def _completed(strokes: list[Stroke], step: Step, voices: int, heard: set[int]) -> list[Stroke]:
    """Add the tones that the figure would leave out, together with its last stroke of its highest tone.

    The published figures know four tones and need two steps for all of them; the highest of a seventh chord is never
    played. Here every tone sounds before the figure ends.
    """
    heard.update(stroke.tone for stroke in strokes)
    if not strokes or not (step.last or step.position % 2):
        return strokes
    highest = max(strokes, key=lambda stroke: (stroke.tone, stroke.beat))
    missing = [replace(highest, tone=tone) for tone in range(1, voices) if tone not in heard]
    heard.update(stroke.tone for stroke in missing)
    return [*strokes, *missing]


def _sound(part: Part, piece: Voiced, step: Step, stroke: Stroke) -> Iterator[PlayedNote]:
    """Turn a stroke into notes."""
    start = step.beat + stroke.beat * step.stretch
    velocity = step.velocity * part.velocity * stroke.weight * _weight_of_beat(stroke.beat, part.accent)
    velocity *= piece.cut_accent if step.cut and stroke.beat == 0 else 1.0
    if part.role == "drums":
        yield PlayedNote(stroke.tone, start, start + stroke.beats, round(velocity))
        return
    tones = piece.tones[step.index]
    if stroke.tone == APPROACH:
        pitch = _approach_note(part, piece, step)
        end = min(start + stroke.beats, step.change_beat)
        passing = pitch % 12 not in chord_pitch_classes(step.chord)
        yield PlayedNote(pitch, start, end, round(velocity), passing)
        return
    chosen = range(len(tones)) if stroke.tone == ALL_TONES else [stroke.tone]
    for number, index in enumerate(chosen):
        pitch = _tone(part, tones, index)
        length = max(stroke.beats + part.overlap, part.ring_low if index == 0 else part.ring)
        if step.rest_follows and part.ring:
            length = max(length, part.ring_low)
        if not part.sustained:
            length *= piece.score.note_length
        end = _let_go(piece, step, pitch, start + length, lowest=index == 0)
        yield PlayedNote(pitch, start + number * part.strum, end, round(velocity))


def _tone(part: Part, tones: tuple[int, ...], index: int) -> int:
    """Return a voice, or one beyond the last an octave higher if the register reaches so far."""
    pitch = tones[index % len(tones)] + 12 * (index // len(tones))
    while pitch > part.register[1] and index >= len(tones):
        pitch -= 12
    return pitch


def _weight_of_beat(beat: float, accent: float) -> float:
    """Return the factor on the velocity of a beat: strong beats are loud, the parts between beats softest."""
    if beat == 0:
        return 1.0
    if beat % 1 == 0:
        return 1 - 0.4 * accent
    return 1 - (0.7 if beat % 1 == 0.5 else 1.0) * accent


def _let_go(piece: Voiced, step: Step, pitch: int, end: float, *, lowest: bool) -> float:
    """Return when a note ends: before any chord it does not belong to; the lowest voice before any other chord."""
    if lowest:
        return min(end, step.change_beat)
    for later in range(step.index + 1, len(piece.chords)):
        beat = piece.score.beat_of_step(later)
        if beat >= end or beat > piece.closing_beat:
            break
        if piece.chords[later] != NO_CHORD and pitch % 12 not in chord_pitch_classes(piece.chords[later]):
            return beat
    return end


def _approach_note(part: Part, piece: Voiced, step: Step) -> int:
    """Return the note that leads by a step to the next root, or the fifth where there is none or no chord follows."""
    root, fifth = piece.tones[step.index][:2]
    target = piece.tones[step.change_index]
    if not step.last or step.rest_follows or not target or target[0] % 12 == root % 12:
        return fifth
    side = -1 if root < target[0] else 1
    whole, half = target[0] + 2 * side, target[0] + side
    steps = [whole, half] if whole % 12 in piece.key.scale and whole != root else [half]
    lowest, highest = part.register
    return next((pitch for pitch in steps if pitch != root and lowest <= pitch <= highest), fifth)


def _tied(notes: list[PlayedNote], piece: Voiced) -> list[PlayedNote]:
    """Hold tones that two chords share, instead of striking them again where the chord changes."""
    changes = {round(step.beat, 6) for step in piece.steps if step.position == 0 and not step.cut}
    held: dict[int, PlayedNote] = {}
    kept: list[PlayedNote] = []
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        before = held.get(note.pitch)
        joins = before is not None and before.end >= note.start - 1e-6 and note.end - note.start >= _HELD
        if before is not None and joins and round(note.start, 6) in changes and note.end - before.start <= _LONGEST_TIE:
            held[note.pitch] = replace(before, end=max(before.end, note.end))
            continue
        if before is not None:
            kept.append(before)
        held[note.pitch] = note
    return sorted([*kept, *held.values()])


def humanise(part: Part, notes: Sequence[PlayedNote], score: Score, swing: float) -> list[PlayedNote]:
    """Swing the weak halves of beats, and let strokes come a little late and differ a little in strength.

    Strokes are never early, so that none falls into the chord before.

    Args:
        part: how much.
        notes: as written.
        score: its seed makes the same piece twice.
        swing: share of a beat at which its second half begins.

    Returns:
        Notes in order of time.
    """
    generator = np.random.default_rng([score.seed % 2**32, zlib.crc32(part.name.encode())])
    longest_delay = part.delay_ms / 1000 / score.beat_s
    delays: dict[float, float] = {}
    played = []
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        if note.start not in delays:
            delays[note.start] = longest_delay * float(generator.beta(2, 2))
        change = int(generator.integers(-part.jitter, part.jitter + 1))
        start = _swung(note.start - score.pickup_beats, swing) + score.pickup_beats + delays[note.start]
        end = max(note.end, start + _SHORTEST) if part.role == "drums" else note.end
        played.append(replace(note, start=start, end=end, velocity=max(1, min(127, note.velocity + change))))
    return [note for note in played if note.end - note.start > _SHORTEST / 4]


def _swung(beat: float, swing: float) -> float:
    """Move the second half of a beat, and what lies between the halves in proportion."""
    whole = np.floor(beat + 1e-9)
    share = beat - whole
    bent = share * 2 * swing if share < 0.5 else swing + (share - 0.5) * 2 * (1 - swing)
    return float(whole + bent)
