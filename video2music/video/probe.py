"""Says what a video file is before anything is decoded, and refuses what is not a video."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from emotion.media import COPY_AGAIN, frames, open_media, packets
from video2music.errors import VideoReadError
from video2music.video.limits import LARGEST, check_size


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a video says.

    Attributes:
        path: the file.
        duration_s: length of the picture in seconds; where the header does not say, counted from the packets.
        width: width in pixels as displayed, after rotation, before the sample aspect ratio.
        height: height in pixels as displayed, after rotation.
        frame_rate: average number of frames per second.
        video_codec: FFmpeg's name of the codec, such as "h264".
        rotation: degrees that the stored picture is turned counter-clockwise for display: 0, 90, 180 or 270.
        sample_aspect: width of one pixel divided by its height.
        has_sound: whether there is at least one sound track.
        sound_streams: number of sound tracks.
        subtitle_streams: number of subtitle tracks.
        container: FFmpeg's names of the container, such as "matroska,webm".
    """

    path: Path
    duration_s: float
    width: int
    height: int
    frame_rate: float
    video_codec: str
    rotation: int
    sample_aspect: float
    has_sound: bool
    sound_streams: int
    subtitle_streams: int
    container: str


def probe(path: Path | str) -> VideoInfo:
    """Read the header of a video and the first frame.

    Args:
        path: a local video file.

    Returns:
        What the file holds.

    Raises:
        VideoReadError: no such file, not a video, sound only, no frames, or cut off.
    """
    path = Path(path)
    with open_video(path) as container:
        stream = picture_stream(container, path)
        check_complete(container, path)
        check_size(stream.width, stream.height, path)
        sound, subtitles = len(container.streams.audio), len(container.streams.subtitles)
        first = _first_frame(container, stream, path)
        rotation = turn(first)
        duration_s = header_duration_s(container, stream)
        codec = codec_name(stream)
        name = container.format.name
        rate, aspect = frame_rate(stream), float(stream.sample_aspect_ratio or 1) or 1.0
    width, height = (first.height, first.width) if rotation % 180 else (first.width, first.height)
    if duration_s is None:
        duration_s = _counted_duration_s(path)
    return VideoInfo(path, duration_s, width, height, rate, codec, rotation, aspect, sound > 0, sound, subtitles, name)


def open_video(path: Path) -> InputContainer:
    """Open a video file; see `emotion.media.open_media`."""
    return open_media(path, VideoReadError, "a video")


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the picture stream of a container.

    Args:
        container: an opened file.
        path: its path, for the message.

    Returns:
        The first video stream that is not a cover picture.

    Raises:
        VideoReadError: there is none.
    """
    # a cover picture is stored as a video stream of one frame: it belongs to a song
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if streams:
        stream = streams[0]
        if stream.codec_context is None:
            raise VideoReadError(
                "The video is in a format that cannot be decoded", where=path, remedy="Convert it to mp4"
            )
        return stream
    if container.streams.audio:
        raise VideoReadError("The file holds sound but no picture", where=path, remedy="Give a video")
    raise VideoReadError("The file holds no picture", where=path, remedy="Give a video")


def picture_offset_s(container: InputContainer, picture: VideoStream) -> float:
    """Return when the picture begins, in seconds after the file begins.

    Args:
        container: an opened file.
        picture: its picture stream.
    """
    start_s = float((picture.start_time or 0) * (picture.time_base or 0))
    return max(0.0, start_s - float((container.start_time or 0) / av.time_base))


def check_complete(container: InputContainer, path: Path) -> None:
    """Refuse a file that ends before the end that its index or its header names.

    Args:
        container: an opened file.
        path: its path.

    Raises:
        VideoReadError: the file is cut off.
    """
    size = path.stat().st_size
    if _ends_early(path, size):
        raise VideoReadError("The video is cut off: the end of the file is missing", where=path, remedy=COPY_AGAIN)
    for stream in container.streams:
        entries = stream.index_entries
        if len(entries) and entries[-1].pos + entries[-1].size > size:
            raise VideoReadError(
                "The video is cut off: the file ends before its last frame", where=path, remedy=COPY_AGAIN
            )


def _ends_early(path: Path, size: int) -> bool:
    """Say whether an avi is shorter than its header says, or a gif has no end mark: FFmpeg reads both in silence."""
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF":
            promised = int.from_bytes(start[4:8], "little") + 8
            # a program that cannot seek writes 0 or the largest number
            return size < promised < 0xFFFFFF00
        if start[:4] == b"GIF8":
            file.seek(max(0, size - 64))
            return not file.read().rstrip(b"\0").endswith(b";")
    return False


def header_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Return the length of the picture in seconds as the header says it, None where it does not."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and not container.streams.audio:
        return float(container.duration / av.time_base)
    return None


def frame_rate(stream: VideoStream) -> float:
    """Return the average number of frames per second, 25 where the header does not say."""
    rate: Fraction | None = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else 25.0


def codec_name(stream: Stream) -> str:
    """Return the name of the format, whichever decoder reads it; empty where nothing can."""
    # a decoder may have a name of its own, such as libdav1d for av1
    return stream.codec_context.codec.canonical_name if stream.codec_context else ""


def turn(frame: av.VideoFrame) -> int:
    """Return the degrees to turn a frame counter-clockwise for display: 0, 90, 180 or 270."""
    return int(round(frame.rotation / 90) * 90 % 360)


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    for frame in frames(container, stream):
        first: av.VideoFrame = frame
        return first
    raise no_frame(stream, path)


def no_frame(stream: VideoStream, path: Path) -> VideoReadError:
    """Return the refusal of a video of which no frame was decoded.

    Args:
        stream: its picture stream.
        path: its path.
    """
    # a decoder forgets the size of pictures that it refuses
    large = "" if stream.width and stream.height else f", or pictures of over {LARGEST}"
    return VideoReadError(f"The video has no frame that can be decoded{large}", where=path, remedy=COPY_AGAIN)


def _counted_duration_s(path: Path) -> float:
    # without a length in the header only the packets know; reading them decodes nothing
    with open_video(path) as container:
        stream = picture_stream(container, path)
        step = 1 / frame_rate(stream)
        start, end = float("inf"), 0.0
        for packet in packets(container, stream):
            if packet.pts is None or packet.time_base is None:
                continue
            time_s = float(packet.pts * packet.time_base)
            start = min(start, time_s)
            end = max(end, time_s + (float(packet.duration * packet.time_base) if packet.duration else step))
    return end - start if end > start else step
