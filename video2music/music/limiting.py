"""Lowers the peaks that stand above a ceiling, for a moment around each of them, and nothing else."""

import numpy as np
from numpy.typing import NDArray

REACH_S = 0.01
"""The gain begins to fall twice this long before a peak and is back twice this long after it, in a curve without
corners. Half a period of the deepest bass is shorter, so the gain does not follow the wave itself."""
MARGIN = 0.998
"""The gain moves between samples too: the height to which peaks are brought, as a share of the ceiling."""

_TRANSFORM = 1 << 15
_BATCH = 16  # blocks that are transformed at a time


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
    allowed = np.minimum(1, MARGIN * ceiling / np.maximum(peaks, MARGIN * ceiling))
    allowed[1:] = np.minimum(allowed[1:], allowed[:-1])  # a peak before a sample concerns it too
    held = np.pad(_lowest_around(allowed, reach), reach, mode="edge")
    weights = np.hanning(2 * reach + 3)[1:-1]
    # what is taken away is averaged, not the gain: where nothing is, rounding leaves the sound as it was
    taken = _averaged(1 - held, weights / weights.sum())
    gain: NDArray[np.float32] = np.where(taken < 1e-6, 1, 1 - taken).astype(np.float32)
    return gain


def _lowest_around(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the smallest of the values up to a reach before and after each, by doubling what was looked at."""
    lowest, looked = np.pad(values, reach, mode="edge"), 1
    while looked < 2 * reach + 1:
        further = min(looked, 2 * reach + 1 - looked)
        lowest = np.minimum(lowest[:-further], lowest[further:])
        looked += further
    return lowest


def _averaged(values: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Convolve, where all weights meet a value, block by block in the frequency domain."""
    wanted, fresh = len(values) - len(weights) + 1, _TRANSFORM - len(weights) + 1
    blocks = -(-wanted // fresh)
    padded = np.pad(values, (0, blocks * fresh + len(weights) - 1 - len(values)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _TRANSFORM)[::fresh]
    spectrum = np.fft.rfft(weights.astype(np.float32), _TRANSFORM)
    averaged = np.empty((blocks, fresh), dtype=np.float32)
    for first in range(0, blocks, _BATCH):  # the transforms of an hour would need a gigabyte
        batch = slice(first, first + _BATCH)
        averaged[batch] = np.fft.irfft(np.fft.rfft(windows[batch]) * spectrum, _TRANSFORM)[:, len(weights) - 1 :]
    return averaged.reshape(-1)[:wanted]
