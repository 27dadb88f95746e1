"""Musical traits that carry valence and arousal: mode, consonance, register, onsets, pulse, loudness, timbre.

The traits follow the features that carried over from one sound font to another in the literature on music emotion
(mode and key fit for valence; onset rate, harmonic change and loudness for arousal).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion.embedded.mel import BANDS, DYNAMIC_RANGE_DB, FRAME_RATE, LEVEL_DB, Spectrum
from emotion.embedded.pitch import BINS_PER_SEMITONE, LOWEST_NOTE, bass_chroma, chroma
from emotion.embedded.pitch import FRAME_RATE as PITCH_FRAME_RATE
from emotion.music2emo.key import MAJOR_PROFILE, MINOR_PROFILE

Floats = NDArray[np.float64]

COARSE_BANDS = 12
MODE_WINDOW_S = 4.0
PULSE_LAGS_S = (0.2, 2.0)
ONSET_GAP_S = 0.06
RISES = {"few": 0.8, "many": 0.25}
"""How far above the mean rise of the spectrum an onset stands, in its standard deviations."""

TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Frames:
    """What traits are read from.

    Attributes:
        mel: (n, 96) mel spectrum in dB of `mel.at_level`, 46.9 frames a second.
        pitch: (m, 252) of `pitch.pitch_spectrum`, 8 frames a second.
    """

    mel: Spectrum
    pitch: Spectrum

    def between(self, start_s: float, end_s: float) -> Frames:
        """Return a part of at least one frame of each kind."""
        return Frames(
            _cut(self.mel, start_s * FRAME_RATE, end_s * FRAME_RATE),
            _cut(self.pitch, start_s * PITCH_FRAME_RATE, end_s * PITCH_FRAME_RATE),
        )


def _cut(frames: Spectrum, start: float, end: float) -> Spectrum:
    first = min(max(0, round(start)), len(frames) - 1)
    return frames[first : max(first + 1, round(end))].astype(np.float32)


def musical_traits(frames: Frames) -> dict[str, float]:
    """Measure the traits of a piece or a part of it, best ten seconds or more.

    Args:
        frames: of the part.

    Returns:
        Traits by name, all finite, always in the same order.
    """
    traits = {
        **_tonal(frames.pitch),
        **_register(frames.pitch),
        **_rhythm(frames.mel),
        **_note_rises(frames.pitch),
        **_loudness(frames.mel),
        **_timbre(frames.mel),
    }
    return {name: float(np.nan_to_num(value)) for name, value in traits.items()}


def _tonal(pitch: Spectrum) -> dict[str, float]:
    classes = _shares(chroma(pitch))
    mean = classes.mean(axis=0)
    major, minor = _key_fits(mean)
    fits = np.concatenate([major, minor])
    order = np.sort(fits)
    tonic = int(np.argmax(fits)) % 12
    steps = _shares(_averaged(chroma(pitch), 4))
    windows = _averaged(chroma(pitch), int(MODE_WINDOW_S * PITCH_FRAME_RATE))
    modes = np.array([np.subtract(*(fit.max() for fit in _key_fits(window))) for window in windows])
    change = np.abs(np.diff(steps, axis=0)).sum(axis=1) if len(steps) > 1 else np.zeros(1)
    bass = _shares(bass_chroma(pitch))
    traits = {
        "major_fit": major.max(),
        "minor_fit": minor.max(),
        "mode": major.max() - minor.max(),
        "relative_mode": major[tonic] - minor[tonic],
        "key_clarity": order[-1] - order[-3],
        "mode_of_windows": modes.mean(),
        "mode_changes": modes.std(),
        "chroma_entropy": -(mean * np.log(mean + TINY)).sum(),
        "frame_entropy": -(classes * np.log(classes + TINY)).sum(axis=1).mean(),
        "chroma_change": change.mean(),
        "chroma_change_spread": change.std(),
        "bass_fit": float((bass * classes).sum(axis=1).mean()),
        "bass_entropy": -(bass.mean(axis=0) * np.log(bass.mean(axis=0) + TINY)).sum(),
    }
    traits |= {f"degree_{index}": value for index, value in enumerate(np.roll(mean, -tonic))}
    together = np.array([(classes * np.roll(classes, -k, axis=1)).sum(axis=1).mean() for k in range(7)])
    shares = together / (together.sum() + TINY)
    traits |= {f"interval_{k}": share for k, share in enumerate(shares)}
    return traits | {f"tonnetz_{index}": value for index, value in enumerate(_tonnetz(steps).std(axis=0))}


def _key_fits(mean: Floats) -> tuple[Floats, Floats]:
    """Return the correlations of a chroma with the twelve major and the twelve minor keys."""
    fits = []
    for profile in (MAJOR_PROFILE, MINOR_PROFILE):
        rolled = np.stack([np.roll(profile, tonic) for tonic in range(12)])
        rolled = rolled - rolled.mean(axis=1, keepdims=True)
        centred = mean - mean.mean()
        scale = np.linalg.norm(rolled, axis=1) * np.linalg.norm(centred)
        fits.append(rolled @ centred / (scale + TINY))
    return fits[0], fits[1]


def _tonnetz(classes: Floats) -> Floats:
    """Return (n, 6) tonal centroids: fifths, minor thirds, major thirds (Harte, Sandler and Gasser 2006)."""
    angles = np.outer(np.arange(12), 2 * np.pi * np.array([7, 3, 4]) / 12)
    return np.concatenate([classes @ np.sin(angles), classes @ np.cos(angles)], axis=1)


def _register(pitch: Spectrum) -> dict[str, float]:
    notes = _standing_out(pitch)
    heights = LOWEST_NOTE + np.arange(notes.shape[1])
    total = notes.sum(axis=1) + TINY
    centre = (notes @ heights) / total
    sums = notes.sum(axis=0)
    course = np.cumsum(sums) / (sums.sum() + TINY)
    weights = total / total.sum()
    return {
        "register": float(centre @ weights),
        "register_changes": float(np.sqrt(np.square(centre - centre @ weights) @ weights)),
        "lowest": float(heights[min(int(np.searchsorted(course, 0.1)), len(heights) - 1)]),
        "highest": float(heights[min(int(np.searchsorted(course, 0.9)), len(heights) - 1)]),
        "notes_at_once": float((notes > 0.25 * notes.max(axis=1, keepdims=True) + TINY).sum(axis=1).mean()),
    }


def _note_rises(pitch: Spectrum) -> dict[str, float]:
    notes = _standing_out(pitch)
    rises = np.maximum(np.diff(notes, axis=0, prepend=notes[:1]), 0)
    strong = rises > 0.3 * np.percentile(notes, 99) + TINY
    seconds = len(pitch) / PITCH_FRAME_RATE
    return {
        "note_rate": np.log1p(strong.sum() / seconds),
        "rise": rises.sum(axis=1).mean() / (notes.sum(axis=1).mean() + TINY),
    }


def _rhythm(mel: Spectrum) -> dict[str, float]:
    rises = np.maximum(np.diff(mel, axis=0, prepend=mel[:1]), 0)
    envelope = rises.mean(axis=1)
    seconds = len(mel) / FRAME_RATE
    traits = {
        "rise_mean": envelope.mean(),
        "rise_spread": envelope.std(),
        "rise_low": rises[:, : BANDS // 4].mean(),
        "rise_middle": rises[:, BANDS // 4 : BANDS // 2].mean(),
        "rise_high": rises[:, BANDS // 2 :].mean(),
        "fall_mean": np.maximum(-np.diff(mel, axis=0, append=mel[-1:]), 0).mean(),
    }
    for name, height in RISES.items():
        onsets = _peaks(envelope, envelope.mean() + height * envelope.std())
        gaps = np.diff(onsets) / FRAME_RATE
        traits[f"onset_rate_{name}"] = np.log1p(len(onsets) / seconds)
        traits[f"gap_{name}"] = np.log(gaps.mean() + 0.05) if len(gaps) else np.log(seconds)
        traits[f"gap_variation_{name}"] = gaps.std() / (gaps.mean() + TINY) if len(gaps) > 1 else 0.0
    clarity, period_s = _pulse(envelope)
    return traits | {"pulse_clarity": clarity, "pulse": -np.log2(period_s)}


def _peaks(envelope: Floats, threshold: float) -> NDArray[np.int64]:
    from scipy.signal import find_peaks

    peaks: NDArray[np.int64] = find_peaks(
        envelope, height=threshold + TINY, distance=max(1, round(ONSET_GAP_S * FRAME_RATE))
    )[0]
    return peaks


def _pulse(envelope: Floats) -> tuple[float, float]:
    """Return how regular onsets are, 0..1, and the most regular period in seconds."""
    centred = envelope - envelope.mean()
    size = 1 << (2 * len(centred) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    correlation = np.fft.irfft(spectrum * spectrum.conj(), size)[: len(centred)]
    first, last = (round(lag * FRAME_RATE) for lag in PULSE_LAGS_S)
    lags = correlation[first:last] / (correlation[0] + TINY)
    if not len(lags):
        return 0.0, PULSE_LAGS_S[1]
    return float(lags.max()), (first + int(np.argmax(lags))) / FRAME_RATE


def _loudness(mel: Spectrum) -> dict[str, float]:
    power = 10 ** (mel / 10)
    level = 10 * np.log10(power.sum(axis=1) + TINY)
    smooth = np.convolve(level, np.ones(12) / 12, mode="valid") if len(level) > 12 else level
    low, middle, high = np.percentile(smooth, (10, 50, 90))
    return {
        "level_middle": middle - LEVEL_DB,
        "level_range": high - low,
        "level_spread": smooth.std(),
        "low_energy": float((smooth < 10 * np.log10((10 ** (smooth / 10)).mean() + TINY)).mean()),
        "silence": float((mel.max(axis=1) <= LEVEL_DB - DYNAMIC_RANGE_DB + 6).mean()),
        "peakiness": level.max() - 10 * np.log10(power.sum(axis=1).mean() + TINY),
    }


def _timbre(mel: Spectrum) -> dict[str, float]:
    power = 10 ** (mel / 10)
    share = power / (power.sum(axis=1, keepdims=True) + TINY)
    bands = np.arange(BANDS)
    weights = power.sum(axis=1) / (power.sum() + TINY)
    centroid = share @ bands
    width = np.sqrt(np.maximum(share @ np.square(bands) - np.square(centroid), 0))
    flatness = np.exp(np.log(power + TINY).mean(axis=1)) / (power.mean(axis=1) + TINY)
    traits = {
        "centroid": centroid @ weights,
        "centroid_spread": centroid.std(),
        "width": width @ weights,
        "flatness": np.log(flatness @ weights + 1e-6),
        "flatness_middle": np.log(np.median(flatness) + 1e-6),
        "contrast": float((np.percentile(mel, 90, axis=1) - np.percentile(mel, 25, axis=1)).mean()),
    }
    coarse = mel.reshape(len(mel), COARSE_BANDS, -1).mean(axis=(0, 2))
    return traits | {f"band_{index}": value for index, value in enumerate(coarse - LEVEL_DB)}


def _standing_out(pitch: Spectrum) -> Floats:
    """Return how far each semitone stands out of its neighbourhood, (frames, semitones)."""
    from scipy.ndimage import uniform_filter1d

    standing = np.maximum(pitch - uniform_filter1d(pitch, 3 * BINS_PER_SEMITONE, axis=1), 0)
    return standing[:, 1::BINS_PER_SEMITONE].astype(np.float64)


def _shares(classes: NDArray[np.floating]) -> Floats:
    shares: Floats = classes / (classes.sum(axis=1, keepdims=True) + TINY)
    return shares


def _averaged(rows: NDArray[np.floating], size: int) -> Floats:
    """Return the means of consecutive groups of rows; the last group may be smaller."""
    starts = np.arange(0, len(rows), size)
    counts = np.diff(np.append(starts, len(rows)))
    means: Floats = np.add.reduceat(rows.astype(np.float64), starts, axis=0) / counts[:, None]
    return means
