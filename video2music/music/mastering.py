"""One constant gain to the loudness of the platforms, with room for the peaks; and files that are whole or absent."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import pyloudnorm
import soundfile
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from video2music.errors import OutputError

TARGET_LUFS = -16.0
TRUE_PEAK_DBTP = -1.0
LARGEST_GAIN_DB = 40.0
"""Silence stays silence: what would need more gain than this is noise."""

_OVERSAMPLING = 4
_BLOCK, _BATCH = 256, 512
_REACH = 10  # of the oversampling filter, in samples to either side
_GATING_BLOCK_S = 0.4  # ITU-R BS.1770


@dataclass(frozen=True)
class Mastered:
    """A piece at its final loudness.

    Attributes:
        audio: (samples, 2) float32.
        gain_db: the one gain that was applied.
        loudness_lufs: integrated loudness after it (ITU-R BS.1770-4); -inf for silence.
        true_peak_dbtp: highest peak after it, between samples too; -inf for silence.
    """

    audio: NDArray[np.float32]
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float


def master(
    audio: NDArray[np.float32],
    sample_rate: int,
    *,
    target_lufs: float = TARGET_LUFS,
    true_peak_dbtp: float = TRUE_PEAK_DBTP,
) -> Mastered:
    """Bring a piece to a loudness with one constant gain, so that its dynamics survive.

    If the peaks do not allow the target, the gain stays lower and the result says which loudness was reached: a limiter
    would flatten the very curve that follows the video.

    Args:
        audio: (samples, 2), any level.
        sample_rate: in Hz.
        target_lufs: integrated loudness to reach.
        true_peak_dbtp: level that no peak exceeds, in dB below full scale.

    Returns:
        The piece with its gain, loudness and true peak.
    """
    loudness = integrated_loudness(audio, sample_rate)
    peak = true_peak(audio)
    if peak == 0 or not math.isfinite(loudness):
        return Mastered(audio.astype(np.float32), 0.0, loudness, _decibels(peak))
    gain_db = min(target_lufs - loudness, true_peak_dbtp - _decibels(peak), LARGEST_GAIN_DB)
    mastered = audio * np.float32(10 ** (gain_db / 20))
    return Mastered(mastered.astype(np.float32, copy=False), gain_db, loudness + gain_db, _decibels(peak) + gain_db)


def integrated_loudness(audio: NDArray[np.float32], sample_rate: int) -> float:
    """Measure integrated loudness as ITU-R BS.1770-4 does.

    Sound shorter than a gating block counts as one block.

    Args:
        audio: (samples, 2).
        sample_rate: in Hz.

    Returns:
        Loudness in LUFS, -inf for silence.
    """
    if not audio.any():
        return -math.inf
    block_s = min(_GATING_BLOCK_S, (len(audio) - 0.5) / sample_rate)
    with np.errstate(divide="ignore"):
        return float(pyloudnorm.Meter(sample_rate, block_size=block_s).integrated_loudness(audio))


def true_peak(audio: NDArray[np.float32]) -> float:
    """Measure the highest peak of the sound that the samples stand for, by fourfold oversampling.

    What lies between samples is bounded by their height times a property of the filter, so the tallest blocks are
    oversampled first, then only those that could still exceed them. The result is that of oversampling everything.

    Args:
        audio: (samples, 2).

    Returns:
        Height of the peak, 1 at full scale.
    """
    blocks = _overlapping_blocks(audio)
    heights = np.maximum(blocks.max(axis=(1, 2)), -blocks.min(axis=(1, 2)))
    tallest_first = np.argsort(-heights)
    highest = 0.0
    for start in range(0, len(blocks), _BATCH):
        batch = tallest_first[start : start + _BATCH]
        batch = batch[heights[batch] * _largest_overshoot() > highest]
        if not len(batch):
            break
        between = resample_poly(blocks[batch], _OVERSAMPLING, 1, axis=1)
        whole = between[:, _REACH * _OVERSAMPLING : -_REACH * _OVERSAMPLING]  # the filter saw all its samples
        highest = max(highest, float(np.abs(whole).max()))
    return highest


def _overlapping_blocks(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut sound into blocks that reach over their ends by the length of the filter, without copying it."""
    padding = 2 * _BLOCK - len(audio) % _BLOCK + _REACH
    padded = np.pad(audio, ((_REACH, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + 2 * _REACH, axis=0)[::_BLOCK]
    return windows.transpose(0, 2, 1)


@cache
def _largest_overshoot() -> float:
    """Return how far the filter of `resample_poly` can rise above the samples it reads."""
    taps = firwin(2 * _REACH * _OVERSAMPLING + 1, 1 / _OVERSAMPLING, window=("kaiser", 5.0)) * _OVERSAMPLING
    return float(max(np.abs(taps[phase::_OVERSAMPLING]).sum() for phase in range(_OVERSAMPLING))) + 1e-3


def mix_original(
    music: NDArray[np.float32],
    original: NDArray[np.float32],
    sample_rate: int,
    *,
    music_level_db: float = 0.0,
    true_peak_dbtp: float = TRUE_PEAK_DBTP,
) -> NDArray[np.float32]:
    """Lay music over the sound of the clip; one gain on both keeps the peaks below full scale.

    Args:
        music: (samples, 2).
        original: (samples, 2) or (samples, 1) at the same rate; it is cut, or silent after its end.
        sample_rate: of both, in Hz.
        music_level_db: gain of the music before the mix.
        true_peak_dbtp: level that no peak exceeds.

    Returns:
        (samples, 2) as long as the music.
    """
    del sample_rate  # both run at it; it is asked for so that callers state it
    mix = music * np.float32(10 ** (music_level_db / 20))
    length = min(len(mix), len(original))
    mix[:length] += original[:length]
    excess_db = _decibels(true_peak(mix)) - true_peak_dbtp
    return mix * np.float32(10 ** (-max(0.0, excess_db) / 20))


def write_wav(path: Path, audio: NDArray[np.float32], sample_rate: int) -> None:
    """Write a 24-bit WAV file under a temporary name, then give it its own.

    24 bits keep the quiet passages without dither. What lies beyond full scale is clipped.

    Args:
        path: of the file; one of that name is replaced.
        audio: (samples, 2), -1 to 1.
        sample_rate: in Hz.

    Raises:
        OutputError: the file cannot be written.
    """
    temporary: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem}-", suffix=".wav", delete=False) as file:
            temporary = Path(file.name)
            soundfile.write(file, audio, sample_rate, subtype="PCM_24", format="WAV")
        temporary.chmod(0o644)
        temporary.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"The music cannot be written ({error})", where=path) from error


def _decibels(height: float) -> float:
    return 20 * math.log10(height) if height > 0 else -math.inf
