"""The sound by which a participant sets the volume: as loud as the study's clips."""

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44100
LENGTH_S = 6.0
LOWEST_HZ, HIGHEST_HZ = 100.0, 8000.0
FADE_S = 0.5


def pink_noise(seed: int = 1) -> NDArray[np.float64]:
    """Draw noise with the same power in every octave, as music has roughly, faded in and out.

    Args:
        seed: of the draw.

    Returns:
        (samples,), of no particular level.
    """
    count = round(LENGTH_S * SAMPLE_RATE)
    frequencies = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    inside = (frequencies >= LOWEST_HZ) & (frequencies <= HIGHEST_HZ)
    spectrum = np.zeros(len(frequencies), np.complex128)
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, int(inside.sum()))
    spectrum[inside] = np.exp(1j * phases) / np.sqrt(frequencies[inside])
    time_s = np.arange(count) / SAMPLE_RATE
    edge = np.clip(np.minimum(time_s, LENGTH_S - time_s) / FADE_S, 0, 1)
    return np.asarray(np.fft.irfft(spectrum, count) * np.sin(np.pi / 2 * edge) ** 2)


@lru_cache(maxsize=8)
def calibration_file(lufs: float) -> bytes:
    """Write the sound at a loudness, the same in both ears.

    Args:
        lufs: integrated loudness (ITU-R BS.1770).

    Returns:
        A wav file.
    """
    import soundfile

    from video2music.music.mastering import integrated_loudness

    sound = np.repeat(pink_noise()[:, None], 2, axis=1).astype(np.float32)
    sound *= 0.1 / np.abs(sound).max()
    sound *= 10 ** ((lufs - integrated_loudness(sound, SAMPLE_RATE)) / 20)
    target = io.BytesIO()
    soundfile.write(target, sound, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return target.getvalue()
