"""Under the finished piece: other pieces for the same clip, side by side, of which one may be taken."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.web.change_panel import ChangePanel
from video2music.web.changes import take_offer
from video2music.web.compose_view import offer_card
from video2music.web.run_controls import (
    PLAY_FROM_PLACE,
    REMEMBER_PLACE,
    Changes,
    RunControls,
    lay_out_controls,
    name_players,
)
from video2music.web.runs import Run
from video2music.web.service import MusicService
from video2music.web.session_store import Kept
from video2music.web.studio import Studio
from video2music.web.why_panel import draw_after

MOST_OFFERS = 4


@dataclass(frozen=True)
class Offer:
    """The place of one variation."""

    place: gr.Column
    words: gr.HTML
    sound: gr.Audio
    take: gr.Button


@dataclass(frozen=True)
class VariationsPanel:
    """The events of the variations."""

    studio: Studio
    controls: RunControls
    count: gr.Radio
    offers: tuple[Offer, ...]

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` and `clear` change."""
        return [part for offer in self.offers for part in (offer.place, offer.words, offer.sound)]

    async def vary(self, count: int, request: gr.Request) -> AsyncIterator[Changes]:
        """Compose other pieces for the clip, which is not looked at again."""
        session = str(request.session_hash)
        self.controls.ask(request)
        try:
            self.controls.need_room(request)
            kept = self.studio.sessions.get(session)
        except RefusalError as error:
            yield self.controls.refused(error)
            return
        yield self.controls.waiting(request)
        job = partial(MusicService.vary, kept=kept, count=count)
        room = self.studio.bytes_for(kept.piece.source, kept.piece.features.duration_s, 2 * count)
        with self.studio.job(self.controls.session(request), job, room=room) as run:
            async for changes in self.controls.follow(run):
                yield changes
            yield self.outcome(run, session, kept)

    def outcome(self, run: Run[tuple[Kept, list[Path]]], session: str, kept: Kept) -> Changes:
        """Show the variations, best match first."""
        try:
            after, sounds = run.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person reads a sentence
            return self.controls.failed(error, kept.name)
        if not self.studio.sessions.swap(session, kept, after):
            return self.controls.stopped()
        shown: Changes = {**self.controls.rest(""), **self.clear()}
        for rank, (offer, piece, sound) in enumerate(zip(self.offers, after.offers, sounds, strict=False), start=1):
            shown[offer.place] = gr.update(visible=True)
            shown[offer.words] = offer_card(piece, rank)
            shown[offer.sound] = gr.update(value=str(sound), label=f"Variation {rank}")
        return shown

    def clear(self) -> Changes:
        """Show no variations, as after a new composition."""
        return {offer.place: gr.update(visible=False) for offer in self.offers} | {
            offer.sound: None for offer in self.offers
        }


def lay_out_variations(studio: Studio) -> VariationsPanel:
    """Put the way to variations, and the places for them, under the panel of changes.

    Args:
        studio: where pieces are composed.
    """
    with gr.Accordion("Variations", open=False, elem_id="variations"):
        with gr.Row(elem_id="vary-row", equal_height=False):
            counts = [(str(count), count) for count in range(1, MOST_OFFERS + 1)]
            count = gr.Radio(counts, value=3, label="How many other pieces for this clip?", elem_id="count")
            vary = gr.Button("Compose them", size="sm", elem_id="vary", min_width=140)
        controls = lay_out_controls(studio, "vary", vary, "Composing …", prefix="vary-")
        with gr.Row(elem_id="offers", equal_height=False):
            offers = tuple(map(lay_out_offer, range(MOST_OFFERS)))
    return VariationsPanel(studio, controls, count, offers)


def lay_out_offer(place: int) -> Offer:
    """Put the place of one variation."""
    with gr.Column(visible=False, elem_classes="offer", min_width=200) as column:
        words = gr.HTML("")
        sound = gr.Audio(
            show_label=False,
            label=f"Variation {place + 1}",
            interactive=False,
            buttons=[],
            elem_id=f"offer-{place}",
            waveform_options=gr.WaveformOptions(show_recording_waveform=False),
        )
        take = gr.Button("Keep this one", size="sm", elem_id=f"take-{place}")
    return Offer(column, words, sound, take)


def connect_variations(variations: VariationsPanel, panel: ChangePanel) -> None:
    """Connect the buttons with the events.

    Args:
        variations: other pieces.
        panel: plays the one that is taken.
    """
    controls = variations.controls
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    varied = controls.start.click(
        variations.vary,
        variations.count,
        [*controls.components, *variations.outputs],
        concurrency_limit=None,
        **private,
    )
    varied.then(None, js=name_players({f"offer-{place}": f"Variation {place + 1}" for place in range(MOST_OFFERS)}))
    varied.failure(controls.lost, outputs=controls.components, queue=False, **private)
    controls.stop.click(controls.halt, outputs=controls.components, cancels=[varied], queue=False, **private)
    for number, offer in enumerate(variations.offers):

        async def take(request: gr.Request, number: int = number) -> AsyncIterator[Changes]:
            async for changes in panel.play(request, take_offer(number)):
                yield changes

        taken = offer.take.click(
            take,
            outputs=[*panel.controls.components, *panel.stage.outputs, *panel.outputs],
            js=REMEMBER_PLACE,
            concurrency_limit=None,
            **private,
        )
        taken.then(None, js=PLAY_FROM_PLACE)
        draw_after(taken, panel.studio, panel.stage.why)
