"""Plain facts about a sound that say how far an answer about its emotion can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion.listening import Samples

WINDOW, HOP = 2048, 512
SILENCE_DB = -60.0
NOISE_FLATNESS = 0.2
SPEECH_PAUSES, SPEECH_STEADINESS = 0.3, 0.55
SHORT_S = 10.0
LONG_CHANGE_FRAMES = 5
PARTIALS = slice(10, 400)
"""Bins of 100 Hz to 4.3 kHz, where the partials of voices and instruments lie."""


@dataclass(frozen=True)
class SoundFacts:
    """Measured facts.

    Attributes:
        level_db: root mean square in dB of full scale, at least -120.
        flatness: spectral flatness weighted by energy, 0 a tone, 0.56 white noise.
        pauses: share of frames below half the mean amplitude, 0..1.
        steadiness: correlation of spectra a tenth of a second apart, weighted by energy, -1..1.
    """

    level_db: float
    flatness: float
    pauses: float
    steadiness: float


class SoundMeter:
    """Measures block by block.

    Args:
        sample_rate: samples per second of the blocks; the thresholds were chosen at 22 050.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._samples = 0
        self._power = 0.0
        self._rows: list[tuple[float, float, float, float]] = []

    def hear(self, samples: Samples) -> None:
        """Add one block, (n,) mono."""
        import librosa

        self._samples += len(samples)
        self._power += float(np.square(samples, dtype=np.float64).sum())
        if len(samples) < WINDOW:
            return
        magnitudes = np.abs(librosa.stft(samples, n_fft=WINDOW, hop_length=HOP))
        energy = np.square(magnitudes).sum(axis=0) + 1e-12
        flatness = librosa.feature.spectral_flatness(S=magnitudes)[0]
        level = np.sqrt(energy)
        pauses = float((level < level.mean() / 2).mean())
        self._rows.append(
            (energy.sum(), float(np.average(flatness, weights=energy)), pauses, _steadiness(magnitudes, energy))
        )

    def facts(self) -> SoundFacts:
        """Return the facts of all blocks."""
        power = self._power / max(1, self._samples)
        level = float(10 * np.log10(max(power, 1e-12)))
        if not self._rows:
            return SoundFacts(level, 0.0, 0.0, 1.0)
        energy, flatness, pauses, steadiness = np.array(self._rows).T
        return SoundFacts(
            level,
            float(np.average(flatness, weights=energy)),
            float(pauses.mean()),
            float(np.average(steadiness, weights=energy)),
        )


def _steadiness(magnitudes: NDArray[np.float32], energy: NDArray[np.float32]) -> float:
    """Correlate the spectrum of each frame with the one a tenth of a second later."""
    top = magnitudes.max()
    if magnitudes.shape[1] <= LONG_CHANGE_FRAMES or not top > 0:
        return 1.0
    loudness = np.log1p(100 * magnitudes[PARTIALS] / top)
    loudness = loudness - loudness.mean(axis=0)
    now, later = loudness[:, :-LONG_CHANGE_FRAMES], loudness[:, LONG_CHANGE_FRAMES:]
    scale = np.sqrt(np.square(now).sum(axis=0) * np.square(later).sum(axis=0) + 1e-9)
    return float(np.average((now * later).sum(axis=0) / scale, weights=energy[LONG_CHANGE_FRAMES:]))


def sound_doubts(facts: SoundFacts, duration_s: float) -> list[str]:
    """Say in words what makes a sound a poor ground for an answer.

    The thresholds separate the spoken recordings and the noises of librosa's example sounds from its music and from
    16 music-video clips: three readings of texts lie above 0.35 pauses and below 0.55 steadiness, all music with
    accompaniment below 0.3 or above 0.55; white noise has a flatness of 0.56, the noisiest music 0.04.

    Args:
        facts: what was measured.
        duration_s: length in seconds.

    Returns:
        Sentences, none when nothing is wrong.
    """
    if facts.level_db < SILENCE_DB:
        return ["This is (almost) silence, so the numbers describe no music."]
    doubts = []
    if facts.flatness > NOISE_FLATNESS:
        doubts.append("This sounds like noise rather than music.")
    elif facts.pauses > SPEECH_PAUSES and facts.steadiness < SPEECH_STEADINESS:
        doubts.append("This sounds like speech, a voice alone or single sounds rather than accompanied music.")
    if duration_s < SHORT_S:
        doubts.append(f"Only {duration_s:.1f} seconds were heard; ten or more are needed for a firm answer.")
    return doubts
