"""Describes the sound of the result to ffmpeg: the music alone, or with the original sound below it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg

Original = Literal["replace", "mix"]

BELOW_MUSIC_LU = 8.0
"""Loudness units that the original sound lies below the music when both are kept: audible, and out of the way."""
STRONGEST_CHANGE_DB = 20.0
"""The original sound is made neither louder nor softer by more than this."""
SILENCE_LUFS = -60.0
PEAK = 0.794
"""-2 dBTP, limited at four times the sample rate, so that the overshoot of AAC stays below -1 dBTP."""
LIMITER = f"aresample=192000,alimiter=limit={PEAK}:level=disabled:attack=5:release=60,aresample=48000"
SAME_SHAPE = "aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo"
SHORTEST_DELAY_S = 0.005


@dataclass(frozen=True)
class Mix:
    """How music and original sound come together.

    Attributes:
        source: the video, ffmpeg's first input.
        music: the music, ffmpeg's second input.
        has_sound: whether the video has a sound track.
        original: "replace" or "mix".
        music_level_db: change of the music's level in decibels.
        offset_s: when the picture begins, in seconds after the file begins.
        length_s: length of the picture in seconds.
    """

    source: Path
    music: Path
    has_sound: bool
    original: Original
    music_level_db: float
    offset_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """When the picture ends, in seconds after the file begins."""
        return self.offset_s + self.length_s


def sound_filter(mix: Mix, destination: Path) -> str:
    """Describe the first sound track of the result.

    Args:
        mix: what to mix, and how.
        destination: the file that the person asked for, named in errors.

    Returns:
        An ffmpeg filter graph whose output is labelled [music].
    """
    delay = f",adelay={mix.offset_s * 1000:.0f}:all=1" if mix.offset_s > SHORTEST_DELAY_S else ""
    # silence without end follows; the length of the output cuts it
    pad = "apad[music]"
    music = f"[1:a:0]volume={mix.music_level_db:.2f}dB{delay}"
    if mix.original == "replace" or not mix.has_sound:
        # mastered music needs a limiter only when it is made louder
        return f"{music},{LIMITER},{pad}" if mix.music_level_db > 0 else f"{music},{pad}"
    kept = f"[0:a:0]{SAME_SHAPE},volume={original_change_db(mix, destination):.2f}dB[original]"
    both = "[original][new]amix=inputs=2:normalize=0:duration=longest"
    return f"{kept};{music},{SAME_SHAPE}[new];{both},{LIMITER},{pad}"


def original_change_db(mix: Mix, destination: Path) -> float:
    """Return the gain in decibels that puts the original sound BELOW_MUSIC_LU under the music; 0 if one is silent."""
    original, music = (integrated_lufs(path, destination) for path in (mix.source, mix.music))
    if original is None or music is None:
        return 0.0
    change_db = music + mix.music_level_db - BELOW_MUSIC_LU - original
    return max(-STRONGEST_CHANGE_DB, min(STRONGEST_CHANGE_DB, change_db))


def integrated_lufs(path: Path, destination: Path) -> float | None:
    """Measure the integrated loudness (EBU R128) of a file's first sound track; None where it is silent."""
    measure = ["-af", "ebur128=framelog=quiet", "-vn", "-sn", "-dn", "-f", "null", "-"]
    report = run_ffmpeg([*READ_ONE_FILE, "-i", local(path), "-map", "0:a:0", *measure], destination)
    found = re.findall(r"I:\s+(-?[\d.]+) LUFS", report)
    return float(found[-1]) if found and float(found[-1]) > SILENCE_LUFS else None
