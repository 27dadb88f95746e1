"""The choice of an engine, folded away under the settings: what each needs, its download, how long it takes here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from emotion.errors import NoConnectionError, RefusalError
from video2music.engines import engine_title
from video2music.web.compose_view import field_note
from video2music.web.engine_view import engine_card, transfer_card
from video2music.web.examples import EXAMPLES
from video2music.web.progress_view import Course, field_hint, notice, progress_card
from video2music.web.run_controls import Changes, RunControls, lay_out_controls
from video2music.web.service import MusicService
from video2music.web.studio import Studio
from video2music.web.workers import StoppedError

HEADING = "Engine"

MEASURING = field_note("Composing for a short clip to see how long it takes here.")

KEPT = "What has arrived is kept: the next download continues from there."

UNMEASURED = "The engine is ready all the same; every piece that it composes is measured."

UNREACHED = RefusalError(
    "This computer cannot reach the model hub, huggingface.co",
    remedy="Connect it to the internet and press Download again, or choose another engine",
)

TRIAL = EXAMPLES[0].clip
"""Is composed for to see how long an engine takes."""


@dataclass
class Meter:
    """How far a download is: written by the worker that downloads, read by the page.

    Attributes:
        title: of the file; empty before anything arrived.
        here: bytes that have arrived.
        whole: bytes that it has; None where that is not known.
    """

    title: str = ""
    here: int = 0
    whole: int | None = None

    def read(self, title: str, here: int, whole: int | None) -> None:
        """Take down what has arrived."""
        self.title, self.here, self.whole = title, here, whole


@dataclass(frozen=True)
class EnginePanel:
    """The events of the choice.

    Attributes:
        studio: its engines.
        place: the fold in which everything here lies.
        choice: the engine that composes.
        hint: why the chosen engine cannot compose, after somebody asked it to.
        card: what is known of the chosen engine.
        controls: where downloads are begun, watched and stopped.
        measure: composes for a short clip, to see how long that takes.
    """

    studio: Studio
    place: gr.Accordion
    choice: gr.Radio
    hint: gr.HTML
    card: gr.HTML
    controls: RunControls
    measure: gr.Button

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What the events change."""
        return [self.place, self.hint, self.card, self.measure, *self.controls.components]

    def look(self, name: str) -> Changes:
        """Show what is known of an engine.

        Args:
            name: of the chosen engine.
        """
        facts = self.studio.engines.facts(name)
        missing = facts.missing
        return {
            self.place: gr.update(label=heading(name)),
            self.card: engine_card(facts),
            self.controls.start: gr.update(visible=any(need.hub is not None for need in missing)),
            self.measure: gr.update(visible=not missing and facts.speed is None),
        }

    def show(self, name: str, request: gr.Request) -> Changes:
        """Show what is known of an engine that was just chosen, and no longer what was said about another.

        Args:
            name: of the engine.
            request: whose download may be going on.
        """
        said = {} if self.studio.downloads.working(self.controls.session(request)) else {self.controls.status: ""}
        return {**self.look(name), **said, self.hint: ""}

    def refuse(self, name: str, error: RefusalError) -> Changes:
        """Say beside the choice why the chosen engine cannot compose.

        Args:
            name: of that engine.
            error: why not.
        """
        return {
            **self.look(name),
            self.place: gr.update(label=heading(name), open=True),
            self.hint: field_hint(str(error)),
        }

    async def get(self, name: str, request: gr.Request) -> AsyncIterator[Changes]:
        """Download what an engine needs, showing the bytes that arrive."""
        self.controls.ask(request)
        meter, session = Meter(), self.controls.session(request)
        yield {**self.controls.waiting(request), self.hint: ""}
        work = partial(MusicService.bring, engine=name, tell=meter.read)
        with self.studio.job(session, work, self.controls.queue) as run:
            async for news in run.updates():
                card = transfer_card(meter.title, meter.here, meter.whole)
                yield {self.controls.status: card if meter.title else progress_card(Course().follow(news))}
            try:
                run.result()
                yield self.controls.rest("")
            except StoppedError:
                yield self.controls.rest(notice("Stopped", KEPT, kind="calm"))
            except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
                said = UNREACHED if isinstance(error, NoConnectionError) else error
                yield self.controls.failed(said, engine_title(name))

    async def try_out(self, name: str, request: gr.Request) -> AsyncIterator[Changes]:
        """Measure how long an engine takes here, unless that is known or it cannot compose yet."""
        facts, session = self.studio.engines.facts(name), self.controls.session(request)
        yield {**self.look(name), self.measure: gr.update(visible=False)}
        if facts.missing or facts.speed is not None:
            return
        self.studio.composing.ask(session)
        yield {self.controls.stop: gr.update(visible=True), self.controls.status: MEASURING + progress_card(Course())}
        with self.studio.job(session, partial(MusicService.try_out, clip=TRIAL, engine=name)) as run:
            async for changes in self.controls.follow(run):
                yield {self.controls.status: MEASURING + changes[self.controls.status]}
            try:
                run.result()
                yield self.controls.rest("")
            except StoppedError:
                yield self.controls.rest(notice("Stopped", UNMEASURED, kind="calm"))
            except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
                yield self.controls.failed(error, engine_title(name))

    def halt(self, request: gr.Request) -> Changes:
        """Stop this person's download or measurement; whoever follows it says so."""
        for queue in (self.studio.composing, self.controls.queue):
            queue.stop(self.controls.session(request))
        return {self.controls.stop: gr.update(visible=False)}

    def held(self, name: str | None) -> tuple[Any, str]:
        """Return what the field shows for a setting, and a sentence where the page cannot grant it.

        Args:
            name: of an engine, as a file of settings holds it.
        """
        try:
            return self.studio.engines.offer.chosen(name), ""
        except RefusalError as error:
            return gr.skip(), str(error)


