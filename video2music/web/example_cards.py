"""The cards of the examples, on the empty stage of the first tab."""

import base64
from html import escape

from video2music.web.examples import EXAMPLES, Example

CHOOSING = """
element.addEventListener("click", (event) => {
  const card = event.target.closest("button[data-example]");
  if (!card || element.querySelector("[aria-busy=true]")) return;
  card.setAttribute("aria-busy", "true");
  setTimeout(() => card.removeAttribute("aria-busy"), 5000);
  trigger("select", { example: card.dataset.example });
});
"""

"""Script that says which card was pressed."""


def example_cards() -> str:
    """Show the examples as cards to press."""
    return f"""
<section class="examples" aria-labelledby="examples-title">
  <h3 id="examples-title">No video at hand? Try one of these</h3>
  <p class="note">This program made the clips as well as the music.</p>
  <div class="cards">{"".join(map(example_card, EXAMPLES))}</div>
</section>"""


def example_card(example: Example) -> str:
    """Show one example.

    Args:
        example: a clip with its music.
    """
    picture = base64.b64encode(example.picture.read_bytes()).decode("ascii")
    name, mood, title = map(escape, (example.name, example.mood, example.title))
    return (
        f'<button type="button" data-example="{name}"><img alt="" src="data:image/jpeg;base64,{picture}">'
        f"<strong>{mood}</strong><span>{title}</span></button>"
    )
