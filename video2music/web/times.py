"""Times that a person sets: the part of the clip that is composed for, cuts, and sections with moods of their own."""

import math
import re

from emotion.errors import RefusalError
from video2music.direction import Section, parse_section
from video2music.marks import Marks
from video2music.video.part import Part, PartError
from video2music.web.words import moment_words
from video2music.wishes import Wishes

MOST_SECTIONS = 100

NOT = "not "
"""Stands before the time of a found cut that is none."""

_SECONDS = re.compile(r"\d{1,7}(\.\d{1,9})?")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d{1,9})?)")


def read_seconds(typed: str | float | None) -> float | None:
    """Return a moment in seconds, or None when the field is empty.

    Args:
        typed: "65", "65,5", "1:05", "1:02:05" or a number.

    Raises:
        RefusalError: it is no time.
    """
    text = "" if typed is None else str(typed).strip().replace(",", ".")
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    if found := _CLOCK.fullmatch(text):
        return round(3600 * float(found[1] or 0) + 60 * float(found[2]) + float(found[3]), 9)
    raise RefusalError("This is not a time", where=text[:20], remedy="Write seconds, or minutes and seconds as in 1:05")


def read_range(from_s: str | float | None, to_s: str | float | None) -> tuple[float, float] | None:
    """Return the part of the clip that is composed for, or None for all of it.

    Args:
        from_s: where it begins, as typed; empty for the beginning of the clip.
        to_s: where it ends; empty for the end of the clip.

    Raises:
        RefusalError: one of them is no time, or it ends before it begins.
    """
    start, end = read_seconds(from_s), read_seconds(to_s)
    if start is None and end is None:
        return None
    asked = (start or 0.0, math.inf if end is None else end)
    try:
        Part(*asked)
    except PartError as error:
        raise RefusalError(error.what, remedy="Let it end after it begins") from error
    return asked


def read_sections(text: str | None) -> tuple[Section, ...]:
    """Return the sections that a text names.

    Args:
        text: such as "0-12:tense; 12-20:exciting"; empty or None for none.

    Raises:
        RefusalError: one cannot be read, or there are too many.
    """
    named = [part for part in (text or "").split(";") if part.strip()]
    if len(named) > MOST_SECTIONS:
        raise RefusalError(f"There are {len(named)} sections", remedy=f"Set {MOST_SECTIONS} at most")
    return tuple(map(parse_section, named))


def read_marks(text: str | None) -> Marks:
    """Return the cuts that a text names.

    Args:
        text: times, and "not" before that of a found cut that is none, such as "12.5; 1:05; not 4.2"; empty or None
            leaves the cuts as they are found.

    Raises:
        RefusalError: one cannot be read, or the music cannot meet it.
    """
    added: list[float] = []
    removed: list[float] = []
    for part in filter(None, map(str.strip, (text or "").lower().split(";"))):
        second = read_seconds(part.removeprefix(NOT))
        if second is not None:
            (removed if part.startswith(NOT) else added).append(second)
    return Marks(tuple(added), tuple(removed))


def write_marks(marks: Marks) -> str:
    """Return the text that `read_marks` reads."""
    return "; ".join([*map(exact_words, marks.added), *(NOT + exact_words(second) for second in marks.removed)])


def write_sections(sections: tuple[Section, ...]) -> str:
    """Return the text that `read_sections` reads."""
    return "; ".join(f"{plain(one.start_s)}-{plain(one.end_s)}:{one.mood}" for one in sections)


def exact_words(seconds: float) -> str:
    """Write a moment so that it can be read again: "4.204", "1:05.5"."""
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{minutes:.0f}:{'0' if rest < 10 else ''}{plain(rest)}" if minutes else plain(rest)


def plain(seconds: float) -> str:
    """Write seconds with up to three decimals: "12", "4.2"."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def check_range(wishes: Wishes, clip_s: float) -> None:
    """Refuse a part that a clip does not have.

    Args:
        wishes: what is asked for.
        clip_s: length of the clip in seconds.

    Raises:
        RefusalError: the clip ends before the part does.
    """
    try:
        if wishes.part is not None:
            wishes.part.within(clip_s)
    except PartError as error:
        remedy = "Leave a field empty for the beginning or the end of the clip"
        raise RefusalError(error.what, remedy=remedy) from error


def check_marks(wishes: Wishes, clip_s: float) -> None:
    """Refuse cuts that come when the music is over.

    Args:
        wishes: what is asked for; its part lies within the clip.
        clip_s: length of the clip in seconds.

    Raises:
        RefusalError: a cut comes too late.
    """
    wishes.marks.check_within(music_seconds(wishes, clip_s))


def music_seconds(wishes: Wishes, clip_s: float) -> float:
    """Return how long the music is that is composed for a clip, or for the part of it that is wished for."""
    return clip_s if wishes.part is None else wishes.part.within(clip_s).length_s


def check_sections(wishes: Wishes, clip_s: float) -> None:
    """Refuse sections that begin when the music is over.

    Args:
        wishes: what is asked for; its part lies within the clip.
        clip_s: length of the clip in seconds.

    Raises:
        RefusalError: a section begins too late.
    """
    music_s = music_seconds(wishes, clip_s)
    for section in wishes.direction.sections:
        if section.start_s >= music_s:
            raise RefusalError(
                f"A section begins at {moment_words(section.start_s)}, and the music ends at {moment_words(music_s)}",
                remedy="Let it begin earlier, or remove it",
            )


def section_words(sections: tuple[Section, ...], music_s: float) -> str:
    """Say which mood holds when, for example "0:00 to 0:12 tense, 0:12 to 0:20 exciting".

    Args:
        sections: in order of time.
        music_s: when the music is over.
    """
    times = ((moment_words(one.start_s), moment_words(min(one.end_s, music_s))) for one in sections)
    return ", ".join(f"{start} to {end} {one.mood}" for (start, end), one in zip(times, sections, strict=True))
