"""Keys: names, published shifts, spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import KeyParseError
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, chord_id, pitch_class, root_and_quality, transpose

PUBLISHED_SHIFTS = {
    "major": {
        "F": -7, "Gb": -6, "G": -5, "Ab": -4, "A": -3, "Bb": -2, "B": -1, "C": 0, "Db": 1, "D": 2, "Eb": 3, "E": 4,
    },
    "minor": {
        "D": -7, "Eb": -6, "E": -5, "F": -4, "F#": -3, "G": -2, "G#": -1, "A": 0, "Bb": 1, "B": 2, "C": 3, "C#": 4,
    },
}  # fmt: skip
TONICS = [letter + accidental for letter in "ABCDEFG" for accidental in ("", "#", "b")]


@pytest.mark.parametrize(
    ("mode", "tonic"), [(mode, tonic) for mode, shifts in PUBLISHED_SHIFTS.items() for tonic in shifts]
)
def test_published_shifts(mode: str, tonic: str) -> None:
    assert parse_key(f"{tonic} {mode}").shift == PUBLISHED_SHIFTS[mode][tonic]


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", TONICS)
def test_every_spelling_of_a_key_shifts_to_its_tonic(tonic: str, mode: str) -> None:
    key = parse_key(f"{tonic} {mode}")
    home = 0 if mode == "major" else 9
    assert (home + key.shift) % 12 == pitch_class(tonic)
    assert -7 <= key.shift <= 4
    assert str(key) == f"{tonic} {mode}"
    assert -7 <= key.fifths <= 7


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("C", "C major"), ("Am", "A minor"), ("a minor", "A minor"), ("A MINOR", "A minor"), ("AM", "A major"),
        ("Bb minor", "Bb minor"), ("bb", "Bb major"), ("b", "B major"), ("f# Major", "F# major"), ("F♯m", "F# minor"),
        ("e flat minor", "Eb minor"), ("C sharp minor", "C# minor"), ("A-minor", "A minor"), ("A:min", "A minor"),
        ("G maj", "G major"), ("Cis", None), ("A#m", "A# minor"), (" D ", "D major"), ("Ebm", "Eb minor"),
    ],
)  # fmt: skip
def test_typed_keys(typed: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(KeyParseError, match="Keys look like"):
            parse_key(typed)
    else:
        assert str(parse_key(typed)) == key


@pytest.mark.parametrize("typed", ["", "H minor", "C lydian", "minor", "C major minor", "Q", "12"])
def test_unknown_keys_are_refused(typed: str) -> None:
    with pytest.raises(KeyParseError, match="Keys look like C major"):
        parse_key(typed)
    with pytest.raises(KeyParseError):
        Key(typed, "major")


def test_long_text_is_refused_briefly() -> None:
    with pytest.raises(KeyParseError) as refusal:
        parse_key("C" * 10_000)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize(
    ("key", "roots"),
    [
        ("F major", "F G A Bb C D E"), ("Gb major", "Gb Ab Bb Cb Db Eb F"), ("F# major", "F# G# A# B C# D# E#"),
        ("Bb minor", "Bb C Db Eb F Gb Ab"), ("A minor", "A B C D E F G"), ("E major", "E F# G# A B C# D#"),
        ("A# major", "Bb C D Eb F G A"),
    ],
)  # fmt: skip
def test_scales_are_spelled_by_letter(key: str, roots: str) -> None:
    parsed = parse_key(key)
    assert [parsed.spell(parse_chord(root)) for root in roots.split()] == roots.split()


@pytest.mark.parametrize(
    ("key", "sounding", "spelled"),
    [
        ("C major", "A#", "Bb"), ("C major", "Gb7", "F#7"), ("C major", "G#", "Ab"), ("A minor", "Abdim7", "G#dim7"),
        ("D minor", "Dbdim7", "C#dim7"), ("G major", "A#", "Bb"), ("F minor", "C#maj7", "Dbmaj7"),
        ("C major", "N", "N"), ("Eb major", "B", "B"), ("C minor", "A#m7", "Bbm7"),
    ],
)  # fmt: skip
def test_spelling_follows_the_key(key: str, sounding: str, spelled: str) -> None:
    assert parse_key(key).spell(parse_chord(sounding)) == spelled


@given(chord=st.integers(0, CHORD_COUNT - 1), tonic=st.sampled_from(TONICS), mode=st.sampled_from(["major", "minor"]))
def test_spelled_chords_read_back(chord: int, tonic: str, mode: str) -> None:
    key = parse_key(f"{tonic} {mode}")
    written = key.spell(chord)
    assert parse_chord(written) == chord
    assert "##" not in written
    assert "bb" not in written


@pytest.mark.parametrize(
    ("key", "flats"),
    [
        ("F major", True),
        ("D minor", True),
        ("C major", False),
        ("G major", False),
        ("E minor", False),
        ("Ab major", True),
    ],
)
def test_flats_are_preferred_in_flat_keys(key: str, flats: bool) -> None:  # noqa: FBT001
    assert parse_key(key).prefers_flats is flats


@pytest.mark.parametrize("name", ["Bb major", "F# minor"])
def test_the_tonic_chord_is_the_home_of_the_networks(name: str) -> None:
    key = parse_key(name)
    home = transpose(key.tonic_chord, -key.shift)
    assert home == (chord_id(0, "maj") if key.mode == "major" else chord_id(9, "min"))
    assert root_and_quality(key.tonic_chord)[0] == key.pitch_class
