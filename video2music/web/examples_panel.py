"""The way to try the page without a video: three cards, each of which shows a clip with music at once."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from video2music.piece import Piece, SavedPiece
from video2music.progress import Progress
from video2music.web.compose_tab import ComposePage
from video2music.web.desk import Changes, bring_into_view
from video2music.web.engine_room import EngineRoom
from video2music.web.examples import EXAMPLES, Example
from video2music.web.progress_view import notice
from video2music.web.why_panel import PRIVATE, draw_after
from video2music.wishes import Wishes

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.synthesis import Synthesizer

ABOUT = (
    "The clip was drawn and the music was composed by this program, once, and kept. Change the music below, or press "
    "Compose for another piece."
)


@dataclass(frozen=True)
class LazySynthesizer:
    """Plays with the synthesizer of a composer, which is loaded when the first note is to be heard."""

    engines: EngineRoom

    def render(
        self, midi: "pretty_midi.PrettyMIDI", *, sample_rate: int = 44100, duration_s: float | None = None
    ) -> NDArray[np.float32]:
        """Play notes; see `Synthesizer.render`."""
        player = self.engines.player().synthesizer
        return player.render(midi, sample_rate=sample_rate, duration_s=duration_s)

    def render_parts(
        self, midi: "pretty_midi.PrettyMIDI", *, sample_rate: int = 44100, duration_s: float
    ) -> Iterator[NDArray[np.float32]]:
        """Play every part by itself; see `Synthesizer.render_parts`."""
        yield from self.engines.player().synthesizer.render_parts(midi, sample_rate=sample_rate, duration_s=duration_s)


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
        with studio.job(f"{session}/example", partial(self.bring, example), studio.music_stand) as run:
            async for _ in run.updates():
                pass
            try:
                clip, piece, files = run.result()
                kept = studio.keep(session, clip, Wishes(seed=piece.score.seed), piece)
            except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
                yield self.page.desk.failed(error, example.title)
                return
            yield {
                **self.page.desk.rest(notice("An example", ABOUT, kind="calm")),
                **self.page.present(kept, piece, files, sum(piece.timings_s.values())),
                self.page.form.clip: str(clip),
            }

    def bring(self, example: Example, folder: Path, _progress: Progress) -> tuple[Path, Piece, SavedPiece]:
        """Fetch an example; runs in the worker.

        Args:
            example: which.
            folder: working folder of this request.

        Returns:
            Its clip, the piece without sound, and the files to take.

        Raises:
            RefusalError: what is stored cannot be read.
        """
        clip = example.bring(folder)
        player = cast("Synthesizer", LazySynthesizer(self.page.studio.engines))
        return clip, example.revive(clip, player), example.write(folder)


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
