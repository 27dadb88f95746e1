"""Lowers the peaks that stand above a ceiling, for a moment around each of them, and nothing else."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import oaconvolve

REACH_S = 0.01
"""The gain begins to fall twice this long before a peak and is back twice this long after it, in a curve without
corners. Half a period of the deepest bass is shorter, so the gain does not follow the wave itself."""
MARGIN = 0.998
"""The gain moves between samples too: the height to which peaks are brought, as a share of the ceiling."""


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
    held = np.pad(minimum_filter1d(allowed, 2 * reach + 1, mode="nearest"), reach, mode="edge")
    weights = np.hanning(2 * reach + 3)[1:-1]
    # what is taken away is averaged, not the gain: where nothing is, rounding leaves the sound as it was
    taken = oaconvolve(1 - held, (weights / weights.sum()).astype(np.float32), mode="valid")
    gain: NDArray[np.float32] = np.where(taken < 1e-6, 1, 1 - taken).astype(np.float32)
    return gain
