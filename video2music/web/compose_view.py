"""What the first tab shows of a piece, as HTML with every outside word escaped."""

import re
from collections.abc import Sequence
from html import escape

from video2music.engines import engine_title
from video2music.features.video_features import VideoFeatures
from video2music.music.ensemble import load_ensemble
from video2music.piece import Piece
from video2music.web.times import section_words
from video2music.web.words import chord_words, clock, key_words, moment_words, mood_words, seconds_words

NAMED_THINGS = 3
"""Things seen that are named after a run."""

CHORDS_TOLD = 6
"""Chords by which a variation is told from others."""

EMPTY = """
<div class="empty">
  <svg viewBox="0 0 240 96" aria-hidden="true" focusable="false">
    <g class="film"><rect x="4" y="20" width="84" height="56" rx="8"/><path d="M36 36v24l20-12z"/></g>
    <path class="arrow" d="M102 48h22m-7-7 7 7-7 7"/>
    <path class="wave" d="M140 44v8m10-18v28m10-40v52m10-34v16m10-26v36m10-46v56m10-40v24m10-32v40m10-24v8"/>
  </svg>
  <h2>Your clip comes back with its own music</h2>
  <p>The mood, the cuts and the movement it shows decide the chords, and how busy and how loud the music is.
     The music ends when the clip ends.</p>
</div>
"""


def field_note(sentence: str) -> str:
    """Show a quiet sentence under a field."""
    return f'<p class="note">{escape(sentence)}</p>'


def thing_words(features: VideoFeatures) -> str:
    """Name what was clearly seen, at most three things; empty where the encoder names nothing or nothing is clear.

    A name counts when it stands for two seconds or more at a mean probability of one half: a network that knows a
    thousand things names one of them for every picture, fitting or not.

    Args:
        features: what was seen, with descriptions such as "seashore 60 %".
    """
    shares: dict[str, list[int]] = {}
    for sight in features.sights:
        if match := re.fullmatch(r"(.+) (\d+) ?%", sight):
            shares.setdefault(match[1], []).append(int(match[2]))
    clear = {name: sum(found) for name, found in shares.items() if len(found) > 1 and sum(found) >= 50 * len(found)}
    return ", ".join(sorted(clear, key=clear.__getitem__, reverse=True)[:NAMED_THINGS])


def summary_card(piece: Piece, *, clip_name: str, took_s: float | None = None) -> str:
    """Show what was composed in a few words.

    Args:
        piece: what is heard.
        clip_name: the clip's name as the person knows it.
        took_s: seconds from pressing the button to this moment; None for what was composed long before.
    """
    score, features, match = piece.score, piece.features, piece.match
    seen, sections = thing_words(features), piece.direction.sections
    facts: Sequence[tuple[str, str]] = (
        ("Ensemble", load_ensemble(piece.rendition.ensemble).title),
        ("Key", key_words(score.key)),
        ("Tempo", f"{score.tempo_bpm:.0f} beats per minute"),
        ("Mood seen", mood_words(features)),
        *([("Moods set", section_words(sections, score.duration_s))] if sections else []),
        *([("Things seen", seen)] if seen else []),
        ("Scene cuts", str(len(features.cuts_s))),
        ("Length", clock(score.duration_s)),
        *([("Part of the clip", " to ".join(map(moment_words, piece.range_s)))] if piece.range_s else []),
        ("Seed", str(score.seed)),
        ("Engine", engine_title(piece.engine)),
        *([] if took_s is None else [("Took", seconds_words(took_s))]),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"""
<div class="summary">
  <h2>Music for {escape(clip_name)}</h2>
  {"" if match is None else f'<p class="match">{escape(match.words)}</p>'}
  <dl class="facts">{rows}</dl>
</div>"""


def offer_card(piece: Piece, rank: int) -> str:
    """Show what tells one variation from the others.

    Args:
        piece: the variation.
        rank: 1 for the one nearest to the picture.
    """
    begin = " ".join(chord_words(event["symbol"]) for event in piece.score.chord_events()[:CHORDS_TOLD])
    return f"""
<div class="offer-card">
  <h3>Variation {rank}</h3>
  <p class="match">{escape(piece.hearing.words)}</p>
  <p class="note">{escape(begin)} …</p>
  <p class="note">{escape(key_words(piece.score.key))}, seed {piece.score.seed}</p>
</div>"""
