"""Which of several versions of a phrase is the best tune: what singers would ask of it, weighed against each other."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from video2music.models.melody import FIRST_PITCH, HOLD, LONGEST_WAIT, LOWEST, STEPS_PER_BAR, STEPS_PER_BEAT
from video2music.models.melody_plan import Phrase, Plan

_LIKELIHOOD = 4.0  # per nat and step
_STRONG, _CLOSE, _LONG_CLOSE = 1.0, 1.5, 0.7
_MEMORY = 0.3
_FAR_FROM_HOME = 0.4  # per semitone beyond a step, before the last note
_DRONE, _FLAT, _JUMPY, _UNANSWERED = 4.0, 1.0, 2.0, 0.3
_USUAL_REPEATS, _USUAL_LEAPS, _LEAST_RANGE = 0.25, 0.15, 8


def judge(
    plan: Plan, phrase: Phrase, tokens: NDArray[np.int64], likelihood: float, *, source: NDArray[np.int64] | None
) -> float:
    """Return how good a version of a phrase is; higher is better.

    Args:
        plan: of the piece.
        phrase: that was sung.
        tokens: (end,) the tune up to the end of the phrase.
        likelihood: sum of logarithms of the network's probabilities over the phrase.
        source: (end - start,) what the returning phrase sang, None for a new one.
    """
    own = tokens[phrase.start : phrase.end]
    onsets = np.flatnonzero(own >= FIRST_PITCH)
    score = _LIKELIHOOD * likelihood / max(1, len(own))
    if len(onsets) < 2:
        return score - 10.0 * (len(own) > STEPS_PER_BAR)
    score += _harmony(plan, phrase, own, onsets) + _line(own[onsets])
    if phrase.end == plan.closing:
        score -= _FAR_FROM_HOME * max(0, _from_home(int(own[onsets[-1]]), plan.tonic) - 2)
    if source is not None:
        score += _MEMORY * _agreement(own, source)
    return score


def _harmony(plan: Plan, phrase: Phrase, own: NDArray[np.int64], onsets: NDArray[np.int64]) -> float:
    """Weigh chord tones on strong beats, and the last note of the phrase."""
    steps = onsets + phrase.start
    fits = plan.chord_tones[steps, own[onsets]]
    strong = steps % (2 * STEPS_PER_BEAT) == 0
    score = _STRONG * float(fits[strong].mean()) if strong.any() else 0.0
    last = int(onsets[-1])
    length = 1 + int((np.cumprod(own[last + 1 :] == HOLD)).sum())
    in_next_bar = phrase.end < len(plan.chords) and last >= len(own) - 2  # a pickup of the next phrase
    closes = fits[-1] and plan.chord_tones[int(steps[-1]) + length - 1, own[last]]
    score += _CLOSE * float(closes) * (not in_next_bar)
    return float(score + _LONG_CLOSE * min(length, LONGEST_WAIT) / LONGEST_WAIT)


def _from_home(token: int, tonic: int) -> int:
    """Return the semitones from a note to the nearest tonic, 0 to 6."""
    above = (token - FIRST_PITCH + LOWEST - tonic) % 12
    return min(above, 12 - above)


def _line(notes: NDArray[np.int64]) -> float:
    """Weigh against droning on one note, against a narrow line and against too many leaps."""
    intervals = np.abs(np.diff(notes))
    repeats, leaps = float((intervals == 0).mean()), float((intervals > 5).mean())
    unanswered = sum(abs(a) > 7 and a * b > 0 and abs(b) > 2 for a, b in pairwise(np.diff(notes).tolist()))
    score = -_DRONE * max(0.0, repeats - _USUAL_REPEATS) - _JUMPY * max(0.0, leaps - _USUAL_LEAPS)
    return float(score - _UNANSWERED * unanswered - _FLAT * float(np.ptp(notes) < _LEAST_RANGE))


def _agreement(own: NDArray[np.int64], source: NDArray[np.int64]) -> float:
    """Return the share of notes that begin with the source's, those of its pitch count double."""
    length = min(len(own), len(source))
    mine, theirs = own[:length] >= FIRST_PITCH, source[:length] >= FIRST_PITCH
    both = mine & theirs
    same = both & (own[:length] == source[:length])
    return float(both.sum() + same.sum()) / max(1, 2 * int((mine | theirs).sum()))
