"""Puts music under a picture: the picture is copied where mp4 can carry it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from video2music.errors import OutputError
from video2music.video.encode import encode_picture
from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg
from video2music.video.mixing import Mix, Original, sound_filter
from video2music.video.probe import VideoInfo, codec_name, open_video, picture_stream, probe

COPIED_PICTURES = {"h264", "hevc", "av1", "vp9", "mpeg4"}
COPIED_SOUNDS = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
TEXT_SUBTITLES = {"mov_text", "subrip", "ass", "ssa", "webvtt", "text"}
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


def mux(
    source: Path | str,
    music: Path | str,
    destination: Path | str,
    *,
    original: Original = "replace",
    music_level_db: float = 0.0,
    duration_s: float | None = None,
) -> None:
    """Write the video with music as mp4.

    The picture is as long as that of the source. The first sound track is replaced by the music or kept under it;
    further sound tracks, text subtitles and metadata are kept.

    Args:
        source: the video.
        music: a sound file that starts with the picture; silence follows where it is shorter, a longer one is cut.
        destination: the mp4 file to write; an existing one is replaced when the new one is whole.
        original: "replace" drops the first sound track, "mix" keeps it 8 LU below the music.
        music_level_db: change of the music's level in decibels.
        duration_s: length of the picture in seconds as decoded; from the header by default.

    Raises:
        VideoReadError: the source is not a whole video.
        OutputError: the destination cannot be written.
    """
    info = probe(source)
    destination = Path(destination)
    _check_destination(info.path, destination)
    tracks = _tracks(info.path)
    length_s = duration_s or info.duration_s
    mix = Mix(info.path, Path(music), info.has_sound, original, music_level_db, tracks.offset_s, length_s)
    with _workspace(destination) as folder:
        options = _options(tracks, sound_filter(mix, destination), mix.end_s)
        try:
            _write(info, mix, tracks, options, folder / "result.mp4")
            (folder / "result.mp4").replace(destination)
        except OutputError as error:
            raise OutputError(error.what, where=destination, remedy=error.remedy) from error
        except OSError as error:
            raise _unwritable(destination, error) from error


def _write(info: VideoInfo, mix: Mix, tracks: Tracks, options: list[str], result: Path) -> None:
    # "+genpts" because avi stores no presentation times
    inputs = [*READ_ONE_FILE, "-fflags", "+genpts", "-i", local(mix.source), *READ_ONE_FILE, "-i", local(mix.music)]
    if info.video_codec in COPIED_PICTURES:
        tag = PICTURE_TAGS.get(info.video_codec, [])
        try:
            run_ffmpeg([*inputs, "-map", f"0:{tracks.picture}", *options, *tag, local(result)], result)
        except OutputError as error:
            if "full" in error.what:
                raise
            # some files break mp4's rules about headers or time stamps: their picture is encoded again
        else:
            return
    picture = result.with_name("picture.mp4")
    encode_picture(info, picture, mix.length_s)
    run_ffmpeg([*inputs, "-i", local(picture), "-map", "2:v:0", *options, local(result)], result)


def _options(tracks: Tracks, sound: str, end_s: float) -> list[str]:
    maps = ["-filter_complex", sound, "-map", "[music]"]
    codecs = ["-c:v", "copy", "-c:a:0", "aac", "-b:a:0", "192k", "-disposition:a:0", "default"]
    for number, codec in enumerate(tracks.sounds[1:], start=1):
        maps += ["-map", f"0:a:{number}"]
        codecs += [f"-c:a:{number}", "copy" if codec in COPIED_SOUNDS else "aac", f"-disposition:a:{number}", "0"]
    for number in tracks.subtitles:
        maps += ["-map", f"0:s:{number}"]
    header = ["-map_metadata", "0", "-map_chapters", "0", "-write_tmcd", "0", "-movflags", "+faststart"]
    return [*maps, *codecs, "-c:s", "mov_text", *header, "-t", f"{end_s:.6f}", "-loglevel", "error", "-f", "mp4"]


def _tracks(path: Path) -> Tracks:
    with open_video(path) as container:
        picture = picture_stream(container, path)
        start_s = float((picture.start_time or 0) * (picture.time_base or 0))
        offset_s = max(0.0, start_s - (container.start_time or 0) / av.time_base)
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
