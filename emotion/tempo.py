"""Tempo of a long sound, from the autocorrelation of its onsets, added up block by block."""

from __future__ import annotations

import numpy as np

from emotion.listening import Samples

HOP_SAMPLES = 512
WEAKEST_PULSE = 0.1


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
        if np.max(mean[10:]) < WEAKEST_PULSE:
            return None
        tempo = librosa.feature.tempo(tg=mean[:, None], sr=self.sample_rate, hop_length=HOP_SAMPLES)
        return float(tempo[0])
