"""The published numbering of chords, and the ways of writing them."""

import pytest

from video2music.errors import ChordParseError
from video2music.harmony.vocabulary import (
    CHORD_COUNT,
    END,
    NO_CHORD,
    PAD,
    QUALITIES,
    attribute_id,
    chord_id,
    chord_pitch_classes,
    from_harte,
    harte,
    quality_of,
    root_and_quality,
    root_id,
    symbol,
    transpose,
)


@pytest.mark.parametrize(
    ("label", "number", "root", "attribute"),
    [
        ("N", 0, 0, 0),
        ("C", 1, 1, 1),
        ("C:maj7", 13, 1, 13),
        ("F#:hdim7", 88, 7, 10),
        ("A:min", 122, 10, 5),
        ("B:maj7", 156, 12, 13),
    ],
)
def test_published_numbers(label: str, number: int, root: int, attribute: int) -> None:
    assert from_harte(label) == number
    assert harte(number) == label
    assert root_id(number) == root
    assert attribute_id(number) == attribute


def test_end_and_padding_have_their_own_rows() -> None:
    assert (root_id(END), attribute_id(END)) == (13, 14)
    assert (root_id(PAD), attribute_id(PAD)) == (14, 15)
    assert quality_of(END) is None
    assert quality_of(NO_CHORD) is None


def test_every_chord_has_one_number_label_and_symbol() -> None:
    assert [from_harte(harte(chord)) for chord in range(CHORD_COUNT)] == list(range(CHORD_COUNT))
    assert [chord_id(*root_and_quality(chord)) for chord in range(1, CHORD_COUNT)] == list(range(1, CHORD_COUNT))
    assert len({symbol(chord) for chord in range(CHORD_COUNT)}) == CHORD_COUNT


def test_published_dictionary(reference) -> None:  # noqa: ANN001 - fixture of the folder above
    import json

    published = json.loads(reference("data/muvi_sync/vevo_meta/chord.json").read_text())
    assert {harte(chord): chord for chord in range(CHORD_COUNT)} == published


def test_symbols_with_sharps_and_flats() -> None:
    chord = from_harte("A#:min7")
    assert (symbol(chord), symbol(chord, flats=True)) == ("A#m7", "Bbm7")
    assert from_harte("Bb:min7") == chord


def test_transposing_keeps_the_quality_and_comes_round() -> None:
    for chord in range(PAD + 1):
        assert transpose(transpose(chord, 5), 7) == chord
        assert quality_of(transpose(chord, -3)) == quality_of(chord)
    assert transpose(from_harte("B:7"), 1) == from_harte("C:7")


def test_qualities_sound_what_their_names_say() -> None:
    sounding = {quality: chord_pitch_classes(chord_id(0, quality)) for quality in QUALITIES}
    assert sounding["hdim7"] == {0, 3, 6, 10}
    assert sounding["dim7"] == {0, 3, 6, 9}
    assert sounding["sus2"] == {0, 2, 7}
    assert sounding["sus4"] == {0, 5, 7}
    assert len(set(map(frozenset, sounding.values()))) == len(QUALITIES)


@pytest.mark.parametrize("label", ["", "H", "C:maj9", "c", "A;min"])
def test_labels_outside_the_data_set_are_refused(label: str) -> None:
    with pytest.raises(ChordParseError, match="chord label"):
        from_harte(label)


@pytest.mark.parametrize("number", [-1, 159])
def test_numbers_outside_the_vocabulary_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 158"):
        root_id(number)
