"""The first tab: a clip goes in, the clip with its music comes out."""

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.piece import Piece, SavedPiece
from video2music.web import compose_view as view
from video2music.web.change_panel import ChangePanel, connect_panel, lay_out_panel
from video2music.web.clip_card import clip_card
from video2music.web.desk import Changes, Desk, bring_into_view, lay_out_desk
from video2music.web.folders import given_name
from video2music.web.progress_view import field_hint, notice
from video2music.web.runs import Run
from video2music.web.settings_form import Form, lay_out_form
from video2music.web.stage import Stage, lay_out_result, lay_out_stage
from video2music.web.studio import EASY_SEEDS, QUEUE, Studio
from video2music.web.variations_panel import VariationsPanel, connect_variations, lay_out_variations
from video2music.web.why_panel import connect_why, draw_after
from video2music.web.wishes_form import Settings, ensemble_summary
from video2music.web.words import refusal_sentence
from video2music.wishes import Wishes

TITLE = "Compose"


def build(studio: Studio) -> "ComposePage":
    """Lay out the tab and connect it.

    Args:
        studio: the composer and its bench.

    Returns:
        The tab, for those that go on with the composed music.
    """
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=5, min_width=320, elem_id="form"):
            form = lay_out_form()
        with gr.Column(scale=7, min_width=320, elem_id="stage"):
            desk = lay_out_desk(studio, "compose", form.compose, "Composing …")
            empty, result = lay_out_stage()
            with result:
                stage = lay_out_result(empty, result)
                panel = lay_out_panel(studio, stage)
                variations = lay_out_variations(studio)
    page = ComposePage(studio, form, desk, stage, panel, variations)
    connect(page)
    return page


@dataclass(frozen=True)
class ComposePage:
    """The events of the tab: they unpack the form, ask the studio, and say what the page shows next."""

    studio: Studio
    form: Form
    desk: Desk
    stage: Stage
    panel: ChangePanel
    variations: VariationsPanel

    def draw_seed(self) -> str:
        """Draw a seed that is easy to read and to say."""
        return str(secrets.randbelow(EASY_SEEDS))

    def lock_seed(self, locked: bool, last_seed: str) -> str:  # noqa: FBT001 - Gradio passes inputs by their order
        """Write the seed of the last piece into its field, or a drawn one if there was none; unlocked, empty it."""
        return (last_seed or self.draw_seed()) if locked else ""

    def look(self, clip: str | None) -> str:
        """Show a clip that has arrived, or say at once that it is none."""
        if clip is None:
            return ""
        try:
            return clip_card(Path(clip))
        except RefusalError as error:
            return notice("This clip cannot be used", refusal_sentence(error, given_name(Path(clip)), self.studio.root))

    def check_primer(self, primer: str, key: str) -> str:
        """Say under the field what is wrong with the chords, as soon as the person leaves it."""
        try:
            Settings(key, primer).wishes()
        except RefusalError as error:
            return field_hint(str(error))
        return ""

    def describe(self, ensemble: str) -> str:
        """Say under the field how the chosen ensemble sounds."""
        return view.field_note(ensemble_summary(ensemble))

    def begin(self, clip: str | None, request: gr.Request, *typed: Any) -> Iterator[Changes]:  # noqa: ANN401 - the fields of Settings
        """Check the form without waiting in line; a refusal ends the chain of events here."""
        self.desk.ask(request)
        try:
            need_clip(clip)
            Settings(*typed).wishes()
        except RefusalError as error:
            yield self.desk.refused(error)
            raise gr.Error(str(error), visible=False, print_exception=False) from error
        yield self.desk.waiting()

    async def perform(self, clip: str, request: gr.Request, *typed: Any) -> AsyncIterator[Changes]:  # noqa: ANN401
        """Compose, showing each stage, and end with the result or with a sentence about what went wrong."""
        wishes = Settings(*typed).wishes()
        if wishes.seed is None:
            wishes = replace(wishes, seed=int(self.draw_seed()))
        upload, started = Path(clip), time.monotonic()
        work = partial(self.studio.compose, upload, wishes)
        with self.studio.job(self.desk.session(request), work) as run:
            async for changes in self.desk.follow(run):
                yield changes
            yield self.outcome(run, str(request.session_hash), upload, wishes, started)

    def outcome(
        self, run: Run[tuple[Piece, SavedPiece]], session: str, upload: Path, wishes: Wishes, started: float
    ) -> Changes:
        """Show what a run led to; the last result stays unless there is a new one."""
        try:
            piece, files = run.result()
            kept = self.studio.keep(session, upload, wishes, piece)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
            return self.desk.failed(error, given_name(upload))
        return {
            **self.desk.rest(""),
            **self.stage.show(piece, files, kept.name, time.monotonic() - started),
            **self.panel.desk.rest(""),
            **self.panel.show(kept),
            **self.variations.desk.rest(""),
            **self.variations.clear(),
            self.form.last_seed: str(piece.score.seed),
        }


def need_clip(clip: str | None) -> None:
    """Refuse to begin without a clip.

    Args:
        clip: path of the upload, None while there is none.

    Raises:
        RefusalError: there is none.
    """
    if clip is None:
        raise RefusalError("There is no clip yet", remedy="Choose a video, and wait until it has arrived")


def connect(page: ComposePage) -> None:
    """Connect the fields and buttons with the events."""
    form, stage, controls = page.form, page.stage, page.desk.controls
    panel, variations = page.panel, page.variations
    everything = [*controls, *stage.outputs, *panel.desk.controls, *panel.outputs]
    everything += [*variations.desk.controls, *variations.outputs, form.last_seed]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}

    form.clip.change(page.look, form.clip, form.clip_card, **aside)
    form.ensemble.change(page.describe, form.ensemble, form.ensemble_note, **aside)
    form.original.change(  # the page itself shows the level where there is a sound to be beside
        None, form.original, form.music_level, js="original => ({__type__: 'update', visible: original !== 'replace'})"
    )
    form.draw.click(page.draw_seed, outputs=form.seed, **aside)
    form.seed.change(None, form.seed, form.lock, js="seed => seed !== ''")
    form.lock.input(page.lock_seed, [form.lock, form.last_seed], form.seed, **aside)
    gr.on(
        [form.primer.blur, form.primer.submit, form.key.change],
        page.check_primer,
        [form.primer, form.key],
        form.primer_hint,
        **aside,
    )
    begun = form.compose.click(page.begin, form.inputs, controls, concurrency_limit=None, **private)
    composed = begun.success(
        page.perform,
        form.inputs,
        everything,
        concurrency_limit=1,
        concurrency_id=QUEUE,
        **private,
    )
    begun.then(None, js=bring_into_view("#status"))
    composed.then(None, js=bring_into_view("#status", "#piece"))
    composed.failure(page.desk.lost, outputs=controls, **aside)
    page.desk.stop.click(page.desk.halt, outputs=controls, cancels=[composed], **aside)
    connect_why(stage.why)
    draw_after(composed, page.studio, stage.why)
    connect_panel(panel)
    connect_variations(variations, panel)
