"""The field in which moods are set for sections of the clip: rows of from, to and mood, and a button at each end."""

from pathlib import Path

import gradio as gr

from video2music.features.video_features import EMOTIONS

SCRIPT = Path(__file__).parents[2] / "assets" / "sections.js"

FRAME = """
<fieldset class="sections">
  <legend>LEGEND</legend>
  <p class="note">Times count from where the music begins. Where no mood is set, the music follows the video.</p>
  <div class="rows"></div>
  <div class="buttons">
    <button type="button" class="add">Add a section</button>
    <button type="button" class="cut" hidden></button>
  </div>
</fieldset>"""


def lay_out_sections(
    *,
    elem_id: str = "sections",
    legend: str = "Moods by time",
    player: str = "#clip-card video",
    lane: str = "",
) -> gr.HTML:
    """Put the field; its value is a text that `read_sections` reads, and "change" tells that a person changed it.

    Args:
        elem_id: of the field.
        legend: its name.
        player: selector of the video whose moment is taken for the beginning of a section.
        lane: selector of the place on a timeline where the sections are drawn; from there they are taken when another
            piece is shown.
    """
    return gr.HTML(
        "",
        html_template=FRAME.replace("LEGEND", legend),
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        moods=list(EMOTIONS),
        player=player,
        lane=lane,
        elem_id=elem_id,
    )
