"""The score refuses what cannot be played, and survives storage."""

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from video2music.errors import ScoreError
from video2music.music.score import Score

MakeScore = Callable[..., Score]


@pytest.mark.parametrize("name", ["note_density", "loudness"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(make_score: MakeScore, name: str, value: float) -> None:
    values = np.array([1, value, 1], dtype=np.float32)
    with pytest.raises(ScoreError, match=f"{name} of step 1 is"):
        replace(make_score("C F G"), **{name: values})


def test_arrays_of_another_length_are_refused(make_score: MakeScore) -> None:
    with pytest.raises(ScoreError, match="3 chords but loudness has the shape"):
        replace(make_score("C F G"), loudness=np.ones(4, dtype=np.float32))


@pytest.mark.parametrize("pickup", [-0.1, 4.0, math.nan])
def test_a_pickup_is_shorter_than_a_bar(make_score: MakeScore, pickup: float) -> None:
    with pytest.raises(ScoreError, match="pickup"):
        make_score("C F G", pickup_beats=pickup)


@pytest.mark.parametrize("cuts", [(2.0, 1.0), (math.nan,)])
def test_cuts_are_in_order(make_score: MakeScore, cuts: tuple[float, ...]) -> None:
    with pytest.raises(ScoreError, match="cuts"):
        make_score("C F G", cuts_s=cuts)


@pytest.mark.parametrize(
    "change", [{"duration_s": 0.0}, {"duration_s": math.nan}, {"tempo_bpm": 0.0}, {"tempo_bpm": math.nan}]
)
def test_pieces_without_time_are_refused(make_score: MakeScore, change: dict[str, float]) -> None:
    with pytest.raises(ScoreError):
        replace(make_score("C F G"), **change)


def test_storing_keeps_everything(make_score: MakeScore) -> None:
    score = make_score("Am Bb N", density=[1, 2.5, 30], loudness=[0, 0.31, 1], key="D minor", duration_s=2.4)
    score = replace(score, pickup_beats=1.5, cuts_s=(0.5, 2.0))
    again = Score.from_json(json.loads(json.dumps(score.to_json())))
    assert again.chords == score.chords
    assert (again.key, again.seed, again.duration_s, again.tempo_bpm) == ("D minor", 0, 2.4, 120.0)
    assert (again.pickup_beats, again.cuts_s) == (1.5, (0.5, 2.0))
    np.testing.assert_array_equal(again.note_density, score.note_density)
    np.testing.assert_array_equal(again.loudness, score.loudness)


def test_stored_scores_with_gaps_are_refused(make_score: MakeScore) -> None:
    fields = make_score("C").to_json()
    with pytest.raises(ScoreError, match="no field 'key'"):
        Score.from_json({name: value for name, value in fields.items() if name != "key"})
    with pytest.raises(ScoreError, match="cannot be read"):
        Score.from_json({**fields, "loudness": ["loud"]})


def test_equal_neighbours_are_one_chord_event(make_score: MakeScore) -> None:
    events = make_score("C C F", duration_s=2.5).chord_events()
    assert events == [
        {"time_s": 0.0, "duration_s": 2.0, "symbol": "C"},
        {"time_s": 2.0, "duration_s": 0.5, "symbol": "F"},
    ]


def test_scores_of_the_first_version_are_read_and_later_ones_refused(make_score: MakeScore) -> None:
    fields = make_score("C F").to_json()
    first = {name: value for name, value in fields.items() if name not in ("version", "pickup_beats", "cuts_s")}
    assert Score.from_json(first).pickup_beats == 0
    with pytest.raises(ScoreError, match="version 99"):
        Score.from_json({**fields, "version": 99})


def test_a_pickup_begins_a_step_before_the_clip(make_score: MakeScore) -> None:
    score = make_score("C F G", pickup_beats=1.0, duration_s=2.5)
    assert [score.beat_of_step(step) for step in range(3)] == [-1.0, 1.0, 3.0]
    assert score.steps == 3
    assert [(event["time_s"], event["duration_s"]) for event in score.chord_events()] == [(0, 0.5), (0.5, 1), (1.5, 1)]
