"""The first tab: a clip goes in, the clip with its music comes out."""

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.engine_weights import EngineNotReadyError
from video2music.piece import Piece, SavedPiece
from video2music.web import compose_view as view
from video2music.web.another import another_button
from video2music.web.change_panel import ChangePanel, connect_panel, lay_out_panel
from video2music.web.clip_card import CLIP_TYPES, PREVIEW, clip_card
from video2music.web.engine_panel import connect_engines
from video2music.web.folders import given_name, safe_stem, working_folder
from video2music.web.inspection import length_of
from video2music.web.marks_panel import connect_marks, lay_out_marks
from video2music.web.progress_view import field_hint, notice
from video2music.web.run_controls import Changes, RunControls, bring_into_view, lay_out_controls
from video2music.web.runs import Run
from video2music.web.service import EASY_SEEDS, MusicService
from video2music.web.session_store import Kept
from video2music.web.settings_file import read_settings, write_settings
from video2music.web.settings_form import Form, lay_out_form
from video2music.web.stage import Stage, lay_out_result, lay_out_stage
from video2music.web.studio import Studio
from video2music.web.times import check_marks, check_range, check_sections
from video2music.web.variations_panel import VariationsPanel, connect_variations, lay_out_variations
from video2music.web.why_panel import connect_why, draw_after
from video2music.web.wishes_form import Settings, ensemble_summary
from video2music.web.words import refusal_sentence
from video2music.wishes import Wishes

TITLE = "Compose"


def build(studio: Studio) -> "ComposePage":
    """Lay out the tab and connect it.

    Args:
        studio: the composer and its queue.

    Returns:
        The tab, for those that go on with the composed music.
    """
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=5, min_width=320, elem_id="form"):
            form = lay_out_form(studio)
        with gr.Column(scale=7, min_width=320, elem_id="stage"):
            controls = lay_out_controls(studio, "compose", form.compose, "Composing …")
            empty, result = lay_out_stage()
            with result:
                stage = lay_out_result(empty, result)
                panel = lay_out_panel(studio, stage)
                variations = lay_out_variations(studio)
                marks = lay_out_marks(studio, stage.tools)
    page = ComposePage(studio, form, controls, stage, panel, variations)
    connect(page)
    connect_marks(marks, panel, form)
    return page


