"""Progress and notices as HTML, with every outside word escaped."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import escape

from video2music.web.runs import News, Place, Update
from video2music.web.words import seconds_words

WAITING = "Waiting in line"

TYPICAL_S = {
    "Watching the video": 1.24,
    "Shaping density and loudness": 0.01,
    "Writing the chords": 0.08,
    "Writing the melody": 0.1,
    "Arranging the notes": 0.02,
    "Playing the music": 0.4,
    "Setting the loudness": 0.07,
    "Saving the music": 0.05,
    "Putting the music under the picture": 0.75,
    "Listening to the result": 0.02,
}
"""Stages of composing in their order, and how long each takes beside the others; only the shares matter."""

KNOWN_AFTER_S, KNOWN_AFTER_SHARE = 2.0, 0.08
"""Seconds and share of a run after which the rest can be told from its own pace."""

STEADY = 0.2
"""A new estimate is told instead of the one that runs down if it differs by more than this share."""


@dataclass(frozen=True)
class Course:
    """The stages of a run so far.

    Attributes:
        finished: names of the stages that are over, with the seconds each took.
        stage: what is being done.
        fraction: how much of it is done, 0 to 1.
        since: when the stage began, in seconds of a steady clock.
        place: in line, where the run waits.
        working_since: when the first stage began whose share of the whole is known.
        end: when the run will probably be over; None while that is not known.
        left_s: seconds from the last report to that moment.
    """

    finished: tuple[tuple[str, float], ...] = ()
    stage: str = Place(0).stage
    fraction: float = 0.0
    since: float = 0.0
    place: Place = field(default_factory=lambda: Place(0))
    working_since: float | None = None
    end: float | None = None
    left_s: float | None = None

    def follow(self, news: Iterable[News], now: float | None = None) -> "Course":
        """Return the course after some news.

        Args:
            news: of the run, oldest first.
            now: time in seconds of a steady clock; the real one by default.
        """
        moment = time.monotonic() if now is None else now
        course = self
        for one in news:
            course = course._wait(one, moment) if isinstance(one, Place) else course._work(one, moment)
        return course.estimate(moment)

    def _wait(self, place: Place, moment: float) -> "Course":
        if place.ahead:
            return replace(self, stage=WAITING, place=place, since=self.since or moment)
        return Course(self._over(moment), place=place)

    def _work(self, update: Update, moment: float) -> "Course":
        if update.stage == self.stage:
            return replace(self, fraction=update.fraction)
        begun = self.working_since
        if begun is None and update.stage in TYPICAL_S:
            begun = moment
        return Course(self._over(moment), update.stage, update.fraction, moment, working_since=begun, end=self.end)

    def _over(self, moment: float) -> tuple[tuple[str, float], ...]:
        return (*self.finished, (self.stage, moment - self.since)) if self.since > 0 else self.finished

    @property
    def share(self) -> float:
        """How much of the whole run is done, by what its stages typically take, 0 to 1."""
        before = sum(TYPICAL_S.get(name, 0.0) for name, _ in self.finished)
        return (before + TYPICAL_S.get(self.stage, 0.0) * self.fraction) / sum(TYPICAL_S.values())

    def estimate(self, moment: float) -> "Course":
        """Return the course with the time that is left, by its own pace so far.

        Args:
            moment: now, in seconds of a steady clock.
        """
        if self.working_since is None or self.stage not in TYPICAL_S:
            return replace(self, left_s=None)
        worked, share = moment - self.working_since, min(1.0, self.share)
        if worked < KNOWN_AFTER_S or share < KNOWN_AFTER_SHARE:
            return self
        end = moment + worked * (1 - share) / share
        steady = self.end is not None and abs(end - self.end) <= STEADY * max(self.end - moment, 1.0)
        end = self.end if steady and self.end is not None else end
        return replace(self, end=end, left_s=max(0.0, end - moment))


def left_words(seconds: float) -> str:
    """Say how long a run will probably still take, no finer than that can be known."""
    if seconds < 3:
        return "a few seconds left"
    if seconds < 57.5:
        return f"about {5 * max(1, round(seconds / 5))} s left"
    return f"about {max(1, round(seconds / 60))} min left"


def progress_card(course: Course) -> str:
    """Show the stage that is running, its fraction, the time left or the place in line, and the stages before it."""
    stage, percent = escape(course.stage, quote=True), round(100 * course.fraction)
    known = f"{percent} %" if percent else ""
    rest = "" if course.left_s is None else left_words(course.left_s)
    rest, told = (course.place.stage, course.place.stage) if course.stage == WAITING else (rest, stage)
    done = "".join(finished_stage(name, seconds) for name, seconds in course.finished)
    return f"""
<div class="card working" data-told="{told}">
  <div class="now"><span class="stage">{stage}</span>
    <span class="rest">{rest}</span><span class="percent">{known}</span></div>
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
    told = 'role="alert"' if kind == "refused" else f'data-told="{escape(f"{title}. {sentence}")}"'
    return f'<div class="card notice {kind}" {told}><strong>{escape(title)}</strong><p>{escape(sentence)}</p></div>'


def field_hint(sentence: str) -> str:
    """Show a sentence under a field."""
    return f'<p class="hint" role="alert">{escape(sentence)}</p>'
