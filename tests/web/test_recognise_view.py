"""What the second tab says and draws."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.prediction import ChordSpan, Curve, Prediction
from video2music.web import emotion_words as words
from video2music.web import recognise_view as view
from video2music.web.curves import thinned
from video2music.web.emotion_plane import plane
from video2music.web.lanes import time_marks
from video2music.web.reading import Reading, ReadingFiles
from video2music.web.timeline import CURVE_POINTS, timeline_picture
from video2music.web.waveform import Waveform
from video2music.web.words import length_words

Predict = Callable[..., Prediction]

HOSTILE = "<img src=x onerror=alert(1)>\"'${1+1}{{2}}"
FILES = ReadingFiles(*(Path(name) for name in ("a.json", "b.csv", "c.csv")))
SCALE = st.floats(1, 9)


def waveform(duration_s: float) -> Waveform:
    return Waveform(np.ones(max(1, int(100 * duration_s))), duration_s)


def steady(valence: float, arousal: float, points: int = 1) -> Curve:
    return Curve(np.arange(points) + 0.5, np.full(points, valence), np.full(points, arousal))


@pytest.mark.parametrize(
    ("valence", "arousal", "line"),
    [
        (6.0, 3.2, "Calm and rather pleasant"),
        (8.0, 8.0, "Very excited and very pleasant"),
        (2.0, 6.0, "Rather excited and very unpleasant"),
        (7.0, 5.1, "Pleasant, neither calm nor excited"),
        (5.0, 3.0, "Calm, neither pleasant nor unpleasant"),
        (5.2, 4.9, "Neither calm nor excited, neither pleasant nor unpleasant"),
    ],
)
def test_the_headline(valence: float, arousal: float, line: str) -> None:
    assert words.headline(valence, arousal) == line


@given(SCALE, SCALE)
def test_the_headline_never_contradicts_the_numbers(valence: float, arousal: float) -> None:
    said = set(re.findall(r"\w+", words.headline(valence, arousal).lower()))
    assert ("unpleasant" in said) == (valence < 5.35)
    assert ("pleasant" in said) == (valence > 4.65)
    assert ("calm" in said) == (arousal < 5.35)
    assert ("excited" in said) == (arousal > 4.65)


def test_an_interval_across_the_middle_says_what_else_it_may_be(predict: Predict) -> None:
    sure = predict(valence_interval=(5.2, 7.0), arousal_interval=(2.0, 4.0))
    assert words.certainty(sure) == "The 80 % interval runs from 2.0 to 4.0 for arousal and 5.2 to 7.0 for valence."
    unsure = replace(sure, valence_interval=(4.0, 7.0))
    assert words.certainty(unsure).endswith("So listeners may also find it unpleasant.")
    assert "not measured" in words.certainty(replace(sure, valence_interval=None, arousal_interval=None))


def test_movement_is_told_only_where_there_is_some(predict: Predict) -> None:
    time_s = np.arange(30) + 0.5
    rising = Curve(time_s, np.full(30, 6.0), np.linspace(2, 6, 30))
    assert words.movement(predict(curve=rising)) == "It grows more excited towards the end."
    both = Curve(time_s, np.linspace(7, 3, 30), np.linspace(6, 2, 30))
    assert words.movement(predict(curve=both)) == "It grows more calm and more unpleasant towards the end."
    assert not words.movement(predict(curve=steady(6, 3, 30)))
    assert not words.movement(predict(curve=steady(6, 3, 1)))


@pytest.mark.parametrize(
    ("here", "usual", "said"),
    [
        (0.05, 0.05, "about as likely as in any piece"),
        (0.02, 0.05, "less likely than in any piece"),
        (0.075, 0.05, "1.5 times as likely as in any piece"),
        (0.1, 0.05, "2 times as likely as in any piece"),
        (0.41, 0.05, "8 times as likely as in any piece"),
        (0.3, None, ""),
    ],
)
def test_a_tag_is_compared_with_how_common_it_is(here: float, usual: float | None, said: str) -> None:
    assert words.ratio_words(here, usual) == said


@pytest.mark.parametrize(
    ("label", "said", "kind"),
    [
        ("A:min7", "Am7", "minor"),
        ("Bb", "B♭", "major"),
        ("F#:hdim7", "F♯m7♭5", "minor"),
        ("G:sus4", "Gsus4", "other"),
        ("C:aug", "Caug", "major"),
        ("N", "none", None),
        ("X", "other", None),
    ],
)
def test_heard_chords_are_written_as_musicians_do(label: str, said: str, kind: str | None) -> None:
    span = ChordSpan(0, 1, label)
    assert words.heard_chord_words(span) == said
    assert words.chord_kind(span) == kind


@pytest.mark.parametrize(
    ("label", "key", "said"),
    [
        ("A#", "Bb major", "B♭"),
        ("A#:min7", "F# major", "A♯m7"),
        ("G#:dim", "A minor", "G♯dim"),
        ("Ab:sus2", "E major", "G♯sus2"),
        ("A#", None, "A♯"),
        ("A#", "H major", "A♯"),
        ("N", "Bb major", "none"),
    ],
)
def test_heard_chords_are_spelled_as_the_key_expects(label: str, key: str | None, said: str) -> None:
    assert words.heard_chord_words(ChordSpan(0, 1, label), key) == said


def test_the_mode_of_the_harmony_is_weighed_by_time() -> None:
    spans = (ChordSpan(0, 3, "A:min"), ChordSpan(3, 4, "C"), ChordSpan(4, 90, "N"))
    assert words.harmony_words(spans) == "mostly minor (75 %)"
    assert words.harmony_words((ChordSpan(0, 1, "C"), ChordSpan(1, 2, "A:min"))) == "major and minor mixed"
    assert words.harmony_words((ChordSpan(0, 9, "N"),)) == "none heard"


def test_only_the_tags_worth_showing_are_shown(predict: Predict) -> None:
    shown = view.tag_bars(predict(tags={"dark": 0.04, "happy": 0.9, "sad": 0.2}, shown_tags=("sad", "dark")))
    assert re.findall(r'class="tag">(\w+)<', shown) == ["sad", "dark"]
    assert re.findall(r'class="chance">([^<]+)<', shown) == ["20 %", "4.0 %"]
    assert "Bars end at 25 %" in unescape(shown)
    assert shown.count("<i style") == 2
    assert "No mood tag stands out" in view.tag_bars(predict(shown_tags=()))


def test_a_tag_without_a_known_share_has_no_tick(predict: Predict) -> None:
    shown = view.tag_bars(predict(tags={"velvet": 0.3}, shown_tags=("velvet",)))
    assert "velvet" in shown
    assert "<i style" not in shown


def test_doubts_come_before_the_figures(predict: Predict) -> None:
    doubtful = view.answer(predict(doubts=("This sounds like noise rather than music.",)), "hiss.wav")
    assert doubtful.index("Take this with care") < doubtful.index("like noise") < doubtful.index("<dl")
    assert "Take this with care" not in view.answer(predict(), "song.wav")


def test_what_was_not_heard_is_said(predict: Predict) -> None:
    card = view.answer(predict(key=None, tempo_bpm=None, chords=(), doubts=()), "hum.wav")
    assert card.count("none heard") == 2
    assert "no steady beat" in card
    assert "No chords were heard" in view.chords_card(predict(chords=()))


def test_nothing_from_outside_becomes_markup(predict: Predict) -> None:
    span = ChordSpan(0.0, 12.0, f"C:{HOSTILE}")
    hostile = predict(
        doubts=(HOSTILE,), tags={HOSTILE: 0.2}, shown_tags=(HOSTILE,), key=HOSTILE, engine=HOSTILE, chords=(span,)
    )
    pages = (
        view.answer(hostile, HOSTILE),
        view.chords_card(hostile),
        view.timeline(Reading(hostile, waveform(12), FILES)),
    )
    for page in pages:
        assert "<img" not in page
        assert "&lt;img" in page


def shape(page: str, name: str) -> ET.Element:
    tag = re.search(rf'<\w+ class="{name}"[^>]*/>', page)
    assert tag is not None
    return ET.fromstring(tag[0])  # noqa: S314 - drawn by ourselves a line above


def test_the_plane_draws_pleasant_to_the_right_and_excited_upwards(predict: Predict) -> None:
    page = plane(predict(valence=7.0, arousal=8.0, valence_interval=(6.0, 8.0), arousal_interval=(7.5, 9.0)))
    point, sure = shape(page, "whole"), shape(page, "sure")
    assert (float(point.get("cx", 0)), float(point.get("cy", 0))) == (7.0, 2.0)
    assert (float(sure.get("cx", 0)), float(sure.get("rx", 0))) == (7.0, 1.0)
    assert (float(sure.get("cy", 0)), float(sure.get("ry", 0))) == (1.75, 0.75)
    assert "Valence 7.0 of 9, 80 % interval 6.0 to 8.0; Arousal 8.0 of 9" in page


def test_the_path_begins_and_ends_where_the_curve_does(predict: Predict) -> None:
    curve = Curve(np.arange(3) + 0.5, np.array([2.0, 5.0, 8.0]), np.array([3.0, 5.0, 7.0]))
    page = plane(predict(curve=curve))
    assert (shape(page, "start").get("cx"), shape(page, "start").get("cy")) == ("2.000", "7.000")
    end = shape(page, "end")
    assert float(end.get("x", 0)) + float(end.get("width", 0)) / 2 == pytest.approx(8.0)
    assert "at the beginning valence 2.0 and arousal 3.0; at the end valence 8.0 and arousal 7.0" in page


def test_the_path_grows_stronger_from_its_start(predict: Predict) -> None:
    curve = Curve(np.arange(4) + 0.5, np.array([2.0, 4.0, 6.0, 8.0]), np.full(4, 5.0))
    steps = re.findall(r'<path d="M([\d.]+) \S+ \S+" stroke-opacity="([\d.]+)"', plane(predict(curve=curve)))
    assert [(float(left), float(strength)) for left, strength in steps] == [(2.0, 0.25), (4.0, 0.62), (6.0, 1.0)]


def test_what_is_pleasant_is_drawn_high(predict: Predict) -> None:
    curve = Curve(np.array([3.0, 9.0]), np.array([8.0, 3.0]), np.array([2.0, 7.0]))
    page = timeline_picture(predict(12.0, curve=curve), waveform(12))
    valence, arousal = re.findall(r'class="curve" d="([^"]+)"', page)
    assert valence == "M0 1L250 1L750 6L1000 6"
    assert arousal == "M0 7L250 7L750 2L1000 2"


def test_the_key_names_only_what_is_drawn(predict: Predict) -> None:
    page = plane(predict(curve=steady(5, 5), valence_interval=None, arousal_interval=None))
    assert "the whole piece" in page
    for absent in ("80 % interval", "its way over time", 'class="start"', 'class="end"', "<ellipse"):
        assert absent not in page


@pytest.mark.parametrize("duration_s", [0.3, 12.0, 7200.0])
def test_a_timeline_of_any_length_stays_light(predict: Predict, duration_s: float) -> None:
    prediction = predict(duration_s)
    page = timeline_picture(prediction, waveform(duration_s))
    assert len(page) < 250_000
    told = json.loads(unescape(re.findall(r'data-moments="([^"]+)"', page)[0]))
    assert told["duration"] == duration_s
    for times, values in told["curves"].values():
        assert len(times) == len(values) <= CURVE_POINTS
    assert page.count('role="img"') == 4


@given(st.floats(0.25, 14_400))
def test_the_marks_of_the_time_axis_are_few_and_within(duration_s: float) -> None:
    marks = time_marks(duration_s)
    assert marks[0] == 0
    assert 1 <= len(marks) <= 7
    assert marks[-1] < duration_s
    assert all(before < after for before, after in pairwise(marks))


@given(st.lists(st.tuples(SCALE, SCALE), min_size=1, max_size=300), st.integers(1, 60))
def test_thinning_keeps_the_mean_order_and_bounds(points: list[tuple[float, float]], most: int) -> None:
    valence, arousal = np.array(points).T
    curve = thinned(Curve(np.arange(len(points)) + 0.5, valence, arousal), most)
    assert len(curve.time_s) == min(most, len(points))
    assert (np.diff(curve.time_s) > 0).all()
    assert valence.min() - 1e-9 <= curve.valence.min()
    assert curve.arousal.max() <= arousal.max() + 1e-9


def test_lengths_of_recordings() -> None:
    assert [length_words(seconds) for seconds in (0.4, 12.9, 65, 3725)] == ["0.4 s", "0:12", "1:05", "1:02:05"]


def test_long_chord_lists_are_folded(predict: Predict) -> None:
    assert "<details>" not in view.chords_card(predict(40.0))
    assert "576 more chords" in view.chords_card(predict(1200.0))
