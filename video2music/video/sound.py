"""The sound that a video brings along, in step with its picture."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg

IN_STEP = "aresample={rate}:async=1:first_pts=0,aformat=sample_fmts=flt:channel_layouts=stereo"
"""Gaps become silence, and so does the time before a sound track that begins late; 5.1 is mixed down as players do."""


def read_sound(
    path: Path, sample_rate: int, folder: Path, *, start_s: float, length_s: float
) -> NDArray[np.float32] | None:
    """Decode a stretch of the first sound track of a file.

    Args:
        path: a video with sound.
        sample_rate: samples per second to resample to.
        folder: holds the decoded sound for a moment.
        start_s: where the stretch begins, in seconds after the file begins.
        length_s: its length in seconds.

    Returns:
        (n, 2) float32, full scale -1 to 1, shorter than asked for where the track ends; None where nothing sounds.

    Raises:
        OutputError: the sound track cannot be decoded, or the disk is full.
    """
    decoded = folder / "original.w64"  # wav ends at 4 GB
    seek = ["-ss", f"{start_s:.6f}"] if start_s > 0 else []
    wanted = ["-map", "0:a:0", "-af", IN_STEP.format(rate=sample_rate), "-t", f"{length_s:.6f}"]
    codec = ["-c:a", "pcm_f32le", "-loglevel", "error", "-f", "w64"]
    run_ffmpeg([*READ_ONE_FILE, *seek, "-i", local(path), *wanted, *codec, local(decoded)], path)
    samples: NDArray[np.float32] = np.nan_to_num(soundfile.read(decoded, dtype="float32", always_2d=True)[0])
    decoded.unlink()
    return samples if samples.any() else None
