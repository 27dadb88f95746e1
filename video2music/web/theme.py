"""Colours, letters and spacing of the page; everything comes from the Gradio package, nothing from the network."""

import gradio as gr
from gradio.themes.utils import colors, fonts

PERSIMMON = colors.Color(
    name="persimmon",
    c50="#fff4ee",
    c100="#ffe6d8",
    c200="#fecab0",
    c300="#fda77e",
    c400="#f98750",
    c500="#e8642a",
    c600="#c24a17",
    c700="#a13b13",
    c800="#813213",
    c900="#6a2c14",
    c950="#3a1407",
)
"""The one strong colour; c600 on white and c400 on the dark background both exceed a contrast of 4.5."""

STONE = colors.Color(
    name="stone",
    c50="#faf8f5",
    c100="#f3f0eb",
    c200="#e6e1d9",
    c300="#d3ccc1",
    c400="#a39a8d",
    c500="#756d62",
    c600="#5b544b",
    c700="#413c35",
    c800="#2a2622",
    c900="#1c1a17",
    c950="#131110",
)
"""Warm greys."""


STYLE = {
    "body_background_fill": "*neutral_50",
    "body_background_fill_dark": "*neutral_950",
    "body_text_color": "*neutral_900",
    "body_text_color_dark": "*neutral_100",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_400",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "*neutral_900",
    "background_fill_secondary": "*neutral_100",
    "background_fill_secondary_dark": "*neutral_800",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "*neutral_700",
    "block_background_fill": "#ffffff",
    "block_background_fill_dark": "*neutral_900",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_padding": "0px",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_label_text_color": "*neutral_700",
    "block_label_text_color_dark": "*neutral_200",
    "block_title_text_color": "*neutral_900",
    "block_title_text_color_dark": "*neutral_100",
    "block_title_text_weight": "600",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_400",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "*neutral_800",
    "input_border_color": "*neutral_400",
    "input_border_color_dark": "*neutral_500",
    "input_border_width": "1px",
    "input_border_color_focus": "*primary_600",
    "input_border_color_focus_dark": "*primary_400",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_400",
    "input_radius": "10px",
    "checkbox_border_color": "*neutral_400",
    "checkbox_border_color_dark": "*neutral_400",
    "checkbox_background_color_selected": "*primary_600",
    "checkbox_background_color_selected_dark": "*primary_500",
    "button_large_radius": "12px",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "*primary_400",
    "button_primary_background_fill_hover_dark": "*primary_300",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "*neutral_950",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_hover": "*neutral_100",
    "button_secondary_background_fill_dark": "*neutral_800",
    "button_secondary_background_fill_hover_dark": "*neutral_700",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_border_color_dark": "*neutral_600",
    "button_secondary_text_color": "*neutral_900",
    "button_secondary_text_color_dark": "*neutral_100",
    "button_border_width": "1px",
}
"""What differs from the plain theme, in the names of Gradio's style variables; "_dark" is for the dark room."""


def studio_theme() -> gr.themes.Base:
    """Return the theme, light and dark; the fonts are the weights that the Gradio package holds in full."""
    return gr.themes.Base(
        primary_hue=PERSIMMON,
        secondary_hue=PERSIMMON,
        neutral_hue=STONE,
        text_size="md",
        spacing_size="md",
        radius_size="lg",
        font=[fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=[fonts.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
    ).set(**STYLE)
