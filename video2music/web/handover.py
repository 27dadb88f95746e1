"""The way from a piece that was just composed to the tab that listens to it."""

from typing import Any

import gradio as gr

from video2music.web import recognise_tab
from video2music.web.compose_tab import ComposePage
from video2music.web.recognise_tab import RecognisePage


def connect(tabs: gr.Tabs, composing: ComposePage, listening: RecognisePage) -> None:
    """Let two buttons take the composed music: one under the video, one beside the upload.

    Args:
        tabs: holds both tabs.
        composing: the tab that makes the music.
        listening: the tab that listens to it.
    """
    music, sound = composing.stage.music, listening.form.sound
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    aside: dict[str, Any] = {**private, "queue": False}

    switched = composing.stage.analyse.click(lambda: gr.Tabs(selected=recognise_tab.TITLE), outputs=tabs, **aside)
    for asked in (switched, listening.form.composed.click(None, **aside)):
        # Beside the queue only the first yield of a generator would be run, so a refusal would not end the chain.
        taken = asked.then(
            listening.take,
            music,
            [*listening.controls.components, sound, listening.form.card],
            concurrency_limit=None,
            **private,
        )
        recognise_tab.connect_run(listening, taken.success, sound)
