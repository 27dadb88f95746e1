"""The button that puts another file in the place of the one that is there; assets/limits.js hears it."""

from collections.abc import Iterable


def another_button(field: str, kinds: Iterable[str]) -> str:
    """Return the button as HTML.

    Args:
        field: id of the field that holds the file.
        kinds: what the file dialogue offers, as Gradio writes it: "video", or an ending such as ".mp4".
    """
    accept = ",".join(kind if kind.startswith(".") else f"{kind}/*" for kind in kinds)
    return f'<button type="button" class="another" data-field="{field}" data-accept="{accept}">Choose another</button>'
