"""The left column of the first tab: the clip and the settings, of which a newcomer sees only a few."""

from dataclasses import dataclass, fields

import gradio as gr

from video2music.direction import LARGEST_SHIFT
from video2music.music.suggestion import AUTO
from video2music.web.clip_card import CLIP_TYPES
from video2music.web.compose_view import field_note
from video2music.web.engine_panel import EnginePanel, lay_out_engines
from video2music.web.sections_field import lay_out_sections
from video2music.web.studio import Studio
from video2music.web.wishes_form import (
    CHORD_HELP,
    LEVEL_RANGE,
    LOUDNESS,
    MOST_DOUBLINGS,
    ORIGINAL_SOUND,
    Settings,
    ensemble_choices,
    ensemble_summary,
    key_choices,
    mood_choices,
)

MOST_SEMITONES = 12


@dataclass(frozen=True)
class Form:
    """What a person fills in; the fields of `Settings` stand here under the same names."""

    clip: gr.File
    clip_card: gr.HTML
    ensemble: gr.Dropdown
    ensemble_note: gr.HTML
    mood: gr.Dropdown
    key: gr.Dropdown
    valence: gr.Slider
    arousal: gr.Slider
    tempo: gr.Textbox
    melody: gr.Checkbox
    align_cuts: gr.Checkbox
    transpose: gr.Slider
    original: gr.Radio
    music_level: gr.Slider
    lufs: gr.Dropdown
    primer: gr.Textbox
    primer_hint: gr.HTML
    seed: gr.Textbox
    draw: gr.Button
    lock: gr.Checkbox
    last_seed: gr.State
    more_notes: gr.Slider
    harder: gr.Slider
    from_s: gr.Textbox
    to_s: gr.Textbox
    range_hint: gr.HTML
    sections: gr.HTML
    sections_hint: gr.HTML
    cuts: gr.Textbox
    cuts_hint: gr.HTML
    engine: gr.Radio
    engines: EnginePanel
    compose: gr.Button
    save: gr.Button
    saved: gr.DownloadButton
    load: gr.UploadButton
    file_note: gr.HTML

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Clip and settings in the order in which the events take them."""
        return [self.clip, *self.settings]

    @property
    def settings(self) -> list[gr.components.Component]:
        """The fields in the order of `Settings`."""
        return [getattr(self, field.name) for field in fields(Settings)]


def lay_out_form(studio: Studio) -> Form:
    """Put the clip and the settings in the left column.

    Args:
        studio: offers engines.
    """
    clip = gr.File(label="Your clip", file_types=list(CLIP_TYPES), elem_id="clip")
    card = gr.HTML("", elem_id="clip-card")
    with gr.Column(elem_id="settings"):
        ensemble = gr.Dropdown(ensemble_choices(), value=AUTO, label="Ensemble", elem_id="ensemble", filterable=True)
        note = gr.HTML(field_note(ensemble_summary(AUTO)), elem_id="ensemble-note")
        mood = gr.Dropdown(mood_choices(), value="", label="Mood", elem_id="mood", filterable=True)
        key = gr.Dropdown(key_choices(), value="", label="Key", elem_id="key", filterable=True)
        with gr.Accordion("More", open=False, elem_id="more"):
            more = lay_out_feeling() | lay_out_sound() | lay_out_beginning()
        with gr.Accordion("Cuts and moods by time, or only a part", open=False, elem_id="times"):
            more |= lay_out_times()
        engines = lay_out_engines(studio)
    compose = gr.Button("Compose", variant="primary", size="lg", elem_id="compose")
    more |= lay_out_file()
    return Form(
        clip=clip,
        clip_card=card,
        ensemble=ensemble,
        ensemble_note=note,
        mood=mood,
        key=key,
        engine=engines.choice,
        engines=engines,
        compose=compose,
        **more,
    )


def lay_out_feeling() -> dict[str, gr.components.Component]:
    """Put what shapes the music: its character, tempo, melody and pitch."""
    shift = {"minimum": -LARGEST_SHIFT, "maximum": LARGEST_SHIFT, "step": 0.5, "value": 0, "buttons": []}
    doublings = {"minimum": -MOST_DOUBLINGS, "maximum": MOST_DOUBLINGS, "step": 0.25, "value": 0, "buttons": []}
    return {
        "valence": gr.Slider(label="Darker (-) or brighter (+)", elem_id="valence", **shift),
        "arousal": gr.Slider(label="Calmer (-) or livelier (+)", elem_id="arousal", **shift),
        "tempo": gr.Textbox(
            label="Tempo in beats per minute (60 to 180)",
            placeholder="Auto (from the video)",
            max_lines=1,
            elem_id="tempo",
        ),
        "more_notes": gr.Slider(label="Fewer (-) or more (+) notes", elem_id="more-notes", **doublings),
        "harder": gr.Slider(label="Played softer (-) or harder (+)", elem_id="harder", **doublings),
        "transpose": gr.Slider(
            -MOST_SEMITONES,
            MOST_SEMITONES,
            0,
            step=1,
            label="Semitones lower (-) or higher (+)",
            elem_id="transpose",
            buttons=[],
        ),
        "melody": gr.Checkbox(value=True, label="A melody above the ensemble", elem_id="melody"),
        "align_cuts": gr.Checkbox(value=True, label="Strong beats on the scene cuts", elem_id="align-cuts"),
    }


def lay_out_sound() -> dict[str, gr.components.Component]:
    """Put what happens to the clip's own sound, and how loud the music is."""
    return {
        "original": gr.Radio(list(ORIGINAL_SOUND), value="replace", label="The clip's own sound", elem_id="original"),
        "music_level": gr.Slider(
            -LEVEL_RANGE,
            LEVEL_RANGE,
            0,
            step=1,
            label="Music softer (-) or louder (+) than that sound, in LU",
            elem_id="music-level",
            visible=False,
            buttons=[],
        ),
        "lufs": gr.Dropdown(list(LOUDNESS), value=-16.0, label="Loudness of the music", elem_id="lufs"),
    }


