"""The published figures, note for note; written out from the table of the published system, not read from ours."""

from collections.abc import Callable

import pytest

from video2music.music.arrangement import arrange
from video2music.music.score import Score

MakeScore = Callable[..., Score]

FIGURES = {  # level: (even, odd), tone@beat
    0: ("0@0 1@1", "2@0 3@1"),
    1: ("0@0 1@.5 2@1", "3@0 1@.5 2@1"),
    2: ("0@0 1@.5 2@1 3@1.5", "2@0 1@.5 2@1 3@1.5"),
    3: ("0@0 1@.25 2@.5 1@.75 3@1 2@1.5", "1@0 0@.25 1@.5 2@.75 3@1 2@1.5"),
    4: ("0@0 1@.25 2@.5 1@.75 3@1 2@1.25 1@1.5 2@1.75", "1@0 0@.25 1@.5 2@.75 3@1 2@1.25 1@1.5 2@1.75"),
}
LOUDNESS_OF_LEVEL = [0.065, 0.12, 0.18, 0.245, 0.25]
VOICED_C = (48, 60, 64, 67)


def strokes(score: Score) -> list[tuple[float, int]]:
    """List onset in beats and pitch, as published."""
    notes = arrange(score, as_published=True).instruments[0].notes
    return sorted((round(note.start * 2, 6), note.pitch) for note in notes)


def expected(figure: str, tones: tuple[int, ...], first_beat: float = 0.0) -> list[tuple[float, int]]:
    pairs = [stroke.split("@") for stroke in figure.split()]
    return sorted((first_beat + float(beat), tones[int(tone)]) for tone, beat in pairs)


@pytest.mark.parametrize("level", range(5))
def test_ten_figures_chosen_by_loudness(make_score: MakeScore, level: int) -> None:
    score = make_score("C C C", loudness=LOUDNESS_OF_LEVEL[level], density=30)
    even, odd = FIGURES[level]
    assert strokes(score) == expected(even, VOICED_C) + expected(odd, VOICED_C, 2) + expected(even, VOICED_C, 4)


def test_wrong_tones_and_silent_fifth_tone(make_score: MakeScore) -> None:
    score = make_score("Chdim7 Cdim7", loudness=0.15)
    assert strokes(score) == expected(FIGURES[2][0], (48, 60, 64, 67, 70)) + expected(
        FIGURES[2][0], (48, 60, 63, 66, 70), 2
    )


@pytest.mark.parametrize(("key", "shift"), [("F major", -7), ("Bb minor", 1), ("E major", 4), ("D minor", -7)])
def test_key_is_a_shift_of_the_voicing(make_score: MakeScore, key: str, shift: int) -> None:
    home = make_score("C Am F" if "major" in key else "Am Dm E", key="C major" if "major" in key else "A minor")
    names = {"F major": "F Dm Bb", "Bb minor": "Bbm Ebm F", "E major": "E C#m A", "D minor": "Dm Gm A"}
    moved = strokes(make_score(names[key], key=key))
    assert moved == [(beat, pitch + shift) for beat, pitch in strokes(home)]


def test_notes_last_two_beats_unless_struck_again(make_score: MakeScore) -> None:
    notes = arrange(make_score("C N N", loudness=0.25), as_published=True).instruments[0].notes
    top = [note for note in notes if note.pitch == 67]
    assert [round(note.end - note.start, 6) for note in top] == [1.0]
    assert [(round(note.start, 6), round(note.end, 6)) for note in notes if note.pitch == 60] == [
        (0.125, 0.375),
        (0.375, 0.75),
        (0.75, 1.75),
    ]


def test_rests_are_silent_and_the_piece_just_stops(make_score: MakeScore) -> None:
    score = make_score("C N F")
    assert {beat // 2 for beat, _ in strokes(score)} == {0, 2}
    last = {pitch % 12 for beat, pitch in strokes(score) if beat >= 4}
    assert last <= {5, 9, 0}


@pytest.mark.parametrize(
    ("loudness", "velocity"),
    [(0, 49), (0.009, 49), (0.01, 68), (0.1, 88), (0.25, 100), (0.499, 112), (0.5, 112), (3, 112), (-1, 49)],
)
def test_velocity_curve(make_score: MakeScore, loudness: float, velocity: int) -> None:
    notes = arrange(make_score("C", loudness=loudness), as_published=True).instruments[0].notes
    assert {note.velocity for note in notes} == {velocity}
