"""Which loudness a piece may be brought to."""

import math

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError

TARGETS_LUFS = (-14, -16, -23)
"""Integrated loudness: of streaming services, of podcasts and the web, of European broadcasting (EBU R128)."""
DEFAULT_LUFS = -16.0
LARGEST_LEVEL_LU = 40.0


def check_lufs(lufs: float) -> None:
    """Refuse a loudness that is not offered.

    Args:
        lufs: integrated loudness in LUFS.

    Raises:
        RefusalError: it is none of TARGETS_LUFS.
    """
    if lufs not in TARGETS_LUFS:
        offered = ", ".join(map(str, TARGETS_LUFS))
        raise RefusalError(f"The music cannot be made {lufs:g} LUFS loud", remedy=f"Choose one of {offered}")


def check_music_level(level_lu: float) -> None:
    """Refuse a level that drowns the one or the other.

    Args:
        level_lu: loudness of the music relative to the clip's own sound, in LU.

    Raises:
        RefusalError: it is not a number from -LARGEST_LEVEL_LU to LARGEST_LEVEL_LU.
    """
    if not abs(level_lu) <= LARGEST_LEVEL_LU:
        raise RefusalError(
            f"The music cannot be {level_lu:g} LU louder than the clip's own sound",
            remedy=f"Choose a number from -{LARGEST_LEVEL_LU:g} to {LARGEST_LEVEL_LU:g}",
        )


def reduction_db(limiting: NDArray[np.float32] | None) -> float:
    """Return by how many decibels a limiter lowered the highest peak.

    Args:
        limiting: (samples,) its gain, above 0 and at most 1; None where it did nothing.
    """
    return 0.0 if limiting is None else -20 * math.log10(float(limiting.min()))