def heading(name: str) -> str:
    """Return what stands on the fold.

    Args:
        name: of the chosen engine.
    """
    return f"{HEADING}: {engine_title(name)}"


def lay_out_engines(studio: Studio) -> EnginePanel:
    """Put the choice into the form; it is not shown where there is nothing to choose.

    Args:
        studio: its engines.
    """
    offer = studio.engines.offer
    choices = [(engine_title(name), name) for name in offer.names]
    with gr.Accordion(heading(offer.default), open=False, elem_id="engines", visible=len(choices) > 1) as place:
        choice = gr.Radio(
            choices, value=offer.default, label="What watches the clip and writes the music", elem_id="engine"
        )
        hint = gr.HTML("", elem_id="engine-hint")
        card = gr.HTML("", elem_id="engine-card")
        with gr.Row(elem_id="engine-row", equal_height=False):
            start = gr.Button("Download", size="sm", visible=False, elem_id="engine-get", min_width=130)
            measure = gr.Button(
                "Measure how long it takes", size="sm", visible=False, elem_id="engine-measure", min_width=150
            )
        controls = lay_out_controls(studio, "engine", start, "Downloading …", prefix="engine-", queue=studio.downloads)
    return EnginePanel(studio, place, choice, hint, card, controls, measure)


def connect_engines(panel: EnginePanel) -> None:
    """Connect the choice and its buttons with the events.

    Args:
        panel: laid out already.
    """
    controls, chosen, outputs = panel.controls, panel.choice, panel.outputs
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}
    freely: dict[str, Any] = {**private, "concurrency_limit": None}
    # one answer after another: the answer for an engine that is no longer chosen must not come last
    gr.on([panel.place.expand, chosen.change], panel.show, chosen, outputs, trigger_mode="always_last", **aside)
    got = controls.start.click(panel.get, chosen, [*controls.components, panel.hint], **freely)
    got.failure(controls.lost, outputs=controls.components, **aside)
    tried = got.success(panel.try_out, chosen, outputs, **freely)
    measured = panel.measure.click(panel.try_out, chosen, outputs, **freely)
    for run in (tried, measured):
        run.then(panel.look, chosen, outputs, **aside)
    controls.stop.click(panel.halt, outputs=controls.stop, **aside)
