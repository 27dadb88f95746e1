"""Which ensemble suits a video: by what its emotion and motion have more of than those of other videos."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import Ensemble, ensemble_names, load_ensemble

AUTO = "auto"
"""What a person chooses to leave the choice to the program."""

_MOTION_WEIGHT = 0.2
_LARGEST_PULL = 1.5
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class UsualVideo:
    """What an encoder sees in videos on average.

    Attributes:
        emotion: probability of each of EMOTIONS; an encoder that often says "tense" means little by it.
        motion: median over videos of their mean motion.
    """

    emotion: tuple[float, ...]
    motion: float


_CLIP = UsualVideo(emotion=(0.178, 0.227, 0.255, 0.192, 0.090, 0.058), motion=7.6)

USUAL: Mapping[str, UsualVideo] = {
    "embedded": UsualVideo(emotion=(0.166, 0.163, 0.269, 0.181, 0.116, 0.105), motion=6.3),
    "clip": _CLIP,
    "paper": _CLIP,
}
"""By engine. embedded: the 88 clips of MVED in six moods; CLIP: the published features of the 597 training videos of
MuVi-Sync."""


def suggest_ensemble(emotion: NDArray[np.float32], motion: NDArray[np.float32], *, engine: str = "embedded") -> str:
    """Choose the ensemble whose table says that it suits a video best.

    An emotion counts by its share of the divergence from the usual video, p log2(p / usual), so that what an encoder
    sees everywhere decides nothing; motion counts by its ratio to the usual one. Every ensemble weighs them by `suits`
    and `liveliness`, scaled to the same length: one that suits many emotions suits each of them less.

    Args:
        emotion: (T, 6) probabilities per second, in the order of EMOTIONS.
        motion: (T,) 0 to 255, per second.
        engine: name of the one that saw them; an unknown one is taken for "embedded".

    Returns:
        Its identifier; the first in alphabetical order of several that suit equally.
    """
    usual = USUAL.get(engine, USUAL["embedded"])
    felt = emotion.mean(axis=0, dtype=np.float64)
    unusual = felt * np.log2(np.maximum(felt, _LEAST_PROBABILITY) / np.array(usual.emotion))
    lively = float(np.log2((1 + motion.mean(dtype=np.float64)) / (1 + usual.motion)))
    lively = max(-_LARGEST_PULL, min(_LARGEST_PULL, lively))
    seen = np.array([*unusual, _MOTION_WEIGHT * lively])
    candidates = [name for name in ensemble_names() if not load_ensemble(name).as_published]
    return max(candidates, key=lambda name: float(seen @ _character(load_ensemble(name))))


def _character(ensemble: Ensemble) -> NDArray[np.float64]:
    """Return what an ensemble is made for, one number per emotion and one for motion, of length 1."""
    character = np.array([*(ensemble.suits[emotion] for emotion in EMOTIONS), ensemble.liveliness], dtype=np.float64)
    length = float(np.linalg.norm(character))
    return character / length if length > 0 else character
