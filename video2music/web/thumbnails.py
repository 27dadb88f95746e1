"""Small pictures of the scenes of a clip, for the film strip above its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emotion.errors import RefusalError
from video2music.video.key_frames import key_frames_s
from video2music.video.part import SHORTEST_S, Part
from video2music.web.clip_card import jpeg

MOST = 24
"""Scenes that have a picture; of more, the longest."""

SHORTER_SIDE = 80
"""Pixels; the strip is half as high, for screens that show two for one."""

AFTER_CUT_S = 0.12
"""A flash at the cut itself would not show the scene."""

NEAR_S = 1.5
"""A key frame so soon after a cut shows the scene as well as the frame at the cut, and is there at once."""

CLOCK_S = 0.02
"""By which times of a file may differ from those of the cuts."""

DECODED_S = 25.0
"""Seconds of video that are decoded for all pictures together."""


@dataclass(frozen=True)
class Scene:
    """From one cut to the next.

    Attributes:
        start_s: in seconds of the clip.
        end_s: where the next one begins.
        picture: JPEG in base64; empty where there is none.
    """

    start_s: float
    end_s: float
    picture: str = ""


def scenes_of(cuts_s: Sequence[float], duration_s: float) -> list[Scene]:
    """Return the scenes between cuts, without pictures.

    Args:
        cuts_s: ascending; those outside the clip are left out.
        duration_s: of the clip.
    """
    edges = [0.0, *(float(cut) for cut in cuts_s if 0 < cut < duration_s), duration_s]
    return [Scene(start_s, end_s) for start_s, end_s in zip(edges, edges[1:], strict=False) if end_s > start_s]


def with_pictures(scenes: Sequence[Scene], clip: Path, begin_s: float = 0.0) -> list[Scene]:
    """Return scenes with a frame from the beginning of each; at most MOST of them, and none that takes long to reach.

    Args:
        scenes: in order.
        clip: the video.
        begin_s: where in the clip the first scene begins.
    """
    try:
        known = key_frames_s(clip)
    except RefusalError:
        return list(scenes)
    pictures: dict[float, str] = {}
    left_s = DECODED_S
    for scene in sorted(scenes, key=lambda scene: scene.start_s - scene.end_s)[:MOST]:
        second, effort_s = first_look(scene, begin_s, known)
        left_s -= effort_s
        if left_s >= 0:
            pictures[scene.start_s] = frame_at(clip, second)
    return [replace(scene, picture=pictures.get(scene.start_s, "")) for scene in scenes]


def first_look(scene: Scene, begin_s: float, key_frames: Sequence[float]) -> tuple[float, float]:
    """Choose the frame that shows a scene: a key frame near its beginning, else the frame just after the cut.

    Args:
        scene: where the frame comes from.
        begin_s: where in the clip the first scene begins.
        key_frames: of the clip, in seconds.

    Returns:
        When it appears in the clip, and how many seconds must be decoded to reach it.
    """
    start_s, length_s = begin_s + scene.start_s, scene.end_s - scene.start_s
    after = start_s + min(AFTER_CUT_S, length_s / 2)
    near = (key_s for key_s in key_frames if start_s - CLOCK_S < key_s < start_s + min(NEAR_S, length_s / 2))
    key_s = next(near, None)
    if key_s is not None:
        return key_s + CLOCK_S, CLOCK_S
    return after, after - max((key_s for key_s in key_frames if key_s <= after), default=0.0)


def frame_at(clip: Path, second: float) -> str:
    """Return the frame that stands at a second as JPEG in base64; nothing where it cannot be read any more.

    Args:
        clip: the video.
        second: after its first frame.
    """
    from video2music.video.reader import VideoReader

    try:
        with VideoReader(clip, Part(second, second + SHORTEST_S)) as frames:
            frame = next(iter(frames), None)
            return "" if frame is None else jpeg(frame.shown(SHORTER_SIDE))
    except RefusalError:
        return ""
