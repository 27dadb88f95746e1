"""Composing a melody: the network sings phrase after phrase, several versions of each, and the best is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from video2music.harmony.key import Key
from video2music.harmony.vocabulary import NO_CHORD
from video2music.models.melody import (
    FIRST_PITCH,
    HOLD,
    LAGS,
    LOWEST,
    NOTHING,
    REST,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    TOKENS,
    MelodyNetwork,
    Past,
    read_latest,
)
from video2music.models.melody_context import context_of
from video2music.models.melody_judging import judge
from video2music.models.melody_plan import (
    NEVER,
    ChordSpan,
    Phrase,
    Plan,
    Singing,
    bars_of,
    cadence,
    holds_badly,
    last_note,
    make_plan,
    must_breathe,
    registers,
)
from video2music.music.melody import Melody, MelodyNote
from video2music.music.melody_phrases import MelodyPhrase

_LONGEST_NOTE, _LONGEST_SILENCE = 16, 8
_RUB = -4.5
_CADENCE = -2.0
_LEAP_FROM, _LEAP_COST = 8, -0.25  # semitones, and per semitone beyond
_IDEA = 2 * STEPS_PER_BAR
_IDEA_SHARE = 0.6  # of the memory of rhythm, for the second half of a phrase that repeats the first


@torch.inference_mode()
def compose_melody(
    network: MelodyNetwork,
    chords: Sequence[ChordSpan],
    *,
    key: Key,
    density: int | Sequence[int] = 2,
    generator: torch.Generator,
    singing: Singing | None = None,
    first_bar_beat: float = 0.0,
    closing_beat: float | None = None,
    phrases: Sequence[MelodyPhrase] | None = None,
) -> Melody:
    """Compose a melody over chords.

    Args:
        network: that sings.
        chords: in order of time, without gaps; a rest is the chord number 0.
        key: of the piece.
        density: level, 0 to 4, of the whole piece or of each chord.
        generator: of everything random, on the CPU; the same state gives the same tune.
        singing: range, temperature and the like.
        first_bar_beat: where the first bar line lies, in beats, 0 or more and less than 4.
        closing_beat: where the last note begins, which is held to the end; None where the last chord begins.
        phrases: of the piece, in order, up to the last note; None for four bars each in the form a a b a.

    Returns:
        Notes in order, one at a time, none before beat 0 or after the last chord.

    Raises:
        ValueError: there are no chords, the range is narrower than an octave, or there are not as many densities as
            chords.
    """
    chosen = singing or Singing()
    plan = make_plan(chords, key, chosen, first_bar_beat=first_bar_beat, closing_beat=closing_beat, phrases=phrases)
    context = context_of(
        plan.chords,
        minor=plan.minor,
        density=_levels(plan, chords, density),
        register=registers(plan, chosen),
        bars=bars_of(plan) if phrases else None,
    )
    network.eval()
    singer = _Singer(network, network.describe(context)[0], plan, chosen, generator)
    tokens = torch.empty(0, dtype=torch.int64)
    state: Tensor | None = None
    for phrase in plan.phrases:
        tokens, state = singer.best_version(phrase, tokens, state)
    notes = _notes(_ended(tokens.numpy(), plan, chosen), plan)
    end = chords[-1].onset_beat + chords[-1].duration_beats  # may lie between two sixteenths
    if plan.chords[-1] == NO_CHORD or not notes:
        return notes
    return (*notes[:-1], replace(notes[-1], duration_beats=end - notes[-1].onset_beat))


def _levels(plan: Plan, chords: Sequence[ChordSpan], density: int | Sequence[int]) -> NDArray[np.int64]:
    """Return the level of every step, one per phrase."""
    each = [density] * len(chords) if isinstance(density, int) else list(density)
    if len(each) != len(chords):
        raise ValueError(f"there are {len(chords)} chords and {len(each)} densities")
    levels = np.full(len(plan.chords), each[0], dtype=np.float64)
    for span, level in zip(chords, each, strict=True):
        levels[max(0, round((span.onset_beat - plan.offset_beats) * STEPS_PER_BEAT)) :] = level
    for phrase in plan.phrases:
        levels[phrase.start : phrase.end] = levels[phrase.start : phrase.end].mean()
    return np.rint(levels).clip(0, 4).astype(np.int64)


@dataclass(frozen=True)
class _Singer:
    """The network before its music stand.

    Attributes:
        network: that sings.
        described: (T, inputs) of the steps.
        plan: of the piece.
        singing: how.
        generator: of the draws.
    """

    network: MelodyNetwork
    described: Tensor
    plan: Plan
    singing: Singing
    generator: torch.Generator

    def best_version(self, phrase: Phrase, tokens: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Sing a phrase several times and keep the best.

        Args:
            phrase: to sing.
            tokens: (start,) the tune so far.
            state: of the network after it.

        Returns:
            The tune with the phrase, and the state after it.
        """
        count = self.singing.candidates
        # filled step by step, and never copied: the work of a step must not grow with the length of the tune
        whole = tokens.new_empty(count, phrase.end)
        whole[:, : len(tokens)] = tokens
        sung = whole[:, : len(tokens)]
        states = None if state is None else state.expand(-1, count, -1).contiguous()
        likelihood = torch.zeros(count)
        for first, last in self._spans(phrase):
            sung = _held_on(whole, first, last)
            past = read_latest(sung, 1 + last - first)
            described = self.described[first : last + 1].expand(count, -1, -1)
            usual, states = self.network.step(described, past, states)
            wished = usual[:, -1] / self.singing.temperature + self._bias(phrase, last, sung, past)
            drawn = torch.multinomial(wished.softmax(dim=1), 1, generator=self.generator)
            whole[:, last] = drawn[:, 0]
            sung = whole[:, : last + 1]
            likelihood += usual.gather(2, sung[:, first:, None]).clamp(min=-20).sum(dim=(1, 2))
        source = self._memory(phrase, phrase.start, sung.shape[1], sung)
        scores = [
            judge(self.plan, phrase, version, float(known), source=source)
            for version, known in zip(sung.numpy(), likelihood, strict=True)
        ]
        best = int(np.argmax(scores))
        assert states is not None  # noqa: S101  a phrase has steps
        return sung[best], states[:, best : best + 1]

    def _spans(self, phrase: Phrase) -> Iterator[tuple[int, int]]:
        """Group the steps of a phrase: a last one that is drawn, after those on which no note may begin."""
        steps, finest = range(phrase.start, phrase.end), self.singing.finest_steps
        drawn = [s for s in steps if (s >= self.plan.begin and s % finest == 0) or s == phrase.end - 1]
        return zip([phrase.start, *(step + 1 for step in drawn[:-1])], drawn, strict=True)

    def _memory(self, phrase: Phrase, start: int, stop: int, sung: Tensor) -> NDArray[np.int64] | None:
        """Return what the returning phrase sang at these steps, (stop - start,); None for a new phrase."""
        if phrase.source is None:
            return None
        first = phrase.source + start - phrase.start
        return sung[0, first : first + stop - start].numpy()

    def _bias(self, phrase: Phrase, step: int, sung: Tensor, past: Past) -> Tensor:
        """Return what is added to the logarithms of the probabilities of a step, (candidates, TOKENS)."""
        bias = torch.from_numpy(self.plan.bias[step]).repeat(len(sung), 1)
        sounding, held = past.sounding[:, -1], past.held[:, -1]
        bias[:, FIRST_PITCH:] += self._leaps(sounding)
        rubs = torch.from_numpy(holds_badly(self.plan, step, sounding.numpy(), held.numpy()))
        bias[:, HOLD] += _RUB * rubs
        bias[held >= _LONGEST_NOTE, HOLD] += NEVER
        if self.plan.chords[step] and step > self.plan.begin:
            silent = (sung[:, -_LONGEST_SILENCE:] == REST).all(dim=1) & (sung.shape[1] >= _LONGEST_SILENCE)
            bias[silent, REST] += _RUB
        if cadence(self.plan, phrase, step) and step % STEPS_PER_BEAT == 0:
            bias[:, FIRST_PITCH:] += _CADENCE * torch.from_numpy(~self.plan.chord_tones[step, FIRST_PITCH:])
        self._remember(bias, phrase, step, sung)
        self._contrast(bias, phrase, step, sung)
        bar = max(0, phrase.end - STEPS_PER_BAR + STEPS_PER_BEAT * 2)
        rested = (sung[:, bar:] == REST).any(dim=1).numpy()
        due = torch.from_numpy(must_breathe(phrase, step, rested))
        bias[due, 1:] = NEVER
        return bias.clamp(min=2 * NEVER)

    def _leaps(self, sounding: Tensor) -> Tensor:
        """Make leaps rare and those beyond the widest impossible, (candidates, pitches)."""
        pitches = torch.arange(FIRST_PITCH, TOKENS)
        size = (pitches[None] - sounding[:, None]).abs() * (sounding[:, None] < NOTHING)
        cost = _LEAP_COST * (size - _LEAP_FROM).clamp(min=0).float()
        return cost.masked_fill(size > self.singing.widest_leap, NEVER)

    def _remember(self, bias: Tensor, phrase: Phrase, step: int, sung: Tensor) -> None:
        """Draw the tune towards what the returning phrase sang, or towards the rhythm of its own idea."""
        rhythm = self.singing.rhythm_memory
        if phrase.source is not None and step < phrase.end - STEPS_PER_BEAT:
            at = phrase.source + step - phrase.start
            model = sung[:, at]
            pitch = self.singing.pitch_memory
        elif phrase.line + _IDEA <= step < min(phrase.line + 2 * _IDEA, phrase.end) - STEPS_PER_BEAT * 2:
            at = step - _IDEA
            model = sung[:, at]
            rhythm, pitch = rhythm * _IDEA_SHARE, self.singing.pitch_memory * _IDEA_SHARE
        else:
            return
        onset = model >= FIRST_PITCH
        bias[:, FIRST_PITCH:] += rhythm * onset[:, None]
        bias[torch.arange(len(model)), model.clamp(max=HOLD)] += rhythm * ~onset
        fitted = self._fitted(model, at, step)
        rows = torch.arange(len(model))[onset]
        bias[rows, fitted[onset]] += pitch

    def _contrast(self, bias: Tensor, phrase: Phrase, step: int, sung: Tensor) -> None:
        """Draw the tune away from what phrases of another kind sang, and where one ends again, from what it sang."""
        source = self._memory(phrase, step, step + 1, sung)
        ends_again = phrase.source is not None and step >= phrase.end - STEPS_PER_BAR
        for lag in LAGS:
            if not 0 <= step - lag < phrase.start or self.plan.chords[step - lag] != self.plan.chords[step]:
                continue
            model = sung[:, step - lag]
            alike = next(other.lift for other in self.plan.phrases if step - lag < other.end) == phrase.lift
            avoided = model >= FIRST_PITCH
            if not ends_again:
                avoided &= not alike
                avoided &= True if source is None else model != int(source[0])
            bias[torch.arange(len(model))[avoided], model[avoided]] -= self.singing.contrast

    def _fitted(self, model: Tensor, at: int, step: int) -> Tensor:
        """Return remembered tokens moved to the nearest tone of the chord where the chord is another one."""
        if self.plan.chords[at] == self.plan.chords[step] or self.plan.chords[step] == NO_CHORD:
            return model
        tones = np.flatnonzero(self.plan.chord_tones[step])
        remembered = model.numpy()
        nearest = tones[np.abs(tones[None] - remembered[:, None]).argmin(axis=1)]
        return torch.from_numpy(np.where(remembered >= FIRST_PITCH, nearest, remembered))


