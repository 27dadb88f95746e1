"""Sounds without any chord, made from formulas: noise, drums, voices that speak, animals that call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from emotion.embedded.mel import SAMPLE_RATE

Samples = NDArray[np.float32]

FORMANTS_HZ = ((300, 850), (850, 2300), (2200, 3000))
FORMANT_WIDTH_HZ = 120.0
HIGHEST_HZ = 5500.0


def untuned_sounds(count: int, size: int, generator: np.random.Generator) -> list[Samples]:
    """Make sounds in which no chord sounds.

    Args:
        count: how many.
        size: samples of each.
        generator: decides.

    Returns:
        (size,) each: speech and drums twice as often as noise and calls, some with noise behind.
    """
    makers = (speech, speech, drums, drums, noise, calls)
    sounds = []
    for number in range(count):
        sound = makers[number % len(makers)](size, generator)
        if number % 5 == 0:
            sound = sound + np.abs(sound).max() * generator.uniform(0.01, 0.2) * noise(size, generator)
        sounds.append(np.asarray(sound, dtype=np.float32))
    return sounds


def noise(size: int, generator: np.random.Generator) -> Samples:
    """Make noise with a random slope and slow swells, as wind, water and applause have."""
    spectrum = np.fft.rfft(generator.standard_normal(size))
    slope = generator.uniform(0, 1.2)
    spectrum *= np.maximum(np.arange(len(spectrum)), 20.0) ** -slope
    swell = np.exp(_wandering(size, 1.5, generator) * generator.uniform(0, 1.5))
    sound = np.fft.irfft(spectrum, size) * swell
    return np.asarray(sound / max(np.abs(sound).max(), 1e-9), dtype=np.float32)


def drums(size: int, generator: np.random.Generator) -> Samples:
    """Make a beat of falling low thuds and filtered noise."""
    sound = np.zeros(size)
    beat = int(SAMPLE_RATE * 60 / generator.uniform(70, 180) / 2)
    kit = [_drum(generator) for _ in range(4)]
    pattern = generator.integers(-2, 4, 8)
    for step, start in enumerate(range(0, size, beat)):
        if pattern[step % 8] >= 0:
            hit = kit[pattern[step % 8]] * generator.uniform(0.5, 1)
            end = min(size, start + len(hit))
            sound[start:end] += hit[: end - start]
    return sound.astype(np.float32)


def speech(size: int, generator: np.random.Generator) -> Samples:
    """Make syllables: a gliding buzz through moving formants, with hissing between."""
    time = np.arange(size) / SAMPLE_RATE
    pitch = np.log2(generator.uniform(85, 260)) + generator.uniform(0.1, 0.35) * _wandering(size, 3.0, generator)
    phase = 2 * np.pi * np.cumsum(2**pitch) / SAMPLE_RATE
    formants = [low + (high - low) / (1 + np.exp(-2 * _wandering(size, 5.0, generator))) for low, high in FORMANTS_HZ]
    sound = np.zeros(size)
    for partial in range(1, int(HIGHEST_HZ / 2 ** pitch.max()) + 1):
        hertz = partial * 2**pitch
        gain = sum(1 / (1 + ((hertz - formant) / FORMANT_WIDTH_HZ) ** 2) for formant in formants) + 0.02
        sound += np.sin(partial * phase) * gain / partial**0.5
    syllables = np.clip(
        np.sin(2 * np.pi * generator.uniform(2.5, 5) * time + 2 * _wandering(size, 1, generator)) + 0.3, 0, 1
    )
    talking = np.clip(2 * _wandering(size, 0.7, generator) + 1.5, 0, 1)
    hiss = 0.15 * generator.standard_normal(size) * (1 - syllables)
    return np.asarray((sound * syllables + hiss) * talking, dtype=np.float32)


def calls(size: int, generator: np.random.Generator) -> Samples:
    """Make whistles and moans that glide up and down, with pauses."""
    pitch = np.log2(generator.uniform(120, 2500)) + generator.uniform(0.3, 0.9) * _wandering(size, 2.5, generator)
    phase = 2 * np.pi * np.cumsum(np.minimum(2**pitch, HIGHEST_HZ / 2)) / SAMPLE_RATE
    sound = np.sin(phase) + generator.uniform(0, 0.5) * np.sin(2 * phase)
    return np.asarray(sound * np.clip(3 * _wandering(size, 1.5, generator), 0, 1), dtype=np.float32)


def _drum(generator: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    fading = np.exp(-time / generator.uniform(0.02, 0.15))
    if generator.random() < 0.4:
        hertz = generator.uniform(40, 80) * (1 + generator.uniform(1, 4) * np.exp(-time / 0.03))
        thud: NDArray[np.float64] = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) * fading
        return thud
    low = generator.uniform(150, 3000)
    band = butter(2, (low, min(low * generator.uniform(2, 8), HIGHEST_HZ)), "bandpass", fs=SAMPLE_RATE, output="sos")
    hit: NDArray[np.float64] = sosfilt(band, generator.standard_normal(len(time))) * fading
    return hit


def _wandering(size: int, per_second: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random curve of unit spread that turns so many times per second."""
    knots = int(size / SAMPLE_RATE * per_second) + 3
    places = np.linspace(0, knots - 1, size)
    values = generator.standard_normal(knots)
    left = np.minimum(places.astype(int), knots - 2)
    share = 0.5 - 0.5 * np.cos(np.pi * (places - left))
    curve: NDArray[np.float64] = values[left] * (1 - share) + values[left + 1] * share
    return curve
