"""Below the timeline: cuts and sections that a person sets, and the way to music that is composed for them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.direction import Direction, Section
from video2music.marks import Marks
from video2music.web.change_panel import ChangePanel
from video2music.web.changes import compose_again
from video2music.web.folders import given_name
from video2music.web.progress_view import field_hint
from video2music.web.run_controls import PLAY_FROM_PLACE, REMEMBER_PLACE, Changes, RunControls, lay_out_controls
from video2music.web.sections_field import lay_out_sections
from video2music.web.session_store import Kept
from video2music.web.settings_form import Form
from video2music.web.studio import Studio
from video2music.web.times import check_marks, check_sections, read_marks, read_range, read_sections, write_marks
from video2music.web.why_panel import draw_after
from video2music.wishes import Wishes

SCRIPT = Path(__file__).parents[2] / "assets" / "marks.js"

FRAME = """
<div class="cut-tools">
  <h3>Your own cuts and sections</h3>
  <div class="buttons">
    <button type="button" class="mark">Mark a cut here</button>
    <div class="chosen" role="group" aria-label="The chosen cut" hidden>
      <span class="which"></span>
      <label>Your cut at <input type="text" inputmode="decimal" autocomplete="off"></label>
      <button type="button" class="remove"></button>
    </div>
  </div>
  <p class="note count" aria-live="polite"></p>
</div>"""

PENDING = "The music does not follow these cuts and sections yet."

REWRITTEN = "Chords that you replaced will be written again."


@dataclass(frozen=True)
class MarksPanel:
    """The events of cuts and sections.

    Attributes:
        studio: where pieces are composed.
        controls: where this one is composed again.
        cuts: sets cuts; its value is a text that `read_marks` reads.
        sections: sets sections; its value is a text that `read_sections` reads.
        pending: shown while they are not those of the music.
        words: says so, or what is wrong with them.
        forget: goes back to those of the music.
    """

    studio: Studio
    controls: RunControls
    cuts: gr.HTML
    sections: gr.HTML
    pending: gr.Column
    words: gr.HTML
    forget: gr.Button

    def note(  # noqa: PLR0917 - Gradio passes inputs by their order
        self, cuts: str, sections: str, clip: str | None, from_s: str, to_s: str, request: gr.Request, *filled: str
    ) -> tuple[Any, ...]:
        """Offer to compose again where cuts or sections are not those of the music, and fill them into the form.

        Args:
            cuts: as the timeline shows them.
            sections: the same.
            clip: of the form, which is left alone where it is another one,
            from_s: or where it asks for another part of it,
            to_s: since times count from where the music begins.
            request: of the person.
            filled: cuts and sections of the form. They are returned where they stay: a field that is folded away
                forgets its value when it is skipped.
        """
        try:
            kept = self.studio.sessions.get(str(request.session_hash))
        except RefusalError:
            return gr.update(visible=False), "", gr.update(interactive=True), *filled
        pending, words, usable = self.judged(kept, cuts, sections)
        if usable and same_part(kept, clip, from_s, to_s):
            filled = (write_marks(read_marks(cuts)), sections)
        return gr.update(visible=pending), words, gr.update(interactive=usable), *filled

    def judged(self, kept: Kept, cuts: str, sections: str) -> tuple[bool, str, bool]:
        """Return whether cuts and sections differ from those of the music, what to say, and whether they can be met."""
        piece = kept.piece
        try:
            wanted = read_set(cuts, sections, piece.features.duration_s)
        except RefusalError as error:
            return True, field_hint(str(error)), False
        if wanted == (piece.marks, piece.direction.sections):
            return False, "", True
        words = f"{PENDING} {REWRITTEN}" if piece.rendition.chords else PENDING
        return True, f'<p class="note">{escape(words)}</p>', True


def read_set(cuts: str, sections: str, music_s: float) -> tuple[Marks, tuple[Section, ...]]:
    """Return what a person set.

    Args:
        cuts: as typed.
        sections: as typed.
        music_s: length of the music in seconds.

    Raises:
        RefusalError: the music cannot follow them.
    """
    marks, wanted = read_marks(cuts), read_sections(sections)
    wishes = Wishes(marks=marks, direction=Direction(sections=wanted))
    check_marks(wishes, music_s)
    check_sections(wishes, music_s)
    return marks, wanted


def same_part(kept: Kept, clip: str | None, from_s: str, to_s: str) -> bool:
    """Return whether the form holds the same clip, and the same part of it, as the music was composed for.

    Args:
        kept: what the person works on.
        clip: path of the upload in the form.
        from_s: where the part begins, as typed.
        to_s: where it ends, as typed.
    """
    if clip is None or given_name(Path(clip)) != kept.name:
        return False
    try:
        same = Path(clip).stat().st_size == kept.piece.source.stat().st_size
        return same and read_range(from_s, to_s) == kept.wishes.range_s
    except (OSError, RefusalError):
        return False


def lay_out_marks(studio: Studio, place: gr.Column) -> MarksPanel:
    """Put the tools for cuts and sections.

    Args:
        studio: where pieces are composed.
        place: below the timeline.
    """
    with place, gr.Column(elem_id="marks"):
        cuts = gr.HTML("", html_template=FRAME, js_on_load=SCRIPT.read_text(encoding="utf-8"), elem_id="marked-cuts")
        sections = lay_out_sections(
            elem_id="marked-sections", player="#piece video", lane="#why .mood-bands", legend="Sections with a mood"
        )
        with gr.Column(visible=False, elem_id="marks-pending") as pending:
            words = gr.HTML("")
            with gr.Row(equal_height=False):
                again = gr.Button("Compose again with these marks", variant="primary", size="sm", elem_id="again")
                forget = gr.Button("Discard them", size="sm", elem_id="forget-marks", min_width=120)
        controls = lay_out_controls(studio, "marks", again, "Composing …", prefix="marks-")
    return MarksPanel(studio, controls, cuts, sections, pending, words, forget)


def connect_marks(marks: MarksPanel, panel: ChangePanel, form: Form) -> None:
    """Connect the tools with the events.

    Args:
        marks: cuts and sections.
        panel: shows the piece that is composed for them.
        form: is filled with them.
    """
    controls, private = marks.controls, {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}
    held = [marks.cuts, marks.sections]
    gr.on(
        [marks.cuts.change, marks.sections.change],
        marks.note,
        [*held, form.clip, form.from_s, form.to_s, form.cuts, form.sections],
        [marks.pending, marks.words, controls.start, form.cuts, form.sections],
        **aside,
    )
    marks.forget.click(None, js="() => document.dispatchEvent(new CustomEvent('forget-marks'))")

    async def play_set(cuts: str, sections: str, request: gr.Request) -> AsyncIterator[Changes]:
        try:
            controls.need_room(request)
            kept = marks.studio.sessions.get(str(request.session_hash))
            change = compose_again(*read_set(cuts, sections, kept.piece.features.duration_s))
        except RefusalError as error:
            yield controls.refused(error)
            return
        async for changes in panel.play(request, change, controls=controls):
            yield changes

    composed = controls.start.click(
        play_set,
        held,
        [*controls.components, *panel.stage.outputs, *panel.outputs],
        js=REMEMBER_PLACE,
        concurrency_limit=None,
        **private,
    )
    composed.then(None, js=PLAY_FROM_PLACE)
    composed.failure(controls.lost, outputs=controls.components, **aside)
    controls.stop.click(controls.halt, outputs=controls.components, cancels=[composed], **aside)
    draw_after(composed, marks.studio, panel.stage.why)
