"""Notes heard in a recording, by basic-pitch (Bittner et al. 2022), an optional extra."""

import logging
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video2music.errors import DatasetError

EXTRA = "requirements-dataset.txt"


def can_transcribe() -> bool:
    """Return whether basic-pitch is installed."""
    return find_spec("basic_pitch") is not None and find_spec("onnxruntime") is not None


def note_density(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Count the notes that sound in each second, as the note density of MuVi-Sync does.

    Args:
        samples: (n,) mono.
        sample_rate: samples per second.

    Returns:
        (T,) notes of all instruments that sound at any time in the second, T = ceil(duration).

    Raises:
        DatasetError: basic-pitch is not installed.
    """
    if not can_transcribe():
        raise DatasetError("basic-pitch is not installed", remedy=f"Run: pip install --no-deps -r {EXTRA}")
    import soundfile

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # basic-pitch warns of every runtime that it could use and that is not there
    try:
        from basic_pitch import FilenameSuffix, build_icassp_2022_model_path
        from basic_pitch.inference import predict
    finally:
        root.setLevel(level)
    with tempfile.TemporaryDirectory(prefix="video2music-notes-") as folder:
        path = Path(folder) / "sound.wav"
        soundfile.write(path, samples, sample_rate)
        _, _, notes = predict(path, build_icassp_2022_model_path(FilenameSuffix.onnx))
    starts = np.array([note[0] for note in notes])
    ends = np.array([note[1] for note in notes])
    return sounding_per_second(starts, ends, len(samples) / sample_rate)


def sounding_per_second(
    starts: NDArray[np.float64], ends: NDArray[np.float64], duration_s: float
) -> NDArray[np.float32]:
    """Count the notes that sound at any time in each second.

    Args:
        starts: (n,) onsets in seconds.
        ends: (n,) offsets in seconds.
        duration_s: of the recording.

    Returns:
        (T,) counts, T = ceil(duration).
    """
    seconds = np.arange(int(np.ceil(duration_s)))[:, None]
    sounding: NDArray[np.bool_] = (starts[None, :] < seconds + 1) & (ends[None, :] > seconds)
    return np.asarray(np.count_nonzero(sounding, axis=1), dtype=np.float32)
