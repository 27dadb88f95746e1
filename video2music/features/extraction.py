"""Watches a video once and returns its features, one row per second."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from video2music.errors import VideoReadError
from video2music.features.background import BackgroundCalls
from video2music.features.image_encoder import FrameFeatures, ImageEncoder, WholeVideoEncoder
from video2music.features.motion import PublishedMotion, SteadyMotion
from video2music.features.scene import PublishedCuts, SteadyCuts, scene_offsets
from video2music.features.video_features import VideoFeatures
from video2music.video.limits import LONGEST_S
from video2music.video.part import Part
from video2music.video.probe import probe
from video2music.video.reader import Frame, Image, VideoReader

Progress = Callable[[str, float], None]

STAGE = "Watching the video"
CHUNK_S = 16
"""Seconds of video that an encoder sees at once: enough to fill a batch, few enough to keep memory flat."""
CLOCK_STEP_S = 0.002
"""Containers that count in milliseconds round each frame: a length this little over a whole second is that second."""
SHORTEST_STEP_S = 0.001
"""Frames that follow sooner are not watched: what is compared with earlier frames must stay little, whatever the clock
of a file does."""
CLOCK_ERROR_S = 1e-6
"""Of adding up times."""
SMALL_SIDE = 256
"""Longer side in pixels of the frames on which cuts and frame-rate-independent motion are measured."""


def extract_features(
    path: Path | str, encoder: ImageEncoder, *, part: Part | None = None, progress: Progress | None = None
) -> VideoFeatures:
    """Decode a video, or a part of it, once and measure what is in it.

    Args:
        path: a local video file.
        encoder: the image encoder; its `exact_motion` asks for motion and cuts exactly as published.
        part: what of the video to watch, as if it were a clip of its own; None is all of it.
        progress: told the stage and a fraction from 0 to 1.

    Returns:
        The features, T = ceil(duration) rows. A second that shows no new frame has the row of the frame that still
        stands, with motion 0.

    Raises:
        VideoReadError: the file is not a whole, decodable video.
        PartError: the part lies outside it.
    """
    part = part and part.within(probe(path).duration_s)
    watcher: Watcher = PublishedWatcher() if encoder.exact_motion else SteadyWatcher()
    end_s = 0.0
    with VideoReader(path, part) as reader, Rows(encoder, watcher) as rows:
        for frame in reader:
            _check_time(frame, reader.path)
            watcher.add(frame)
            if rows.add(frame) and progress is not None:
                progress(STAGE, min(1.0, frame.time_s / reader.duration_s) if reader.duration_s else 0.0)
            end_s = frame.end_s
        duration_s = whole_duration_s(end_s)
        rows.finish(math.ceil(duration_s))
        features = _features(duration_s, rows, watcher)
    if progress is not None:
        progress(STAGE, 1.0)
    return features


def whole_duration_s(end_s: float) -> float:
    """Round the end of the last frame to the clock of containers, so that a 30 s clip is not 30.0003 s long."""
    seconds = math.floor(end_s)
    if seconds and end_s - seconds < CLOCK_STEP_S:
        return float(seconds)
    return max(round(end_s, 6), 1e-3)


class Watcher(Protocol):
    """Measures motion and cuts, frame by frame."""

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        ...

    def motion(self, second: int) -> float:
        """Return and forget the motion of a second that is over."""
        ...

    def cuts_s(self) -> list[float]:
        """Return the times of all cuts, when no frame follows."""
        ...

    def image(self, frame: Frame, shorter: int) -> Image:
        """Return the image of a frame for the encoder, its shorter side no longer than given."""
        ...


class PublishedWatcher:
    """Motion and cuts as published, on full-resolution frames."""

    def __init__(self) -> None:
        self._motion, self._cuts = PublishedMotion(), PublishedCuts()

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        self._motion.add(frame)
        self._cuts.add(frame)

    def motion(self, second: int) -> float:
        """Return and forget the motion of a second that is over."""
        return self._motion.take(second)

    def cuts_s(self) -> list[float]:
        """Return the times of all cuts."""
        return self._cuts.cuts_s

    def image(self, frame: Frame, shorter: int) -> Image:
        """Return the frame shrunk as CLIP's own preparation shrinks it (Pillow's bicubic), pixels taken as square."""
        full = frame.upright(frame.full())
        height, width = full.shape[:2]
        scale = shorter / min(width, height)
        if scale >= 1:
            return full
        size = (shorter, int(shorter * height / width)) if width <= height else (int(shorter * width / height), shorter)
        return np.asarray(PillowImage.fromarray(full).resize(size, PillowImage.Resampling.BICUBIC))


class SteadyWatcher:
    """Motion and cuts that do not depend on the frame rate, on small frames."""

    def __init__(self) -> None:
        self._motion, self._cuts = SteadyMotion(), SteadyCuts()
        self._size: tuple[int, int] | None = None
        self._watched_s = -math.inf

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        if frame.time_s - self._watched_s < SHORTEST_STEP_S - CLOCK_ERROR_S:
            return
        self._watched_s = frame.time_s
        if self._size is None:
            width, height = frame.picture.width, frame.picture.height
            scale = min(1.0, SMALL_SIDE / max(width, height))
            self._size = max(1, round(width * scale)), max(1, round(height * scale))
        small = frame.pixels(*self._size, order="bgr24")
        self._motion.add(frame.time_s, small)
        self._cuts.add(frame.time_s, small)

    def motion(self, second: int) -> float:
        """Return and forget the motion of a second that is over."""
        return self._motion.take(second)

    def cuts_s(self) -> list[float]:
        """Return the times of all cuts."""
        return self._cuts.finish()

    def image(self, frame: Frame, shorter: int) -> Image:
        """Return the frame as a player shows it."""
        return frame.shown(shorter)


class Rows:
    """Chooses the frame of each second and shows them to the encoder in chunks; used as a context manager.

    The published choice (each frame at least one second after the last chosen one) stands wherever it falls into the
    second; a second that it skips has its first frame, and a second without a new frame the one that still stands.
    The encoder looks at a chunk while the frames of the next one are decoded.

    Args:
        encoder: the image encoder.
        watcher: measures the motion of each second.
    """

    def __init__(self, encoder: ImageEncoder, watcher: Watcher) -> None:
        self._encoder, self._watcher = encoder, watcher
        self._calls = BackgroundCalls(self._look)
        self._second = 0
        self._chosen: Frame | None = None
        self._last: Frame | None = None
        self._published_s = -math.inf
        self._images: list[Image] = []
        self._motions: list[float] = []
        self.motion: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.__exit__(kind, error, trace)

    def add(self, frame: Frame) -> bool:
        """Look at the next frame; return whether it begins a new second."""
        second = int(frame.time_s)
        begins = second > self._second
        if begins:
            self._close(second)
        published = frame.time_s - self._published_s >= 1
        if published:
            self._published_s = frame.time_s
        if published or self._chosen is None:
            self._chosen = frame
        self._last = frame
        return begins

    def finish(self, seconds: int) -> None:
        """Close all seconds and show the encoder what is left."""
        self._close(seconds)
        self._flush()

    def sights(self, scene_offset: NDArray[np.float32]) -> list[FrameFeatures]:
        """Return what the encoder saw, in order, when no frame follows."""
        seen = self._calls.seen()
        if not isinstance(self._encoder, WholeVideoEncoder):
            return [sight for sight in seen if isinstance(sight, FrameFeatures)]
        embedding = _joined(rows for rows in seen if not isinstance(rows, FrameFeatures))
        return [self._encoder.read(embedding, np.array(self.motion, dtype=np.float32), scene_offset)]

    def _close(self, second: int) -> None:
        """Append rows up to, not including, a second."""
        while self._second < second:
            frame = self._chosen or self._last
            if frame is None:
                return
            self._append(self._watcher.image(frame, self._encoder.frame_size), self._watcher.motion(self._second))
            self._chosen = None
            self._second += 1

    def _append(self, image: Image, motion: float) -> None:
        if self._images and image.shape != self._images[0].shape:
            self._flush()
        self._images.append(image)
        self._motions.append(motion)
        if len(self._images) == CHUNK_S:
            self._flush()

    def _flush(self) -> None:
        if self._images:
            self._calls.show(np.stack(self._images), np.array(self._motions, dtype=np.float32))
            self.motion += self._motions
            self._images, self._motions = [], []

    def _look(self, frames: NDArray[np.uint8], motion: NDArray[np.float32]) -> FrameFeatures | NDArray[np.float32]:
        """See, or embed, a chunk of seconds."""
        return (
            self._encoder.embed(frames)
            if isinstance(self._encoder, WholeVideoEncoder)
            else self._encoder.see(frames, motion)
        )


def _check_time(frame: Frame, path: Path) -> None:
    if frame.end_s > LONGEST_S:
        raise VideoReadError(
            f"The video is longer than {LONGEST_S / 3600:.0f} hours", where=path, remedy="Cut it into parts"
        )


def _features(duration_s: float, rows: Rows, watcher: Watcher) -> VideoFeatures:
    cuts_s = np.array(watcher.cuts_s(), dtype=np.float32)
    scene_offset = scene_offsets(cuts_s, len(rows.motion))
    sights = rows.sights(scene_offset)
    semantic = [sight.semantic for sight in sights if sight.semantic is not None]
    return VideoFeatures(
        duration_s=duration_s,
        emotion=_joined(sight.emotion for sight in sights),
        valence=_joined(sight.valence for sight in sights),
        arousal=_joined(sight.arousal for sight in sights),
        scene_offset=scene_offset,
        motion=np.array(rows.motion, dtype=np.float32),
        cuts_s=cuts_s,
        semantic=_joined(semantic) if semantic else None,
        sights=tuple(thing for sight in sights for thing in sight.things),
    )


def _joined(parts: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(list(parts)).astype(np.float32, copy=False)
