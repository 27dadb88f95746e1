"""Chord symbols that people type, and the refusal of those outside the vocabulary."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import ChordParseError
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord, parse_primer
from video2music.harmony.vocabulary import CHORD_COUNT, from_harte, harte, symbol


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("C", "C"), ("Am", "A:min"), ("F", "F"), ("G7", "G:7"), ("Bbmaj7", "A#:maj7"), ("F#m7", "F#:min7"),
        ("Dm6", "D:min6"), ("CM7", "C:maj7"), ("Gsus4", "G:sus4"), ("Bdim", "B:dim"), ("Ehdim7", "E:hdim7"),
        ("CM6", "C:maj6"), ("C6", "C:maj6"), ("Amin", "A:min"), ("A-", "A:min"), ("A-7", "A:min7"),
        ("Bm7b5", "B:hdim7"), ("Bm7(b5)", "B:hdim7"), ("Bø", "B:hdim7"), ("Bø7", "B:hdim7"), ("Bo7", "B:dim7"),
        ("B°7", "B:dim7"), ("Bo", "B:dim"), ("E+", "E:aug"), ("Eaug", "E:aug"), ("Gsus", "G:sus4"), ("Gsus2", "G:sus2"),
        ("CΔ", "C:maj7"), ("Cbm", "B:min"), ("E#", "F"), ("Fb", "E"), ("B#7", "C:7"), ("B♭m", "A#:min"), ("F♯", "F#"),
        ("Bbb", "A"), ("A:min7", "A:min7"), ("am", "A:min"), ("bb7", "A#:7"), ("CMaj7", "C:maj7"), ("CMIN7", "C:min7"),
        (" C ", "C"), ("N", "N"), ("N.C.", "N"), ("Ebdim", "D#:dim"), ("Edim", "E:dim"),
    ],
)  # fmt: skip
def test_typed_symbols(typed: str, label: str) -> None:
    assert harte(parse_chord(typed)) == label


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("Amaj9", "Amaj7"), ("C9", "C7"), ("Bbm11", "Bbm7"), ("C6/9", "Cmaj6"), ("G7sus4", "Gsus4"), ("E7#5", "Eaug"),
        ("Cadd9", "C"), ("C5", "C"), ("F#7b9", "F#7"), ("Cfoo", "C"), ("C/E", "C"), ("Am7/G", "Am7"), ("Hm7", "Bm7"),
        ("Cm9b5", "Chdim7"), ("Cmmaj7", "Cm"),
    ],
)  # fmt: skip
def test_refusals_name_the_nearest_chord(typed: str, nearest: str) -> None:
    with pytest.raises(ChordParseError) as refusal:
        parse_chord(typed)
    assert str(refusal.value).endswith(f"{nearest} is the nearest.")
    assert typed in str(refusal.value)
    parse_chord(nearest)


@pytest.mark.parametrize("typed", ["", "  ", "x", "1", "♯", "?!", "Ж"])
def test_what_is_no_chord_gets_an_example(typed: str) -> None:
    with pytest.raises(ChordParseError, match="Chords look like C Am"):
        parse_chord(typed)


@given(chord=st.integers(0, CHORD_COUNT - 1), flats=st.booleans())
def test_symbols_read_back(chord: int, flats: bool) -> None:  # noqa: FBT001
    assert parse_chord(symbol(chord, flats=flats)) == chord


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ChordParseError):
        assert 0 <= parse_chord(text) < CHORD_COUNT


def test_long_text_is_refused_briefly() -> None:
    with pytest.raises(ChordParseError) as refusal:
        parse_chord("C" * 10_000)
    assert len(str(refusal.value)) < 150


def test_primer_is_read_in_the_chosen_key() -> None:
    assert parse_primer("D Bm G A7", parse_key("D major")) == tuple(map(from_harte, ["C", "A:min", "F", "G:7"]))
    assert parse_primer("Bbm Gb", parse_key("Bb minor")) == tuple(map(from_harte, ["A:min", "F"]))


def test_primer_separators() -> None:
    c = Key("C", "major")
    wanted = tuple(map(from_harte, ["C", "A:min", "F"]))
    assert [parse_primer(text, c) for text in ("C Am F", "C, Am, F", "C | Am | F", "C - Am - F", "C\nAm;F")] == [
        wanted
    ] * 5
    assert parse_primer(" ", c) == ()


def test_primer_refuses_the_first_unknown_chord() -> None:
    with pytest.raises(ChordParseError, match="'Amaj9'"):
        parse_primer("C Amaj9 H", Key("C", "major"))
