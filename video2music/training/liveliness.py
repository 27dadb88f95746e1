"""How mood and single seconds combine into tracks that move like those the composing networks were trained on."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from video2music.features.emotion_head import smoothed, surroundings
from video2music.training.emotion_scores import match_tracks, softmax

FloatArray = NDArray[np.float32]

TRACK_CHANGE_WITHIN, TRACK_CHANGE_AT_CUT = 0.246, 0.364
"""Mean change of MuVi-Sync's emotion tracks from one second to the next, within a scene and where a scene begins: half
the sum of the absolute differences of the six probabilities."""
SMOOTHINGS_S = (0.0, 0.6)
GAINS = (1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Evidence:
    """Logits of seconds whose source was left out.

    Attributes:
        now: (n, 6) from each second alone, brought to unit spread over clips.
        mood: (n, 6) from the surroundings of each second, brought to unit spread over clips.
    """

    now: FloatArray
    mood: FloatArray


@dataclass(frozen=True)
class Liveliness:
    """How strongly a second may deviate from its surroundings.

    Attributes:
        gain: of the deviation; 1 leaves it as learned.
        smoothing_s: spread of the smoothing within scenes.
        sharpness: factor of the combined logits.
        shift: (6,) added to them.
    """

    gain: float
    smoothing_s: float
    sharpness: float
    shift: FloatArray

    def tracks(self, evidence: Evidence, clip: NDArray[np.int64], scene_offset: FloatArray) -> FloatArray:
        """Return the (n, 6) probabilities."""
        logits = combined(evidence, clip, scene_offset, self.gain, self.smoothing_s)
        return softmax(np.float32(self.sharpness) * logits + self.shift)


def combined(
    evidence: Evidence, clip: NDArray[np.int64], scene_offset: FloatArray, gain: float, smoothing_s: float
) -> FloatArray:
    """Add mood, the mean of the seconds around, and the deviation of each second from it.

    Args:
        evidence: of n seconds.
        clip: (n,) clip of each.
        scene_offset: (n,) seconds since the scene began.
        gain: of the deviation.
        smoothing_s: spread of the smoothing of the deviation within scenes.

    Returns:
        (n, 6) logits.
    """
    result = evidence.mood.copy()
    for number in np.unique(clip):
        own = clip == number
        around = surroundings(evidence.now[own])[:, :6]
        now = smoothed(evidence.now[own], scene_offset[own], smoothing_s)
        result[own] += around + np.float32(gain) * (now - around)
    return result


def match_changes(evidence: Evidence, clip: NDArray[np.int64], scene_offset: FloatArray) -> Liveliness:
    """Find the liveliness with which probabilities change as in MuVi-Sync, within scenes and at cuts.

    Args:
        evidence: of n seconds.
        clip: (n,) clip of each.
        scene_offset: (n,) seconds since the scene began.

    Returns:
        The best of SMOOTHINGS_S and GAINS; sharpness and shift as `match_tracks` gives them.
    """
    found = []
    for smoothing_s, gain in product(SMOOTHINGS_S, GAINS):
        logits = combined(evidence, clip, scene_offset, gain, smoothing_s)
        liveliness = Liveliness(gain, smoothing_s, *match_tracks(logits))
        within, at_cut = changes(liveliness.tracks(evidence, clip, scene_offset), clip, scene_offset)
        distance = (within / TRACK_CHANGE_WITHIN - 1) ** 2 + (at_cut / TRACK_CHANGE_AT_CUT - 1) ** 2
        found.append((float(distance), liveliness))
    return min(found, key=lambda pair: pair[0])[1]


def changes(tracks: FloatArray, clip: NDArray[np.int64], scene_offset: FloatArray) -> tuple[float, float]:
    """Return the mean change from one second to the next within scenes, and where a scene begins."""
    change = np.abs(np.diff(tracks, axis=0)).sum(axis=1) / 2
    same, begins = np.diff(clip) == 0, scene_offset[1:] == 0
    means = [float(change[chosen].mean()) if chosen.any() else 0.0 for chosen in (same & ~begins, same & begins)]
    return means[0], means[1]


def runs(tracks: FloatArray, clip: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lengths in seconds of the runs in which the strongest emotion stays."""
    strongest = tracks.argmax(axis=1)
    ends = np.flatnonzero((np.diff(strongest) != 0) | (np.diff(clip) != 0))
    lengths: NDArray[np.int64] = np.diff(np.concatenate([[-1], ends, [len(clip) - 1]]))
    return lengths
