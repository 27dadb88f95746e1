"""Whether music acknowledges the cuts: how many fall on a chord change or a strong beat, against shifted cuts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from video2music.music.arrangement import arrange
from video2music.music.ensemble import DEFAULT_ENSEMBLE
from video2music.music.score import Score

TOLERANCE_S = 0.1
"""How near a cut must lie; eye and ear take events so near for one."""

FEWEST_CUTS = 5
"""Clips with fewer say little."""

LATE_S = 0.05
"""How far from its beat a note may begin."""


@dataclass(frozen=True)
class CutAgreement:
    """How many cuts the music acknowledges.

    Attributes:
        cuts: number of cuts.
        share: of cuts within the tolerance of a chord change or a strong onset.
        shifted: the same for cuts that were shifted in time together, mean over many shifts.
        changes_share: of cuts within the tolerance of a chord change alone.
        changes_shifted: the same for shifted cuts.
        events_per_s: chord changes and strong onsets a second; the more there are, the more cuts fall on one by chance.
    """

    cuts: int
    share: float
    shifted: float
    changes_share: float
    changes_shifted: float
    events_per_s: float


def strong_onsets(score: Score, midi: pretty_midi.PrettyMIDI) -> NDArray[np.float64]:
    """Return the strong beats, first and third of a bar, on which a note begins.

    Args:
        score: its grid of beats.
        midi: notes of all parts.

    Returns:
        (n,) times in seconds, ascending.
    """
    beats = np.array([score.beat_of_step(step) * score.beat_s for step in range(score.steps)])
    starts = np.array(sorted(note.start for part in midi.instruments for note in part.notes))
    return np.array([beat for beat in beats if beat >= 0 and share_near(np.array([beat]), starts, tolerance_s=LATE_S)])


def cut_agreement(
    score: Score, cuts_s: Sequence[float], *, ensemble: str = DEFAULT_ENSEMBLE, shifts: int = 500, seed: int = 0
) -> CutAgreement:
    """Measure how many cuts fall on a chord change or a strong onset, and how many would by chance.

    By chance means the same music under the same cuts, all shifted by one random time around the clip.

    Args:
        score: what is played.
        cuts_s: times of the cuts in seconds, at least one.
        ensemble: who plays it.
        shifts: number of random shifts.
        seed: of the shifts.
    """
    changes = np.array([event["time_s"] for event in score.chord_events()][1:])
    onsets = strong_onsets(score, arrange(score, ensemble=ensemble))
    events = np.unique(np.round(np.concatenate([changes, onsets]), 3))
    cuts = np.asarray(cuts_s, dtype=np.float64)
    generator = np.random.default_rng(seed)
    moved = (cuts[None, :] + generator.uniform(0, score.duration_s, shifts)[:, None]) % score.duration_s
    return CutAgreement(
        cuts=len(cuts),
        share=share_near(cuts, events),
        shifted=share_near(moved.ravel(), events),
        changes_share=share_near(cuts, changes),
        changes_shifted=share_near(moved.ravel(), changes),
        events_per_s=len(events) / score.duration_s,
    )


def share_near(
    times_s: NDArray[np.float64], events_s: NDArray[np.float64], *, tolerance_s: float = TOLERANCE_S
) -> float:
    """Return the share of times that lie within a tolerance of any event.

    Args:
        times_s: (n,) at least one.
        events_s: (m,) ascending.
        tolerance_s: largest distance.
    """
    if not len(events_s):
        return 0.0
    after = np.searchsorted(events_s, times_s).clip(max=len(events_s) - 1)
    before = (after - 1).clip(min=0)
    distance = np.minimum(np.abs(events_s[after] - times_s), np.abs(events_s[before] - times_s))
    return float((distance <= tolerance_s + 1e-9).mean())
