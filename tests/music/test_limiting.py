"""The limiter: nothing above the ceiling, nothing changed elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import resample_poly

from video2music.music import limiting
from video2music.music.limiting import REACH_S, limiter_gain
from video2music.music.peaks import peaks_above, true_peak

RATE = 44100


def drums(seed: int, seconds: float = 1.0) -> NDArray[np.float32]:
    """Decaying bursts over a soft hum."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    sound = 0.1 * np.sin(np.arange(samples) / 40)[:, np.newaxis] * np.ones(2)
    for start in rng.integers(0, samples, 4):
        length = min(4000, samples - start)
        burst = rng.normal(0, 0.5, (length, 2)) * np.exp(-np.arange(length) / 400)[:, np.newaxis]
        sound[start : start + length] += burst
    return sound.astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), ceiling=st.floats(0.2, 1.5))
def test_no_peak_stands_above_the_ceiling(seed: int, ceiling: float) -> None:
    audio = drums(seed)
    gain = limiter_gain(peaks_above(audio, ceiling), RATE, ceiling)
    if gain is None:
        assert true_peak(audio) <= ceiling
        return
    assert true_peak(audio) > ceiling
    assert gain.shape == (len(audio),)
    assert 0 < gain.min() < 1
    assert gain.max() <= 1
    assert true_peak(audio * gain[:, np.newaxis]) <= ceiling


def test_only_what_is_near_a_peak_is_lowered() -> None:
    audio = (0.3 * np.sin(np.arange(RATE) / 20)).astype(np.float32)[:, np.newaxis] * np.ones(2, dtype=np.float32)
    audio[20000:20010] *= 4
    gain = limiter_gain(peaks_above(audio, 0.7), RATE, 0.7)
    assert gain is not None
    changed = np.flatnonzero(gain < 1)
    assert changed[0] >= 20000 - 2.2 * REACH_S * RATE
    assert changed[-1] <= 20010 + 2.2 * REACH_S * RATE
    assert np.abs(np.diff(gain)).max() < 0.005, "the gain has no corners"


def test_bass_keeps_its_form() -> None:
    wave = np.sin(2 * np.pi * 45 * np.arange(RATE) / RATE).astype(np.float32)[:, np.newaxis]
    gain = limiter_gain(peaks_above(wave, 0.6), RATE, 0.6)
    assert gain is not None
    steady = gain[2000:-2000]
    assert np.ptp(steady) < 0.01, "the gain does not follow the wave"


def test_nothing_to_do() -> None:
    assert limiter_gain(np.zeros(0, dtype=np.float32), RATE, 1.0) is None
    assert limiter_gain(peaks_above(drums(0) * 0.01, 1.0), RATE, 1.0) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), samples=st.integers(1, 3000), height=st.floats(0, 0.5))
def test_peaks_are_those_of_oversampling_everything(seed: int, samples: int, height: float) -> None:
    audio = np.random.default_rng(seed).normal(0, 0.1, (samples, 2)).astype(np.float32)
    between = np.abs(resample_poly(np.pad(audio, ((20, 20), (0, 0))), 4, 1, axis=0)).max(axis=1)[80:-80]
    expected = between.reshape(samples, 4).max(axis=1)
    found = peaks_above(audio, height)
    high = expected > height
    np.testing.assert_allclose(found[high], expected[high], rtol=1e-4)
    assert (found[~high] <= height + 1e-6).all()


def test_blocks_that_are_transformed_together_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = np.random.default_rng(4).uniform(0, 2, 300_000).astype(np.float32)
    together = limiter_gain(peaks, 44_100, 1.0)
    monkeypatch.setattr(limiting, "_BATCH", 1)
    np.testing.assert_array_equal(together, limiter_gain(peaks, 44_100, 1.0))
