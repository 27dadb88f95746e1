"""What decoding a video may cost, checked from its header before it is paid for, and counted while it is."""

from dataclasses import dataclass
from pathlib import Path

from emotion.media import MOST_PIXELS
from video2music.errors import VideoReadError

LONGEST_S = 4 * 3600.0
"""Longest video."""
LARGEST = "7680 x 4320 pixels"
"""MOST_PIXELS in words."""
MOST_WORK = 2_000_000_000_000
"""Pixels of all frames together: an hour of 4K at 60 frames per second, or four hours of full HD."""
FRAME_WORK = 50_000
"""What a frame costs however small it is, in pixels: a film of single pixels is not for free."""
NEVER_FASTER = 1000.0
"""Frames per second: headers that name more are not believed, and files that hold more are refused."""


def check_size(width: int, height: int, path: Path) -> None:
    """Refuse a picture that is too large.

    Args:
        width: in pixels.
        height: in pixels.
        path: the file.

    Raises:
        VideoReadError: it is.
    """
    if width * height > MOST_PIXELS:
        raise VideoReadError(
            f"The picture has {width} x {height} pixels", where=path, remedy=f"Give one of up to {LARGEST}"
        )


def check_claims(width: int, height: int, frame_rate: float, duration_s: float | None, path: Path) -> None:
    """Refuse a video whose header promises more than may be decoded.

    Args:
        width: in pixels.
        height: in pixels.
        frame_rate: frames per second.
        duration_s: length in seconds; None where the header does not say.
        path: the file.

    Raises:
        VideoReadError: it does.
    """
    check_size(width, height, path)
    if duration_s is None:
        return
    if duration_s > LONGEST_S:
        raise VideoReadError(
            f"The video is longer than {LONGEST_S / 3600:.0f} hours", where=path, remedy="Cut it into parts"
        )
    frames = duration_s * min(frame_rate, NEVER_FASTER)
    if frames * (width * height + FRAME_WORK) > MOST_WORK:
        raise _too_much(path)


@dataclass
class Meter:
    """Counts what decoding costs, since a header may lie.

    Attributes:
        path: the file.
        work: so far, in pixels.
        frames: so far.
    """

    path: Path
    work: int = 0
    frames: int = 0

    def add(self, width: int, height: int, time_s: float) -> None:
        """Count a decoded frame.

        Args:
            width: in pixels.
            height: in pixels.
            time_s: when it appears, in seconds after the first one of the file.

        Raises:
            VideoReadError: it was one too many.
        """
        self.work += width * height + FRAME_WORK
        self.frames += 1
        if self.work > MOST_WORK:
            raise _too_much(self.path)
        if self.frames > NEVER_FASTER * (time_s + 1):
            raise VideoReadError(
                f"The video has over {NEVER_FASTER:g} frames in a second", where=self.path, remedy="Convert it to mp4"
            )


def _too_much(path: Path) -> VideoReadError:
    return VideoReadError(
        "The video has more pixels in all its frames than can be watched", where=path, remedy="Make it smaller"
    )
