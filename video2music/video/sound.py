"""The sound that a video brings along."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.audio import read_audio
from video2music.video.probe import probe


def read_sound(path: Path | str, sample_rate: int) -> NDArray[np.float32] | None:
    """Decode the first sound track of a video.

    Args:
        path: a local video file.
        sample_rate: samples per second to resample to.

    Returns:
        (n, channels) float32 with one or two channels, full scale -1 to 1; None for a silent film.

    Raises:
        VideoReadError: the file is not a video.
        AudioReadError: there is a sound track, but it cannot be decoded.
    """
    if not probe(path).has_sound:
        return None
    return read_audio(path, sample_rate=sample_rate).samples
