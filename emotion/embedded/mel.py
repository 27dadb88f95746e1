"""What the mood network sees: a mel spectrum at a fixed level, and where it rises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.float32]

SAMPLE_RATE = 12_000
"""In Hz: sound fonts, codecs and microphones differ most above 6 kHz."""

WINDOW, HOP, BANDS = 512, 256, 96
FRAME_RATE = SAMPLE_RATE / HOP
FAINTEST = 1e-10

LEVEL_DB = -16.0
"""Root mean square to which every piece is brought, in dB of full scale: the level of published recordings."""

DYNAMIC_RANGE_DB = 70.0
"""What lies further below the level is silence: recordings hiss where rendered music is empty."""

CENTRE_DB, SPREAD_DB = -20.0, 20.0
"""Mean and spread of mel levels after normalising, so that the network's inputs are near 0 and 1."""

FRAMES_PER_STEP = 4
STEP_RATE = FRAME_RATE / FRAMES_PER_STEP


def mel_decibels(samples: NDArray[np.float32]) -> Spectrum:
    """Return the mel power spectrum in dB.

    Args:
        samples: (n,) mono at 12 kHz.

    Returns:
        (frames, 96), 46.9 frames a second, at least -100.
    """
    import librosa

    power = librosa.feature.melspectrogram(y=samples, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS)
    return np.ascontiguousarray(10 * np.log10(np.maximum(power, FAINTEST)).T, dtype=np.float32)


def level_db(samples: NDArray[np.float32]) -> float:
    """Return the root mean square in dB of full scale, at least -100."""
    return float(10 * np.log10(max(float(np.square(samples, dtype=np.float64).mean()), FAINTEST)))


def at_level(decibels: Spectrum, level: float) -> Spectrum:
    """Shift a spectrum as if its piece had been played at LEVEL_DB, and cut what is silence there.

    Args:
        decibels: (frames, 96) dB.
        level: root mean square of the whole piece in dB.

    Returns:
        (frames, 96) dB.
    """
    shifted: Spectrum = np.maximum(decibels + np.float32(LEVEL_DB - level), np.float32(LEVEL_DB - DYNAMIC_RANGE_DB))
    return shifted


def network_picture(decibels: Spectrum) -> Spectrum:
    """Return the picture that the mood network reads: level and rise of each band in steps of 85 ms.

    Args:
        decibels: (frames, 96) of `at_level`.

    Returns:
        (2, steps, 96) around 0.
    """
    steps = max(1, len(decibels) // FRAMES_PER_STEP)
    padded = np.pad(decibels, ((0, max(0, steps * FRAMES_PER_STEP - len(decibels))), (0, 0)), mode="edge")
    rises = np.maximum(np.diff(padded, axis=0, prepend=padded[:1]), 0)
    pooled = [
        part[: steps * FRAMES_PER_STEP].reshape(steps, FRAMES_PER_STEP, -1).mean(axis=1) for part in (padded, rises)
    ]
    return np.stack([(pooled[0] - CENTRE_DB) / SPREAD_DB, pooled[1] / 3 - 0.5]).astype(np.float32)
