"""Voicing against the notes of the published system, and what is corrected by default."""

import json
from pathlib import Path
from typing import Any

import pytest

from video2music.harmony.vocabulary import CHORD_COUNT, chord_pitch_classes, from_harte
from video2music.harmony.voicing import chord_notes, voice_progression

WRONG_AS_PUBLISHED = ("dim7", "hdim7", "sus2", "sus4")


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    """Return raw notes of all chords and voiced progressions, made by running the published system."""
    return json.loads((Path(__file__).parents[1] / "data" / "chords_golden.json").read_text())


def test_raw_notes_as_published(golden: dict[str, Any]) -> None:
    assert len(golden["chord_midi"]) == CHORD_COUNT
    for label, notes in golden["chord_midi"].items():
        assert list(chord_notes(from_harte(label), as_published=True)) == notes, label


@pytest.mark.parametrize("name", ["pop", "chromatic", "jumps", "all157"])
def test_progressions_as_published(golden: dict[str, Any], name: str) -> None:
    chords = [from_harte(label) for label in golden["progressions"][name]]
    voiced = voice_progression(chords, as_published=True)
    assert [list(notes) for notes in voiced] == golden["voiced"][name]


def test_right_chords_keep_the_published_voicing(golden: dict[str, Any]) -> None:
    for name, labels in golden["progressions"].items():
        until = next((i for i, label in enumerate(labels) if label.endswith(WRONG_AS_PUBLISHED)), len(labels))
        voiced = voice_progression([from_harte(label) for label in labels[:until]])
        assert [list(notes) for notes in voiced] == golden["voiced"][name][:until]


def test_by_default_every_chord_sounds_what_it_is() -> None:
    chords = list(range(CHORD_COUNT))
    for chord, voiced in zip(chords, voice_progression(chords), strict=True):
        for notes in (chord_notes(chord), voiced):
            assert {note % 12 for note in notes} == chord_pitch_classes(chord)
        assert list(voiced) == sorted(voiced)


def test_voices_remember_across_a_rest() -> None:
    c, f = from_harte("C"), from_harte("F")
    assert voice_progression([c, 0, f]) == [voice_progression([c, f])[0], (), voice_progression([c, f])[1]]
    assert voice_progression([]) == []
    assert voice_progression([0]) == [()]


def test_a_voice_out_of_reach_may_move_if_its_neighbour_is_not_close() -> None:
    """A case that the progressions above do not contain: the nearest voice is three semitones off."""
    chords = [from_harte(label) for label in ("A#:dim", "G:dim", "C#:min7", "A#:7")]
    wanted = [(46, 58, 61, 64), (43, 55, 58, 61), (49, 52, 56, 59, 61), (46, 53, 56, 58, 62)]
    assert voice_progression(chords) == wanted