def lay_out_beginning() -> dict[str, gr.components.Component]:
    """Put the chords to begin with and the seed."""
    primer = gr.Textbox(
        label="Begin with these chords (optional)", placeholder="C Am F G", max_lines=1, elem_id="primer"
    )
    hint = gr.HTML("", elem_id="primer-hint")
    gr.HTML(CHORD_HELP, elem_id="chord-help")
    with gr.Row(elem_id="seed-row", equal_height=False):
        seed = gr.Textbox(  # a number field of Gradio shows and sends 0 where it should be empty
            label="Seed (same seed, same music)",
            placeholder="A new one for each piece",
            max_lines=1,
            elem_id="seed",
            min_width=160,
        )
        draw = gr.Button("Draw one", size="sm", elem_id="draw", min_width=100)
    lock = gr.Checkbox(value=False, label="Lock the seed of the last piece", elem_id="lock")
    last = gr.State("")
    return {"primer": primer, "primer_hint": hint, "seed": seed, "draw": draw, "lock": lock, "last_seed": last}


def lay_out_times() -> dict[str, gr.components.Component]:
    """Put the part of the clip that is composed for, its cuts, and the moods of its sections."""
    with gr.Row(elem_id="range", equal_height=False):
        start = gr.Textbox(label="Only from", placeholder="The beginning", max_lines=1, elem_id="from-s", min_width=110)
        end = gr.Textbox(label="to", placeholder="The end", max_lines=1, elem_id="to-s", min_width=110)
    hint = gr.HTML("", elem_id="range-hint")
    return {
        "from_s": start,
        "to_s": end,
        "range_hint": hint,
        "sections": lay_out_sections(),
        "sections_hint": gr.HTML("", elem_id="sections-hint"),
        "cuts": gr.Textbox(
            label="Cuts to add, or to ignore",
            info="The music changes at every cut. Write 'not' before one to ignore.",
            placeholder="12.5; 1:05; not 4.2",
            max_lines=1,
            elem_id="cuts",
        ),
        "cuts_hint": gr.HTML("", elem_id="cuts-hint"),
    }


def lay_out_file() -> dict[str, gr.components.Component]:
    """Put the buttons that keep the settings in a file and bring them back."""
    with gr.Row(elem_id="settings-file", equal_height=False):
        save = gr.Button("Save these settings", size="sm", elem_id="save-settings", min_width=130)
        load = gr.UploadButton("Load settings", size="sm", elem_id="load-settings", file_types=[".json"], min_width=130)
        saved = gr.DownloadButton("Settings", elem_id="get-settings", visible="hidden")
    return {"save": save, "load": load, "saved": saved, "file_note": gr.HTML("", elem_id="file-note")}
