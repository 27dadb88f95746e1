"""Tempo of a long sound, from the autocorrelation of its onsets, added up block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emotion.listening import Samples

HOP_SAMPLES = 512
SLOWEST_BPM, FASTEST_BPM = 30.0, 235.0
WEAKEST_PULSE = 0.16
"""How far the best beat must stand out of the autocorrelation: white noise reaches 0.14, speech 0.13, music with a
beat 0.2 and more."""


class TempoListener:
    """Hears blocks and says the tempo of all of them.

    Args:
        sample_rate: samples per second of the blocks.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._sum = np.zeros(0)
        self._frames = 0

    def hear(self, samples: Samples) -> None:
        """Add one block, best ten seconds or more.

        Args:
            samples: (n,) mono.
        """
        import librosa
        from librosa.onset import onset_strength

        if len(samples) < 2 * self.sample_rate:
            return
        onsets = onset_strength(y=samples, sr=self.sample_rate, hop_length=HOP_SAMPLES)
        if not np.ptp(onsets) > 0:
            return
        pulse = librosa.feature.tempogram(onset_envelope=onsets, sr=self.sample_rate, hop_length=HOP_SAMPLES)
        total = pulse.sum(axis=1)
        self._sum = total if not len(self._sum) else self._sum + total
        self._frames += pulse.shape[1]

    def tempo_bpm(self) -> float | None:
        """Return beats per minute (Ellis 2007, with librosa's prior around 120), None where no pulse was heard."""
        import librosa

        if not self._frames:
            return None
        mean = self._sum / self._frames
        rate = 60.0 * self.sample_rate / HOP_SAMPLES
        beats = mean[round(rate / FASTEST_BPM) : round(rate / SLOWEST_BPM)]
        if beats.max() - np.median(beats) < WEAKEST_PULSE:
            return None
        tempo = librosa.feature.tempo(tg=mean[:, None], sr=self.sample_rate, hop_length=HOP_SAMPLES)
        return rate / _period(mean, round(rate / float(tempo[0])))


def _period(mean: NDArray[np.float64], beat: int) -> float:
    """Return the length of a beat in frames, read more finely from where two and four beats end."""
    length = _refined(mean, beat)
    for beats in (2, 4):
        end = round(beats * length)
        if end + 2 < len(mean):
            near = end - 1 + int(np.argmax(mean[end - 1 : end + 2]))
            length = _refined(mean, near) / beats
    return length


def _refined(values: NDArray[np.float64], index: int) -> float:
    """Return where the parabola through a peak and its neighbours is highest."""
    if not 0 < index < len(values) - 1:
        return float(index)
    before, peak, after = values[index - 1 : index + 2]
    bend = before - 2 * peak + after
    return float(index + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else float(index)
