"""Melodies measured: how likely unseen ones are to the network and to n-grams, and what composed ones are like."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from video2music.evaluation.metrics import bootstrap_interval
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes, transpose
from video2music.models.melody import FIRST_PITCH, HOLD, LOWEST, REST, STEPS_PER_BAR, STEPS_PER_BEAT, MelodyNetwork
from video2music.models.melody_context import phrase_bounds, sung_wishes
from video2music.models.melody_generation import compose_melody
from video2music.models.melody_plan import ChordSpan, Singing
from video2music.music.melody import MelodyNote
from video2music.music.score import BEATS_PER_BAR, Score
from video2music.training.melodies import MelodySection
from video2music.training.melody import MelodyBatch, melody_batch, step_nats
from video2music.training.melody_baselines import MODELS, NGram

_LEAP, _OCTAVE, _STEP = 5, 12, 2


@torch.inference_mode()
def likelihoods(
    network: MelodyNetwork, known: Sequence[MelodySection], unseen: Sequence[MelodySection]
) -> dict[str, NDArray[np.float64]]:
    """Return the nats of every unseen section under every model.

    Args:
        network: of melodies.
        known: what n-grams count.
        unseen: sections to score.

    Returns:
        (sections,) nats in total, by model; the network with wishes knows density and register of each phrase.
    """
    network.eval()
    batches = [melody_batch([section]) for section in unseen]
    found = {}
    for name, chains in MODELS.items():
        model = NGram(chains, known)
        found[name] = np.array([model.nats(section) for section in unseen])
    open_batches = [MelodyBatch(b.tokens, b.counts, b.context.without_wishes()) for b in batches]
    found["network"] = np.array([float(step_nats(network, batch).sum()) for batch in open_batches])
    found["network with wishes"] = np.array([float(step_nats(network, batch).sum()) for batch in batches])
    return found


def per_unit(
    nats: Mapping[str, NDArray[np.float64]], sections: Sequence[MelodySection], *, notes: bool
) -> dict[str, tuple[float, float, float]]:
    """Return nats per step, or per note, of every model with its 95 % interval over songs.

    Args:
        nats: of `likelihoods`.
        sections: that were scored.
        notes: per note instead of per step.
    """
    songs = sorted({section.song for section in sections})
    member = np.array([songs.index(section.song) for section in sections])
    units = np.array([len(section.pitches) if notes else len(section.tokens) for section in sections])
    of_song = {name: np.bincount(member, values) for name, values in nats.items()}
    counted = np.bincount(member, units)

    def score(chosen: NDArray[np.int64]) -> dict[str, float]:
        return {name: float(values[chosen].sum() / counted[chosen].sum()) for name, values in of_song.items()}

    bounds = bootstrap_interval(len(songs), score)
    return {name: (value, *bounds[name]) for name, value in score(np.arange(len(songs))).items()}


def tune_facts(section: MelodySection) -> dict[str, float]:
    """Describe a tune.

    Args:
        section: with at least two notes.

    Returns:
        Shares of notes on the first and third beat that are chord tones, of repeated notes, steps, leaps beyond a
        fourth and beyond an octave; notes per bar; share of time at rest; range in semitones; shares of notes that
        return after four and eight bars; share of phrases whose last note is a chord tone.
    """
    tokens, onsets = section.tokens, np.flatnonzero(section.tokens >= FIRST_PITCH)
    pitches, sung_over = section.pitches, section.chords[onsets]
    fits = np.array([p % 12 in chord_pitch_classes(int(c)) for p, c in zip(pitches, sung_over, strict=True)])
    strong = (onsets % (2 * STEPS_PER_BEAT) == 0) & (sung_over != NO_CHORD)
    sizes = np.abs(np.diff(pitches))
    sounding = slice(int(onsets[0]), len(tokens))
    return {
        "strong beats on chord tones": float(fits[strong].mean()) if strong.any() else np.nan,
        "repeated notes": float((sizes == 0).mean()),
        "steps": float(((sizes > 0) & (sizes <= _STEP)).mean()),
        "leaps over a fourth": float((sizes > _LEAP).mean()),
        "leaps over an octave": float((sizes > _OCTAVE).mean()),
        "notes per bar": len(pitches) * STEPS_PER_BAR / len(tokens[sounding]),
        "rests": float((tokens[sounding] == REST).mean()),
        "range": float(np.ptp(pitches)),
        "returns after 4 bars": _returns(tokens, 4 * STEPS_PER_BAR),
        "returns after 8 bars": _returns(tokens, 8 * STEPS_PER_BAR),
        "phrases end on chord tones": _closes(section, onsets, fits),
    }


def _returns(tokens: NDArray[np.int64], lag: int) -> float:
    if len(tokens) <= lag:
        return np.nan
    later, earlier = tokens[lag:], tokens[:-lag]
    either = (later >= FIRST_PITCH) | (earlier >= FIRST_PITCH)
    return float(((later == earlier) & (later >= FIRST_PITCH)).sum() / max(1, either.sum()))


def _closes(section: MelodySection, onsets: NDArray[np.int64], fits: NDArray[np.bool_]) -> float:
    """Return the share of phrases whose last note, pickups of the next phrase aside, belongs to its chord."""
    found = []
    for start, end in phrase_bounds(len(section.tokens)):
        inside = np.flatnonzero((onsets >= start) & (onsets < end - STEPS_PER_BEAT))
        if len(inside):
            found.append(bool(fits[inside[-1]]))
    return float(np.mean(found)) if found else np.nan


def composed_over(
    network: MelodyNetwork, section: MelodySection, *, seed: int, singing: Singing | None = None
) -> MelodySection:
    """Compose a tune over the chords of a song, as busy as the song's own, and write it as the song's is written.

    Args:
        network: of melodies.
        section: whose chords are sung over.
        seed: of the generator.
        singing: None for the usual range on the sixteenths that songs use.
    """
    levels, _ = sung_wishes(section.tokens)
    spans, density = [], []
    for beat in range(4, len(section.chords) // STEPS_PER_BEAT):
        step = beat * STEPS_PER_BEAT
        spans.append(ChordSpan(beat - 4.0, 1.0, int(section.chords[step])))
        density.append(int(levels[step]))
    key = parse_key("A minor" if section.minor else "C major")
    closing = float(len(spans) - 4)
    notes = compose_melody(
        network,
        spans,
        key=key,
        density=density,
        generator=torch.Generator().manual_seed(seed),
        singing=singing or Singing(finest_steps=1),
        closing_beat=closing,
    )
    return MelodySection(section.song, section.minor, written(notes, len(section.tokens)), section.chords)


def tune_of_score(score: Score) -> MelodySection:
    """Write the tune of a score as the tunes of songs are written.

    Args:
        score: as it is arranged, with a tune.
    """
    key = parse_key(score.key)
    first_beat = score.pickup_beats - BEATS_PER_BAR
    bars = math.ceil((score.duration_s / score.beat_s - first_beat) / BEATS_PER_BAR)
    beats = first_beat + np.arange(bars * STEPS_PER_BAR) / STEPS_PER_BEAT
    numbers = [transpose(parse_chord(symbol), -key.shift) for symbol in score.chords]
    notes = [replace(note, pitch=note.pitch - key.shift) for note in score.melody or ()]
    return MelodySection(
        song="",
        minor=key.mode == "minor",
        tokens=written(notes, len(beats), first_bar_beat=score.pickup_beats),
        chords=np.array([numbers[score.step_at(float(beat))] for beat in beats]),
    )


def written(notes: Sequence[MelodyNote], steps: int, *, first_bar_beat: float = 0.0) -> NDArray[np.int64]:
    """Write notes in C major or A minor on the grid.

    Args:
        notes: in beats.
        steps: of the result, whose first bar lies before the first bar line.
        first_bar_beat: where that lies.
    """
    tokens = np.full(steps, REST, dtype=np.int64)
    for note in notes:
        start = round((note.onset_beat - first_bar_beat) * STEPS_PER_BEAT) + STEPS_PER_BAR
        tokens[start : start + round(note.duration_beats * STEPS_PER_BEAT)] = HOLD
        tokens[start] = FIRST_PITCH + note.pitch - LOWEST
    return tokens
