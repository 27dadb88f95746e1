"""From a score to the notes of a piano: published figures, right chords, and an ending."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pretty_midi

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, transpose
from video2music.harmony.voicing import voice_progression
from video2music.music.ending import closing_step, resolve
from video2music.music.expression import expression_curve
from video2music.music.figures import Approach, Figures, FinalChord, Stroke, load_figures
from video2music.music.midi import PlayedNote, end_at_next_onset, to_midi
from video2music.music.registers import seat_voices
from video2music.music.score import BEATS_PER_CHORD, Score

_LONGEST_RING = 2  # steps that a bass, or a harmony before a rest, may sound


@dataclass(frozen=True)
class _Step:
    """One step as it will be played.

    Attributes:
        first_beat: where it begins.
        tones: voiced chord from low to high, at least one note.
        odd: whether it is the second, fourth, ... step of its chord.
        closes: whether the figure ends here, so that tones not heard yet must follow now.
        rest_follows: whether the next step has no chord.
        change_beat: where the next other chord begins, or the end of the piece.
        next_pitch_classes: of that chord.
        level: density level.
        velocity: of its notes.
        stretch: factor on the beats of its strokes.
    """

    first_beat: float
    tones: tuple[int, ...]
    odd: bool
    closes: bool
    rest_follows: bool
    change_beat: float
    next_pitch_classes: frozenset[int]
    level: int
    velocity: int
    stretch: float


def arrange(score: Score, *, as_published: bool = False) -> pretty_midi.PrettyMIDI:
    """Arrange a score for piano.

    Note density chooses the figure, loudness the velocity and the expression of ringing notes. Every chord tone sounds,
    no note reaches into a chord it does not belong to, and the piece comes to rest on the tonic before its duration is
    over.

    Args:
        score: chords in its key, one per step.
        as_published: play what the published code plays: figures by loudness, four tones of a chord, wrong tones in
            some chords, every note two beats long, no expression, no ending.

    Returns:
        One piano track with tempo, key and time signature, and the chord symbols as lyrics.

    Raises:
        KeyParseError: the key does not exist.
        ChordParseError: a chord is not in the vocabulary.
    """
    key = parse_key(score.key)
    figures = load_figures()
    if as_published:
        return to_midi(score, key, end_at_next_onset(_inside(_published_notes(score, key, figures))))
    score = resolve(score)
    notes = end_at_next_onset(_inside(_notes(score, key, figures)))
    return to_midi(score, key, notes, expression_curve(score, figures.expression))


def _inside(notes: Iterator[PlayedNote]) -> Iterator[PlayedNote]:
    """Leave out what a step that began before the clip would have played by then."""
    return (note for note in notes if note.start >= 0)


def _chords_in_c(score: Score, key: Key) -> list[int]:
    """Read the chords and move them to C major or A minor, where they are voiced."""
    return [transpose(parse_chord(symbol), -key.shift) for symbol in score.chords]


def _positions_in_run(chords: Sequence[int]) -> list[int]:
    """Count for every step how many equal chords stand directly before it."""
    return [position for _, run in groupby(chords) for position, _ in enumerate(run)]


def _published_notes(score: Score, key: Key, figures: Figures) -> Iterator[PlayedNote]:
    """Play the figures as the published code does, which chooses them by loudness."""
    chords = _chords_in_c(score, key)
    voiced = voice_progression(chords, as_published=True)
    for index, (tones, position) in enumerate(zip(voiced, _positions_in_run(chords), strict=True)):
        loudness = float(score.loudness[index])
        level = figures.levels[figures.level_of(figures.curve.percent(loudness))]
        for stroke in (level.odd if position % 2 else level.even) if tones else ():
            start = score.beat_of_step(index) + stroke.beat
            pitch = tones[stroke.tone] + key.shift
            yield PlayedNote(pitch, start, start + figures.note_beats, figures.curve.velocity(loudness))


def _notes(score: Score, key: Key, figures: Figures) -> Iterator[PlayedNote]:
    """Play a resolved score: the figures up to the closing step, then the final chord."""
    chords = _chords_in_c(score, key)
    voiced = seat_voices(chords, key.shift)
    closing = closing_step(score.end_step)
    heard: set[int] = set()
    for step in _steps(score, chords, voiced, figures, closing):
        heard = heard if step.odd else set()
        yield from _play(step, figures, heard)
    velocity = figures.curve.velocity(float(score.loudness[closing]))
    start, end = score.beat_of_step(closing), score.duration_s / score.beat_s
    yield from _final_chord(voiced[closing], max(0.0, start), end, velocity, figures.final)


def _steps(
    score: Score, chords: Sequence[int], voiced: Sequence[tuple[int, ...]], figures: Figures, closing: int
) -> Iterator[_Step]:
    """Describe every step with a chord before the closing one."""
    for index, position in enumerate(_positions_in_run(chords)[:closing]):
        if chords[index] == NO_CHORD:
            continue
        change = next(
            later
            for later in range(index + 1, closing + 1)
            if chords[later] not in (chords[index], NO_CHORD) or later == closing
        )
        approach = _approach(closing - index, figures)
        yield _Step(
            first_beat=score.beat_of_step(index),
            tones=voiced[index],
            odd=bool(position % 2),
            closes=bool(position % 2) or index + 1 == closing or chords[index + 1] != chords[index],
            rest_follows=index + 1 < closing and chords[index + 1] == NO_CHORD,
            change_beat=score.beat_of_step(change),
            next_pitch_classes=frozenset(note % 12 for note in voiced[change]),
            level=min(figures.level_of(float(score.note_density[index])), approach.highest_level),
            velocity=round(figures.curve.velocity(float(score.loudness[index])) * approach.softening),
            stretch=approach.stretch,
        )


def _approach(steps_before_closing: int, figures: Figures) -> Approach:
    """Return how a step is played that far before the final chord."""
    if steps_before_closing <= len(figures.approaches):
        return figures.approaches[steps_before_closing - 1]
    return Approach(highest_level=len(figures.levels) - 1, stretch=1.0, softening=1.0)


def _play(step: _Step, figures: Figures, heard: set[int]) -> Iterator[PlayedNote]:
    """Play the figure of one step; `heard` collects the tones of the chord that sounded in this pair of steps."""
    level = figures.levels[step.level]
    for stroke in _complete(level.odd if step.odd else level.even, step, heard):
        start = step.first_beat + stroke.beat * step.stretch
        pitch = step.tones[stroke.tone]
        longest = _LONGEST_RING * BEATS_PER_CHORD if stroke.tone == 0 or step.rest_follows else figures.note_beats
        end = start + longest
        if stroke.tone == 0 or pitch % 12 not in step.next_pitch_classes:
            end = min(end, step.change_beat)
        yield PlayedNote(pitch, start, end, step.velocity)


def _complete(strokes: Sequence[Stroke], step: _Step, heard: set[int]) -> list[Stroke]:
    """Add the tones that the figure would leave out, together with its last stroke of its highest tone.

    The published figures know four tones and need two steps for all of them; the highest of a seventh chord is never
    played. Here every tone sounds before the figure ends.
    """
    heard.update(stroke.tone for stroke in strokes)
    if not step.closes:
        return list(strokes)
    upper_tones = range(1, len(step.tones))
    highest = max(strokes, key=lambda stroke: (stroke.tone, stroke.beat))
    missing = [Stroke(tone, highest.beat) for tone in upper_tones if tone not in heard]
    heard.update(stroke.tone for stroke in missing)
    return [*strokes, *missing]


def _final_chord(
    tones: tuple[int, ...], start: float, end: float, velocity: int, final: FinalChord
) -> Iterator[PlayedNote]:
    """Roll the tonic upwards ever slower and softer, with its root on top, and let it ring almost to the end."""
    time_left = end - start
    release = min(final.longest_release_beats, final.release_share * time_left)
    root_on_top = tones[0] + 12 * math.ceil((tones[-1] - tones[0]) / 12)
    rolled = tones if root_on_top == tones[-1] else (*tones, root_on_top)
    pace = min(1.0, final.last_onset_share * time_left / final.beats[len(rolled) - 1])
    for pitch, beat, softening in zip(rolled, final.beats, final.softening, strict=False):
        yield PlayedNote(pitch, start + beat * pace, end - release, round(velocity * softening))
