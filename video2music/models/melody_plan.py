"""Plan of a melody: the grid of the piece, its phrases and which of them return, and what is forbidden where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.key import Key
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes, transpose
from video2music.models.melody import (
    FIRST_PITCH,
    HIGHEST,
    LOWEST,
    PHRASE_BARS,
    REST,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    TOKENS,
)
from video2music.models.melody_context import phrase_bounds, register_height
from video2music.music.melody_phrases import MelodyPhrase

FloatArray = NDArray[np.float32]

NEVER = -1e4
"""Added to the logarithm of the probability of what must not be sung."""

BREATH_FROM, BREATH_AT, BREATH_STEPS = 8, 12, 2
"""Steps of a phrase's last bar: a rest since the first lets the tune go on at the second, else it must rest there."""

_FORM = "aaba"
_LIFT = {"a": 0.0, "b": 4.0}  # semitones by which a phrase lies higher
_SCALE = frozenset({0, 2, 4, 5, 7, 9, 11})
_OUTSIDE = -4.0  # tones of neither scale nor chord
_OFF_CHORD = {0: -0.8, 8: -0.6, 4: -0.3, 12: -0.3}  # by step of the bar
_SHORTEST_PHRASE = 2 * STEPS_PER_BAR


@dataclass(frozen=True)
class ChordSpan:
    """A chord and when it sounds, in beats.

    Attributes:
        onset_beat: from the beginning of the clip; negative where it began before.
        duration_beats: more than 0.
        chord: number as it sounds.
    """

    onset_beat: float
    duration_beats: float
    chord: int


@dataclass(frozen=True)
class Singing:
    """How a melody is drawn.

    Attributes:
        lowest: MIDI pitch, nothing is sung below.
        highest: MIDI pitch, nothing is sung above; at least an octave above `lowest`.
        temperature: below 1 keeps to what is usual, above 1 looks for the unusual.
        candidates: versions of each phrase of which the best is kept.
        finest_steps: sixteenths on whose multiples notes begin; 2 for eighths.
        rhythm_memory: logarithmic bonus for the rhythm of the phrase that returns.
        pitch_memory: logarithmic bonus for its pitches, fitted to the chords.
        contrast: logarithmic malus for pitches that another kind of phrase sang at the same place over the same chord,
            and at the end of a phrase that returns for those that it ended with.
        widest_leap: semitones.
    """

    lowest: int = 57
    highest: int = 79
    temperature: float = 0.95
    candidates: int = 8
    finest_steps: int = 2
    rhythm_memory: float = 0.4
    pitch_memory: float = 0.3
    contrast: float = 0.0
    widest_leap: int = 12


@dataclass(frozen=True)
class Phrase:
    """A phrase of a tune.

    Attributes:
        start: its first step.
        line: the step of its first bar line, later than its start where it has a pickup.
        end: the step after its last.
        source: first bar line of the phrase that returns in it, None for a new one.
        lift: semitones by which it lies higher.
    """

    start: int
    line: int
    end: int
    source: int | None
    lift: float


@dataclass(frozen=True)
class Plan:
    """What is settled before a note is sung; step 0 lies a bar before the first bar line.

    Attributes:
        chords: (T,) numbers in C major or A minor.
        minor: whether the piece is in A minor.
        shift: semitones from there to the key.
        begin: first step that may sound.
        closing: step of the last note, which is held to the end, T.
        phrases: in order, covering all steps before `closing`.
        bias: (T, TOKENS) added to the logarithms of the probabilities.
        chord_tones: (T, TOKENS) which pitches belong to the chord of a step.
        tonic: pitch class on which the tune ends.
        offset_beats: of step 0 from the beginning of the clip.
    """

    chords: NDArray[np.int64]
    minor: bool
    shift: int
    begin: int
    closing: int
    phrases: tuple[Phrase, ...]
    bias: FloatArray
    chord_tones: NDArray[np.bool_]
    tonic: int
    offset_beats: float

    def beat(self, step: int) -> float:
        """Return when a step begins, in beats from the beginning of the clip."""
        return self.offset_beats + step / STEPS_PER_BEAT


