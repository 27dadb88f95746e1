"""Small pictures of a clip, for the film strip above its timeline: one for each scene, and more of long ones.

The strip is as wide as the page, whatever the clip, so it has a limited number of pictures: several short scenes share
one. That also bounds what is decoded and kept of clips of any length.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from pathlib import Path

from emotion.errors import RefusalError
from video2music.features.video_features import VideoFeatures
from video2music.video.key_frames import key_frames_s
from video2music.web.stills import telling_picture

MOST = 24
"""Pictures in a strip; narrower ones would show nothing."""

LONGEST_SHARE = 1 / 6
"""A scene that lasts longer than this share of the clip has more than one picture."""

SHORTER_SIDE = 80
"""Pixels; the strip is half as high, for screens that show two for one."""

AFTER_CUT_S = 0.12
"""A flash at the cut itself would not show the scene."""

NEAR_S = 1.5
"""A key frame so soon after a cut shows the scene as well as the frame at the cut, and is there at once."""

CLOCK_S = 0.02
"""By which times of a file may differ from those of the cuts."""

LATER_LOOKS = 3
"""Key frames of a scene that are looked at where its beginning shows nothing."""

DECODED_S = 25.0
"""Seconds of video that are decoded for all pictures together; beyond, the nearest key frame must do."""


@dataclass(frozen=True)
class Still:
    """A scene, a part of a long one, or several short ones, and a picture of it.

    Attributes:
        start_s: in seconds of the clip.
        end_s: where the next one begins.
        shown: from when to when the scene lasts that the picture is taken from; None is all of it.
        picture: JPEG in base64; empty where there is none.
    """

    start_s: float
    end_s: float
    shown: tuple[float, float] | None = None
    picture: str = ""

    @property
    def scene(self) -> tuple[float, float]:
        """From when to when the scene lasts that the picture is taken from."""
        return self.shown or (self.start_s, self.end_s)


def scenes_of(features: VideoFeatures) -> list[tuple[float, float]]:
    """Return from when to when each scene lasts, in seconds."""
    duration_s = features.duration_s
    edges = [0.0, *(float(cut) for cut in features.cuts_s if 0 < cut < duration_s), duration_s]
    return [(start_s, end_s) for start_s, end_s in pairwise(edges) if end_s > start_s]


def parts(start_s: float, end_s: float, longest_s: float) -> list[tuple[float, float]]:
    """Return the fewest equal parts of a stretch of time that are not too long."""
    count = max(1, ceil((end_s - start_s) / longest_s - 1e-6))
    length_s = (end_s - start_s) / count
    return [(start_s + index * length_s, start_s + (index + 1) * length_s) for index in range(count)]


def film_strip(features: VideoFeatures) -> list[Still]:
    """Return what the strip of a clip is divided into, without pictures; at most MOST stills."""
    longest_s, shortest_s = LONGEST_SHARE * features.duration_s, features.duration_s / MOST
    pieces = [part for scene in scenes_of(features) for part in parts(*scene, longest_s)]
    return [
        Still(group[0][0], group[-1][1], max(group, key=lambda piece: piece[1] - piece[0]))
        for group in gathered(pieces, shortest_s)
    ]


def gathered(pieces: Sequence[tuple[float, float]], shortest_s: float) -> list[list[tuple[float, float]]]:
    """Put stretches of time together until each group is long enough; a short rest joins the last group.

    Args:
        pieces: without gaps.
        shortest_s: length of a group, at least.
    """
    groups: list[list[tuple[float, float]]] = []
    for piece in pieces:
        if groups and groups[-1][-1][1] - groups[-1][0][0] < shortest_s - 1e-6:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    if len(groups) > 1 and groups[-1][-1][1] - groups[-1][0][0] < shortest_s - 1e-6:
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups


def with_pictures(stills: Sequence[Still], clip: Path, begin_s: float = 0.0) -> list[Still]:
    """Return stills with pictures, none of which takes long to reach.

    Args:
        stills: in order.
        clip: the video.
        begin_s: where in the clip the first one begins.
    """
    try:
        known = key_frames_s(clip)
    except RefusalError:
        return list(stills)
    pictures: dict[float, str] = {}
    left_s = DECODED_S
    for still in sorted(stills, key=lambda still: still.start_s - still.end_s):
        second, effort_s = first_look(still, begin_s, known)
        start_s, end_s = (begin_s + edge_s for edge_s in still.scene)
        middle_s = (start_s + end_s) / 2
        if effort_s > left_s and known:
            second, effort_s = min(known, key=lambda key_s: abs(key_s - middle_s)) + CLOCK_S, CLOCK_S
        if effort_s <= left_s or known:
            left_s -= effort_s
            inside = [key_s + CLOCK_S for key_s in known if second < key_s < end_s - CLOCK_S]
            later = sorted(inside, key=lambda key_s: abs(key_s - middle_s))[:LATER_LOOKS]
            pictures[still.start_s] = telling_picture(clip, [second, *(later or [middle_s])], SHORTER_SIDE)
    return [replace(still, picture=pictures.get(still.start_s, "")) for still in stills]


def first_look(still: Still, begin_s: float, key_frames: Sequence[float]) -> tuple[float, float]:
    """Choose the frame that shows a still: a key frame near its beginning, else the frame just after that.

    Args:
        still: where the frame comes from.
        begin_s: where in the clip the first still begins.
        key_frames: of the clip, in seconds.

    Returns:
        When it stands in the clip, and how many seconds must be decoded to reach it.
    """
    start_s, length_s = begin_s + still.scene[0], still.scene[1] - still.scene[0]
    near_s = start_s + min(NEAR_S, length_s / 2)
    key_s = next((key_s for key_s in key_frames if start_s - CLOCK_S < key_s < near_s), None)
    if key_s is not None:
        return key_s + CLOCK_S, CLOCK_S
    after_s = start_s + min(AFTER_CUT_S, length_s / 2)
    return after_s, after_s - max((key_s for key_s in key_frames if key_s <= after_s), default=0.0)
