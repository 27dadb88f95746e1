"""What is measured of melodies, on a tune small enough to count by hand."""

import numpy as np
import pytest
import torch

from video2music.evaluation.melodies import composed_over, likelihoods, per_unit, tune_facts, written
from video2music.harmony.vocabulary import chord_id
from video2music.models.melody import FIRST_PITCH, HOLD, LOWEST, REST, MelodyConfig, MelodyNetwork
from video2music.models.melody_generation import MelodyNote
from video2music.models.melody_plan import Singing
from video2music.training.melodies import MelodySection

NOTES = ((0, 2, 60), (2, 1, 62), (3, 1, 62), (4, 2, 67), (7, 1, 77), (8, 4, 64))
"""Onset and length in beats, and pitch, over C major."""


def section(bars: int = 4, song: str = "001") -> MelodySection:
    notes = [MelodyNote(float(onset), float(length), pitch, 1.0) for onset, length, pitch in NOTES]
    steps = 16 * bars
    return MelodySection(song, False, written(notes, steps), np.full(steps, chord_id(0, "maj")))  # noqa: FBT003


def network() -> MelodyNetwork:
    torch.manual_seed(0)
    return MelodyNetwork(MelodyConfig(inputs=16, hidden=16, token=4, small=4)).eval()


def test_notes_are_written_on_the_grid_after_the_bar_of_the_pickup() -> None:
    tokens = section().tokens
    assert (tokens[:16] == REST).all()
    assert tokens[16:28].tolist()[:9] == [FIRST_PITCH + 60 - LOWEST, *[HOLD] * 7, FIRST_PITCH + 62 - LOWEST]
    assert tokens[40:44].tolist() == [REST] * 4


def test_facts_of_a_tune_counted_by_hand() -> None:
    facts = tune_facts(section())
    expected = {
        "strong beats on chord tones": 3 / 4,
        "repeated notes": 1 / 5,
        "steps": 1 / 5,
        "leaps over a fourth": 2 / 5,
        "leaps over an octave": 1 / 5,
        "notes per bar": 2.0,
        "rests": 4 / 48,
        "range": 17.0,
        "phrases end on chord tones": 1.0,
    }
    assert {name: facts[name] for name in expected} == pytest.approx(expected)
    assert np.isnan(facts["returns after 4 bars"])


def test_a_tune_that_returns_is_heard_to_return() -> None:
    tokens = np.tile(section(5).tokens[16:80], 4)
    whole = MelodySection("001", False, tokens, np.full(256, chord_id(0, "maj")))  # noqa: FBT003
    assert tune_facts(whole)["returns after 4 bars"] == 1
    assert tune_facts(whole)["returns after 8 bars"] == 1
    moved = np.concatenate([tokens[:128], np.roll(tokens[128:], 1)])
    assert tune_facts(MelodySection("001", False, moved, whole.chords))["returns after 8 bars"] == 0  # noqa: FBT003


def test_likelihoods_per_step_and_per_note_add_up() -> None:
    known = [section(song="001"), section(song="002")]
    nats = likelihoods(network(), known, known)
    steps, notes = (per_unit(nats, known, notes=notes) for notes in (False, True))
    assert nats["trigram"].sum() < nats["unigram"].sum()
    for name, values in nats.items():
        assert steps[name][0] == pytest.approx(values.sum() / 128)
        assert notes[name][0] == pytest.approx(values.sum() / 12)
        assert steps[name][1:] == pytest.approx((steps[name][0],) * 2)  # the two songs are alike


def test_a_tune_is_composed_over_the_chords_of_a_song() -> None:
    song = section(8)
    made = composed_over(network(), song, seed=1, singing=Singing(candidates=2))
    assert made.tokens.shape == song.tokens.shape
    assert (made.chords == song.chords).all()
    assert len(made.pitches) > 1
    assert (made.tokens == composed_over(network(), song, seed=1, singing=Singing(candidates=2)).tokens).all()
