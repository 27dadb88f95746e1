"""Under the finished piece: what can be changed about it, heard about a second later, and taken back."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.music.score import Score
from video2music.music.suggestion import AUTO
from video2music.piece import SavedPiece
from video2music.rendering import CHANGED
from video2music.web.changes import Change, Panel, apply_panel, listen_again, replace_chord, undo
from video2music.web.chord_lane import neighbour, position_words, sounding_at, suggestions
from video2music.web.run_controls import PLAY_FROM_PLACE, REMEMBER_PLACE, Changes, RunControls, lay_out_controls
from video2music.web.runs import Run
from video2music.web.service import MusicService
from video2music.web.session_store import Kept
from video2music.web.stage import Stage
from video2music.web.studio import Studio
from video2music.web.why_panel import draw_after
from video2music.web.wishes_form import (
    LEVEL_RANGE,
    LOUDNESS,
    MOST_DOUBLINGS,
    ORIGINAL_SOUND,
    ensemble_choices,
    sister_keys,
)
from video2music.web.words import chord_words, clock
from video2music.web.workers import StoppedError

STEM_SOUNDS = 20
"""Files as long as the piece while six parts are played, packed and offered."""


@dataclass(frozen=True)
class PanelFields:
    """What a person changes; the fields of `Panel` stand here under the same names."""

    ensemble: gr.Dropdown
    tempo: gr.Slider
    transpose: gr.Slider
    melody: gr.Checkbox
    density: gr.Slider
    loudness: gr.Slider
    original: gr.Radio
    music_level: gr.Slider
    lufs: gr.Dropdown
    key: gr.Dropdown

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The fields in the order of `Panel`."""
        return [getattr(self, field.name) for field in fields(Panel)]


