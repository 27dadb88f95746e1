"""Decodes the picture of a video once, frame by frame, with memory that does not grow with its length."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from emotion.media import COPY_AGAIN, frames
from video2music.errors import VideoReadError
from video2music.video.limits import Meter, check_claims
from video2music.video.part import Part
from video2music.video.probe import (
    check_complete,
    frame_rate,
    header_duration_s,
    no_frame,
    open_video,
    picture_stream,
    turn,
)

Image = NDArray[np.uint8]

SHORTEST_SEEK_S = 1.0
"""A part that begins earlier is read from the first frame on."""
CLOCK_S = 1e-3
"""Containers round times to their clock; a frame this near to a time appears then."""
LARGEST_SIDE_BY_SIDE = 4096 * 2304
"""Pixels of a frame up to which several are decoded at a time."""
SMALLEST_LOSS_S = 0.5
"""A file may end this much before its header says and still count as whole."""


class Scaler:
    """Converts decoded frames to packed 8-bit images; one swscale context per size, reused for every frame."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[int, int, str, str], VideoReformatter] = {}

    def convert(self, picture: av.VideoFrame, width: int, height: int, order: str, method: str) -> Image:
        """Scale and convert in one step, straight from the decoder's pixel format.

        Args:
            picture: a decoded frame.
            width: width of the image in pixels.
            height: height of the image in pixels.
            order: "rgb24" or "bgr24".
            method: swscale's name of the interpolation.

        Returns:
            (height, width, 3) uint8.
        """
        key = (width, height, order, method)
        context = self._contexts.setdefault(key, VideoReformatter())
        # one thread: the decoder's own threads are already busy, and small images gain nothing from more
        scaled = context.reformat(picture, width, height, order, interpolation=method, threads=1)
        return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


@dataclass(frozen=True)
class Frame:
    """A decoded frame; its pixels are converted when they are asked for.

    Attributes:
        time_s: when it appears, in seconds from the first frame.
        end_s: when it disappears, in seconds from the first frame.
        picture: the frame as decoded.
        scaler: converts it.
        sample_aspect: width of one pixel divided by its height.
    """

    time_s: float
    end_s: float
    picture: av.VideoFrame
    scaler: Scaler
    sample_aspect: float

    def pixels(self, width: int, height: int, *, order: str = "rgb24", method: str = "FAST_BILINEAR") -> Image:
        """Return the frame as stored (not turned) in the given size; see `Scaler.convert`."""
        return self.scaler.convert(self.picture, width, height, order, method)

    def full(self, *, order: str = "rgb24") -> Image:
        """Return every pixel of the frame as stored: (height, width, 3) uint8."""
        return self.pixels(self.picture.width, self.picture.height, order=order, method="BICUBIC")

    def shown(self, shorter: int) -> Image:
        """Return the frame as a player shows it: turned, with square pixels.

        Args:
            shorter: length in pixels of the shorter side; smaller frames are left as they are.

        Returns:
            (height, width, 3) uint8 RGB.
        """
        width, height = self.picture.width * self.sample_aspect, float(self.picture.height)
        scale = min(1.0, shorter / min(width, height))
        image = self.pixels(max(1, round(width * scale)), max(1, round(height * scale)), method="BICUBIC")
        return self.upright(image)

    def upright(self, image: Image) -> Image:
        """Turn an image of this frame the way it is displayed."""
        quarters = turn(self.picture) // 90
        return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


