"""The second tab: music goes in, the emotion that it carries comes out."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.web import recognise_view as view
from video2music.web.another import another_button
from video2music.web.folders import given_name
from video2music.web.progress_view import notice
from video2music.web.reading import Reading
from video2music.web.run_controls import Changes, RunControls, bring_into_view, lay_out_controls, name_players
from video2music.web.runs import Run
from video2music.web.service import MusicService
from video2music.web.sound_card import SOUND_TYPES, sound_card
from video2music.web.studio import Studio
from video2music.web.words import refusal_sentence

TITLE = "Analyse music"

PLAYABLE = frozenset((".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".mp4", ".webm", ".mov"))
"""Endings that browsers play."""


@dataclass(frozen=True)
class Form:
    """Where the music comes from."""

    sound: gr.File
    card: gr.HTML
    recorder: gr.Audio
    composed: gr.Button
    analyse: gr.Button


@dataclass(frozen=True)
class Stage:
    """Where a person sees and hears what was found."""

    empty: gr.HTML
    result: gr.Column
    answer: gr.HTML
    player: gr.Audio
    timeline: gr.HTML
    chords: gr.HTML
    downloads: tuple[gr.DownloadButton, ...]


def build(studio: Studio) -> "RecognisePage":
    """Lay out the tab and connect it.

    Args:
        studio: the recogniser and its queue.

    Returns:
        The tab, for those that bring music here.
    """
    with gr.Row(elem_id="music-studio", equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_id="music-form"):
            form = lay_out_form()
        with gr.Column(scale=8, min_width=320, elem_id="music-stage"):
            controls = lay_out_controls(studio, "listen", form.analyse, "Listening …", prefix="music-")
            stage = lay_out_stage()
    page = RecognisePage(studio, form, controls, stage)
    connect(page)
    return page


def lay_out_form() -> Form:
    """Put the three ways to bring music in the left column."""
    sound = gr.File(label="Your music", file_types=list(SOUND_TYPES), elem_id="sound")
    card = gr.HTML("", elem_id="sound-card")
    with gr.Column(elem_id="music-settings"):
        gr.HTML('<h2 class="aside">Or listen to something else</h2>')
        composed = gr.Button("Use the music just composed", elem_id="use-composed")
        recorder = gr.Audio(
            sources=["microphone"],
            type="filepath",
            label="Record it",
            format="wav",
            elem_id="recorder",
            editable=False,
            buttons=[],
        )
    analyse = gr.Button("Analyse", variant="primary", size="lg", elem_id="analyse")
    return Form(sound, card, recorder, composed, analyse)


def lay_out_stage() -> Stage:
    """Put the place for the result and the downloads in the right column."""
    empty = gr.HTML(view.EMPTY, elem_id="music-empty")
    with gr.Column(visible=False, elem_id="music-result") as result:
        answer = gr.HTML("", elem_id="answer")
        with gr.Column(elem_id="listen-along"):
            player = gr.Audio(
                show_label=False,
                label="The music",
                interactive=False,
                elem_id="player",
                buttons=[],
                waveform_options=gr.WaveformOptions(show_recording_waveform=False),
            )
            timeline = gr.HTML("", elem_id="timeline")
        chords = gr.HTML("", elem_id="heard-chords")
        with gr.Row(elem_id="music-downloads"):
            downloads = tuple(
                gr.DownloadButton(text, elem_id=name, size="sm", min_width=120)
                for text, name in (
                    ("Details (json)", "get-emotion"),
                    ("Curve (csv)", "get-curve"),
                    ("Chords (csv)", "get-chords"),
                )
            )
    return Stage(empty, result, answer, player, timeline, chords, downloads)


@dataclass(frozen=True)
class RecognisePage:
    """The events of the tab: they ask the studio and say what the page shows next."""

    studio: Studio
    form: Form
    controls: RunControls
    stage: Stage

    def look(self, sound: str | None) -> str:
        """Describe a sound that has arrived, or say at once that it is none."""
        if sound is None:
            return ""
        try:
            return self.studio.inspect(partial(sound_card, Path(sound)))
        except RefusalError as error:
            sentence = refusal_sentence(error, given_name(Path(sound)), self.studio.root)
            return notice("This file cannot be used", sentence) + another_button("sound", SOUND_TYPES)

    def keep_recording(self, recording: str | None) -> Changes:
        """Put a finished recording where uploads are, and make the recorder ready for another."""
        if recording is None:
            return {self.form.sound: gr.skip()}
        named = Path(recording).with_name("recording.wav")
        Path(recording).rename(named)
        return {self.form.sound: str(named), self.form.recorder: None}

    def take(self, music: str | None) -> Iterator[Changes]:
        """Put the composed music where uploads are; a refusal ends the chain of events here."""
        if music is None:
            error = RefusalError(
                "No music was composed on this page yet", remedy="Compose some in the first tab, then come back"
            )
            yield self.controls.refused(error)
            raise gr.Error(str(error), visible=False, print_exception=False)
        yield {self.form.sound: music, self.form.card: self.look(music)}

    def begin(self, sound: str | None, request: gr.Request) -> Iterator[Changes]:
        """Check the upload without waiting in line; a refusal ends the chain of events here."""
        self.controls.ask(request)
        try:
            self.controls.need_room(request)
            need_sound(sound)
        except RefusalError as error:
            yield self.controls.refused(error)
            raise gr.Error(str(error), visible=False, print_exception=False) from error
        yield self.controls.waiting(request)

    async def perform(self, sound: str, request: gr.Request) -> AsyncIterator[Changes]:
        """Listen, showing each stage, and end with the result or with a sentence about what went wrong."""
        upload = Path(sound)
        with self.studio.job(self.controls.session(request), partial(MusicService.read, sound=upload)) as run:
            async for changes in self.controls.follow(run):
                yield changes
            yield self.outcome(run, upload)

    def outcome(self, run: Run[Reading], upload: Path) -> Changes:
        """Show what a run led to; the last result stays unless there is a new one."""
        name = given_name(upload)
        try:
            reading = run.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
            return self.controls.failed(error, name)
        files, stage = reading.files, self.stage
        playable = upload.suffix.lower() in PLAYABLE
        return {
            **self.controls.rest(""),
            stage.empty: gr.update(visible=False),
            stage.result: gr.update(visible=True),
            stage.answer: view.answer(reading.prediction, name),
            stage.player: gr.update(value=str(upload) if playable else None, visible=playable),
            stage.timeline: view.timeline(reading),
            stage.chords: view.chords_card(reading.prediction),
            **dict(zip(stage.downloads, map(str, (files.result, files.curve, files.chords)), strict=True)),
        }


def connect(page: RecognisePage) -> None:
    """Connect the fields and buttons with the events."""
    form = page.form
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}
    form.sound.change(page.look, form.sound, form.card, **aside)
    form.recorder.stop_recording(page.keep_recording, form.recorder, [form.sound, form.recorder], **aside)
    connect_run(page, form.analyse.click, form.sound)


def need_sound(sound: str | None) -> None:
    """Refuse to begin without music.

    Args:
        sound: path of the upload, None while there is none.

    Raises:
        RefusalError: there is none.
    """
    if sound is None:
        raise RefusalError("There is no music yet", remedy="Choose a file or record something, then press Analyse")


def connect_run(page: RecognisePage, trigger: Callable[..., Any], sound: gr.components.Component) -> None:
    """Let an event begin a run.

    Args:
        page: the tab.
        trigger: registers what happens on the event, such as `button.click`.
        sound: the component that holds the music.
    """
    stage, controls = page.stage, page.controls.components
    everything = [*controls, stage.empty, stage.result, stage.answer, stage.player, stage.timeline, stage.chords]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}
    begun = trigger(page.begin, sound, controls, concurrency_limit=None, **private)
    read = begun.success(
        page.perform,
        sound,
        [*everything, *stage.downloads],
        concurrency_limit=None,
        **private,
    )
    for after in (begun.success, begun.failure):  # Gradio calls nothing by `then` after a failure
        after(None, js=bring_into_view("#music-status"))
    read.then(None, js=bring_into_view("#music-status", "#music-result"))
    read.then(None, js=name_players({"player": "The music"}))
    read.failure(page.controls.lost, outputs=controls, **aside)
    page.controls.stop.click(page.controls.halt, outputs=controls, cancels=[read], **aside)
