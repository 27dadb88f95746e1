"""What every tab that starts runs has in common: the button that begins one, its progress, and the way to stop it."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from emotion.errors import RefusalError
from video2music.web.progress_view import Course, notice, progress_card
from video2music.web.runs import Run, RunQueue
from video2music.web.studio import Studio
from video2music.web.words import UNEXPECTED, refusal_sentence
from video2music.web.workers import StoppedError

Outcome = TypeVar("Outcome")

Changes = dict[Any, Any]
"""What an event does to the page: component -> new value or update."""

FULL = "Too many pieces are waiting already. Please try again in a minute."

TELLING = Path(__file__).parents[2] / "assets" / "told.js"
"""Script that says what the controls show to those who hear the page."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunControls:
    """The place in a tab where runs are begun, watched and stopped.

    Attributes:
        studio: where the work is done.
        name: tells a person's run here from their run in another tab.
        start: the button that begins a run.
        status: where progress and notices are shown.
        stop: the button that stops a run.
        resting: what stands on the start button.
        working: what stands there during a run.
        queue: where the runs are made.
    """

    studio: Studio
    name: str
    start: gr.Button
    status: gr.HTML
    stop: gr.Button
    resting: str
    working: str
    queue: RunQueue

    @property
    def components(self) -> list[gr.components.Component]:
        """The components that `busy` and `rest` change."""
        return [self.status, self.stop, self.start]

    def session(self, request: gr.Request) -> str:
        """Return what tells this person's runs with these controls from all others; see `RunQueue.leave`."""
        return f"{request.session_hash}/{self.name}"

    def ask(self, request: gr.Request) -> None:
        """Note that a person asks for a run, which may have to wait before it starts."""
        self.queue.ask(self.session(request))

    def need_room(self, request: gr.Request) -> None:
        """Refuse a further run while too many people wait.

        Raises:
            QueueFullError: they do.
        """
        self.queue.need_room(self.session(request))

    def waiting(self, request: gr.Request) -> Changes:
        """Show what a person who has just asked waits for."""
        return self.busy(progress_card(Course().follow([self.queue.next_place(self.session(request))])))

    def refused(self, error: RefusalError) -> Changes:
        """Say why a run was not begun."""
        return self.rest(notice("Not started", str(error)))

    async def follow(self, run: Run[Outcome]) -> AsyncIterator[Changes]:
        """Show each stage of a run until it is over."""
        course, shown = Course(), ""
        async for updates in run.updates():
            course = course.follow(updates)
            card = progress_card(course)
            if card != shown:
                yield {self.status: card}
            shown = card

    def failed(self, error: Exception, name: str) -> Changes:
        """Say what a run ended with instead of a result.

        Args:
            error: what it raised.
            name: name of the upload as the person knows it.
        """
        if isinstance(error, StoppedError):
            return self.stopped()
        if isinstance(error, RefusalError):
            return self.rest(notice("That did not work", refusal_sentence(error, name, self.studio.root)))
        log.error("a run failed", exc_info=error)
        return self.rest(notice("That did not work", UNEXPECTED))

    def halt(self, request: gr.Request) -> Changes:
        """Stop this person's run, waiting or working."""
        self.queue.stop(self.session(request))
        return self.stopped()

    def lost(self, request: gr.Request) -> Changes:
        """Say that a run never began: it was stopped in line, the line is full, or the connection broke."""
        if self.queue.was_stopped(self.session(request)):
            return self.stopped()
        return self.rest(notice("Not started", FULL))

    def stopped(self) -> Changes:
        """Show that the run was stopped."""
        sentence = f"Nothing of this run was kept. Press {self.resting} to start again."
        return self.rest(notice("Stopped", sentence, kind="calm"))

    def busy(self, status: str) -> Changes:
        """Show progress and the way to stop it."""
        return {
            self.status: status,
            self.stop: gr.update(visible=True),
            self.start: gr.update(value=self.working, interactive=False),
        }

    def rest(self, status: str) -> Changes:
        """Show a sentence, or nothing, and let the person begin again."""
        return {
            self.status: status,
            self.stop: gr.update(visible=False),
            self.start: gr.update(value=self.resting, interactive=True),
        }


def lay_out_controls(
    studio: Studio, name: str, start: gr.Button, working: str, *, prefix: str = "", queue: RunQueue | None = None
) -> RunControls:
    """Put progress and the stop button where the result will be.

    Args:
        studio: where the work is done.
        name: tells a person's run here from their run in another tab.
        start: the button that begins a run.
        working: what stands on that button during a run.
        prefix: begins the ids of the two components.
        queue: where the runs are made; the one for compositions by default.
    """
    status = gr.HTML("", elem_id=f"{prefix}status", js_on_load=TELLING.read_text(encoding="utf-8"))
    stop = gr.Button("Stop", visible=False, elem_id=f"{prefix}stop", size="sm")
    return RunControls(studio, name, start, status, stop, str(start.value), working, queue or studio.composing)


REMEMBER_PLACE = """(...given) => {
  const piece = document.querySelector("#piece"), video = piece?.querySelector("video");
  Object.assign(piece?.dataset ?? {}, { place: video?.currentTime ?? 0, source: video?.src ?? "" });
  return given;
}"""
"""Script of an event that will change the music: remembers where the person listens, and passes the inputs on."""

PLAY_FROM_PLACE = """() => {
  const piece = document.querySelector("#piece"), { place, source } = piece?.dataset ?? {};
  const look = (tries) => {
    const video = piece?.querySelector("video");
    if (!video || video.src === source) return tries && setTimeout(look, 100, tries - 1);
    const go = () => { video.currentTime = Number(place); video.play().catch(() => {}); };
    video.readyState ? go() : video.addEventListener("loadedmetadata", go, { once: true });
  };
  look(30);
}"""
"""Script that goes on playing where the person listened, once the new music has arrived."""


def name_players(names: Mapping[str, str]) -> str:
    """Return a script that names the players of a page, which Gradio leaves without a name.

    Args:
        names: id of the component -> what it plays.
    """
    return f"""() => setTimeout(() => {{
      for (const [place, name] of Object.entries({json.dumps(names)}))
        document.querySelector(`#${{place}} audio`)?.setAttribute("aria-label", name);
    }}, 60)"""


def bring_into_view(*places: str) -> str:
    """Return a script that scrolls, on a small screen, until the last of the places that is shown can be seen."""
    return f"""() => setTimeout(() => {{
      const shown = {list(places)}.map(place => document.querySelector(place)).filter(place => place?.offsetHeight);
      shown.at(-1)?.scrollIntoView({{block: "nearest"}});
    }}, 60)"""
