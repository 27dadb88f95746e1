"""Progress and notices as HTML, with every outside word escaped."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

from video2music.web.runs import Update
from video2music.web.words import seconds_words


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


def field_hint(sentence: str) -> str:
    """Show a sentence under a field."""
    return f'<p class="hint" role="alert">{escape(sentence)}</p>'