class VideoReader:
    """Iterates once over the frames of a video, or of a part of it.

        with VideoReader(path) as reader:
            for frame in reader:
                ...

    Damaged packets are skipped. At the end the file is refused if it turns out to be cut off.

    The frames of a part are those of a clip of its own: the first one stands where the part begins, at 0 s.

    Args:
        path: a local video file.
        part: what of it to read, within its length; None is all of it. What lies before is skipped, not decoded.

    Attributes:
        path: the file.
        duration_s: length in seconds of what is read as the header promises it, if it does; the last frame's `end_s` is
            the truth.
        width: stored width in pixels.
        height: stored height in pixels.

    Raises:
        VideoReadError: no such file, not a video, sound only, no frames, or cut off.
    """

    def __init__(self, path: Path | str, part: Part | None = None) -> None:
        self.path = Path(path)
        self._part = part
        self._open()
        self._interval_s = 1 / frame_rate(self._stream)
        self._sample_aspect = float(self._stream.sample_aspect_ratio or 1) or 1.0
        whole_s = self._container.duration / av.time_base if self._container.duration else None
        self.duration_s = header_duration_s(self._container, self._stream) or whole_s
        if part is not None and self.duration_s is not None:
            self.duration_s = min(self.duration_s, part.end_s) - part.start_s
        self.width, self.height = self._stream.width, self._stream.height
        try:
            check_claims(self.width, self.height, 1 / self._interval_s, self.duration_s, self.path)
        except VideoReadError:
            self._container.close()
            raise

    def _open(self) -> None:
        self._container: InputContainer = open_video(self.path)
        try:
            self._stream: VideoStream = picture_stream(self._container, self.path)
            check_complete(self._container, self.path)
        except BaseException:
            self._container.close()
            raise
        # frames that are decoded side by side all lie in memory
        large = self._stream.width * self._stream.height > LARGEST_SIDE_BY_SIDE
        self._stream.thread_type = "SLICE" if large else "AUTO"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        return self._frames() if self._part is None else self._frames_of(self._part)

    def _frames_of(self, part: Part) -> Iterator[Frame]:
        """Yield the frames that stand in a part, each until the next one appears."""
        standing: Frame | None = None
        for frame in self._frames_from(part.start_s):
            if frame.time_s > part.start_s + CLOCK_S:
                if standing is not None:
                    yield _within(standing, part, frame.time_s)
                if frame.time_s >= part.end_s - CLOCK_S:
                    return
            standing = frame
        if standing is not None:
            yield _within(standing, part, max(standing.end_s, part.start_s + self._interval_s))

    def _frames_from(self, begin_s: float) -> Iterator[Frame]:
        """Yield frames from a key frame at or before a time on; from the first one where the file cannot be sought."""
        if begin_s < SHORTEST_SEEK_S:
            yield from self._frames()
            return
        start_s = next((picture.time for picture in self._pictures()), None) or 0.0
        frames = self._sought(start_s, begin_s)
        first = next(frames, None)
        if first is None or first.time_s > begin_s + CLOCK_S:
            self._container.close()
            self._open()
            yield from self._frames()
        else:
            yield first
            yield from frames

    def _sought(self, start_s: float, begin_s: float) -> Iterator[Frame]:
        try:
            self._container.seek(int((start_s + begin_s) / (self._stream.time_base or 1)), stream=self._stream)
        except av.error.FFmpegError:
            return
        yield from self._frames(start_s)

    def _frames(self, start_s: float | None = None) -> Iterator[Frame]:
        """Yield the frames that follow, with their times after the first of the file.

        Args:
            start_s: when that appears; None where it is the one that follows. Otherwise frames need a time stamp.
        """
        scaler, meter, stamped = Scaler(), Meter(self.path), start_s is not None
        previous_s, count, end_s = -self._interval_s, 0, 0.0
        for picture in self._pictures():
            stamp = picture.time
            if stamp is None and stamped and not count:
                return
            if start_s is None:
                start_s = stamp or 0.0
            time_s = previous_s + self._interval_s if stamp is None else stamp - start_s
            time_s = max(time_s, 0.0, previous_s)
            duration_s = float(picture.duration * (picture.time_base or 0)) or self._interval_s
            end_s = time_s + duration_s
            meter.add(picture.width, picture.height, time_s)
            yield Frame(time_s, end_s, picture, scaler, self._sample_aspect)
            previous_s, count = time_s, count + 1
        if stamped and not count:
            return
        if not count:
            raise no_frame(self._stream, self.path)
        self._check_length(end_s + (start_s or 0.0))

    def _pictures(self) -> Iterator[av.VideoFrame]:
        self._end_s = 0.0
        if self._stream.duration is not None:
            return frames(self._container, self._stream)
        # where the header gives only the length of the whole file, the other tracks tell whether it is all there
        return frames(self._container, self._stream, *self._container.streams.audio, seen=self._note_end)

    def _note_end(self, packet: "Packet[Any]") -> None:
        if packet.pts is not None and packet.time_base:
            self._end_s = max(self._end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def _check_length(self, end_s: float) -> None:
        if self._stream.duration is not None and self._stream.time_base:
            promised_s = float(self._stream.duration * self._stream.time_base)
        elif self._container.duration:
            promised_s, end_s = self._container.duration / av.time_base, max(self._end_s, end_s)
        else:
            return
        if promised_s - end_s > max(SMALLEST_LOSS_S, 4 * self._interval_s) + 0.02 * promised_s:
            raise VideoReadError(
                f"The video is cut off: {end_s:.1f} of its {promised_s:.1f} s can be read",
                where=self.path,
                remedy=COPY_AGAIN,
            )


def _within(frame: Frame, part: Part, end_s: float) -> Frame:
    """Return a frame with its times in a part."""
    return replace(frame, time_s=max(0.0, frame.time_s - part.start_s), end_s=min(end_s, part.end_s) - part.start_s)
