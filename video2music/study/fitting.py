"""Lets music last exactly as long as a picture: a longer piece fades out, after a shorter one it is silent."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FADE_S = 1.0
"""Longest fade; what ends less than this after the picture fades over what it is too long."""

SILENT_DB = -60.0
"""Below its highest sample by this much, music is over."""

WORTH_SAYING_S = 0.1


@dataclass(frozen=True)
class Fitted:
    """Music of the wanted length.

    Attributes:
        audio: (samples, 2) float32.
        ends_s: when it falls silent for good.
        words: what was done to its length, for a person; "" where nothing worth saying was.
    """

    audio: NDArray[np.float32]
    ends_s: float
    words: str


def fit(audio: NDArray[np.float32], sample_rate: int, length_s: float) -> Fitted:
    """Cut music with a fade, or let silence follow; it is never repeated or stretched.

    Args:
        audio: (samples, 2).
        sample_rate: in Hz.
        length_s: wanted length in seconds.
    """
    wanted, words = round(length_s * sample_rate), ""
    excess = len(audio) - wanted
    if excess > 0:
        faded = min(excess, round(FADE_S * sample_rate), wanted)
        audio = audio[:wanted].copy()
        curve = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, faded + 1) / faded)
        audio[wanted - faded :] *= curve.astype(np.float32)[:, np.newaxis]
        if excess > WORTH_SAYING_S * sample_rate:
            words = f"longer than the clip: faded out over its last {faded / sample_rate:.1f} s"
    elif excess < 0:
        audio = np.pad(audio, ((0, -excess), (0, 0)))
        if -excess > WORTH_SAYING_S * sample_rate:
            words = f"shorter than the clip: the last {-excess / sample_rate:.1f} s are silent"
    return Fitted(audio, _end_s(audio, sample_rate), words)


def _end_s(audio: NDArray[np.float32], sample_rate: int) -> float:
    heights = np.abs(audio).max(axis=1)
    heard = np.flatnonzero(heights > heights.max(initial=0) * math.pow(10, SILENT_DB / 20))
    return float(heard[-1] + 1) / sample_rate if len(heard) else 0.0
