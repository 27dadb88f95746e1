"""What chords do in their key."""

import pytest

from video2music.harmony.function import FUNCTIONS, function_of
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD


@pytest.mark.parametrize(
    ("key", "chords", "function"),
    [
        ("C major", "C Cmaj7 Am Em", "tonic"),
        ("C major", "F Dm7 Fmaj7", "subdominant"),
        ("C major", "G G7 Bdim Gsus4", "dominant"),
        ("C major", "Bb D7 Fm Ebm", "outside"),
        ("A minor", "Am C Am7", "tonic"),
        ("A minor", "Dm F Bdim", "subdominant"),
        ("A minor", "E E7 G Em G#dim", "dominant"),
        ("A minor", "Bb A", "outside"),
        ("Eb major", "Eb Cm", "tonic"),
    ],
)
def test_functions(key: str, chords: str, function: str) -> None:
    assert {function_of(parse_chord(chord), parse_key(key)) for chord in chords.split()} == {function}


def test_every_chord_has_a_function_in_every_key_and_a_rest_has_none() -> None:
    for key in map(parse_key, ("C major", "F# minor", "Db major")):
        found = {function_of(chord, key) for chord in range(CHORD_COUNT) if chord != NO_CHORD}
        assert found <= set(FUNCTIONS)
        assert function_of(NO_CHORD, key) is None
        assert function_of(key.tonic_chord, key) == "tonic"
