"""The lanes of the timeline for what a person sets: cuts as flags, and sections as bands with a mood each.

The page's scripts (assets/marks.js and assets/sections.js) draw flags and bands, because a person moves them before any
music is composed for them; what is given here is what they begin with.
"""

import json
from dataclasses import dataclass, field
from html import escape

import numpy as np

from video2music.direction import Section
from video2music.features.video_features import VideoFeatures
from video2music.marks import Marks
from video2music.music.score import Score
from video2music.web.times import write_marks, write_sections

MET_S = 0.1
"""So near to each other eye and ear take a cut and a change of chord for one."""


@dataclass(frozen=True)
class Set:
    """What a person set for a piece.

    Attributes:
        marks: cuts.
        sections: with a mood each.
        piece: tells this piece and its clip from others on the same page.
    """

    marks: Marks = field(default_factory=Marks)
    sections: tuple[Section, ...] = ()
    piece: str = ""


def cut_lane(features: VideoFeatures, score: Score, wished: Set) -> str:
    """Make the place where cuts stand as flags.

    Args:
        features: what was seen.
        score: what is heard.
        wished: what a person set.
    """
    data = {
        "piece": wished.piece,
        "duration": f"{features.duration_s:.3f}",
        "set": write_marks(wished.marks),
        "found": json.dumps(np.round(features.cuts_s.astype(float), 3).tolist()),
        "missed": json.dumps(missed(score)),
    }
    return place("cut-flags", "Cuts in order; the arrow keys move from one to the next, Delete removes one", data)


def section_lane(duration_s: float, wished: Set) -> str:
    """Make the place where sections stand as bands.

    Args:
        duration_s: where the time axis ends.
        wished: what a person set.
    """
    data = {"piece": wished.piece, "duration": f"{duration_s:.3f}", "set": write_sections(wished.sections)}
    return place("mood-bands", "Sections in order; Enter leads to the fields of one, Delete removes it", data)


def place(kind: str, label: str, data: dict[str, str]) -> str:
    """Return an empty toolbar that knows what to begin with."""
    known = " ".join(f'data-{name}="{escape(value, quote=True)}"' for name, value in data.items())
    return f'<div class="{kind}" role="toolbar" aria-label="{label}" {known}></div>'


def missed(score: Score) -> list[float]:
    """Return the cuts that a person set and at which the music does not turn, in seconds."""
    changes = np.array([event["time_s"] for event in score.chord_events()])
    return [cut for cut in score.marked_s if np.abs(changes - cut).min() > MET_S]
