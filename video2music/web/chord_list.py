"""Chords in order as HTML, for both tabs."""

from collections.abc import Sequence
from html import escape

from video2music.web.words import clock

CHORDS_SHOWN = 24
"""Chord changes that are read at a glance; the rest is folded away."""


def chord_list(events: Sequence[tuple[float, float, str]]) -> str:
    """Show the chord changes in order, the first CHORDS_SHOWN at once.

    Args:
        events: start in seconds, length in seconds, and the chord as musicians write it.
    """
    cells = [
        f'<li style="--beats:{duration_s:.2f}"><b>{escape(symbol)}</b><span>{clock(start_s)}</span></li>'
        for start_s, duration_s, symbol in events
    ]
    shown, folded = cells[:CHORDS_SHOWN], cells[CHORDS_SHOWN:]
    rest = (
        f'<details><summary>{len(folded)} more chords</summary><ol class="chords">{"".join(folded)}</ol></details>'
        if folded
        else ""
    )
    return f'<ol class="chords" aria-label="Chords in order">{"".join(shown)}</ol>{rest}'
