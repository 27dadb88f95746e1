"""A piece at another tempo: the same length, the same chords in the same order, changes on strong beats."""

from collections.abc import Callable
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import ScoreError
from video2music.music.arrangement import arrange
from video2music.music.score import Score
from video2music.music.tempo import at_tempo, check_tempo, second_of_steps

MakeScore = Callable[..., Score]
HELD = "C C C Am Am F F F G G Em Em F F G G"


def order(score: Score) -> list[str]:
    return [chord for chord, _ in groupby(score.chords)]


@pytest.mark.parametrize("tempo_bpm", [60, 71.5, 90, 120, 133, 180])
@pytest.mark.parametrize("pickup_beats", [0.0, 0.7, 3.2])
def test_chords_keep_order_and_nearly_their_times(make_score: MakeScore, tempo_bpm: float, pickup_beats: float) -> None:
    score = make_score(HELD, density=np.linspace(3, 27, 16))
    moved = at_tempo(score, tempo_bpm, pickup_beats=pickup_beats)
    assert (moved.duration_s, moved.tempo_bpm, moved.pickup_beats) == (score.duration_s, tempo_bpm, pickup_beats)
    assert len(moved.chords) == moved.steps
    assert order(moved) == order(score)
    shifts = [a["time_s"] - b["time_s"] for a, b in zip(moved.chord_events(), score.chord_events(), strict=True)]
    assert np.abs(shifts).max() <= moved.step_s / 2 + 1e-6
    assert (np.diff(moved.note_density) >= 0).all()
    assert moved.note_density.mean() == pytest.approx(score.note_density.mean(), rel=0.1)


def test_the_same_tempo_changes_nothing(make_score: MakeScore) -> None:
    score = make_score(HELD, density=np.linspace(3, 27, 16), loudness=np.linspace(0, 0.5, 16))
    same = at_tempo(score, 120)
    assert same.chords == score.chords
    np.testing.assert_allclose(same.note_density, score.note_density)
    np.testing.assert_allclose(same.loudness, score.loudness)


@given(
    tempo_bpm=st.floats(60, 180),
    pickup_beats=st.floats(0, 3.99),
    duration_s=st.floats(0.1, 30),
    steps=st.integers(0, 35),
)
def test_any_grid_fills_the_clip_and_no_more(
    tempo_bpm: float, pickup_beats: float, duration_s: float, steps: int
) -> None:
    chords = ("Am", "F", "C", "G", "G", "N")[: steps % 7] * (steps // 5 + 1)
    level = np.full(len(chords), 12, dtype=np.float32)
    score = Score(chords, level, level / 60, key="A minor", seed=0, duration_s=duration_s)
    notes = arrange(at_tempo(score, tempo_bpm, pickup_beats=pickup_beats)).instruments[0].notes
    assert min(note.start for note in notes) >= 0
    assert max(note.end for note in notes) <= duration_s + 1e-3


def test_chords_change_on_strong_beats_of_the_new_tempo(make_score: MakeScore) -> None:
    moved = at_tempo(make_score(HELD), 96, pickup_beats=1.5)
    for event in moved.chord_events()[1:]:
        steps = (event["time_s"] / moved.beat_s - 1.5) / 2
        assert steps == pytest.approx(round(steps), abs=1e-4)


def test_rows_of_features_per_step() -> None:
    assert second_of_steps(4.0, 120).tolist() == [0, 1, 2, 3]
    assert second_of_steps(4.0, 60).tolist() == [1, 3]
    assert second_of_steps(2.0, 180).tolist() == [0, 1, 1]
    assert second_of_steps(0.1, 60).tolist() == [0]
    assert max(second_of_steps(3.1, 60)) <= 3
    assert second_of_steps(4.0, 120, pickup_beats=1.0).tolist() == [0, 1, 2, 3, 3]
    assert second_of_steps(4.0, 60, pickup_beats=2.0).tolist() == [1, 3]


@pytest.mark.parametrize("pickup_beats", [0.0, 0.6, 2.0, 3.5])
def test_there_is_a_row_for_every_step(make_score: MakeScore, pickup_beats: float) -> None:
    for tempo_bpm, duration_s in ((60, 7.3), (97, 12.0), (180, 3.05)):
        grid = at_tempo(make_score(HELD, duration_s=duration_s), tempo_bpm, pickup_beats=pickup_beats)
        assert len(second_of_steps(duration_s, tempo_bpm, pickup_beats=pickup_beats)) == grid.steps


@pytest.mark.parametrize("tempo_bpm", [59.9, 180.5, float("nan")])
def test_tempos_outside_the_range_are_refused(tempo_bpm: float) -> None:
    with pytest.raises(ScoreError, match="from 60 to 180"):
        check_tempo(tempo_bpm)
    assert check_tempo(60) == 60
