"""Which ensemble suits a video: by its emotion and by how much it moves."""

import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import ensemble_names, load_ensemble

AUTO = "auto"
"""What a person chooses to leave the choice to the program."""

USUAL_MOTION = 7.5
"""Median over the music videos of MuVi-Sync of their mean motion."""

_MOTION_WEIGHT = 0.3
_LARGEST_PULL = 1.5


def suggest_ensemble(emotion: NDArray[np.float32], motion: NDArray[np.float32]) -> str:
    """Choose the ensemble whose table says that it suits a video best.

    Args:
        emotion: (T, 6) probabilities per second, in the order of EMOTIONS.
        motion: (T,) 0 to 255, per second.

    Returns:
        Its identifier; the first in alphabetical order of several that suit equally.
    """
    felt = dict(zip(EMOTIONS, emotion.mean(axis=0, dtype=np.float64).tolist(), strict=True))
    lively = float(np.log2((1 + motion.mean(dtype=np.float64)) / (1 + USUAL_MOTION)))
    lively = max(-_LARGEST_PULL, min(_LARGEST_PULL, lively))

    def value(name: str) -> float:
        ensemble = load_ensemble(name)
        suited: float = sum(share * ensemble.suits[feeling] for feeling, share in felt.items())
        return suited + _MOTION_WEIGHT * lively * ensemble.liveliness

    candidates = [name for name in ensemble_names() if not load_ensemble(name).as_published]
    return max(candidates, key=value)
