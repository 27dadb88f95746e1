"""What the first tab shows: progress, notices and results as HTML, with every outside word escaped."""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from video2music.features.video_features import VideoFeatures
from video2music.music.score import Score
from video2music.web.runs import Update
from video2music.web.words import chord_words, clock, mood_words, seconds_words

CHORDS_SHOWN = 24
"""Chord changes that are read at a glance; the rest is folded away."""

NAMED_THINGS = 3
"""Things seen that are named after a run."""

EMPTY = """
<div class="empty">
  <svg viewBox="0 0 240 96" aria-hidden="true" focusable="false">
    <g class="film"><rect x="4" y="20" width="84" height="56" rx="8"/><path d="M36 36v24l20-12z"/></g>
    <path class="arrow" d="M102 48h22m-7-7 7 7-7 7"/>
    <path class="wave" d="M140 44v8m10-18v28m10-40v52m10-34v16m10-26v36m10-46v56m10-40v24m10-32v40m10-24v8"/>
  </svg>
  <h2>Your clip comes back with its own music</h2>
  <p>Mood, cuts and movement of the picture decide the chords, how busy the music is and how loud.
     It ends when the clip ends.</p>
</div>
"""


@dataclass(frozen=True)
class Course:
    """The stages of a run so far.

    Attributes:
        finished: names of the stages that are over, with the seconds each took.
        stage: what is being done.
        fraction: how much of it is done, 0 to 1.
        since: when the stage began, in seconds of a steady clock.
    """

    finished: tuple[tuple[str, float], ...] = ()
    stage: str = "Waiting for a free place"
    fraction: float = 0.0
    since: float = 0.0

    def follow(self, updates: Iterable[Update], now: float | None = None) -> "Course":
        """Return the course after some updates.

        Args:
            updates: reports of the composer, oldest first.
            now: time in seconds of a steady clock; the real one by default.
        """
        moment = time.monotonic() if now is None else now
        course = self
        for update in updates:
            if update.stage == course.stage:
                course = replace(course, fraction=update.fraction)
                continue
            known = course.since > 0
            finished = (*course.finished, (course.stage, moment - course.since)) if known else ()
            course = Course(finished, update.stage, update.fraction, moment)
        return course


def progress_card(course: Course) -> str:
    """Show the stage that is running, its fraction and the stages before it."""
    stage, percent = escape(course.stage, quote=True), round(100 * course.fraction)
    known = f"{percent} %" if percent else ""
    done = "".join(finished_stage(name, seconds) for name, seconds in course.finished)
    return f"""
<div class="card working">
  <div class="now"><span class="stage" role="status">{stage}</span><span class="percent">{known}</span></div>
  <div class="track" role="progressbar" aria-label="{stage}"
       aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">
    <div class="fill{"" if percent else " unknown"}" style="width:{percent}%"></div>
  </div>
  <ol class="stages">{done}</ol>
</div>"""


def finished_stage(name: str, seconds: float) -> str:
    """Show a stage that is over, and how long it took unless nobody could have noticed."""
    took = seconds_words(seconds) if seconds >= 0.05 else ""
    return f'<li><span class="tick" aria-hidden="true">✓</span>{escape(name)}<span class="took">{took}</span></li>'


def notice(title: str, sentence: str, *, kind: str = "refused") -> str:
    """Show a sentence that stays until the next run.

    Args:
        title: a few words.
        sentence: what happened and what to do.
        kind: "refused" for a problem, "calm" for news.
    """
    role = "alert" if kind == "refused" else "status"
    return (
        f'<div class="card notice {kind}" role="{role}"><strong>{escape(title)}</strong><p>{escape(sentence)}</p></div>'
    )


def chord_list(score: Score) -> str:
    """Show the chord changes in order, the first CHORDS_SHOWN at once."""
    events = score.chord_events()
    cells = [
        f'<li style="--beats:{event["duration_s"]:.2f}">'
        f"<b>{escape(chord_words(event['symbol']))}</b><span>{clock(event['time_s'])}</span></li>"
        for event in events
    ]
    shown, folded = cells[:CHORDS_SHOWN], cells[CHORDS_SHOWN:]
    rest = (
        f'<details><summary>{len(folded)} more chords</summary><ol class="chords">{"".join(folded)}</ol></details>'
        if folded
        else ""
    )
    return f'<ol class="chords" aria-label="Chords in order">{"".join(shown)}</ol>{rest}'


def thing_words(features: VideoFeatures) -> str:
    """Name what was clearly seen, at most three things; empty where the eye names nothing or nothing is clear.

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


def summary_card(score: Score, features: VideoFeatures, *, clip_name: str, took_s: float) -> str:
    """Show what was composed in a few words.

    Args:
        score: the piece.
        features: what was seen.
        clip_name: the clip's name as the person knows it.
        took_s: seconds from pressing the button to this moment.
    """
    seen = thing_words(features)
    facts: Sequence[tuple[str, str]] = (
        ("Key", score.key.replace("b ", "♭ ").replace("# ", "♯ ")),
        ("Mood seen", mood_words(features)),
        *([("Things seen", seen)] if seen else []),
        ("Scene cuts", str(len(features.cuts_s))),
        ("Length", clock(score.duration_s)),
        ("Seed", str(score.seed)),
        ("Took", seconds_words(took_s)),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    changes = sum(before != after for before, after in pairwise(score.chords))
    return f"""
<div class="summary">
  <h2>Music for {escape(clip_name)}</h2>
  <dl class="facts">{rows}</dl>
  <h3>Chords <span>{changes} {"change" if changes == 1 else "changes"}</span></h3>
  {chord_list(score)}
</div>"""


def field_hint(sentence: str) -> str:
    """Show a sentence under a field."""
    return f'<p class="hint" role="alert">{escape(sentence)}</p>'