@dataclass(frozen=True)
class ChordEditor:
    """Where one chord is replaced.

    Attributes:
        second: at which the chosen chord sounds; None while none is chosen.
        place: what is shown once a chord is chosen.
        named: says which it is.
        earlier: chooses the chord before it.
        later: chooses the chord after it.
        chord: what shall sound instead.
        hear: replaces it.
        undo: takes back the last change, like the button of the panel.
        controls: where it is played.
    """

    second: gr.State
    place: gr.Column
    named: gr.HTML
    earlier: gr.Button
    later: gr.Button
    chord: gr.Dropdown
    hear: gr.Button
    undo: gr.Button
    controls: RunControls

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What choosing a chord changes."""
        return [self.second, self.place, self.named, self.chord]


@dataclass(frozen=True)
class ChangePanel:
    """The events of the panel: they say what shall be otherwise, and what the page shows next."""

    studio: Studio
    stage: Stage
    controls: RunControls
    fields: PanelFields
    undo: gr.Button
    compare: gr.Button
    editor: ChordEditor

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` changes."""
        editor = self.editor
        return [*self.fields.inputs, self.undo, self.compare, editor.undo, *editor.outputs]

    def show(self, kept: Kept, chosen_s: float | None = None) -> Changes:
        """Show how a piece is played.

        Args:
            kept: what the person works on.
            chosen_s: a second at which the chord that is being changed sounds.
        """
        shown, score = Panel.of(kept.piece), kept.piece.score
        return {
            **self.offer(score, chosen_s),
            **{getattr(self.fields, field.name): getattr(shown, field.name) for field in fields(Panel)},
            self.fields.key: gr.update(value=shown.key, choices=sister_keys(shown.key)),
            self.fields.music_level: gr.update(value=shown.music_level, visible=shown.original != "replace"),
            self.undo: gr.update(interactive=kept.changed),
            self.editor.undo: gr.update(visible=kept.changed),
            self.compare: gr.update(visible=kept.piece.hearing.reason == CHANGED),
        }

    def offer(self, score: Score, second: float | None) -> Changes:
        """Offer what may sound in the place of the chord that was chosen.

        Args:
            score: what is heard.
            second: at which the chord sounds; None where none is chosen.
        """
        if second is None:
            editor = self.editor
            return {editor.second: None, editor.place: gr.update(visible=False), editor.named: "", editor.chord: None}
        symbol, start_s = sounding_at(score, second)
        label = f"Instead of {chord_words(symbol)} at {clock(start_s)}"
        return {
            self.editor.second: second,
            self.editor.place: gr.update(visible=True),
            self.editor.named: f'<p class="note" data-chosen="{second:.3f}">{position_words(score, second)}</p>',
            self.editor.chord: gr.update(label=label, choices=suggestions(score, symbol), value=None),
        }

    async def apply(self, second: float | None, request: gr.Request, *held: Any) -> AsyncIterator[Changes]:  # noqa: ANN401 - the fields of Panel
        """Play the piece as the fields say."""
        async for changes in self.play(request, apply_panel(Panel(*held)), second):
            yield changes

    async def replace_chord(self, second: float, chord: str | None, request: gr.Request) -> AsyncIterator[Changes]:
        """Put another chord in the place of the chosen one."""
        async for changes in self.play(request, replace_chord(second, chord), second, self.editor.controls):
            yield changes

    async def take_back_here(self, second: float | None, request: gr.Request) -> AsyncIterator[Changes]:
        """Go back to the version before, from beside the timeline."""
        async for changes in self.play(request, undo, second, self.editor.controls):
            yield changes

    async def take_back(self, second: float | None, request: gr.Request) -> AsyncIterator[Changes]:
        """Go back to the version before."""
        async for changes in self.play(request, undo, second):
            yield changes

    async def listen_again(self, second: float | None, request: gr.Request) -> AsyncIterator[Changes]:
        """Compare the version that is heard with the picture."""
        async for changes in self.play(request, listen_again, second):
            yield changes

    async def play(
        self, request: gr.Request, change: Change, chosen_s: float | None = None, controls: RunControls | None = None
    ) -> AsyncIterator[Changes]:
        """Play what is kept otherwise, and show it; a refusal leaves everything as it was.

        Args:
            request: of the person.
            change: what shall be otherwise.
            chosen_s: a second at which the chord that is being changed sounds.
            controls: where it is done; the one of the panel by default.
        """
        controls = controls or self.controls
        controls.ask(request)
        session, started = str(request.session_hash), time.monotonic()
        try:
            controls.need_room(request)
            kept = self.studio.sessions.get(session)
        except RefusalError as error:
            yield controls.refused(error)
            return
        yield controls.waiting(request)
        work = partial(MusicService.play_again, kept=kept, change=change)
        room = self.studio.bytes_for(kept.piece.source, kept.piece.features.duration_s)
        with self.studio.job(controls.session(request), work, controls.queue, room=room) as run:
            async for changes in controls.follow(run):
                yield changes
            try:
                yield {**controls.rest(""), **self.outcome(run, session, kept, time.monotonic() - started, chosen_s)}
            except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
                yield controls.failed(error, kept.name)

    def outcome(
        self, run: Run[tuple[Kept, SavedPiece]], session: str, kept: Kept, took_s: float, chosen_s: float | None
    ) -> Changes:
        """Show what a change led to; what is heard stays unless there is something new.

        Raises:
            StoppedError: the person stopped it, or has turned to another piece meanwhile.
        """
        after, files = run.result()
        if not self.studio.sessions.swap(session, kept, after):
            raise StoppedError
        return {
            **self.stage.show(after.piece, files, after.name, took_s),
            **self.show(after, chosen_s),
        }

    def choose(self, event: gr.EventData, request: gr.Request) -> Changes:
        """Let a person replace the chord that they chose."""
        try:
            kept = self.studio.sessions.get(str(request.session_hash))
        except RefusalError as error:
            return self.editor.controls.refused(error)
        return self.offer(kept.piece.score, float(event.at))

    def choose_beside(self, second: float, steps: int, request: gr.Request) -> Changes:
        """Let a person replace the chord before or after the one that they chose."""
        try:
            score = self.studio.sessions.get(str(request.session_hash)).piece.score
        except RefusalError as error:
            return self.editor.controls.refused(error)
        return self.offer(score, neighbour(score, second, steps))

    async def pack_stems(self, request: gr.Request) -> AsyncIterator[Changes]:
        """Play every part by itself and offer them as one file."""
        self.controls.ask(request)
        try:
            self.controls.need_room(request)
            kept = self.studio.sessions.get(str(request.session_hash))
        except RefusalError as error:
            yield self.controls.refused(error)
            return
        yield {**self.controls.waiting(request), self.stage.stems: None}
        work = partial(MusicService.write_stems, kept=kept)
        room = self.studio.bytes_for(kept.piece.source, kept.piece.features.duration_s, STEM_SOUNDS)
        with self.studio.job(self.controls.session(request), work, self.controls.queue, room=room) as run:
            async for changes in self.controls.follow(run):
                yield changes
            yield self.packed(run, kept.name)

    def packed(self, run: Run[Path], name: str) -> Changes:
        """Offer the parts, or say what went wrong."""
        try:
            archive = run.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
            return self.controls.failed(error, name)
        return {**self.controls.rest(""), self.stage.stems: str(archive)}


def lay_out_panel(studio: Studio, stage: Stage) -> ChangePanel:
    """Put the panel under what is heard.

    Args:
        studio: where pieces are played again.
        stage: shows them.
    """
    with gr.Column(elem_id="change"):
        gr.HTML('<h2 class="aside">Change it and listen</h2>')
        made = lay_out_fields()
        with gr.Row(elem_id="change-row", equal_height=False):
            hear = gr.Button("Play it like this", variant="primary", size="sm", elem_id="hear", min_width=120)
            back = gr.Button("Undo", size="sm", elem_id="undo", min_width=100, interactive=False)
            compare = gr.Button("Does it still fit?", size="sm", elem_id="compare", min_width=140, visible=False)
        controls = lay_out_controls(studio, "change", hear, "Playing …", prefix="change-", queue=studio.rendering)
    with stage.tools:
        editor = lay_out_editor(studio)
    return ChangePanel(studio, stage, controls, made, back, compare, editor)


