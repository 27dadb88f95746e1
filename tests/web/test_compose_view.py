"""What the page says, in words and in HTML."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from emotion.errors import RefusalError
from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing
from video2music.matching import AxisMatch, Match, Words
from video2music.music.score import Score
from video2music.piece import Piece
from video2music.web import compose_view as view
from video2music.web import progress_view
from video2music.web import words as words_of
from video2music.web.runs import Place, Update

HOSTILE = "<img src=x onerror=alert(1)>\"'${1+1}{{2}}"


def features(*shares: float) -> VideoFeatures:
    row = np.ones(1, np.float32)
    return VideoFeatures(1.0, np.array([shares], np.float32), row, row, row, row, row)


def score(*chords: str) -> Score:
    level = np.ones(len(chords), np.float32)
    return Score(chords, level, level, "Bb minor", 7, float(len(chords)))


def piece(*chords: str) -> Piece:
    silence = np.zeros((0, 2), np.float32)
    return Piece(
        Path("a.mp4"), features(*[1 / 6] * 6), score(*chords), pretty_midi.PrettyMIDI(), silence, 1, "fake", None, 0, 0
    )


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.1, 0.1, 0.5, 0.2, 0.05, 0.05), "mostly tense, partly sad"),
        ((0.9, 0.02, 0.02, 0.02, 0.02, 0.02), "mostly exciting"),
    ],
)
def test_mood(shares: tuple[float, ...], words: str) -> None:
    assert words_of.mood_words(features(*shares)) == words


@pytest.mark.parametrize(
    ("symbol", "words"),
    [("Am7", "Am7"), ("Bb", "B♭"), ("F#m7b5", "F♯m7♭5"), ("N", "rest"), ("Bbmaj7", "B♭maj7"), ("Bdim", "Bdim")],
)
def test_chords_are_written_as_musicians_do(symbol: str, words: str) -> None:
    assert words_of.chord_words(symbol) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.4 s"), (9.96, "10 s"), (12.4, "12 s"), (185, "3 min 5 s")])
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert words_of.seconds_words(seconds) == words


def test_nothing_from_outside_becomes_markup() -> None:
    pages = (
        progress_view.notice(HOSTILE, HOSTILE),
        progress_view.field_hint(HOSTILE),
        progress_view.progress_card(progress_view.Course(((HOSTILE, 1.0),), HOSTILE, 0.5)),
        view.summary_card(piece("C"), clip_name=HOSTILE, took_s=1),
        view.offer_card(piece(HOSTILE), 1),
    )
    for page in pages:
        assert "<img" not in page
        assert "&lt;img" in page


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("/srv/root/run-x/clip.mp4", ": holiday.mp4."),
        ("/srv/root/served/abc/holiday.mp4", ": holiday.mp4."),
        ("/usr/share/sounds", "."),
        ("looked for /usr/share/a, /usr/share/b", "."),
        ("C/E", ": C/E."),
        (None, "."),
    ],
)
def test_a_refusal_names_the_clip_and_not_the_server(where: str | None, said: str) -> None:
    error = RefusalError("No", where=where, remedy="Choose another")
    assert words_of.refusal_sentence(error, "holiday.mp4", Path("/srv/root")) == f"No{said} Choose another."


def test_the_course_of_a_run() -> None:
    course = progress_view.Course().follow([Update("see", 0.0)], now=10.0)
    course = course.follow([Update("see", 0.7)], now=11.0)
    assert (course.finished, course.stage, course.fraction) == ((), "see", 0.7)
    course = course.follow([Update("see", 1.0), Update("write", 0.25)], now=12.5)
    assert (course.finished, course.stage, course.fraction) == ((("see", 2.5),), "write", 0.25)
    assert 'aria-valuenow="25"' in progress_view.progress_card(course)


def test_the_time_left_is_told_once_it_is_known_and_runs_down() -> None:
    course, told = progress_view.Course(), []
    for second in range(31):
        news = [Update("Watching the video", second / 30)]
        course = course.follow(news, now=100.0 + second)
        told.append(course.left_s)
    assert told[0] is None
    known = [seconds for seconds in told if seconds is not None]
    assert len(known) > 20
    assert all(after < before for before, after in pairwise(known))
    assert "left" in progress_view.progress_card(course)


def test_a_stage_of_another_kind_of_run_tells_no_time() -> None:
    course = progress_view.Course().follow([Update("Reading the music", 0.5)], now=100.0)
    course = course.follow([Update("Reading the music", 0.6)], now=130.0)
    assert course.left_s is None
    assert "left" not in progress_view.progress_card(course)


def test_the_place_in_line() -> None:
    course = progress_view.Course().follow([Place(2)], now=5.0)
    assert "2 people before you" in progress_view.progress_card(course)
    course = course.follow([Place(1), Place(0), Update("Watching the video", 0.0)], now=9.0)
    assert course.finished == (("Waiting in line", 4.0),)
    assert "before you" not in progress_view.progress_card(course)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "a few seconds left"), (4, "about 5 s left"), (33, "about 35 s left"), (58, "about 1 min left")],
)
def test_the_time_left_in_words(seconds: float, words: str) -> None:
    assert progress_view.left_words(seconds) == words


def test_the_summary_says_key_seed_and_mood() -> None:
    card = view.summary_card(piece("Bbm", "F"), clip_name="a.mp4", took_s=75)
    for words in ("B♭ minor", ">7<", "Piano", "1 min 15 s"):
        assert words in card


def test_the_summary_says_how_music_and_picture_compare() -> None:
    calm = AxisMatch(Words("calm", "lively", "calmer", "livelier"), 4.0, -1.0, 4.0, 4.0, 1.0)
    dark = AxisMatch(Words("dark", "bright", "darker", "<brighter>"), 4.0, -1.0, 4.0, 5.5, 1.0)
    heard = replace(piece("F"), hearing=Hearing(Match(calm, dark, "fake"), reason=""))
    sentence = "The music is as calm as the picture and clearly &lt;brighter&gt; than it."
    assert sentence in view.summary_card(heard, clip_name="a.mp4", took_s=1)
    assert sentence in view.offer_card(heard, 2)
    assert 'class="match"' not in view.summary_card(piece("F"), clip_name="a.mp4", took_s=1)


def test_things_seen_are_named_most_frequent_first() -> None:
    zeros = np.zeros(4, np.float32)
    sights = ("seashore 60 %", "castle 90 %", "castle 40 %", "seashore 90 %")
    features = VideoFeatures(
        4.0, np.full((4, 6), 1 / 6, np.float32), zeros + 5, zeros + 5, zeros, zeros, zeros, None, sights
    )
    assert view.thing_words(features) == "seashore, castle"
    assert not view.thing_words(replace(features, sights=()))
    assert not view.thing_words(replace(features, sights=("", "broccoli 95 %", "peacock 30 %", "peacock 40 %")))
