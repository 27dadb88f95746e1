"""The chords as blocks on the timeline, and what is offered in the place of one."""

import re

import numpy as np
import pytest

from video2music.harmony.parsing import parse_chord
from video2music.music.score import Score
from video2music.web.chord_lane import chord_blocks, neighbour, position_words, sounding_at, suggestions


def score(*chords: str, key: str = "A minor") -> Score:
    level = np.ones(len(chords), np.float32)
    return Score(chords, level, level, key, 7, float(len(chords)))


def test_every_change_is_one_block_that_tells_a_second_inside_the_chord() -> None:
    lane = chord_blocks(score("Am", "Am", "F", "G"), 4.0)
    assert re.findall(r'data-from="([\d.]+)" data-at="([\d.]+)"', lane) == [
        ("0.000", "1.000"),
        ("2.000", "2.500"),
        ("3.000", "3.500"),
    ]
    assert re.findall(r'aria-label="(\w+ at [^"]+)" style="left:([\d.]+)%;width:([\d.]+)%"', lane) == [
        ("Am at 0:00", "0.000", "50.000"),
        ("F at 0:02", "50.000", "25.000"),
        ("G at 0:03", "75.000", "25.000"),
    ]


def test_blocks_bear_the_function_of_their_chord() -> None:
    lane = chord_blocks(score("Am", "Dm", "E7", "Bb", "N"), 5.0)
    assert re.findall(r'class="on-(\w+)"', lane) == ["tonic", "subdominant", "dominant", "outside", "rest"]


@pytest.mark.parametrize(("second", "steps", "beside"), [(0.5, 1, 2.5), (2.5, -1, 1.0), (0.5, -1, 1.0), (3.9, 1, 3.5)])
def test_the_chord_before_and_after(second: float, steps: int, beside: float) -> None:
    assert neighbour(score("Am", "Am", "F", "G"), second, steps) == beside


def test_the_place_of_a_chord_in_words() -> None:
    assert position_words(score("Am", "Am", "F"), 2.5) == "Chord 2 of 2"


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
