"""One constant gain to a loudness, a limiter for the few peaks above full scale, and files that are whole or absent."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import pyebur128
import soundfile
from numpy.typing import NDArray

from video2music.errors import OutputError
from video2music.music.limiting import limiter_gain
from video2music.music.loudness import DEFAULT_LUFS, reduction_db
from video2music.music.peaks import peaks_above, true_peak
from video2music.output import output_error

TRUE_PEAK_DBTP = -1.5
"""Half a decibel is left for what AAC adds to a peak, so that the video too stays below -1 dBTP."""
LARGEST_GAIN_DB = 40.0
"""Silence stays silence: what would need more gain than this is noise."""
LARGEST_REDUCTION_DB = 8.0
"""Peaks are lowered by no more than this; music that would need more stays below the target."""

_CLOSE_LU = 0.05
_MOST_ROUNDS = 4
_GATING_BLOCK_S = 0.4  # ITU-R BS.1770


@dataclass(frozen=True)
class Mastered:
    """A piece at its final loudness.

    Attributes:
        audio: (samples, 2) float32.
        gain_db: the one gain that was applied.
        loudness_lufs: integrated loudness after it (ITU-R BS.1770-4); -inf for silence.
        true_peak_dbtp: highest peak after it, between samples too; -inf for silence.
        limiting: (samples,) the further gain around peaks, at most 1; None where no peak had to be lowered.
    """

    audio: NDArray[np.float32]
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    limiting: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def reduction_db(self) -> float:
        """By how many decibels the highest peak was lowered."""
        return reduction_db(self.limiting)


def master(
    audio: NDArray[np.float32],
    sample_rate: int,
    *,
    target_lufs: float = DEFAULT_LUFS,
    true_peak_dbtp: float = TRUE_PEAK_DBTP,
) -> Mastered:
    """Bring a piece to a loudness with one constant gain, so that its dynamics survive.

    Peaks that stand above the limit then are lowered for a moment, by LARGEST_REDUCTION_DB at most; the curve of
    loudness that follows the video stays. Where that does not suffice, the gain stays lower, and the result says which
    loudness was reached.

    Args:
        audio: (samples, 2), any level.
        sample_rate: in Hz.
        target_lufs: integrated loudness to reach.
        true_peak_dbtp: level that no peak exceeds, in dB below full scale.

    Returns:
        The piece with its gain, loudness and true peak.
    """
    loudness = integrated_loudness(audio, sample_rate)
    peak_dbtp = _decibels(true_peak(audio))
    if not (math.isfinite(loudness) and math.isfinite(peak_dbtp)):
        return Mastered(audio.astype(np.float32), 0.0, loudness, peak_dbtp)
    gain_db = min(target_lufs - loudness, LARGEST_GAIN_DB)
    room_db = true_peak_dbtp - peak_dbtp
    if gain_db <= room_db:
        return Mastered(_multiplied(audio, _height(gain_db), None), gain_db, loudness + gain_db, peak_dbtp + gain_db)
    highest_db = min(room_db + LARGEST_REDUCTION_DB, LARGEST_GAIN_DB)
    peaks = peaks_above(audio, _height(true_peak_dbtp - highest_db))
    limited = np.empty(audio.shape, dtype=np.float32)
    for _ in range(_MOST_ROUNDS):
        gain_db = min(gain_db, highest_db)
        limiting = limiter_gain(peaks, sample_rate, _height(true_peak_dbtp - gain_db))
        _multiplied(audio, _height(gain_db), limiting, limited)
        loudness = integrated_loudness(limited, sample_rate)
        if target_lufs - loudness < _CLOSE_LU or gain_db == highest_db:
            break
        gain_db += target_lufs - loudness  # what the limiter took is given back
    return Mastered(limited, gain_db, loudness, _decibels(true_peak(limited)), limiting)


def _multiplied(
    audio: NDArray[np.float32],
    gain: float,
    limiting: NDArray[np.float32] | None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    curve = np.float32(gain) if limiting is None else (np.float32(gain) * limiting)[:, np.newaxis]
    return np.multiply(audio, curve, out=out, dtype=np.float32)


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
    meter = pyebur128.R128State(audio.shape[1], sample_rate, pyebur128.MeasurementMode.MODE_I)
    whole = _at_least(math.ceil(_GATING_BLOCK_S * sample_rate), audio)
    meter.add_frames(whole.reshape(-1), len(whole))
    return float(pyebur128.get_loudness_global(meter))


def _at_least(samples: int, audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lengthen a sound by silence, and raise it so that its mean power stays."""
    if len(audio) >= samples:
        return np.ascontiguousarray(audio, dtype=np.float32)
    louder = math.sqrt(samples / len(audio)) * audio
    return np.pad(louder.astype(np.float32), ((0, samples - len(audio)), (0, 0)))


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
    except (OSError, AssertionError, soundfile.LibsndfileError) as error:  # soundfile asserts that all was written
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise output_error(error, path.parent) from error
        raise OutputError(f"The music cannot be written ({str(error) or 'the disk is full'})", where=path) from error


def _decibels(height: float) -> float:
    return 20 * math.log10(height) if height > 0 else -math.inf


def _height(decibels: float) -> float:
    return 10 ** (decibels / 20)