def make_plan(
    chords: Sequence[ChordSpan],
    key: Key,
    singing: Singing,
    *,
    first_bar_beat: float,
    closing_beat: float | None,
    phrases: Sequence[MelodyPhrase] | None = None,
) -> Plan:
    """Lay a piece out.

    Args:
        chords: in order, at least one.
        key: of the piece.
        singing: range and grid.
        first_bar_beat: where the first bar line lies, 0 or more and less than 4.
        closing_beat: where the last chord begins; None for the last span's beginning.
        phrases: in order, up to the last chord; None for four bars each in the form a a b a.

    Raises:
        ValueError: there are no chords, or the range is narrower than an octave.
    """
    if not chords or singing.highest - singing.lowest < 12:
        raise ValueError("a melody needs chords and a range of an octave")
    offset = first_bar_beat - STEPS_PER_BAR / STEPS_PER_BEAT

    def step_at(beat: float) -> int:
        return max(0, round((beat - offset) * STEPS_PER_BEAT))

    begin = int(np.ceil(max(0.0, chords[0].onset_beat - offset, -offset) * STEPS_PER_BEAT - 1e-6))
    end = max(step_at(chords[-1].onset_beat + chords[-1].duration_beats), begin + 1)
    numbers = np.full(end, transpose(chords[0].chord, -key.shift), dtype=np.int64)
    for span in chords:
        first, last = step_at(span.onset_beat), step_at(span.onset_beat + span.duration_beats)
        numbers[first:last] = transpose(span.chord, -key.shift)
    last_beat = chords[-1].onset_beat if closing_beat is None else closing_beat
    closing = max(begin, min(step_at(last_beat), end - 1))
    tones = _chord_tones(numbers)
    return Plan(
        chords=numbers,
        minor=key.mode == "minor",
        shift=key.shift,
        begin=begin,
        closing=closing,
        phrases=_phrases_of_form(phrases, closing, step_at) if phrases else _phrases_of_four_bars(closing),
        bias=_bias(numbers, tones, singing, key.shift, begin),
        chord_tones=tones,
        tonic=(key.pitch_class - key.shift) % 12,
        offset_beats=offset,
    )


def registers(plan: Plan, singing: Singing) -> NDArray[np.int64]:
    """Return the wanted height of every step: the middle of the range, higher in contrasting phrases."""
    middle = (singing.lowest + singing.highest) / 2 - plan.shift
    wanted = np.full(len(plan.chords), register_height(middle), dtype=np.int64)
    for phrase in plan.phrases:
        wanted[phrase.start : phrase.end] = register_height(middle + phrase.lift)
    return wanted


def bars_of(plan: Plan) -> NDArray[np.int64]:
    """Return which bar of a phrase each step lies in, 0 to 3; the last one, which comes to rest, is always 3."""
    bars = np.full(len(plan.chords), PHRASE_BARS - 1, dtype=np.int64)
    for phrase in plan.phrases:
        steps = np.arange(phrase.line, max(phrase.line, phrase.end - STEPS_PER_BAR))
        bars[steps] = np.minimum((steps - phrase.line) // STEPS_PER_BAR, PHRASE_BARS - 2)
    return bars


def _phrases_of_four_bars(closing: int) -> tuple[Phrase, ...]:
    """Divide into phrases of four bars in the form a a b a; a rest too short to be one belongs to the last."""
    bounds = list(phrase_bounds(closing)) if closing else []
    if len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] < _SHORTEST_PHRASE:
        bounds[-2:] = [(bounds[-2][0], bounds[-1][1])]
    return _returning(bounds, [_FORM[number % len(_FORM)] for number in range(len(bounds))])


def _phrases_of_form(
    phrases: Sequence[MelodyPhrase], closing: int, step_at: Callable[[float], int]
) -> tuple[Phrase, ...]:
    """Read the phrases of a piece; those that answer bring something new, and return among themselves."""
    starts = [0, *(step_at(phrase.begin_beat) for phrase in phrases[1:])]
    bounds = list(zip(starts, [*starts[1:], closing], strict=True))
    return _returning(bounds, ["b" if phrase.answers else "a" for phrase in phrases]) if closing else ()


