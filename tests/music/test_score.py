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


@pytest.mark.parametrize(
    "change", [{"duration_s": 0.0}, {"duration_s": math.nan}, {"tempo_bpm": 0.0}, {"tempo_bpm": math.nan}]
)
def test_pieces_without_time_are_refused(make_score: MakeScore, change: dict[str, float]) -> None:
    with pytest.raises(ScoreError):
        replace(make_score("C F G"), **change)


def test_storing_keeps_everything(make_score: MakeScore) -> None:
    score = make_score("Am Bb N", density=[1, 2.5, 30], loudness=[0, 0.31, 1], key="D minor", duration_s=2.4)
    again = Score.from_json(json.loads(json.dumps(score.to_json())))
    assert again.chords == score.chords
    assert (again.key, again.seed, again.duration_s, again.tempo_bpm) == ("D minor", 0, 2.4, 120.0)
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
