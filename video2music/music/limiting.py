"""Lowers the peaks that stand above a ceiling, for a moment around each of them, and nothing else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

REACH_S = 0.01
"""The gain begins to fall twice this long before a peak and is back twice this long after it, in a curve without
corners. Half a period of the deepest bass is shorter, so the gain does not follow the wave itself."""
MARGIN = 0.998
"""The gain moves between samples too: the height to which peaks are brought, as a share of the ceiling."""

_TRANSFORM = 1 << 15
_BATCH = 16  # blocks that are transformed at a time
_LEAST = 1e-6  # taken away, less is an error of the transform


def limiter_gain(peaks: NDArray[np.float32], sample_rate: int, ceiling: float) -> NDArray[np.float32] | None:
    """Return the gain that brings every peak, between samples too, below a ceiling.

    The smallest gain within the reach of each sample is averaged over that reach, so the gain is never larger than the
    peak in its middle allows, and 1 wherever no peak is near.

    Args:
        peaks: (samples,) heights from each sample to the next, see `peaks_above`.
        sample_rate: in Hz.
        ceiling: height that no peak exceeds.

    Returns:
        (samples,) above 0, at most 1; None where nothing stands above the ceiling.
    """
    if not len(peaks) or peaks.max() <= ceiling:
        return None
    reach = max(1, round(REACH_S * sample_rate))
    weights = np.hanning(2 * reach + 3)[1:-1]
    spectrum = np.fft.rfft((weights / weights.sum()).astype(np.float32), _TRANSFORM)
    fresh = _TRANSFORM - 2 * reach
    gain = np.ones(len(peaks), dtype=np.float32)
    for first in range(0, len(peaks), _BATCH * fresh):  # all at once, an hour would need gigabytes
        part = gain[first : first + _BATCH * fresh]
        # what is taken away is averaged, not the gain: where nothing is, rounding leaves the sound as it was
        taken = 1 - _held(peaks, first - reach, first + len(part) + reach, reach, ceiling)
        averaged = _averaged(taken, spectrum, fresh)
        np.subtract(1, averaged, out=part, where=averaged >= _LEAST)
    return gain


def _held(peaks: NDArray[np.float32], first: int, last: int, reach: int, ceiling: float) -> NDArray[np.float32]:
    """Return the smallest gain within the reach of some samples; beyond its ends the sound counts as going on.

    Args:
        peaks: of all the sound.
        first: of the samples; may lie before its beginning.
        last: the one after them; may lie after its end.
        reach: in samples, to either side.
        ceiling: height that no peak exceeds.

    Returns:
        (last - first,) gains.
    """
    begin, end = max(0, first), min(len(peaks), last)
    around = np.arange(begin - reach - 1, end + reach).clip(0, len(peaks) - 1)
    allowed = np.minimum(1, MARGIN * ceiling / np.maximum(peaks[around], MARGIN * ceiling))
    allowed = np.minimum(allowed[1:], allowed[:-1])  # a peak before a sample concerns it too
    return np.pad(_lowest_around(allowed, reach), (begin - first, last - end), mode="edge")


def _lowest_around(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the smallest of the values up to a reach before and after each that has so many, by doubling."""
    lowest, looked = values, 1
    while looked < 2 * reach + 1:
        further = min(looked, 2 * reach + 1 - looked)
        lowest = np.minimum(lowest[:-further], lowest[further:])
        looked += further
    return lowest


def _averaged(
    values: NDArray[np.float32], spectrum: NDArray[np.complexfloating[Any, Any]], fresh: int
) -> NDArray[np.float32]:
    """Convolve, where all weights meet a value, block by block in the frequency domain.

    Args:
        values: of some samples, and as many more as there are weights but one.
        spectrum: of the weights.
        fresh: samples that a block adds.

    Returns:
        One average for each of the samples.
    """
    wanted = len(values) - (_TRANSFORM - fresh)
    blocks = -(-wanted // fresh)
    padded = np.pad(values, (0, blocks * fresh - wanted))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _TRANSFORM)[::fresh]
    whole = np.fft.irfft(np.fft.rfft(windows) * spectrum, _TRANSFORM)[:, _TRANSFORM - fresh :]
    averaged: NDArray[np.float32] = whole.reshape(-1)[:wanted].astype(np.float32, copy=False)
    return averaged
