"""How strongly each pitch sounds: a log-frequency spectrum that follows the tuning of the music, and chroma from it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d
from scipy.signal import get_window

from emotion.embedded.mel import SAMPLE_RATE

Floats = NDArray[np.float32]

HOP_SAMPLES = 1500
FRAME_RATE = SAMPLE_RATE / HOP_SAMPLES
"""Frames per second: 8. Frame i is centred on (i + 1/2) / 8 s."""

LOWEST_NOTE = 24
OCTAVES = 7
BINS_PER_SEMITONE = 3
BINS = OCTAVES * 12 * BINS_PER_SEMITONE
"""From C1 (32.7 Hz) to B7; bin 1 of each semitone is the note itself, 0 and 2 lie a third of a semitone beside it."""

LONGEST_WINDOW = 8192
COMPRESSION = 1000.0
"""Bins hold log(1 + 1000 x amplitude): 60 dB below full scale is where the logarithm begins to bend."""

REGISTERS = {"treble": (66.0, 18.0), "bass": (40.0, 9.0)}
"""Centre and width in semitones (MIDI) of the bell that weighs the notes of each chroma."""
NEIGHBOURHOOD = 9
"""Bins, three semitones, whose mean a note must stand out of to count in a chroma."""

TUNING_RANGE_HZ = (110.0, 1760.0)
TUNING_EVERY = 4
TUNING_STEPS = 20
FAINTEST_PEAK_DB = 40.0


class Band(NamedTuple):
    """Notes that are analysed with one window: long enough to part semitones, short enough to follow chords."""

    window: int
    first_note: int
    last_note: int


BANDS = (Band(8192, 24, 48), Band(4096, 48, 60), Band(2048, 60, 108))


def frame_count(samples: int) -> int:
    """Return how many frames a sound of so many samples has."""
    return -(-samples // HOP_SAMPLES)


def pitch_spectrum(samples: Floats, *, tuning: float | None = None) -> Floats:
    """Return how strongly each pitch sounds over time.

    Args:
        samples: (n,) mono at SAMPLE_RATE.
        tuning: how far the music lies from A4 = 440 Hz, in semitones; estimated from the sound when None.

    Returns:
        (ceil(n / 1500), 252): log(1 + 1000 x amplitude), where a full-scale sine has the amplitude 1; three bins per
        semitone from C1 on, 8 frames per second. What lies before and after the sound counts as silence.
    """
    samples = np.asarray(samples, dtype=np.float32)
    if tuning is None:
        tuning = estimate_tuning(tuning_evidence(samples))
    step = round(tuning * TUNING_STEPS)
    parts = []
    for band in BANDS:
        first, weights = _filters(band, step)
        magnitudes = _magnitudes(samples, band.window, HOP_SAMPLES)
        parts.append(magnitudes[:, first : first + len(weights)] @ weights)
    return np.log1p(COMPRESSION * np.concatenate(parts, axis=1)).astype(np.float32)


def tuning_evidence(samples: Floats) -> complex:
    """Return the summed directions of all spectral peaks on the circle from one semitone to the next.

    Args:
        samples: (n,) mono at SAMPLE_RATE.

    Returns:
        A number that can be added up over parts of a piece; `estimate_tuning` reads it.
    """
    magnitudes = _magnitudes(np.asarray(samples, dtype=np.float32), LONGEST_WINDOW, TUNING_EVERY * HOP_SAMPLES)
    low, high = (int(hz * LONGEST_WINDOW / SAMPLE_RATE) for hz in TUNING_RANGE_HZ)
    decibels = 20 * np.log10(magnitudes[:, low - 1 : high + 1] + 1e-7)
    before, peak, after = decibels[:, :-2], decibels[:, 1:-1], decibels[:, 2:]
    loud = peak - (peak.max(axis=1, keepdims=True) - FAINTEST_PEAK_DB)
    frame, bin_ = np.nonzero((peak > before) & (peak >= after) & (loud > 0) & (peak > -100))
    bend = before[frame, bin_] - 2 * peak[frame, bin_] + after[frame, bin_]
    offset = 0.5 * (before[frame, bin_] - after[frame, bin_]) / np.minimum(bend, -1e-3)
    note = 69 + 12 * np.log2((bin_ + low + np.clip(offset, -0.5, 0.5)) * SAMPLE_RATE / LONGEST_WINDOW / 440.0)
    return complex(np.sum(loud[frame, bin_] * np.exp(2j * np.pi * note)))


def estimate_tuning(evidence: complex) -> float:
    """Return how far the music lies from A4 = 440 Hz, in semitones, -0.5..0.5; 0 without evidence."""
    return float(np.angle(evidence) / (2 * np.pi)) if evidence else 0.0


def chroma(spectrum: Floats) -> Floats:
    """Return how strongly each pitch class sounds around and above middle C.

    Args:
        spectrum: (frames, 252) of `pitch_spectrum`.

    Returns:
        (frames, 12), C first; not normalised.
    """
    return _folded(spectrum, "treble")


def bass_chroma(spectrum: Floats) -> Floats:
    """Return how strongly each pitch class sounds in the bass.

    Args:
        spectrum: (frames, 252) of `pitch_spectrum`.

    Returns:
        (frames, 12), C first; not normalised.
    """
    return _folded(spectrum, "bass")


def _folded(spectrum: Floats, register: str) -> Floats:
    """Add up octaves, after taking away what is no peak: noise and drums fill all bins alike."""
    centre, width = REGISTERS[register]
    around = uniform_filter1d(spectrum, NEIGHBOURHOOD, axis=1)
    standing_out = np.maximum(spectrum - around, 0.0)[:, 1::BINS_PER_SEMITONE]
    notes = LOWEST_NOTE + np.arange(OCTAVES * 12)
    weighed = standing_out * np.exp(-0.5 * ((notes - centre) / width) ** 2)
    folded: Floats = weighed.reshape(len(spectrum), OCTAVES, 12).sum(axis=1).astype(np.float32)
    return folded


def _magnitudes(samples: Floats, window: int, hop: int) -> Floats:
    """Return (frames, window / 2 + 1) amplitudes of frames centred on the middle of each hop."""
    frames = -(-len(samples) // hop)
    before = (window - hop) // 2
    padded = np.pad(samples, (max(before, 0), window + hop))[max(-before, 0) :]
    cut = np.lib.stride_tricks.sliding_window_view(padded, window)[: frames * hop : hop]
    shape = get_window("hann", window).astype(np.float32)
    if not frames:
        return np.zeros((0, window // 2 + 1), np.float32)
    magnitudes: Floats = np.abs(fft.rfft(cut * (shape * (2 / shape.sum())), axis=1)).astype(np.float32)
    return magnitudes


@lru_cache(maxsize=64)
def _filters(band: Band, step: int) -> tuple[int, Floats]:
    """Return the first spectral bin that a band needs, and its (bins, pitches) triangles for a tuning in steps."""
    count = (band.last_note - band.first_note) * BINS_PER_SEMITONE
    notes = band.first_note + (np.arange(count) - 1) / BINS_PER_SEMITONE + step / TUNING_STEPS
    centres = 440.0 * 2 ** ((notes - 69) / 12) * band.window / SAMPLE_RATE
    widths = np.maximum(centres * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1), 1.0)
    first, last = int(centres[0] - widths[0]), int(centres[-1] + widths[-1]) + 1
    bins = np.arange(first, last + 1)[:, None]
    return first, np.maximum(1 - np.abs(bins - centres) / widths, 0.0).astype(np.float32)
