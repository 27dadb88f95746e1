"""The chords of a piece as a row of buttons: one is chosen by click or keyboard, and another is put in its place."""

from collections.abc import Mapping
from html import escape
from typing import Any

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, chord_pitch_classes, root_and_quality
from video2music.music.score import Score
from video2music.web.words import chord_words, clock

COMMON = frozenset({"maj", "min", "dim", "7", "min7", "maj7"})
"""Qualities of the chords that are offered from the key."""

CHOOSING = """
const buttons = () => [...element.querySelectorAll("button[data-at]")];
element.addEventListener("click", (event) => {
  const chosen = event.target.closest("button[data-at]");
  if (!chosen) return;
  buttons().forEach((button) => {
    button.setAttribute("aria-pressed", button === chosen);
    button.tabIndex = button === chosen ? 0 : -1;
  });
  trigger("select", { at: Number(chosen.dataset.at) });
});
element.addEventListener("keydown", (event) => {
  const row = buttons(), here = row.indexOf(document.activeElement);
  const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: row.length - 1 }[event.key];
  if (here < 0 || next === undefined) return;
  event.preventDefault();
  row.at(Math.min(row.length - 1, Math.max(0, next))).focus();
});
"""
"""Script of the row: Tab reaches one button, the arrow keys the others; a click tells the second of its chord."""


def chord_lane(score: Score, chosen_s: float | None = None) -> str:
    """Show the chord changes in order, as buttons.

    Args:
        score: what is heard.
        chosen_s: a second at which the chord that is being changed sounds.
    """
    events = score.chord_events()
    ends = [event["time_s"] + event["duration_s"] for event in events]
    chosen = 0 if chosen_s is None else next((place for place, end in enumerate(ends) if chosen_s < end), 0)
    buttons = "".join(
        chord_button(event, reached=place == chosen, pressed=place == chosen and chosen_s is not None)
        for place, event in enumerate(events)
    )
    return f"""
<div class="chord-lane">
  <h3>Chords <span>choose one to replace it</span></h3>
  <div class="row" role="toolbar" aria-label="Chords in order; the arrow keys move from one to the next">{buttons}</div>
</div>"""


def chord_button(event: Mapping[str, Any], *, reached: bool, pressed: bool) -> str:
    """Show one chord.

    Args:
        event: one of `Score.chord_events`.
        reached: whether Tab leads to it.
        pressed: whether it is the one that is being changed.
    """
    middle_s = event["time_s"] + event["duration_s"] / 2
    return (
        f'<button type="button" data-at="{middle_s:.3f}" tabindex="{0 if reached else -1}" '
        f'aria-pressed="{str(pressed).lower()}" style="--beats:{event["duration_s"]:.2f}">'
        f"<b>{escape(chord_words(event['symbol']))}</b> <span>{clock(event['time_s'])}</span></button>"
    )


def sounding_at(score: Score, second: float) -> tuple[str, float]:
    """Return the symbol of the chord that sounds at a second, and when it begins.

    Args:
        score: what is heard.
        second: of the clip.
    """
    events = score.chord_events()
    event = next((event for event in reversed(events) if event["time_s"] <= second), events[0])
    return event["symbol"], event["time_s"]


def suggestions(score: Score, symbol: str) -> list[tuple[str, str]]:
    """Return what may sound in the place of a chord: relatives on its root, then the chords of the key.

    Args:
        score: what is heard.
        symbol: of the chord.

    Returns:
        (what is read, symbol), without the chord itself.
    """
    key, present = parse_key(score.key), parse_chord(symbol)
    sounding = range(NO_CHORD + 1, CHORD_COUNT)
    own_root = None if present == NO_CHORD else root_and_quality(present)[0]
    relatives = [chord for chord in sounding if root_and_quality(chord)[0] == own_root]
    of_key = sorted((chord for chord in sounding if is_of(key, chord)), key=lambda chord: degree(key, chord))
    offered = dict.fromkeys(key.spell(chord) for chord in [*of_key, *relatives] if chord != present)
    return [(chord_words(chord), chord) for chord in offered]


def is_of(key: Key, chord: int) -> bool:
    """Return whether a common chord has no tone outside a key."""
    return root_and_quality(chord)[1] in COMMON and chord_pitch_classes(chord) <= key.scale


def degree(key: Key, chord: int) -> tuple[bool, int]:
    """Return what the chords of a key are sorted by: three tones before four, then from the tonic upwards."""
    root, quality = root_and_quality(chord)
    return quality.endswith("7"), (root - key.pitch_class) % 12