@dataclass(frozen=True)
class ComposePage:
    """The events of the tab: they unpack the form, ask the studio, and say what the page shows next."""

    studio: Studio
    form: Form
    controls: RunControls
    stage: Stage
    panel: ChangePanel
    variations: VariationsPanel

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What a run changes."""
        panel, variations = self.panel, self.variations
        playing = [*self.controls.components, *self.stage.outputs, *panel.controls.components, *panel.outputs]
        return [*playing, *variations.controls.components, *variations.outputs, self.form.last_seed]

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
            return self.studio.inspect(partial(clip_card, Path(clip), self.studio.limits))
        except RefusalError as error:
            sentence = refusal_sentence(error, given_name(Path(clip)), self.studio.root)
            return notice("This clip cannot be used", sentence) + another_button("clip", CLIP_TYPES)

    def length_of(self, clip: str | None) -> float:
        """Return the length of a clip in seconds; infinity where there is none yet, or none that can be read."""
        return length_of(None if clip is None else Path(clip), self.studio.inspect)

    def check_primer(self, primer: str, key: str) -> str:
        """Say under the field what is wrong with the chords, as soon as the person leaves it."""
        try:
            Settings(key, primer).wishes()
        except RefusalError as error:
            return field_hint(str(error))
        return ""

    def check_times(self, clip: str | None, from_s: str, to_s: str, sections: str, cuts: str) -> tuple[str, ...]:
        """Say under part, sections or cuts what is wrong with them, as soon as the person leaves a field."""
        clip_s, hints = self.length_of(clip), ["", "", ""]
        for place, check, settings in (
            (0, check_range, Settings(from_s=from_s, to_s=to_s)),
            (1, check_sections, Settings(from_s=from_s, to_s=to_s, sections=sections)),
            (2, check_marks, Settings(from_s=from_s, to_s=to_s, cuts=cuts)),
        ):
            try:
                check(settings.wishes(), clip_s)
            except RefusalError as error:
                hints[place] = field_hint(str(error))
                if place == 0:
                    break  # what counts from the beginning of the part cannot be judged
        return tuple(hints)

    def save_settings(self, clip: str | None, *typed: Any) -> Iterator[Changes]:  # noqa: ANN401 - the fields of Settings
        """Write the settings into a file that the page then downloads; what could not be loaded is not saved."""
        folder = working_folder(self.studio.root)
        name = f"{safe_stem(given_name(Path(clip)))} - settings.json" if clip else "settings.json"
        try:
            path = write_settings(Settings(*typed), folder / name)
            read_settings(path)
            yield {self.form.saved: str(path), self.form.file_note: ""}
        except RefusalError as error:
            yield {self.form.file_note: field_hint(str(error))}
            raise gr.Error(str(error), visible=False, print_exception=False) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def load_settings(self, file: str) -> Changes:
        """Fill the fields from a file, or say why not and leave them as they are."""
        try:
            settings = read_settings(Path(file))
        except RefusalError as error:
            return {self.form.file_note: field_hint(refusal_sentence(error, given_name(Path(file)), self.studio.root))}
        held = {getattr(self.form, field.name): getattr(settings, field.name) for field in fields(Settings)}
        held[self.form.engine], other = self.form.engines.held(settings.engine)
        note = field_hint(other) if other else view.field_note("The settings are filled in.")
        return {**held, self.form.file_note: note}

    def describe(self, ensemble: str) -> str:
        """Say under the field how the chosen ensemble sounds."""
        return view.field_note(ensemble_summary(ensemble))

    def begin(self, clip: str | None, request: gr.Request, *typed: Any) -> Iterator[Changes]:  # noqa: ANN401 - the fields of Settings
        """Check the form without waiting in line; a refusal ends the chain of events here."""
        self.controls.ask(request)
        settings = Settings(*typed)
        try:
            self.controls.need_room(request)
            clip_s, wishes = self.length_of(need_clip(clip)), settings.wishes()
            check_range(wishes, clip_s)
            check_sections(wishes, clip_s)
            check_marks(wishes, clip_s)
            self.studio.engines.check(settings.engine)
            self.studio.storage.need_room(self.studio.bytes_for(Path(need_clip(clip)), clip_s))
        except RefusalError as error:
            yield {**self.controls.refused(error), **self.beside(settings, error)}
            raise gr.Error(str(error), visible=False, print_exception=False) from error
        yield self.controls.waiting(request)

    def beside(self, settings: Settings, error: RefusalError) -> Changes:
        """Say a refusal beside the field that it is about as well, where that one is folded away."""
        if isinstance(error, EngineNotReadyError):
            return self.form.engines.refuse(self.studio.engines.offer.chosen(settings.engine), error)
        return {}

    async def perform(self, clip: str, request: gr.Request, *typed: Any) -> AsyncIterator[Changes]:  # noqa: ANN401
        """Compose, showing each stage, and end with the result or with a sentence about what went wrong."""
        settings = Settings(*typed)
        wishes, engine = settings.wishes(), self.studio.engines.offer.chosen(settings.engine)
        if wishes.seed is None:
            wishes = replace(wishes, seed=int(self.draw_seed()))
        upload, started = Path(clip), time.monotonic()
        work = partial(MusicService.compose, clip=upload, wishes=wishes, engine=engine)
        room = await asyncio.to_thread(self.studio.bytes_for, upload)
        with self.studio.job(self.controls.session(request), work, room=room) as run:
            async for changes in self.controls.follow(run):
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
            return self.controls.failed(error, given_name(upload))
        return {**self.controls.rest(""), **self.present(kept, piece, files, time.monotonic() - started)}

    def present(self, kept: Kept, piece: Piece, files: SavedPiece, took_s: float | None) -> Changes:
        """Show a new piece in every part of the tab.

        Args:
            kept: what the person works on from now on.
            piece: what is heard.
            files: where it was written.
            took_s: seconds that it took to compose it; None where that was long before.
        """
        return {
            **self.stage.show(piece, files, kept.name, took_s),
            **self.panel.controls.rest(""),
            **self.panel.show(kept),
            **self.variations.controls.rest(""),
            **self.variations.clear(),
            self.form.last_seed: str(piece.score.seed),
        }


def need_clip(clip: str | None) -> str:
    """Refuse to begin without a clip.

    Args:
        clip: path of the upload, None while there is none.

    Returns:
        The path.

    Raises:
        RefusalError: there is none.
    """
    if clip is None:
        raise RefusalError("There is no clip yet", remedy="Choose a video, and wait until it has arrived")
    return clip


def connect(page: ComposePage) -> None:
    """Connect the fields and buttons with the events."""
    form, stage, controls = page.form, page.stage, page.controls.components
    panel, variations = page.panel, page.variations
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}

    connect_fields(page, aside)
    connect_file(page, private)
    connect_engines(form.engines)
    begun = form.compose.click(
        page.begin, form.inputs, [*controls, *form.engines.outputs], concurrency_limit=None, **private
    )
    composed = begun.success(
        page.perform,
        form.inputs,
        page.outputs,
        concurrency_limit=None,
        **private,
    )
    for after in (begun.success, begun.failure):  # Gradio calls nothing by `then` after a failure
        after(None, js=bring_into_view("#status"))
    composed.then(None, js=bring_into_view("#status", "#piece"))
    composed.failure(page.controls.lost, outputs=controls, **aside)
    page.controls.stop.click(page.controls.halt, outputs=controls, cancels=[composed], **aside)
    connect_why(stage.why)
    draw_after(composed, page.studio, stage.why)
    connect_panel(panel)
    connect_variations(variations, panel)


def connect_fields(page: ComposePage, aside: dict[str, Any]) -> None:
    """Connect the fields with what is shown below them.

    Args:
        page: the tab.
        aside: how events run that nobody waits for.
    """
    form = page.form
    looked = form.clip.change(page.look, form.clip, form.clip_card, **aside)
    looked.then(None, form.clip, js=PREVIEW)
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
    typed = (form.from_s, form.to_s, form.cuts)
    timed = [form.sections.change, *(event for field in typed for event in (field.blur, field.submit))]
    gr.on(
        [*timed, form.clip.change],
        page.check_times,
        [form.clip, form.from_s, form.to_s, form.sections, form.cuts],
        [form.range_hint, form.sections_hint, form.cuts_hint],
        **aside,
    )


def connect_file(page: ComposePage, private: dict[str, Any]) -> None:
    """Connect the buttons that keep the settings in a file and bring them back.

    Args:
        page: the tab.
        private: keeps events of the page from being endpoints.
    """
    form = page.form
    freely: dict[str, Any] = {**private, "concurrency_limit": None}
    saved = form.save.click(page.save_settings, form.inputs, [form.saved, form.file_note], **freely)
    saved.success(None, js="() => setTimeout(() => document.querySelector('#get-settings')?.click(), 100)")
    form.load.upload(page.load_settings, form.load, [*form.settings, form.file_note], queue=False, **private)
