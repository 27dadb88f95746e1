"""Cuts: a tempo near the wanted one, and a beginning of the bar, that put most scene cuts on strong beats."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD
from video2music.music.ending import closing_step, resolve
from video2music.music.form import bar_of, cut_steps
from video2music.music.performance import load_performance
from video2music.music.score import BEATS_PER_BAR, BEATS_PER_CHORD, Score
from video2music.music.tempo import at_tempo

_DRIFT_S = 0.03  # by which neighbouring tempos differ at the end of the clip
_MOST_TEMPOS = 2001
_PHASES = 96  # beginnings of the bar that are tried, a twenty-fourth of a beat apart
_STRONG_S = 0.08  # how far a cut may lie from a beat and still be felt as one; beyond, its weight falls steeply
_DOWNBEAT, _HALF = 1.0, 0.85  # what a cut on the first and the third beat counts
_START = 0.35  # what the clip counts that begins on a strong beat
_CALM = 0.15  # what is given up for staying at the wanted tempo, at the largest deviation
_EARLIEST_S = 0.5
_SHORTEST_CHORD = 2  # steps between changes that cuts ask for


def align_cuts(score: Score, cuts_s: Sequence[float], within: float = 0.08) -> Score:
    """Lay a piece on the grid of beats that suits the scene cuts, and let its chords change there.

    Chords keep their times as far as the new strong beats allow. A piece that is still to be composed does better with
    `grid_for_cuts` first and `acknowledge_cuts` last, since its chords are then written for their beats.

    Args:
        score: as composed, best before it was laid on another grid; its tempo is the wanted one.
        cuts_s: times of the cuts in seconds.
        within: largest change of the tempo, as a share.

    Returns:
        A score of the same duration that ends on its tonic; without cuts in the clip, the same one.
    """
    cuts = cuts_to_meet(cuts_s, score.duration_s)
    if not cuts:
        return score
    tempo_bpm, pickup_beats = grid_for_cuts(score.duration_s, score.tempo_bpm, cuts, within)
    return acknowledge_cuts(at_tempo(score, tempo_bpm, pickup_beats=pickup_beats), cuts)


def acknowledge_cuts(score: Score, cuts_s: Sequence[float]) -> Score:
    """Let the chords of a piece change at the cuts that lie on its strong beats, and its bars begin where chords do.

    Figures, fills and accents follow from the cuts that the score then carries.

    Args:
        score: on the grid of beats that it shall keep.
        cuts_s: times of the cuts in seconds.

    Returns:
        A score on the same strong beats that ends on its tonic.
    """
    cuts = cuts_to_meet(cuts_s, score.duration_s)
    return settle_bar_lines(change_at_cuts(resolve(replace(score, cuts_s=cuts))))


def cuts_to_meet(cuts_s: Sequence[float], duration_s: float) -> tuple[float, ...]:
    """Return the cuts inside the clip, in order of time; one in its first half second belongs to its beginning."""
    return tuple(sorted(float(cut) for cut in cuts_s if _EARLIEST_S <= cut < duration_s))


def grid_for_cuts(
    duration_s: float, tempo_bpm: float, cuts_s: Sequence[float], within: float = 0.08, marked_s: Sequence[float] = ()
) -> tuple[float, float]:
    """Return the tempo and the pickup whose strong beats, the first and third of a bar, lie nearest to the cuts.

    All tempos within the limits and all beginnings of the bar are tried; the one that meets most cuts is taken. Cuts
    that a person set go before all others together.

    Args:
        duration_s: of the clip.
        tempo_bpm: wanted tempo.
        cuts_s: times of the cuts in seconds.
        within: largest change of the tempo, as a share.
        marked_s: those of the cuts that a person set.

    Returns:
        Beats per minute, and beats before the first bar line; without cuts, the wanted tempo and none.
    """
    cuts = np.array(cuts_to_meet(cuts_s, duration_s))
    if not len(cuts):
        return tempo_bpm, 0.0
    tempos = 2 * math.ceil(min(within * duration_s / _DRIFT_S, _MOST_TEMPOS // 2)) + 1
    changes = np.linspace(-within, within, tempos)
    phases = np.linspace(0, BEATS_PER_BAR, _PHASES, endpoint=False)
    weights = np.where(np.isin(cuts, marked_s), 1.0 + len(cuts), 1.0)
    values = np.array([_values(tempo_bpm * (1 + change), phases, cuts, weights) for change in changes])
    values -= _CALM * (np.abs(changes) / max(within, 1e-9))[:, None]
    best, phase = np.unravel_index(int(np.argmax(values)), values.shape)
    return float(tempo_bpm * (1 + changes[best])), float(phases[phase])


def changes_for_cuts(score: Score) -> frozenset[int]:
    """Return the steps at which another chord shall begin: those with a cut, unless another is too near.

    Of cuts that are near to each other, one that a person set goes before one that was found, then the earlier one.

    Args:
        score: on its grid of beats, with its cuts; its chords do not matter.
    """
    form = load_performance().form
    marked = cut_steps(replace(score, cuts_s=score.marked_s), form)
    chosen: set[int] = set()
    for step in (*sorted(marked), *sorted(cut_steps(score, form) - marked)):
        if all(abs(step - other) >= _SHORTEST_CHORD for other in chosen):
            chosen.add(step)
    return frozenset(chosen)


def settle_bar_lines(score: Score) -> Score:
    """Move all bar lines by half a bar if more chords then change, and more cuts lie, on first beats.

    The strong beats stay where they are.

    Args:
        score: with its cuts.
    """
    changes = [step for step in range(1, len(score.chords)) if score.chords[step] != score.chords[step - 1]]
    events = [*changes, *cut_steps(score, load_performance().form)]
    on_first_beats = sum(bar_of(score, step)[1] == 0 for step in events)
    if 2 * on_first_beats >= len(events):
        return score
    return replace(score, pickup_beats=(score.pickup_beats + BEATS_PER_CHORD) % BEATS_PER_BAR)


def _values(
    tempo_bpm: float, phases: NDArray[np.float64], cuts_s: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return for every beginning of the bar how well cuts, and the clip's beginning, fall on strong beats."""
    beat_s = 60 / tempo_bpm
    beats = cuts_s[None, :] / beat_s - phases[:, None]
    start = -phases[:, None]
    on_cuts = np.maximum(_DOWNBEAT * _nearness(beats, 0, beat_s), _HALF * _nearness(beats, BEATS_PER_CHORD, beat_s))
    at_start = np.maximum(_nearness(start, 0, beat_s), _nearness(start, BEATS_PER_CHORD, beat_s))
    value: NDArray[np.float64] = on_cuts @ weights + _START * at_start[:, 0]
    return value


