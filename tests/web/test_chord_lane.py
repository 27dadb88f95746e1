"""The row of chords, and what is offered in the place of one."""

import re

import numpy as np
import pytest

from video2music.harmony.parsing import parse_chord
from video2music.music.score import Score
from video2music.web.chord_lane import chord_lane, sounding_at, suggestions


def score(*chords: str, key: str = "A minor") -> Score:
    level = np.ones(len(chords), np.float32)
    return Score(chords, level, level, key, 7, float(len(chords)))


def test_every_change_is_one_button_that_tells_a_second_inside_the_chord() -> None:
    lane = chord_lane(score("Am", "Am", "F", "G"))
    assert re.findall(r'data-at="([\d.]+)"', lane) == ["1.000", "2.500", "3.500"]
    assert re.findall(r"<b>([^<]+)</b> <span>([^<]+)<", lane) == [("Am", "0:00"), ("F", "0:02"), ("G", "0:03")]


def test_tab_reaches_one_button_and_only_the_chosen_one_is_pressed() -> None:
    nothing, chosen = chord_lane(score("Am", "F", "G")), chord_lane(score("Am", "F", "G"), 1.5)
    assert re.findall(r'tabindex="(-?\d)" aria-pressed="(\w+)"', nothing) == [
        ("0", "false"),
        ("-1", "false"),
        ("-1", "false"),
    ]
    assert re.findall(r'tabindex="(-?\d)" aria-pressed="(\w+)"', chosen) == [
        ("-1", "false"),
        ("0", "true"),
        ("-1", "false"),
    ]


@pytest.mark.parametrize(
    ("second", "chord"), [(0.0, ("Am", 0.0)), (1.99, ("Am", 0.0)), (2.5, ("F", 2.0)), (99.0, ("F", 2.0))]
)
def test_what_sounds_at_a_second(second: float, chord: tuple[str, float]) -> None:
    assert sounding_at(score("Am", "Am", "F"), second) == chord


def test_chords_of_the_key_are_offered_before_relatives_and_all_can_be_read() -> None:
    offered = [symbol for _, symbol in suggestions(score("Am"), "Am")]
    assert offered[:6] == ["Bdim", "C", "Dm", "Em", "F", "G"]
    assert {"A", "Am7", "Asus4"} <= set(offered)
    assert "Am" not in offered
    assert len(offered) == len(set(offered)) == len({parse_chord(chord) for chord in offered})


def test_flats_are_spelled_and_a_rest_can_be_filled() -> None:
    assert ("B♭", "Bb") in suggestions(score("F", key="F major"), "F")
    assert suggestions(score("N"), "N")[0] == ("Am", "Am")
