"""The way to try the page without a video: three cards, each of which shows a clip with music at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from video2music.web.compose_tab import ComposePage
from video2music.web.examples import EXAMPLES
from video2music.web.progress_view import notice
from video2music.web.run_controls import Changes, bring_into_view
from video2music.web.service import MusicService
from video2music.web.why_panel import PRIVATE, draw_after
from video2music.wishes import Wishes

ABOUT = "This program drew the clip and composed the music. Change the music below, or press Compose for another piece."


@dataclass(frozen=True)
class ExamplesPanel:
    """Shows an example in the tab as if it had just been composed there.

    Attributes:
        page: the tab.
    """

    page: ComposePage

    async def show(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Changes]:
        """Put a clip in the form and its music beside it."""
        example = next((example for example in EXAMPLES if example.name == event.example), None)
        if example is None:
            return
        session, studio = str(request.session_hash), self.page.studio
        with studio.job(
            f"{session}/example", partial(MusicService.show_example, example=example), studio.rendering
        ) as run:
            async for _ in run.updates():
                pass
            try:
                clip, piece, files = run.result()
                kept = studio.keep(session, clip, Wishes(seed=piece.score.seed), piece)
            except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
                yield self.page.controls.failed(error, example.title)
                return
            yield {
                **self.page.controls.rest(notice("An example", ABOUT, kind="calm")),
                **self.page.present(kept, piece, files, None),
                self.page.form.clip: str(clip),
            }


def connect(page: ComposePage) -> None:
    """Let the cards show their examples.

    Args:
        page: the tab on which they stand.
    """
    panel = ExamplesPanel(page)
    outputs: list[Any] = [*page.outputs, page.form.clip]
    shown = page.stage.empty.select(panel.show, outputs=outputs, concurrency_limit=None, **PRIVATE)
    shown.then(None, js=bring_into_view("#status", "#piece"))
    draw_after(shown, page.studio, page.stage.why)