def lay_out_fields() -> PanelFields:
    """Put the fields of the panel, two beside each other where there is room."""
    doublings: dict[str, Any] = {
        "minimum": -MOST_DOUBLINGS,
        "maximum": MOST_DOUBLINGS,
        "step": 0.25,
        "value": 0,
        "buttons": [],
    }
    with gr.Row(elem_classes="pairs"):
        choices = [choice for choice in ensemble_choices() if choice[1] != AUTO]
        ensemble = gr.Dropdown(choices, label="Played by", elem_id="change-ensemble", filterable=True)
        tempo = gr.Slider(60, 180, 120, step=1, label="Tempo in beats per minute", elem_id="change-tempo", buttons=[])
        density = gr.Slider(label="Fewer (-) or more (+) notes", elem_id="change-density", **doublings)
        loudness = gr.Slider(label="Played softer (-) or harder (+)", elem_id="change-loudness", **doublings)
        transpose = gr.Slider(
            -12, 12, 0, step=1, label="Semitones lower (-) or higher (+)", elem_id="change-transpose", buttons=[]
        )
        key = gr.Dropdown([], label="In the key of", elem_id="change-key", filterable=True)
        lufs = gr.Dropdown(list(LOUDNESS), value=-16.0, label="Loudness of the file", elem_id="change-lufs")
        melody = gr.Checkbox(value=True, label="With a melody", elem_id="change-melody")
    original = gr.Radio(list(ORIGINAL_SOUND), value="replace", label="The sound of the clip", elem_id="change-original")
    level = gr.Slider(
        -LEVEL_RANGE,
        LEVEL_RANGE,
        0,
        step=1,
        label="Music softer (-) or louder (+) than that sound, in LU",
        elem_id="change-level",
        visible=False,
        buttons=[],
    )
    return PanelFields(ensemble, tempo, transpose, melody, density, loudness, original, level, lufs, key)


def lay_out_editor(studio: Studio) -> ChordEditor:
    """Put the place where a chord of the timeline is replaced.

    Args:
        studio: where pieces are played again.
    """
    second = gr.State(None)
    with gr.Column(visible=False, elem_id="chord-editor") as place:
        with gr.Row(equal_height=False):
            chord = gr.Dropdown(
                [], label="Another chord", allow_custom_value=True, elem_id="chord-choice", min_width=180
            )
            hear = gr.Button("Put it there", variant="primary", size="sm", elem_id="put-chord", min_width=120)
            earlier = gr.Button("Chord before", size="sm", elem_id="chord-before", min_width=110)
            later = gr.Button("Chord after", size="sm", elem_id="chord-after", min_width=110)
        named = gr.HTML("")
    controls = lay_out_controls(studio, "chord", hear, "Playing …", prefix="chord-", queue=studio.rendering)
    back = gr.Button("Undo the last change", size="sm", elem_id="undo-here", visible=False)
    return ChordEditor(second, place, named, earlier, later, chord, hear, back, controls)


def connect_panel(panel: ChangePanel) -> None:
    """Connect the fields and buttons with the events."""
    stage, editor, controls = panel.stage, panel.editor, panel.controls
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    freely: dict[str, Any] = {**private, "concurrency_limit": None}
    everything = [*controls.components, *stage.outputs, *panel.outputs]
    again: dict[str, Any] = {**freely, "outputs": everything, "js": REMEMBER_PLACE}
    here: dict[str, Any] = {**again, "outputs": [*editor.controls.components, *stage.outputs, *panel.outputs]}
    runs = [
        controls.start.click(panel.apply, [editor.second, *panel.fields.inputs], **again),
        panel.undo.click(panel.take_back, editor.second, **again),
        panel.compare.click(panel.listen_again, editor.second, **again),
    ]
    beside = [
        editor.hear.click(panel.replace_chord, [editor.second, editor.chord], **here),
        editor.undo.click(panel.take_back_here, editor.second, **here),
    ]
    for run in (*runs, *beside):
        run.then(None, js=PLAY_FROM_PLACE)
        draw_after(run, panel.studio, stage.why)
    packed = stage.make_stems.click(panel.pack_stems, outputs=[*controls.components, stage.stems], **freely)
    packed.then(None, js="() => setTimeout(() => document.querySelector('#get-stems')?.click(), 100)")
    choosing: dict[str, Any] = {**private, "outputs": [*editor.outputs, *editor.controls.components], "queue": False}
    # Whoever is quicker than the server is not left behind: Gradio would drop what is pressed before an answer came.
    stage.why.timeline.select(panel.choose, **choosing, trigger_mode="multiple")
    for button, steps in ((editor.earlier, -1), (editor.later, 1)):
        button.click(panel.choose_beside, [editor.second, gr.State(steps)], **choosing, trigger_mode="always_last")
    panel.fields.original.change(
        None,
        panel.fields.original,
        panel.fields.music_level,
        js="original => ({__type__: 'update', visible: original !== 'replace'})",
    )
    controls.stop.click(controls.halt, outputs=controls.components, cancels=[*runs, packed], queue=False, **private)
    editor.controls.stop.click(
        editor.controls.halt, outputs=editor.controls.components, cancels=beside, queue=False, **private
    )
