"""A melody for a whole score: as high and as busy as the score asks, in the phrases that its figures have too."""

from dataclasses import replace

import torch

from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.models.melody import MelodyNetwork, load_melody
from video2music.models.melody_generation import compose_melody
from video2music.models.melody_plan import ChordSpan, Singing
from video2music.music.ending import closing_step, resolve
from video2music.music.melody import Melody
from video2music.music.melody_fitting import SIXTEENTHS_BELOW_BPM
from video2music.music.melody_phrases import melody_phrases
from video2music.music.performance import load_performance
from video2music.music.score import BEATS_PER_CHORD, Score

_BUSIEST = {110.0: 3, 140.0: 2, 165.0: 1}
"""Highest level at tempi from here on: the training songs are slow, and so many notes a bar would be a rush."""

_LEVELS = 4

_OVER_A_VIDEO = Singing(rhythm_memory=1.2, pitch_memory=2.0, contrast=2.5)
"""Chords of a video seldom return with the phrases, as those of songs do, so that the tune must be asked to return;
where they do return, it must be asked for something new."""


def with_melody(score: Score, network: MelodyNetwork | None = None) -> Score:
    """Return a score with a tune; one that it has already stays.

    Args:
        score: any score.
        network: that sings; None for the one that ships, which is then loaded.

    Raises:
        WeightsNotFoundError: the network is needed and nowhere to be found.
    """
    if score.melody is not None:
        return score
    return replace(score, melody=melody_of_score(network or load_melody(), score))


def melody_of_score(
    network: MelodyNetwork,
    score: Score,
    *,
    generator: torch.Generator | None = None,
    singing: Singing | None = None,
    density_shift: int = 0,
) -> Melody:
    """Compose a melody over a score, in beats from the beginning of the clip.

    Args:
        network: that sings.
        score: its chords, key, phrases, density, register and pickup are followed; it is brought to its ending first.
        generator: of everything random; None for one that the score's seed sets.
        singing: range and the like; its range is raised by the score's register, its grid follows the tempo. None for
            the usual one.
        density_shift: levels by which the tune is busier than the score.

    Returns:
        Notes in order, one at a time, within the clip; the last one is held until its end.

    Raises:
        KeyParseError: the key of the score does not exist.
        ChordParseError: one of its chords is not in the vocabulary.
    """
    score = resolve(score)
    chords = [parse_chord(symbol) for symbol in score.chords]
    end = score.duration_s / score.beat_s
    spans, levels = [], []
    for step, chord in enumerate(chords):
        beat = score.beat_of_step(step)
        length = min(BEATS_PER_CHORD, end - beat)
        if length > 0:
            spans.append(ChordSpan(beat, length, chord))
            levels.append(_level(score, step, density_shift))
    chosen = singing or replace(_OVER_A_VIDEO, finest_steps=1 if score.tempo_bpm < SIXTEENTHS_BELOW_BPM else 2)
    raised = round(score.register)
    notes = compose_melody(
        network,
        spans,
        key=parse_key(score.key),
        density=levels,
        generator=generator or torch.Generator().manual_seed(score.seed % 2**63),
        singing=replace(chosen, lowest=chosen.lowest + raised, highest=chosen.highest + raised),
        first_bar_beat=score.pickup_beats,
        closing_beat=score.beat_of_step(closing_step(score.end_step)),
        phrases=melody_phrases(score),
    )
    inside = (note for note in notes if note.onset_beat < end)
    return tuple(replace(note, duration_beats=min(note.duration_beats, end - note.onset_beat)) for note in inside)


def _level(score: Score, step: int, shift: int) -> int:
    level = load_performance().level_of(float(score.note_density[step])) + shift
    limit = min((limit for tempo, limit in _BUSIEST.items() if score.tempo_bpm >= tempo), default=_LEVELS)
    return max(0, min(level, limit))
