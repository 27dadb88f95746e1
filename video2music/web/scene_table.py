"""What the timeline shows, stretch by stretch in a table, for those who would rather read or hear it."""

from collections.abc import Sequence
from html import escape
from math import ceil

from video2music.features.video_features import VideoFeatures
from video2music.music.score import Score
from video2music.web.mark_lanes import Set
from video2music.web.thumbnails import parts, scenes_of
from video2music.web.words import chord_words, clock, loudness_words, moment_words, mood_shares

HEADS = ("From", "Mood seen", "Motion", "Chords", "Notes a beat", "Loudness")

MOST_ROWS = 40

LONGEST_SHARE = 1 / 8
"""Longer scenes are told in parts, so that a clip without cuts has more than one row."""

SHORTEST_S = 4.0
"""Scenes up to this length are told in one row."""

MOST_CHORDS = 8
"""Chords that are named in one row."""


def scene_table(features: VideoFeatures, score: Score, wished: Set | None = None) -> str:
    """Tell the timeline as a table that is folded away.

    Args:
        features: what was seen.
        score: what is heard.
        wished: cuts and moods that a person set.
    """
    wished = wished or Set()
    heads = (*HEADS, *(["Seen"] if features.sights else []), *set_heads(wished))
    rows = "".join(row(features, score, wished, *stretch) for stretch in stretches(features))
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        '<details class="in-words"><summary>The same as a table</summary>'
        '<div class="sheet" tabindex="0" role="region" aria-label="The timeline as a table">'
        f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def stretches(features: VideoFeatures) -> list[tuple[float, float]]:
    """Return what each row covers: a scene, a part of a long one, or equal parts where there are many scenes."""
    longest_s = max(SHORTEST_S, LONGEST_SHARE * features.duration_s)
    found = [part for scene in scenes_of(features) for part in parts(*scene, longest_s)]
    return found if len(found) <= MOST_ROWS else parts(0.0, features.duration_s, features.duration_s / MOST_ROWS)


def set_heads(wished: Set) -> list[str]:
    """Return the heads of the columns for what a person set; none where nothing was set."""
    return [*(["Mood set"] if wished.sections else []), *(["Cuts set"] if wished.marks.added else [])]


def set_cells(wished: Set, start_s: float, end_s: float) -> list[str]:
    """Tell what a person set for one stretch of time."""
    moods = [one.mood for one in wished.sections if one.start_s < end_s and start_s < one.end_s]
    cuts = [moment_words(cut) for cut in wished.marks.added if start_s <= cut < end_s]
    return [*([", ".join(moods)] if wished.sections else []), *([", ".join(cuts)] if wished.marks.added else [])]


def row(features: VideoFeatures, score: Score, wished: Set, start_s: float, end_s: float) -> str:
    """Tell one stretch of time."""
    seconds = slice(min(int(start_s), features.seconds - 1), max(int(start_s) + 1, ceil(end_s - 1e-6)))
    steps = slice(step_at(score, start_s), step_at(score, end_s - 1e-3) + 1)
    cells = (
        mood_shares(features.emotion[seconds].mean(axis=0)),
        f"{features.motion[seconds].mean():.1f}",
        chord_sequence(score.chords[steps]),
        f"{score.note_density[steps].mean() / 2:.0f}",
        loudness_words(score.loudness[steps].mean()),
        *([", ".join(dict.fromkeys(filter(None, features.sights[seconds])))] if features.sights else []),
        *set_cells(wished, start_s, end_s),
    )
    return f'<tr><th scope="row">{clock(start_s)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def step_at(score: Score, second: float) -> int:
    """Return the step of a score that sounds at a second."""
    return score.step_at(second / score.beat_s)


def chord_sequence(symbols: Sequence[str]) -> str:
    """Name chords in order, without repetitions; the rest of many is left out."""
    changes = [symbol for place, symbol in enumerate(symbols) if place == 0 or symbols[place - 1] != symbol]
    return " ".join(map(chord_words, changes[:MOST_CHORDS])) + (" …" if len(changes) > MOST_CHORDS else "")