def _held_on(whole: Tensor, first: int, last: int) -> Tensor:
    """Let what sounds sound on, and silence last, from one step to before another; return the tune up to there."""
    if first < last:
        silent = whole[:, first - 1] == REST if first else torch.ones(len(whole), dtype=torch.bool)
        whole[:, first:last] = torch.where(silent, REST, HOLD)[:, None]
    return whole[:, :last]


def _ended(tokens: NDArray[np.int64], plan: Plan, singing: Singing) -> NDArray[np.int64]:
    """Let the tune come to rest on its last note."""
    ending = np.full(len(plan.chords) - plan.closing, HOLD, dtype=np.int64)
    sung = tokens[tokens >= FIRST_PITCH]
    middle = (singing.lowest + singing.highest) // 2 - plan.shift
    before = int(sung[-1]) - FIRST_PITCH + LOWEST if len(sung) else middle
    if plan.chords[-1] == NO_CHORD:
        ending[:] = REST
    else:
        ending[0] = FIRST_PITCH + last_note(plan, before, singing) - LOWEST
    return np.concatenate([tokens, ending])


def _notes(tokens: NDArray[np.int64], plan: Plan) -> Melody:
    """Read the notes off the grid."""
    onsets = np.flatnonzero(tokens >= FIRST_PITCH)
    stops = np.append(np.flatnonzero(tokens != HOLD), len(tokens))
    notes = []
    for onset in onsets.tolist():
        stop = int(stops[np.searchsorted(stops, onset, side="right")])
        pitch = int(tokens[onset]) - FIRST_PITCH + LOWEST + plan.shift
        length = (stop - onset) / STEPS_PER_BEAT
        notes.append(MelodyNote(plan.beat(onset), length, pitch, _velocity_share(plan, onset)))
    return tuple(notes)


def _velocity_share(plan: Plan, step: int) -> float:
    """Weigh strong beats more, and let a phrase swell to its middle."""
    weight = {0: 0.08, 8: 0.04, 4: 0.02, 12: 0.02}.get(step % STEPS_PER_BAR, -0.04)
    phrase = next((phrase for phrase in plan.phrases if step < phrase.end), None)
    if phrase is None:
        return round(0.9 + weight, 3)
    share = (step - phrase.start) / (phrase.end - phrase.start)
    return round(0.88 + 0.12 * float(np.sin(np.pi * share)) + weight, 3)
