"""Puts music under a picture: the picture is copied where mp4 can carry it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from video2music.errors import OutputError
from video2music.music.loudness import DEFAULT_LUFS
from video2music.video.encode import encode_picture
from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg
from video2music.video.mixing import Original, Sound, Stretch, is_placed, write_sound
from video2music.video.part import Part
from video2music.video.probe import VideoInfo, codec_name, open_video, picture_offset_s, picture_stream, probe
from video2music.video.verifying import check_video

COPIED_PICTURES = {"h264", "hevc", "av1", "vp9", "mpeg4"}
COPIED_SOUNDS = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
TEXT_SUBTITLES = {"mov_text", "subrip", "ass", "ssa", "webvtt", "text"}
SOUND_CODEC = ["-c:a:0", "aac", "-b:a:0", "256k", "-aac_coder:a:0", "fast"]
"""The other coder raised peaks of drums by 1 dB and more at any rate, this one by 0.3 dB at most."""
PICTURE_TAGS = {"hevc": ["-tag:v", "hvc1"]}
"""Apple's players know HEVC only by this name."""


@dataclass(frozen=True)
class Tracks:
    """The tracks of a video.

    Attributes:
        picture: index of the picture among all streams.
        offset_s: when the picture begins, in seconds after the file begins.
        sounds: codec names of the sound tracks.
        subtitles: indices, among the subtitle tracks, of those that hold text.
    """

    picture: int
    offset_s: float
    sounds: tuple[str, ...]
    subtitles: tuple[int, ...]


@dataclass(frozen=True)
class Job:
    """What is to be written.

    Attributes:
        info: the video.
        tracks: its tracks.
        sound: the first sound track of the result.
        length_s: of the picture of the result, in seconds.
        part: what of the video is kept; None is all of it.
    """

    info: VideoInfo
    tracks: Tracks
    sound: Sound
    length_s: float
    part: Part | None


def mux(
    source: Path | str,
    music: Path | str,
    destination: Path | str,
    *,
    original: Original = "replace",
    music_level_lu: float = 0.0,
    target_lufs: float = DEFAULT_LUFS,
    duration_s: float | None = None,
    part: Part | None = None,
) -> dict[str, Any] | None:
    """Write the video with music as mp4.

    The picture is as long as that of the source, or as the part. The first sound track is replaced by the music or kept
    together with it; further sound tracks, text subtitles and metadata are kept. The picture of a part is encoded
    again, since a copy could begin at key frames only.

    Args:
        source: the video.
        music: a sound file that starts with the picture, or with the part; silence follows where it is shorter, a
            longer one is cut.
        destination: the mp4 file to write; an existing one is replaced when the new one is whole.
        original: "replace" drops the first sound track, "mix" keeps it, "duck" keeps it and lowers the music while
            somebody speaks in it.
        music_level_lu: loudness of the music relative to the original sound where that is kept; 0 is as loud.
        target_lufs: integrated loudness of music and original sound together; music alone keeps its own.
        duration_s: length of the picture in seconds as decoded; from the header by default.
        part: what of the video to keep; None is all of it.

    Returns:
        What became of the original sound, for JSON; None where it was not kept.

    Raises:
        VideoReadError: the source is not a whole video.
        PartError: the part lies outside the video.
        OutputError: the destination cannot be written, or what was written is not whole.
    """
    info = probe(source)
    destination = Path(destination)
    _check_destination(info.path, destination)
    part = part and part.within(info.duration_s)
    length_s = duration_s or (part.length_s if part else info.duration_s)
    job = Job(info, _tracks(info.path), Sound(Path(music), original, music_level_lu, target_lufs), length_s, part)
    with _workspace(destination) as folder:
        try:
            facts = _write(job, folder / "result.mp4")
            (folder / "result.mp4").replace(destination)
        except OutputError as error:
            raise OutputError(error.what, where=destination, remedy=error.remedy) from error
        except OSError as error:
            raise _unwritable(destination, error) from error
    return facts


def _write(job: Job, result: Path) -> dict[str, Any] | None:
    if job.part is None and job.info.video_codec in COPIED_PICTURES:
        try:
            return _copy(job, result)
        except OutputError as error:
            if "full" in error.what:
                raise
            # some files break mp4's rules about headers or time stamps, or come out of another length: their picture is
            # encoded again
    return _encode(job, result)


