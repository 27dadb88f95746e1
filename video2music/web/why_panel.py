"""Under the video: why the music is as it is, to look at and to take along."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import gradio as gr
from gradio.events import Dependency

from emotion.errors import RefusalError
from video2music.tables import write_features
from video2music.web.chord_lane import CHOOSING
from video2music.web.folders import safe_stem
from video2music.web.mark_lanes import Set
from video2music.web.piece_timeline import piece_timeline
from video2music.web.run_controls import Changes
from video2music.web.session_store import Kept
from video2music.web.studio import Studio
from video2music.web.thumbnails import Still, film_strip, with_pictures

KNOWN_STRIP = "strip.json"
"""Holds the film strip beside the clip, so that its pictures are made once for every version of the music."""

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

DRAWING = Path(__file__).parents[2] / "assets" / "timeline_picture.js"


@dataclass(frozen=True)
class WhyPanel:
    """Where the timeline is shown.

    Attributes:
        timeline: the timeline.
        table: what it shows, second by second.
        picture: makes an image of it, in the browser.
    """

    timeline: gr.HTML
    table: gr.DownloadButton
    picture: gr.Button


def lay_out_timeline() -> gr.HTML:
    """Put the place of the timeline."""
    return gr.HTML("", elem_id="why", js_on_load=CHOOSING)


def lay_out_downloads(timeline: gr.HTML) -> WhyPanel:
    """Put the buttons that save what the timeline shows.

    Args:
        timeline: made by `lay_out_timeline`.
    """
    table = gr.DownloadButton("Seconds (csv)", elem_id="get-seconds", size="sm", min_width=120)
    picture = gr.Button("Timeline (png)", elem_id="get-timeline", size="sm", min_width=120)
    return WhyPanel(timeline, table, picture)


def connect_why(why: WhyPanel) -> None:
    """Connect the button that saves an image."""
    why.picture.click(None, js=DRAWING.read_text(encoding="utf-8"), **PRIVATE)


def draw_after(event: Dependency, studio: Studio, why: WhyPanel) -> None:
    """Let the timeline be drawn once an event has put another piece on the page.

    Args:
        event: after which the piece is kept.
        studio: keeps it.
        why: where it is shown.
    """

    def draw(request: gr.Request) -> Iterator[Changes]:
        try:
            yield from drawn(why, studio.sessions.get(str(request.session_hash)), studio)
        except (RefusalError, FileNotFoundError):  # there is none, or the person has turned to another clip meanwhile
            return

    event.success(draw, outputs=[why.timeline, why.table], concurrency_limit=None, **PRIVATE)


def drawn(why: WhyPanel, kept: Kept, studio: Studio) -> Iterator[Changes]:
    """Yield the timeline of a piece: at once, and where its clip has not been looked at yet, again with pictures.

    Args:
        why: where it is shown.
        kept: what the person works on.
        studio: where its clip is looked at.
    """
    piece, known = kept.piece, kept.folder / KNOWN_STRIP
    features, score = piece.features, piece.score
    stem = safe_stem(kept.name)
    table, image = kept.folder / f"{stem} - seconds.csv", f"{stem} - timeline.png"
    write_features(table, features, score)
    pictured = read_strip(known)
    strip = pictured or film_strip(features)
    wished = Set(piece.marks, piece.direction.sections, f"{crc32(kept.folder.name.encode()):x}")
    yield {why.timeline: piece_timeline(features, score, strip, image, wished), why.table: str(table)}
    if pictured is None:
        begin_s = 0.0 if piece.part is None else piece.part.start_s
        strip = studio.inspect(partial(with_pictures, strip, piece.source, begin_s))
        known.write_text(json.dumps([asdict(still) for still in strip]), encoding="utf-8")
        yield {why.timeline: piece_timeline(features, score, strip, image, wished)}


def read_strip(path: Path) -> list[Still] | None:
    """Return a film strip that was made before; None if it was not."""
    try:
        return [Still(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None
