"""Times that a person types, or a program sends: read, checked against the clip, and said again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.errors import RefusalError
from video2music.direction import Direction, Section
from video2music.features.video_features import EMOTIONS
from video2music.marks import Marks
from video2music.web.times import (
    check_marks,
    check_range,
    check_sections,
    read_marks,
    read_range,
    read_seconds,
    read_sections,
    section_words,
    write_marks,
    write_sections,
)
from video2music.web.wishes_form import Settings
from video2music.web.words import moment_words

TENTHS = st.integers(0, 35_999).map(lambda tenths: tenths / 10)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Section, ...]:
    """Sections in order of time, with or without room between them."""
    bounds = sorted(draw(st.lists(TENTHS, unique=True, max_size=12)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return tuple(Section(start, end, draw(st.sampled_from(EMOTIONS))) for start, end in pairs)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("", None), (None, None), (" 65 ", 65), ("65,5", 65.5), ("1:05", 65), ("1:02:05.5", 3725.5), (7.0, 7), (0, 0)],
)
def test_times(typed: str | float | None, seconds: float | None) -> None:
    assert read_seconds(typed) == seconds


@given(TENTHS)
def test_what_is_shown_can_be_typed(seconds: float) -> None:
    assert read_seconds(moment_words(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize("typed", ["soon", "-1", "1:", "1e3", "nan", "inf", float("nan"), "1:2:3:4", "9" * 400, "½"])
def test_what_is_no_time(typed: str | float) -> None:
    with pytest.raises(RefusalError, match="as in 1:05"):
        read_seconds(typed)


@given(courses())
def test_sections_are_read_as_they_are_written(sections: tuple[Section, ...]) -> None:
    assert read_sections(write_sections(sections)) == sections
    assert Settings(sections=write_sections(sections)).wishes().direction == Direction(sections=sections)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0-12:tens", "Did you mean tense"),
        ("0-12", "cannot be read: 0-12"),
        ("12-4:sad", "end after it begins"),
        ("0-12:tense; 8-20:sad", "overlap"),
        (f"0-{'9' * 400}:sad", "end after it begins"),
        ("0-1:sad;" * 101, "100 at most"),
        ("-12:tense", "Write it as 0-12:tense"),
    ],
)
def test_sections_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        Settings(sections=text).wishes()


@pytest.mark.parametrize(
    ("from_s", "to_s", "part"),
    [
        ("", None, None),
        ("5", "", (5, math.inf)),
        ("", "0:40", (0, 40)),
        (5.0, 40.0, (5, 40)),
    ],
)
def test_the_part(from_s: str | float, to_s: str | float | None, part: tuple[float, float] | None) -> None:
    assert read_range(from_s, to_s) == part
    assert Settings(from_s=from_s, to_s=to_s).wishes().range_s == part


def test_a_part_that_ends_before_it_begins() -> None:
    with pytest.raises(RefusalError, match=r"from 8 to 5 s\. Let it end after it begins"):
        read_range("8", "5")


@pytest.mark.parametrize(
    ("from_s", "to_s", "fits"), [("", "", True), ("5", "12", True), ("12", "", False), ("", "20", False)]
)
def test_the_part_lies_in_the_clip(from_s: str, to_s: str, *, fits: bool) -> None:
    wishes = Settings(from_s=from_s, to_s=to_s).wishes()
    check_range(wishes, math.inf)
    if fits:
        check_range(wishes, 12.0)
    else:
        with pytest.raises(RefusalError, match=r"in a clip of 12.00 s. Leave a field empty"):
            check_range(wishes, 12.0)


def test_a_section_begins_before_the_music_ends() -> None:
    sections = "0-7:tense; 7-99:sad"
    check_sections(Settings(sections=sections).wishes(), 12.0)
    check_sections(Settings(sections=sections).wishes(), math.inf)
    with pytest.raises(RefusalError, match="begins at 0:07, and the music ends at 0:06"):
        check_sections(Settings(sections=sections, from_s="6").wishes(), 12.0)


def test_sections_in_words_end_with_the_music() -> None:
    sections = read_sections("0-4.5:exciting; 4.5-99:sad")
    assert section_words(sections, 65.5) == "0:00 to 0:04.5 exciting, 0:04.5 to 1:05.5 sad"


SECONDS = st.lists(st.integers(500, 4_000_000).map(lambda milliseconds: milliseconds / 1000), max_size=5).map(tuple)


@given(added=SECONDS, removed=SECONDS)
def test_cuts_are_read_as_they_are_written(added: tuple[float, ...], removed: tuple[float, ...]) -> None:
    marks = Marks(added, removed)
    assert read_marks(write_marks(marks)) == marks


def test_cuts_are_written_for_people() -> None:
    assert write_marks(Marks((65.5, 12.0, 120.0), (4.204,))) == "12; 1:05.5; 2:00; not 4.204"
    assert read_marks(" NOT 1:00;; 12,5 ;") == Marks((12.5,), (60.0,))
    assert read_marks(None) == Marks()


def test_a_cut_after_the_part_is_refused() -> None:
    wishes = Settings(from_s="10", to_s="20", cuts="9").wishes()
    check_marks(wishes, 60.0)
    with pytest.raises(RefusalError, match=r"the music ends at 8\.0 s"):
        check_marks(Settings(from_s="10", cuts="9").wishes(), 18.0)