def _copy(job: Job, result: Path) -> dict[str, Any] | None:
    """Write the result with the picture as it is."""
    end_s = job.tracks.offset_s + job.length_s
    sound, facts = _write_sound(job, Stretch(0.0, job.tracks.offset_s, end_s), result)
    picture = ["-map", f"0:{job.tracks.picture}", *PICTURE_TAGS.get(job.info.video_codec, [])]
    run_ffmpeg([*_inputs(job.info.path, 0.0, sound), *picture, *_options(job.tracks, end_s), local(result)], result)
    check_video(result, job.length_s, end_s, 1 / job.info.frame_rate)
    return facts


def _encode(job: Job, result: Path) -> dict[str, Any] | None:
    """Write the result with the picture encoded again; it begins with the picture."""
    start_s = job.tracks.offset_s + (job.part.start_s if job.part else 0.0)
    sound, facts = _write_sound(job, Stretch(start_s, 0.0, job.length_s), result)
    picture = result.with_name("picture.mp4")
    encode_picture(job.info, picture, job.length_s, job.part)
    inputs = [*_inputs(job.info.path, start_s, sound), "-i", local(picture), "-map", "2:v:0"]
    run_ffmpeg([*inputs, *_options(job.tracks, job.length_s), local(result)], result)
    check_video(result, job.length_s, job.length_s, 1 / job.info.frame_rate)
    return facts


def _write_sound(job: Job, stretch: Stretch, result: Path) -> tuple[Path, dict[str, Any] | None]:
    source = job.info.path if job.info.has_sound and job.sound.original != "replace" else None
    if source is None and is_placed(job.sound.music, stretch):
        return job.sound.music, None
    sound = result.with_name("sound.wav")
    return sound, write_sound(job.sound, source, stretch, sound)


def _inputs(source: Path, start_s: float, sound: Path) -> list[str]:
    seek = ["-ss", f"{start_s:.6f}"] if start_s > 0 else []
    # "+genpts" because avi stores no presentation times
    return [*READ_ONE_FILE, "-fflags", "+genpts", *seek, "-i", local(source), *READ_ONE_FILE, "-i", local(sound)]


def _options(tracks: Tracks, end_s: float) -> list[str]:
    maps = ["-map", "1:a:0"]
    codecs = ["-c:v", "copy", *SOUND_CODEC, "-disposition:a:0", "default"]
    for number, codec in enumerate(tracks.sounds[1:], start=1):
        maps += ["-map", f"0:a:{number}"]
        codecs += [f"-c:a:{number}", "copy" if codec in COPIED_SOUNDS else "aac", f"-disposition:a:{number}", "0"]
    for number in tracks.subtitles:
        maps += ["-map", f"0:s:{number}"]
    header = ["-map_metadata", "0", "-map_chapters", "0", "-write_tmcd", "0", "-movflags", "+faststart"]
    # a subtitle from before the part would move all others
    texts = ["-c:s", "mov_text", "-bsf:s", "noise=drop=lt(pts\\,0)"]
    return [*maps, *codecs, *texts, *header, "-t", f"{end_s:.6f}", "-loglevel", "error", "-f", "mp4"]


def _tracks(path: Path) -> Tracks:
    with open_video(path) as container:
        picture = picture_stream(container, path)
        offset_s = picture_offset_s(container, picture)
        sounds = tuple(codec_name(stream) for stream in container.streams.audio)
        names = [codec_name(stream) for stream in container.streams.subtitles]
        texts = tuple(number for number, name in enumerate(names) if name in TEXT_SUBTITLES)
        return Tracks(picture.index, offset_s, sounds, texts)


def _check_destination(source: Path, destination: Path) -> None:
    if destination.is_dir():
        raise OutputError("The result's name is that of a folder", where=destination, remedy="Give a file name")
    if destination.exists() and destination.samefile(source):
        raise OutputError("The result would replace the video itself", where=destination, remedy="Choose another name")


@contextmanager
def _workspace(destination: Path) -> Iterator[Path]:
    """Offer a folder beside the destination, so that the finished file can be renamed into place."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".video2music-", dir=destination.absolute().parent)
    except OSError as error:
        raise _unwritable(destination.absolute().parent, error) from error
    with folder as name:
        yield Path(name)


def _unwritable(place: Path, error: OSError) -> OutputError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OutputError(f"Nothing can be written there ({reason})", where=place, remedy="Choose another folder")
