"""Writes the sound of the result: the music alone, or together with the clip's own sound."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from video2music.errors import OutputError
from video2music.music.loudness import DEFAULT_LUFS
from video2music.music.mastering import write_wav
from video2music.music.mixing import Mix, mix
from video2music.video.sound import read_sound
from video2music.video.speech import Passage, speech_passages

Original = Literal["replace", "mix", "duck"]

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Sound:
    """What the first sound track of the result shall be.

    Attributes:
        music: a sound file that starts with the picture.
        original: "replace" drops the clip's own sound, "mix" keeps it together with the music, "duck" lowers the music
            while somebody speaks in it.
        music_level_lu: loudness of the music relative to that of the original sound, in loudness units.
        target_lufs: integrated loudness of both together.
    """

    music: Path
    original: Original = "replace"
    music_level_lu: float = 0.0
    target_lufs: float = DEFAULT_LUFS


@dataclass(frozen=True)
class Stretch:
    """Which stretch of a file the result covers.

    Attributes:
        start_s: where its sound begins, in seconds after the file begins.
        delay_s: how long after that the picture, and with it the music, begins.
        length_s: of the result, in seconds.
    """

    start_s: float
    delay_s: float
    length_s: float


def write_sound(sound: Sound, source: Path | None, stretch: Stretch, destination: Path) -> dict[str, Any] | None:
    """Write the sound of the result as a wav file, exactly as long as the result.

    Args:
        sound: what it shall be.
        source: the video; None where it has no sound track.
        stretch: which part of it.
        destination: the wav file, in a folder that is ours alone.

    Returns:
        What became of the original sound, for JSON; None where it was not wanted, or there is none.

    Raises:
        OutputError: the original sound cannot be decoded, or the file cannot be written.
    """
    sample_rate = soundfile.info(sound.music).samplerate
    delay, length = round(stretch.delay_s * sample_rate), round(stretch.length_s * sample_rate)
    original: NDArray[np.float32] | None = None
    if source is not None and sound.original != "replace":
        original = read_sound(
            source, sample_rate, destination.parent, start_s=stretch.start_s, length_s=stretch.length_s
        )
    if original is None:
        _write_placed(sound.music, delay, length, destination)
        return None
    music = _placed(soundfile.read(sound.music, dtype="float32", always_2d=True)[0], delay, length)
    speech = speech_passages(original, sample_rate) if sound.original == "duck" else []
    mixed = mix(
        music,
        original,
        sample_rate,
        music_level_lu=sound.music_level_lu,
        speech=speech,
        target_lufs=sound.target_lufs,
    )
    write_wav(destination, mixed.mastered.audio, sample_rate)
    return _facts(sound, mixed, speech)


def is_placed(music: Path, stretch: Stretch) -> bool:
    """Return whether a sound file is as `write_sound` would write it where no other sound is kept.

    Args:
        music: a sound file that starts with the picture.
        stretch: which part of the video the result covers.
    """
    found = soundfile.info(music)
    length, delay = round(stretch.length_s * found.samplerate), round(stretch.delay_s * found.samplerate)
    return (found.frames, found.channels, found.subtype, delay) == (length, 2, "PCM_24", 0)


def _write_placed(music: Path, delay: int, length: int, destination: Path) -> None:
    """Write music in stereo, silent before and after, block by block."""
    try:
        with soundfile.SoundFile(music) as source:
            kind = {"subtype": "PCM_24", "format": "WAV"}
            with soundfile.SoundFile(destination, "w", source.samplerate, 2, **kind) as target:
                _write_silence(target, min(delay, length))
                for start in range(0, min(source.frames, length - delay), _BLOCK):
                    count = min(_BLOCK, length - delay - start)
                    block = source.read(count, dtype="float32", always_2d=True)
                    target.write(np.broadcast_to(block, (len(block), 2)))
                _write_silence(target, length - target.tell())
    except (OSError, AssertionError, soundfile.LibsndfileError) as error:  # soundfile asserts that all was written
        reason = str(error) or "the disk is full"
        raise OutputError(f"The music cannot be written ({reason})", where=destination) from error


def _write_silence(target: soundfile.SoundFile, samples: int) -> None:
    for start in range(0, samples, _BLOCK):
        target.write(np.zeros((min(_BLOCK, samples - start), 2), dtype=np.float32))


def _placed(music: NDArray[np.float32], delay: int, length: int) -> NDArray[np.float32]:
    """Return music in stereo, silent before and after, (length, 2)."""
    placed = np.zeros((length, 2), dtype=np.float32)
    placed[delay:] = np.pad(music[: max(0, length - delay)], ((0, max(0, length - delay - len(music))), (0, 0)))
    return placed


def _facts(sound: Sound, mixed: Mix, speech: list[Passage]) -> dict[str, Any]:
    levels = {
        "loudness_lufs": mixed.mastered.loudness_lufs,
        "true_peak_dbtp": mixed.mastered.true_peak_dbtp,
        "gain_reduction_db": mixed.mastered.reduction_db,
        "original_lufs": mixed.original_lufs,
    }
    known = {name: round(level, 2) if math.isfinite(level) else None for name, level in levels.items()}
    facts: dict[str, Any] = {**known, "music_level_lu": sound.music_level_lu}
    if sound.original == "duck":
        facts["speech_s"] = [[round(start_s, 2), round(end_s, 2)] for start_s, end_s in speech]
        facts["dips"] = [
            {"start_s": round(a, 2), "end_s": round(b, 2), "depth_db": round(d, 1)} for a, b, d in mixed.dips
        ]
    return facts
