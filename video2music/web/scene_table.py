"""What the timeline shows, stretch by stretch in a table, for those who would rather read or hear it."""

from collections.abc import Sequence
from html import escape
from math import ceil

from video2music.features.video_features import VideoFeatures
from video2music.music.score import Score
from video2music.web.thumbnails import Scene
from video2music.web.words import chord_words, clock, loudness_words, mood_shares

MOST_ROWS = 40

LONGEST_SHARE = 1 / 8
"""Longer scenes are told in parts, so that a clip without cuts has more than one row."""

SHORTEST_S = 4.0
"""Scenes up to this length are told in one row."""

MOST_CHORDS = 8
"""Chords that are named in one row."""


def scene_table(features: VideoFeatures, score: Score, scenes: Sequence[Scene]) -> str:
    """Tell the timeline as a table that is folded away.

    Args:
        features: what was seen.
        score: what is heard.
        scenes: of the clip.
    """
    heads = (
        "From",
        "Mood seen",
        "Motion",
        "Chords",
        "Notes a beat",
        "Loudness",
        *(["Seen"] if features.sights else []),
    )
    rows = "".join(row(features, score, start_s, end_s) for start_s, end_s in stretches(scenes))
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        '<details class="in-words"><summary>The same as a table</summary><div class="sheet" tabindex="0" role="region" '
        f'aria-label="The timeline as a table"><table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>'
        "</details>"
    )


def stretches(scenes: Sequence[Scene]) -> list[tuple[float, float]]:
    """Return what each row covers: a scene, a part of a long one, or equal parts where there are many scenes."""
    duration_s = scenes[-1].end_s
    longest_s = max(SHORTEST_S, LONGEST_SHARE * duration_s)
    found = [part for scene in scenes for part in parts(scene.start_s, scene.end_s, longest_s)]
    return found if len(found) <= MOST_ROWS else parts(0.0, duration_s, duration_s / MOST_ROWS)


def parts(start_s: float, end_s: float, longest_s: float) -> list[tuple[float, float]]:
    """Return the fewest equal parts of a stretch of time that are not too long."""
    count = max(1, ceil((end_s - start_s) / longest_s - 1e-6))
    length_s = (end_s - start_s) / count
    return [(start_s + index * length_s, start_s + (index + 1) * length_s) for index in range(count)]


def row(features: VideoFeatures, score: Score, start_s: float, end_s: float) -> str:
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
    )
    return f'<tr><th scope="row">{clock(start_s)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def step_at(score: Score, second: float) -> int:
    """Return the step of a score that sounds at a second."""
    return score.step_at(second / score.beat_s)


def chord_sequence(symbols: Sequence[str]) -> str:
    """Name chords in order, without repetitions; the rest of many is left out."""
    changes = [symbol for place, symbol in enumerate(symbols) if place == 0 or symbols[place - 1] != symbol]
    return " ".join(map(chord_words, changes[:MOST_CHORDS])) + (" …" if len(changes) > MOST_CHORDS else "")
