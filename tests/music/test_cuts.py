"""Cuts on strong beats: a tempo and a bar line that suit them, and chords that change there."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video2music.evaluation.cuts import cut_agreement, share_near, strong_onsets
from video2music.harmony.parsing import parse_chord
from video2music.music.arrangement import arrange
from video2music.music.cuts import acknowledge_cuts, align_cuts, change_at_cuts, grid_for_cuts, settle_bar_lines
from video2music.music.ending import resolve
from video2music.music.score import Score

MakeScore = Callable[..., Score]
HELD = "C C C C F F F F G G Am Am C C C C Dm Dm Dm Dm G G C C Em Em F F G G C C"


def away_from_strong_beats(score: Score, cuts: list[float]) -> np.ndarray:
    steps = (np.array(cuts) / score.beat_s - score.pickup_beats) / 2
    return np.abs(steps - np.round(steps)) * score.step_s


def test_cuts_that_fit_a_tempo_nearby_lie_on_its_strong_beats(make_score: MakeScore) -> None:
    step_s = 2 * 60 / 127.0
    cuts = [0.6 + step_s * steps for steps in (3, 7, 8, 14, 22)]
    aligned = align_cuts(make_score(HELD), cuts)
    assert aligned.tempo_bpm == pytest.approx(127.0, rel=0.004)
    assert away_from_strong_beats(aligned, cuts).max() < 0.04
    assert (aligned.duration_s, aligned.cuts_s) == (32.0, tuple(cuts))


def test_the_chord_changes_at_every_cut_that_lies_on_a_strong_beat(make_score: MakeScore) -> None:
    cuts = [3.0, 7.0, 14.0, 17.0, 25.0]
    aligned = align_cuts(make_score(HELD), cuts)
    changes = [event["time_s"] for event in aligned.chord_events()]
    near = away_from_strong_beats(aligned, cuts) < 0.1
    assert near.sum() >= 4
    for cut in np.array(cuts)[near]:
        assert min(abs(change - cut) for change in changes) <= 0.1


def test_only_the_tempo_within_the_limits_is_chosen(make_score: MakeScore) -> None:
    generator = np.random.default_rng(3)
    for within in (0.0, 0.03, 0.08):
        for _ in range(5):
            cuts = np.sort(generator.uniform(1, 30, 7)).tolist()
            aligned = align_cuts(make_score(HELD), cuts, within=within)
            assert abs(aligned.tempo_bpm / 120 - 1) <= within + 1e-9


def test_without_cuts_nothing_changes(make_score: MakeScore) -> None:
    score = make_score(HELD)
    assert align_cuts(score, []) is score
    assert align_cuts(score, [0.0, 0.2, 40.0]) is score


@settings(max_examples=40)
@given(
    cuts=st.lists(st.floats(0, 20), max_size=12),
    chords=st.lists(st.sampled_from(["C", "F", "G", "Am", "Dm7", "N"]), min_size=1, max_size=20),
    tempo_bpm=st.floats(60, 180),
)
def test_any_cuts_leave_a_piece_that_fills_the_clip_and_comes_home(
    cuts: list[float], chords: list[str], tempo_bpm: float
) -> None:
    numbers = np.full(len(chords), 15, dtype=np.float32)
    score = Score(tuple(chords), numbers, numbers / 60, "C major", 0, duration_s=18.3, tempo_bpm=tempo_bpm)
    aligned = resolve(align_cuts(score, cuts))
    assert aligned.duration_s == 18.3
    assert len(aligned.chords) == aligned.steps
    assert aligned.chords[-1] == ("N" if set(score.chords) == {"N"} else "C")
    assert resolve(aligned).chords == aligned.chords
    assert {parse_chord(chord) for chord in aligned.chords} <= {parse_chord(chord) for chord in [*chords, "C", "G7"]}
    assert arrange(aligned, ensemble="band").get_end_time() <= 18.3 + 1e-3


@pytest.mark.parametrize(
    ("cut_s", "before", "after"),
    [
        (3.0, "C C F F G G C F G G C C", "C C F G G G C F G G C C"),
        (4.0, "C C C F F F C F G G C C", "C C C C F F C F G G C C"),
        (2.0, "C C C C C F F F G G C C", "C C F F F F F F G G C C"),
        (4.0, "C C C C F F F F G G C C", "C C C C F F F F G G C C"),
    ],
)
def test_changes_are_brought_forward_or_held_back(make_score: MakeScore, cut_s: float, before: str, after: str) -> None:
    score = replace(make_score(before), cuts_s=(cut_s,))
    assert " ".join(change_at_cuts(score).chords) == after


def test_bars_begin_where_most_chords_do(make_score: MakeScore) -> None:
    score = make_score("C F F G G C C F F G G C C C")
    settled = settle_bar_lines(score)
    assert settled.pickup_beats == 2
    assert [settled.beat_of_step(step) for step in range(14)] == [score.beat_of_step(step) for step in range(14)]
    assert settle_bar_lines(settled) is settled
    assert arrange(settled).get_downbeats()[1] == pytest.approx(1.0, abs=0.01)


def test_a_grid_for_cuts_can_be_had_before_composing(make_score: MakeScore) -> None:
    cuts = [3.1, 7.4, 12.0, 19.2, 23.3]
    tempo_bpm, pickup_beats = grid_for_cuts(32.0, 120.0, cuts)
    aligned = align_cuts(make_score(HELD), cuts)
    assert aligned.tempo_bpm == tempo_bpm
    assert aligned.pickup_beats % 2 == pytest.approx(pickup_beats % 2)
    assert acknowledge_cuts(aligned, cuts).chords == aligned.chords
    assert grid_for_cuts(32.0, 99.0, []) == (99.0, 0.0)


def test_a_cut_begins_a_phrase_and_the_step_before_it_turns(make_score: MakeScore) -> None:
    plain = resolve(make_score("C " * 32, density=20))
    marked = replace(plain, cuts_s=(6.0,))
    notes, others = (
        [(round(note.start, 1), note.pitch) for note in arrange(score).instruments[0].notes if 5 <= note.start < 5.99]
        for score in (plain, marked)
    )
    assert notes != others


def test_the_file_names_the_cuts(make_score: MakeScore) -> None:
    written = io.BytesIO()
    arrange(make_score("C F G C C", cuts_s=[1.5, 3.25])).write(written)
    written.seek(0)
    texts = [(text.text, round(text.time, 2)) for text in pretty_midi.PrettyMIDI(written).text_events]
    assert texts == [("scene cut", 1.5), ("scene cut", 3.25)]


def test_agreement_counts_changes_and_strong_beats(make_score: MakeScore) -> None:
    score = make_score("C F " * 8, density=3)
    on_the_beat = cut_agreement(score, [2.0, 3.05, 6.0])
    assert (on_the_beat.cuts, on_the_beat.share, on_the_beat.changes_share) == (3, 1.0, 1.0)
    assert on_the_beat.shifted == pytest.approx(0.2, abs=0.03)
    assert cut_agreement(score, [2.5, 3.5]).share == 0
    assert on_the_beat.events_per_s == 1


def test_rests_have_no_strong_onsets(make_score: MakeScore) -> None:
    score = make_score("C N N N N G G C C C", density=3)
    times = strong_onsets(score, arrange(score))
    assert times[:2].tolist() == [0, 5]
    assert share_near(np.array([0.1, 0.2]), np.zeros(0)) == 0


def test_aligned_music_meets_twice_as_many_cuts_as_by_chance(make_score: MakeScore) -> None:
    generator = np.random.default_rng(11)
    shares, by_chance = [], []
    for _ in range(12):
        cuts = np.sort(generator.uniform(1, 29, 9)).tolist()
        aligned = align_cuts(make_score(HELD, density=12), cuts)
        found = cut_agreement(aligned, cuts, shifts=100)
        shares.append(found.share)
        by_chance.append(found.shifted)
    assert np.mean(shares) > 2 * np.mean(by_chance)
