"""Encodes again a picture that mp4 cannot carry as it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from video2music.errors import OutputError, VideoReadError
from video2music.video.ffmpeg import write_error
from video2music.video.part import Part
from video2music.video.probe import VideoInfo
from video2music.video.reader import Frame, Image, VideoReader

SLOWEST, FASTEST = 10.0, 60.0
"""Frames per second between which the new picture keeps the old rate; slower pictures repeat frames."""
EVERY_PIXEL = 1 << 30
COLOURS = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_primaries", "bt709"]
QUALITY = ["-crf", "18", "-color_trc", "bt709", "-color_range", "tv", "-movflags", "+faststart"]


def encode_picture(info: VideoInfo, destination: Path, duration_s: float, part: Part | None = None) -> None:
    """Write the picture of a video as H.264 in mp4: turned upright, square pixels, even size, constant rate, no alpha.

    Args:
        info: the video.
        destination: the mp4 file to write.
        duration_s: length of the new picture in seconds.
        part: what of the video is written; None is all of it.

    Raises:
        VideoReadError: the video cannot be decoded.
        OutputError: the file cannot be written.
    """
    from moviepy.video.VideoClip import VideoClip  # most clips are copied and need no moviepy

    # two decimals are what moviepy hands on to ffmpeg; sampling at the rounded rate keeps the length exact
    rate = round(min(FASTEST, max(SLOWEST, info.frame_rate)), 2)
    frames = max(1, round(duration_s * rate))
    with VideoReader(info.path, part) as reader:
        # moviepy writes int(duration * rate) frames: the half keeps rounding errors from costing one
        clip = VideoClip(FrameAtTime(reader), duration=(frames + 0.5) / rate)
        try:
            clip.write_videofile(
                str(destination.absolute()),
                fps=rate,
                codec="libx264",
                audio=False,
                preset="veryfast",
                ffmpeg_params=[*COLOURS, *QUALITY],
                logger=None,
            )
        except OSError as error:
            raise write_error(str(error), destination) from error
    if not destination.exists():
        raise OutputError("The picture could not be encoded", where=info.path, remedy="Convert the video to mp4 first")


class FrameAtTime:
    """Returns the image that stands at a time; times must not go back by more than the current frame.

    Args:
        reader: an opened video.
    """

    def __init__(self, reader: VideoReader) -> None:
        self._frames: Iterator[Frame] = iter(reader)
        self._next: Frame | None = next(self._frames, None)
        if self._next is None:
            raise VideoReadError("The video has no frame that can be decoded", where=reader.path)
        self._image = even(self._next.shown(EVERY_PIXEL))

    def __call__(self, time_s: float) -> Image:
        """Return the (height, width, 3) uint8 RGB image at a time in seconds."""
        current: Frame | None = None
        # half a millisecond: containers round times to their clock
        while self._next is not None and self._next.time_s <= time_s + 5e-4:
            current, self._next = self._next, next(self._frames, None)
        if current is not None:
            image = even(current.shown(EVERY_PIXEL))
            # a picture that changes its size midway keeps its first one
            self._image = image if image.shape == self._image.shape else fitted(image, self._image.shape)
        return self._image


def even(image: Image) -> Image:
    """Repeat the last row or column where a side is odd, as H.264 needs even sides."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return image


def fitted(image: Image, shape: tuple[int, ...]) -> Image:
    """Return an image in another size, each pixel the nearest one."""
    rows = np.arange(shape[0]) * image.shape[0] // shape[0]
    columns = np.arange(shape[1]) * image.shape[1] // shape[1]
    return np.ascontiguousarray(image[rows[:, None], columns])
