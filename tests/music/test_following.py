"""Music follows its curves: velocities the loudness, notes that sound the density; every ensemble, level and tempo."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video2music.evaluation.following import Following, following, sounding_notes, velocities
from video2music.music.arrangement import arrange
from video2music.music.ensemble import ensemble_names, load_ensemble
from video2music.music.score import Score

MakeScore = Callable[..., Score]
OURS = tuple(name for name in ensemble_names() if name != "paper")
PROGRESSIONS = (
    "C C Am Am F F G G", "Am Am F F C C G E7", "Dm7 G7 Cmaj7 Cmaj7 Fmaj7 Bhdim7 E7 Am", "C C C C F F F F Am Am G G",
)  # fmt: skip
SEVENTHS = 2
STEPS = 48


def moving(
    make_score: MakeScore,
    *,
    progression: int = 0,
    period: float = 4.0,
    phase: float = 0.0,
    tempo_bpm: float = 120.0,
    cuts: Sequence[int] = (),
) -> Score:
    """Two waves of different periods, over all levels and the whole curve of velocities."""
    step = np.arange(STEPS)
    chords = (PROGRESSIONS[progression].split() * STEPS)[:STEPS]
    return make_score(
        chords,
        density=15 + 12 * np.sin(step / period + phase),
        loudness=0.22 + 0.18 * np.sin(step / (1.3 * period) + 2 * phase),
        tempo_bpm=tempo_bpm,
        cuts_s=[cut * 120 / tempo_bpm for cut in cuts],
        key="A minor" if progression == 1 else "C major",
        seed=progression,
    )


def measured(score: Score, ensemble: str) -> tuple[Following, Following]:
    """Measure all parts, and those with pitches."""
    midi = arrange(score, ensemble=ensemble)
    pitched = [part.name for part in load_ensemble(ensemble).parts if part.role != "drums"]
    return following(score, midi), following(score, midi, parts=pitched)


@pytest.mark.parametrize("tempo_bpm", [60, 120, 150, 180])
@pytest.mark.parametrize("name", OURS)
def test_music_follows_its_curves_at_every_tempo(make_score: MakeScore, name: str, tempo_bpm: float) -> None:
    found = [measured(moving(make_score, progression=number, tempo_bpm=tempo_bpm), name) for number in range(4)]
    for every, pitched in found:
        assert min(every.velocity, pitched.velocity) > 0.95
        assert min(every.density, pitched.density) > 0.7
    assert np.mean([every.density for every, _ in found]) > 0.85
    assert np.mean([pitched.density for _, pitched in found]) > 0.85


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=12, deadline=None)
@given(
    progression=st.integers(0, 3),
    period=st.floats(2.5, 8),
    phase=st.floats(0, 6.28),
    tempo_bpm=st.floats(60, 180),
    cuts=st.lists(st.integers(2, STEPS - 6), max_size=4, unique=True).map(sorted),
)
def test_curves_of_any_shape_are_followed(
    make_score: MakeScore,
    name: str,
    progression: int,
    period: float,
    phase: float,
    tempo_bpm: float,
    cuts: list[int],
) -> None:
    score = moving(make_score, progression=progression, period=period, phase=phase, tempo_bpm=tempo_bpm, cuts=cuts)
    found, _ = measured(score, name)
    assert found.velocity > 0.9
    every_step_needs_four_tones = progression == SEVENTHS
    assert found.density > (0.6 if every_step_needs_four_tones else 0.7)


@pytest.mark.parametrize("level", [3, 9, 15, 21, 27])
@pytest.mark.parametrize("name", OURS)
def test_loudness_is_followed_at_every_density_and_moves_no_strokes(
    make_score: MakeScore, name: str, level: float
) -> None:
    score = replace(moving(make_score), note_density=np.full(STEPS, level, np.float32))
    assert measured(score, name)[0].velocity > 0.9
    even = replace(score, loudness=np.full(STEPS, 0.2, np.float32))
    onsets = [[(note.start, note.pitch) for track in arrange(one, ensemble=name).instruments for note in track.notes]
              for one in (score, even)]  # fmt: skip
    assert onsets[0] == onsets[1]


@pytest.mark.parametrize("name", OURS)
def test_every_step_of_density_adds_notes(make_score: MakeScore, name: str) -> None:
    counts = []
    for density in range(0, 31, 3):
        score = replace(moving(make_score), note_density=np.full(STEPS, density, np.float32))
        notes = [
            (note.start, note.end, 0) for track in arrange(score, ensemble=name).instruments for note in track.notes
        ]
        counts.append(sounding_notes(np.arange(8.0, 41.0), np.array(notes, dtype=float)).mean())
    assert (np.diff(counts[:10]) > -0.2).all(), np.round(counts, 1)
    assert (np.subtract(counts[2:10], counts[:8]) > 0).all(), np.round(counts, 1)
    assert counts[9] > 1.8 * counts[1]


@pytest.mark.parametrize("tempo_bpm", [140.5, 150, 180])
@pytest.mark.parametrize("name", OURS)
def test_fast_and_dense_music_stays_playable(make_score: MakeScore, name: str, tempo_bpm: float) -> None:
    score = replace(moving(make_score, tempo_bpm=tempo_bpm), note_density=np.full(STEPS, 30, np.float32))
    for track, part in zip(arrange(score, ensemble=name).instruments, load_ensemble(name).parts, strict=False):
        if part.role != "drums":
            strokes = np.unique(np.round([note.start for note in track.notes if note.start < 40 * score.step_s], 2))
            gaps = np.diff(strokes)
            assert (gaps > 0.12).mean() > 0.95 or part.strum, (part.name, np.sort(gaps)[:5])


def test_slow_music_keeps_its_sixteenths(make_score: MakeScore) -> None:
    score = replace(moving(make_score, tempo_bpm=139), note_density=np.full(STEPS, 30, np.float32))
    starts = np.unique(np.round([note.start for note in arrange(score).instruments[0].notes], 2))
    assert np.median(np.diff(starts)) < 0.12


def sound(*notes: tuple[float, float, int]) -> pretty_midi.PrettyMIDI:
    """Put notes into a file."""
    midi = pretty_midi.PrettyMIDI()
    midi.instruments = [pretty_midi.Instrument(0, name="Piano")]
    midi.instruments[0].notes = [pretty_midi.Note(velocity, 60, start, end) for start, end, velocity in notes]
    return midi


def test_the_measure_counts_what_sounds_and_how_hard_it_begins() -> None:
    bounds = np.array([0.0, 1.0, 2.0, 3.0])
    notes = np.array([(0.0, 2.0, 40), (0.5, 0.9, 60), (1.9995, 2.5, 80)])
    np.testing.assert_allclose(velocities(bounds, notes), [50, np.nan, 80])
    assert sounding_notes(bounds, notes).tolist() == [2, 1, 1]


def test_the_measure_tells_following_from_opposing(make_score: MakeScore) -> None:
    rising = np.linspace(0.1, 0.4, 8)
    score = make_score("C " * 8, density=np.arange(8) + 1, loudness=rising)
    louder = sound(
        *((step + part / 9, step + part / 9 + 0.05, 50 + step) for step in range(8) for part in range(step + 1))
    )
    assert following(score, louder) == Following(pytest.approx(1.0), pytest.approx(1.0))
    opposed = following(replace(score, loudness=rising[::-1], note_density=np.arange(8)[::-1]), louder)
    assert opposed == Following(pytest.approx(-1.0), pytest.approx(-1.0))
    assert np.isnan(following(replace(score, loudness=np.full(8, 0.2)), louder).velocity)
    assert np.isnan(following(score, louder, parts=["Flute"]).density)


def test_short_pieces_can_be_measured(make_score: MakeScore) -> None:
    for first, second in combinations((0.5, 1.0, 2.0, 3.0), 2):
        score = make_score(["C", "G"] * 3, duration_s=first, density=[second, 9, 12, 3, 3, 3])
        assert isinstance(following(score, arrange(score)), Following)