def _nearness(beats: NDArray[np.float64], beat_of_bar: float, beat_s: float) -> NDArray[np.float64]:
    """Return 1 on that beat of a bar, falling to 0 within an eighth of a second."""
    away = (beats - beat_of_bar + BEATS_PER_BAR / 2) % BEATS_PER_BAR - BEATS_PER_BAR / 2
    near: NDArray[np.float64] = np.exp(-0.5 * (away * beat_s / _STRONG_S) ** 4)
    return near


def change_at_cuts(score: Score) -> Score:
    """Let the chord change at every step that begins with a cut, before the cadence.

    A change one step after the cut is brought forward, one step before it is held back. Where neither helps, the chord
    that follows next begins at the cut, and the one that sounded there returns no more until then.

    Args:
        score: resolved, with its cuts.

    Returns:
        A score with the same number of steps and the same last chords.
    """
    chords = list(score.chords)
    last = closing_step(score.end_step) - 1  # the chord that leads home stays where it is
    steps = sorted(step for step in changes_for_cuts(score) if step < last)
    for step in steps:
        if chords[step] != chords[step - 1]:
            continue
        if step + 1 < last and chords[step + 1] != chords[step]:
            chords[step] = chords[step + 1]
        elif step >= 2 and chords[step - 2] != chords[step - 1] and step - 1 not in steps:
            chords[step - 1] = chords[step - 2]
        else:
            _bring_forward(chords, step, last)
    return replace(score, chords=tuple(chords))


def _bring_forward(chords: list[str], step: int, last: int) -> None:
    """Let the next other chord begin here instead of later, unless it is the cadence or a rest."""
    following = next((later for later in range(step + 1, last) if chords[later] != chords[step]), None)
    if following is not None and parse_chord(chords[following]) != NO_CHORD:
        chords[step:following] = [chords[following]] * (following - step)