def _returning(bounds: Sequence[tuple[int, int]], letters: Sequence[str]) -> tuple[Phrase, ...]:
    """Let the first phrase of every letter return in the later ones; the first of all has a pickup of a bar."""
    phrases: list[Phrase] = []
    for number, ((start, end), letter) in enumerate(zip(bounds, letters, strict=True)):
        first = letters.index(letter)
        source = phrases[first].line if first < number else None
        line = STEPS_PER_BAR if start == 0 else start
        phrases.append(Phrase(start, line, end, source, _LIFT[letter]))
    return tuple(phrases)


def _chord_tones(chords: NDArray[np.int64]) -> NDArray[np.bool_]:
    pitch_classes = np.arange(LOWEST, HIGHEST + 1) % 12
    table = {chord: np.isin(pitch_classes, list(chord_pitch_classes(chord))) for chord in set(chords.tolist())}
    tones = np.zeros((len(chords), TOKENS), dtype=np.bool_)
    for step, chord in enumerate(chords.tolist()):
        tones[step, FIRST_PITCH:] = table[chord]
    return tones


def _bias(chords: NDArray[np.int64], tones: NDArray[np.bool_], singing: Singing, shift: int, begin: int) -> FloatArray:
    """Return what each step adds to each token, whatever is sung."""
    pitches = np.arange(LOWEST, HIGHEST + 1)
    bias = np.zeros((len(chords), TOKENS), dtype=np.float32)
    sung = bias[:, FIRST_PITCH:]
    sung[:, (pitches + shift < singing.lowest) | (pitches + shift > singing.highest)] = NEVER
    foreign = ~np.isin(pitches % 12, list(_SCALE))[None] & ~tones[:, FIRST_PITCH:]
    sung[foreign] += _OUTSIDE
    steps = np.arange(len(chords))
    for position, penalty in _OFF_CHORD.items():
        at = (steps % STEPS_PER_BAR == position)[:, None]
        sung[at & ~tones[:, FIRST_PITCH:]] += penalty
    sung[steps % singing.finest_steps != 0] = NEVER
    silent = (chords == NO_CHORD) | (steps < begin)
    bias[silent] = NEVER
    bias[silent, REST] = 0.0
    return bias


def holds_badly(plan: Plan, step: int, sounding: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which held notes would rub: those outside a chord that begins, and passing notes that last over a beat.

    Args:
        plan: with the chords.
        step: at which the note would be held.
        sounding: (candidates,) token of the last note.
        held: (candidates,) steps since it began.
    """
    outside = ~plan.chord_tones[step, np.minimum(sounding, TOKENS - 1)]
    changes = step > 0 and plan.chords[step] != plan.chords[step - 1]
    rubs: NDArray[np.bool_] = outside & (changes | (held >= STEPS_PER_BEAT))
    return rubs


def cadence(plan: Plan, phrase: Phrase, step: int) -> bool:
    """Tell whether a step lies where a phrase comes to rest: its last bar up to the breath."""
    return phrase.end - STEPS_PER_BAR <= step < phrase.end - STEPS_PER_BAR + BREATH_AT and step < plan.closing


def must_breathe(phrase: Phrase, step: int, rested: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which candidates must rest now, because their phrase ends and they have not breathed.

    Args:
        phrase: that is sung.
        step: now.
        rested: (candidates,) whether they rested in the last bar.
    """
    at = phrase.end - STEPS_PER_BAR + BREATH_AT
    due = phrase.end - phrase.start > STEPS_PER_BAR and at <= step < at + BREATH_STEPS
    return ~rested if due else np.zeros_like(rested)


def last_note(plan: Plan, before: int, singing: Singing) -> int:
    """Return the pitch, in C major or A minor, on which the tune ends: the tonic nearest to the note before.

    Over a last chord without the tonic it is the nearest tone of that chord.

    Args:
        plan: with the last chord.
        before: pitch of the note before.
        singing: range.
    """
    low, high = max(singing.lowest - plan.shift, LOWEST), min(singing.highest - plan.shift, HIGHEST)
    chord = chord_pitch_classes(int(plan.chords[-1]))
    home = {plan.tonic} if plan.tonic in chord or not chord else chord
    choices = [pitch for pitch in range(low, high + 1) if pitch % 12 in home]
    return min(choices, key=lambda pitch: (abs(pitch - before), pitch))
