"""The chords of a piece as blocks on its timeline: one is chosen by click or keyboard, and replaced by another."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from video2music.harmony.function import function_of
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, chord_pitch_classes, root_and_quality
from video2music.music.score import Score
from video2music.web.words import chord_words, clock

COMMON = frozenset({"maj", "min", "dim", "7", "min7", "maj7"})
"""Qualities of the chords that are offered from the key."""

CHOOSING = (Path(__file__).parents[2] / "assets" / "chord_blocks.js").read_text(encoding="utf-8")
"""Script of the timeline: Tab reaches one block, the arrow keys the others; a click tells the second of its chord."""

HINT = "choose a chord to replace it"


def chord_blocks(score: Score, duration_s: float) -> str:
    """Lay the chord changes over their boxes as buttons; a name is hidden where it does not fit.

    Args:
        score: what is heard.
        duration_s: where the time axis ends.
    """
    buttons = "".join(chord_block(event, score.key, duration_s) for event in score.chord_events())
    label = "Chords in order; the arrow keys move from one to the next, Enter chooses one to replace it"
    return f'<div class="names chord-lane" role="toolbar" aria-label="{label}">{buttons}</div>'


def chord_block(event: Mapping[str, Any], key: str, duration_s: float) -> str:
    """Lay out one chord.

    Args:
        event: one of `Score.chord_events`.
        key: of the score.
        duration_s: where the time axis ends.
    """
    start_s, length_s, name = event["time_s"], event["duration_s"], escape(chord_words(event["symbol"]))
    function = function_of(parse_chord(event["symbol"]), parse_key(key)) or "rest"
    left, width = 100 * start_s / duration_s, 100 * length_s / duration_s
    return (
        f'<button type="button" class="on-{function}" tabindex="-1" data-from="{start_s:.3f}" '
        f'data-at="{start_s + length_s / 2:.3f}" '
        f'aria-label="{name} at {clock(start_s)}" style="left:{left:.3f}%;width:{width:.3f}%"><b>{name}</b></button>'
    )


def position_words(score: Score, second: float) -> str:
    """Say which of the chords sounds at a second, for example "Chord 5 of 23"."""
    events = score.chord_events()
    return f"Chord {place_of(events, second) + 1} of {len(events)}"


def place_of(events: Sequence[Mapping[str, Any]], second: float) -> int:
    """Return the place of the chord that sounds at a second, 0 for the first."""
    return max(0, sum(1 for event in events if event["time_s"] <= second) - 1)


def neighbour(score: Score, second: float, steps: int) -> float:
    """Return a second inside a chord that sounds before or after another one.

    Args:
        score: what is heard.
        second: at which the other one sounds.
        steps: how many chords later; negative for earlier. The first and the last one have no further neighbours.
    """
    events = score.chord_events()
    event = events[min(max(place_of(events, second) + steps, 0), len(events) - 1)]
    return float(event["time_s"] + event["duration_s"] / 2)


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
