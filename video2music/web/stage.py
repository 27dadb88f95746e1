"""The place in the first tab where a person sees the clip with its music, and takes the files."""

from dataclasses import dataclass

import gradio as gr

from video2music.piece import Piece, SavedPiece
from video2music.web import compose_view as view
from video2music.web.example_cards import CHOOSING, example_cards
from video2music.web.rights import rights_words
from video2music.web.run_controls import Changes
from video2music.web.why_panel import WhyPanel, lay_out_downloads, lay_out_timeline

DOWNLOADS = (
    ("video", "Video (mp4)", "get-video"),
    ("music", "Music (wav)", "get-music"),
    ("midi", "Notes (midi)", "get-midi"),
    ("lead_sheet", "Lead sheet (xml)", "get-sheet"),
    ("result", "Details (json)", "get-result"),
)
"""Field of SavedPiece, what stands on the button, and its id."""


@dataclass(frozen=True)
class Stage:
    """Where a person sees what came out.

    Attributes:
        empty: what stands there before.
        result: everything below.
        video: the clip with its music.
        summary: a few facts.
        analyse: leads to the second tab.
        downloads: one button for each of DOWNLOADS.
        make_stems: begins to play every part by itself.
        stems: holds the parts once they are played; never seen, the page presses it.
        rights: says what the music may be used for.
        why: shows why the music is as it is.
        tools: below the timeline, for what is changed on it.
    """

    empty: gr.HTML
    result: gr.Column
    video: gr.Video
    summary: gr.HTML
    analyse: gr.Button
    downloads: tuple[gr.DownloadButton, ...]
    make_stems: gr.Button
    stems: gr.DownloadButton
    rights: gr.HTML
    why: WhyPanel
    tools: gr.Column

    @property
    def music(self) -> gr.DownloadButton:
        """The component that holds the composed music as a wav file."""
        return self.downloads[1]

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` changes."""
        return [self.empty, self.result, self.video, self.summary, *self.downloads, self.rights]

    def show(self, piece: Piece, files: SavedPiece, name: str, took_s: float | None) -> Changes:
        """Show a piece and offer its files.

        Args:
            piece: what is heard.
            files: where it was written.
            name: of the clip, as the person knows it.
            took_s: seconds from pressing the button to this moment; None for what was composed long before.
        """
        paths = (str(getattr(files, kind)) for kind, *_ in DOWNLOADS)
        return {
            self.empty: gr.update(visible=False),
            self.result: gr.update(visible=True),
            self.video: str(files.video),
            self.summary: view.summary_card(piece, clip_name=name, took_s=took_s),
            **dict(zip(self.downloads, paths, strict=True)),
            self.rights: view.field_note(rights_words(piece)),
        }


def lay_out_stage() -> tuple[gr.HTML, gr.Column]:
    """Put the invitation, and the column for the result, which is filled by `lay_out_result`."""
    empty = gr.HTML(view.EMPTY + example_cards(), elem_id="empty", js_on_load=CHOOSING)
    return empty, gr.Column(visible=False, elem_id="result")


def lay_out_result(empty: gr.HTML, result: gr.Column) -> Stage:
    """Put the video, the downloads and the summary into the column for the result."""
    video = gr.Video(label="The clip with its music", show_label=False, interactive=False, elem_id="piece", buttons=[])
    timeline = lay_out_timeline()
    tools = gr.Column(elem_id="timeline-tools")
    with gr.Row(elem_id="downloads"):
        downloads = tuple(
            gr.DownloadButton(text, elem_id=name, size="sm", min_width=120) for _, text, name in DOWNLOADS
        )
        why = lay_out_downloads(timeline)
        make_stems = gr.Button("Parts (zip)", elem_id="make-stems", size="sm", min_width=120)
        stems = gr.DownloadButton("Parts", elem_id="get-stems", visible="hidden")
    rights = gr.HTML("", elem_id="rights")
    analyse = gr.Button("Analyse this music", elem_id="analyse-composed")
    summary = gr.HTML("", elem_id="summary")
    return Stage(empty, result, video, summary, analyse, downloads, make_stems, stems, rights, why, tools)
