"""From a clip's picture and a sound to a stimulus that shows nothing of where the sound comes from."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError
from video2music.errors import OutputError, VideoReadError
from video2music.music.mastering import integrated_loudness, write_wav
from video2music.music.peaks import true_peak
from video2music.rendering import SAMPLE_RATE
from video2music.study.plan import Clip, Study
from video2music.study.stimuli import needed
from video2music.video.encode import encode_picture
from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg
from video2music.video.mux import SOUND_CODEC
from video2music.video.part import Part
from video2music.video.probe import VideoInfo, open_video, picture_stream, probe
from video2music.video.sound import read_sound

ANONYMOUS = [
    *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-write_tmcd", "0"),
    *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"),
]
"""No title, no times, no name of a program."""

SAME_TIME = 946_684_800
"""When every stimulus was changed, in seconds since 1970, so that the order of making does not tell: 2000-01-01."""


@dataclass(frozen=True)
class Scene:
    """What of a video is shown.

    Attributes:
        info: the video.
        part: what of it; None is all of it.
    """

    info: VideoInfo
    part: Part | None

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.part.length_s if self.part else self.info.duration_s


@dataclass(frozen=True)
class Measured:
    """What a finished stimulus really holds.

    Attributes:
        duration_s: of the picture.
        frames: number of pictures that can be decoded.
        picture_sha256: of the encoded picture.
        lufs: integrated loudness; -inf for silence.
        true_peak_dbtp: highest peak; -inf for silence.
        sound_s: length of the sound.
    """

    duration_s: float
    frames: int
    picture_sha256: str
    lufs: float
    true_peak_dbtp: float
    sound_s: float


def scene_of(study: Study, clip: Clip) -> Scene:
    """Look at the video of a clip.

    Args:
        study: as read.
        clip: one of its clips.

    Raises:
        VideoReadError: there is no such video.
        PartError: it has no such part.
    """
    info = probe(study.folder / clip.file)
    return Scene(info, None if clip.range_s is None else Part(*clip.range_s).within(info.duration_s))


def scenes_of(study: Study) -> tuple[dict[str, Scene], dict[str, str]]:
    """Look at the video of every clip that is shown.

    Args:
        study: as read.

    Returns:
        The scenes by the ids of the clips, and for each clip that cannot be read a sentence.
    """
    scenes: dict[str, Scene] = {}
    problems: dict[str, str] = {}
    for clip in dict.fromkeys(clip for clip, _ in needed(study)):
        try:
            scenes[clip.id] = scene_of(study, clip)
        except RefusalError as error:
            problems[clip.id] = str(error)
    return scenes, problems


def write_picture(scene: Scene, destination: Path) -> float:
    """Encode a picture as browsers play it, always in the same way.

    Args:
        scene: what is shown.
        destination: an mp4 file without sound.

    Returns:
        Its length in seconds, a whole number of frames.

    Raises:
        VideoReadError: the video cannot be decoded.
        OutputError: the file cannot be written.
    """
    encode_picture(scene.info, destination, scene.length_s, scene.part)
    return probe(destination).duration_s


def assemble(picture: Path, sound: NDArray[np.float32], destination: Path) -> None:
    """Put a sound under a picture, which is copied.

    Args:
        picture: a file of `write_picture`, or an earlier stimulus, whose sound is left out.
        sound: (samples, 2) at SAMPLE_RATE, as long as the picture.
        destination: the mp4 file.

    Raises:
        OutputError: it cannot be written.
    """
    wave = destination.with_suffix(".wav")
    write_wav(wave, sound, SAMPLE_RATE)
    inputs = [*READ_ONE_FILE, "-i", local(picture), *READ_ONE_FILE, "-i", local(wave)]
    maps = ["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", *SOUND_CODEC]
    run_ffmpeg([*inputs, *maps, *ANONYMOUS, "-loglevel", "error", "-f", "mp4", local(destination)], destination)
    wave.unlink()
    os.utime(destination, (SAME_TIME, SAME_TIME))


def measure(path: Path, folder: Path) -> Measured:
    """Decode a stimulus from beginning to end and measure it.

    Args:
        path: the file.
        folder: holds the decoded sound for a moment.

    Raises:
        VideoReadError: it is not a video with sound that can be decoded.
    """
    duration_s, frames, picture_sha256 = _measure_picture(path)
    try:
        sound = read_sound(path, SAMPLE_RATE, folder, start_s=0.0, length_s=duration_s + 1)
    except OutputError as error:
        raise VideoReadError("The sound cannot be decoded", where=path) from error
    if sound is None:
        return Measured(duration_s, frames, picture_sha256, -np.inf, -np.inf, duration_s)
    peak = true_peak(sound)
    return Measured(
        duration_s,
        frames,
        picture_sha256,
        integrated_loudness(sound, SAMPLE_RATE),
        float(20 * np.log10(peak)) if peak else -np.inf,
        len(sound) / SAMPLE_RATE,
    )


def _measure_picture(path: Path) -> tuple[float, int, str]:
    digest, frames = hashlib.sha256(), 0
    try:
        with open_video(path) as container:
            picture = picture_stream(container, path)
            picture.thread_type = "AUTO"
            for packet in container.demux(picture):
                digest.update(f"{packet.pts} {packet.duration} ".encode() + bytes(packet))
                frames += len(packet.decode())
            duration_s = float((picture.duration or 0) * (picture.time_base or 0))
    except av.error.FFmpegError as error:
        raise VideoReadError("The picture cannot be decoded", where=path) from error
    return duration_s, frames, digest.hexdigest()
