"""The tune of a piece whose chords, tempo or length were changed: what still fits stays, the rest moves by little."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, takewhile

from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes
from video2music.music.ending import closing_step, resolve
from video2music.music.melody import Melody, MelodyNote
from video2music.music.melody_phrases import MelodyPhrase, melody_phrases
from video2music.music.score import BEATS_PER_CHORD, Score

SIXTEENTHS_BELOW_BPM = 92.0
"""Tempo from which on no tune moves in sixteenths."""

_EIGHTHS_BELOW_BPM = 150.0
_LONG_BEATS = 1.0
_AROUND = 2  # semitones beyond its own range that a tune may move
_NEARLY = 1e-6


def fit_melody(composed: Score, laid: Score) -> Melody | None:
    """Return the tune of a score for the same piece as it was laid out anew.

    On the same beats, only notes that sound in another chord than they were composed for are moved: those on strong
    beats and long ones to the nearest tone of that chord, the others to the nearest tone of the scale. On another grid
    of beats the phrases keep their rhythm; they are cut, or begin anew, where theirs are shorter or longer now, and a
    tune that would be hurried leaves notes out. The last note is then held over the last chord again.

    Args:
        composed: with its tune; None stays None.
        laid: the same piece with other chords, or at another tempo, pickup or length.
    """
    if composed.melody is None:
        return None
    before = resolve(composed)
    grids = [(score.tempo_bpm, score.pickup_beats, score.duration_s) for score in (composed, laid)]
    if grids[0] != grids[1]:
        return _fitted(_relaid(before, resolve(laid)), laid, range(len(laid.chords)))
    same = zip(before.chords, laid.chords, strict=False)
    changed = [step for step, (old, new) in enumerate(same) if parse_chord(old) != parse_chord(new)]
    return _fitted(composed.melody, laid, changed)


def _fitted(melody: Melody, score: Score, changed: Iterable[int]) -> Melody:
    """Move the notes of some steps to their chords and scale."""
    touched = set(changed)
    if not touched or not melody:
        return melody
    scale = parse_key(score.key).scale
    pitches = [note.pitch for note in melody]
    around = range(max(0, min(pitches) - _AROUND), min(127, max(pitches) + _AROUND) + 1)
    fitted: list[MelodyNote] = []
    for note in melody:
        home = _home(score, note)
        tones = chord_pitch_classes(parse_chord(score.chords[home]))
        if home in touched and tones:
            wanted = tones if _weighs(score, note, home) else tones | scale
            previous = fitted[-1].pitch if fitted else note.pitch
            fitted.append(replace(note, pitch=_nearest(note.pitch, wanted, around, previous)))
        else:
            fitted.append(note)
    return tuple(fitted)


def _home(score: Score, note: MelodyNote) -> int:
    """Return the step in which a note sounds longest."""
    first, last = score.step_at(note.onset_beat), score.step_at(note.end_beat - _NEARLY)

    def sounds(step: int) -> float:
        begin = score.beat_of_step(step)
        return min(note.end_beat, begin + BEATS_PER_CHORD) - max(note.onset_beat, begin)

    return max(range(first, last + 1), key=lambda step: (round(sounds(step), 6), -step))


def _weighs(score: Score, note: MelodyNote, home: int) -> bool:
    """Tell whether a note must be a tone of its chord: on the first or third beat, long, or ahead of its chord."""
    away = (note.onset_beat - score.pickup_beats) % BEATS_PER_CHORD
    strong = min(away, BEATS_PER_CHORD - away) < _NEARLY
    return strong or note.duration_beats >= _LONG_BEATS or home != score.step_at(note.onset_beat)


def _nearest(pitch: int, pitch_classes: frozenset[int], around: Sequence[int], previous: int) -> int:
    """Return the nearest pitch of some classes; of two the one nearer to the note before."""
    choices = [choice for choice in around if choice % 12 in pitch_classes]
    return min(choices, key=lambda choice: (abs(choice - pitch), abs(choice - previous)), default=pitch)


def _relaid(before: Score, after: Score) -> Melody:
    """Lay the phrases of a tune on another grid of beats, with its last note over the last chord."""
    melody, closing = before.melody or (), before.beat_of_step(closing_step(before.end_step))
    old, new = melody_phrases(before), melody_phrases(after)
    sung = [note for note in melody if note.onset_beat < closing]
    notes: list[MelodyNote] = []
    for number, phrase in enumerate(new if old else ()):
        notes.extend(_sung_again(sung, _source(old, number, answers=phrase.answers), phrase, opens=number == 0))
    if after.tempo_bpm > before.tempo_bpm:
        notes = _unhurried(notes, after.tempo_bpm, after.pickup_beats)
    if melody and melody[-1].end_beat > closing:
        notes.append(_last_note(notes[-1] if notes else melody[-1], melody[-1], after))
    return tuple(notes)


def _source(old: Sequence[MelodyPhrase], number: int, *, answers: bool) -> MelodyPhrase:
    """Return the phrase whose notes a new phrase takes: the one of its number, or one like it where there is none."""
    if number < len(old):
        return old[number]
    alike = [phrase for phrase in old if phrase.answers == answers] or old
    return alike[number % len(alike)]


def _sung_again(
    melody: Sequence[MelodyNote], source: MelodyPhrase, phrase: MelodyPhrase, *, opens: bool
) -> Iterator[MelodyNote]:
    """Sing a phrase in the place of a new one, over and over until that is full.

    Args:
        melody: notes in order.
        source: whose notes are sung.
        phrase: that is to be filled.
        opens: whether the piece begins with it; notes before its bar line are then sung too, if the clip has begun.
    """
    sung = [note for note in melody if note.onset_beat < source.end_beat]
    shifts = count(phrase.begin_beat - source.begin_beat, source.end_beat - source.begin_beat)
    for shift in takewhile(lambda shift: source.begin_beat + shift < phrase.end_beat - _NEARLY, shifts):
        first = shift == phrase.begin_beat - source.begin_beat
        begin = 0.0 if opens and first else source.begin_beat + shift
        for note in sung:
            onset = note.onset_beat + shift
            if begin - _NEARLY <= onset < phrase.end_beat - _NEARLY:
                length = min(note.duration_beats, phrase.end_beat - onset)
                yield replace(note, onset_beat=max(0.0, onset), duration_beats=length)


def _unhurried(notes: Sequence[MelodyNote], tempo_bpm: float, pickup_beats: float) -> list[MelodyNote]:
    """Leave out notes that would follow each other too quickly, those beside the beats first."""
    limits = ((SIXTEENTHS_BELOW_BPM, 0.25), (_EIGHTHS_BELOW_BPM, 0.5))
    gap = next((gap for limit, gap in limits if tempo_bpm < limit), 1.0)
    kept: list[MelodyNote] = []
    for note in notes:
        if not kept or note.onset_beat - kept[-1].onset_beat >= gap - _NEARLY:
            kept.append(note)
        elif _beside(note, pickup_beats) < _beside(kept[-1], pickup_beats):
            kept[-1] = note
        else:
            kept[-1] = replace(kept[-1], duration_beats=note.end_beat - kept[-1].onset_beat)
    return kept


def _beside(note: MelodyNote, pickup_beats: float) -> float:
    """Return how far a note lies from the nearest beat."""
    away = (note.onset_beat - pickup_beats) % 1
    return round(min(away, 1 - away), 3)


def _last_note(previous: MelodyNote, last: MelodyNote, score: Score) -> MelodyNote:
    """Hold the tonic nearest to the note before over the last chord, or a tone of that chord if it has none."""
    onset = max(0.0, score.beat_of_step(closing_step(score.end_step)))
    chord = parse_chord(score.chords[-1])
    tonic = frozenset({parse_key(score.key).pitch_class})
    tones = chord_pitch_classes(chord)
    home = tonic if chord == NO_CHORD or tonic <= tones else tones
    pitch = _nearest(previous.pitch, home, range(128), last.pitch)
    return replace(last, onset_beat=onset, duration_beats=score.duration_s / score.beat_s - onset, pitch=pitch)
