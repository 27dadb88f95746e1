"""Settings are read, or refused before anyone waits."""

import pytest

from emotion.errors import RefusalError
from video2music.harmony.key import parse_key
from video2music.web.studio import Wishes
from video2music.web.wishes_form import CHORD_HELP, KEYS, key_choices, read_seed, read_wishes


def test_every_key_on_offer_is_a_key() -> None:
    assert len(set(KEYS)) == 24
    assert [str(parse_key(key)) for key in KEYS] == list(KEYS)
    assert len(key_choices()) == 25


def test_every_chord_in_the_help_can_be_played() -> None:
    chords = [piece.split("</code>")[0] for piece in CHORD_HELP.split("<li><code>")[1:]]
    assert len(chords) == 13
    assert read_wishes("A minor", " ".join(chords), "", "replace").primer == " ".join(chords)


def test_an_empty_form_leaves_everything_open() -> None:
    assert read_wishes("", "  ", "", "replace") == Wishes()
    assert read_wishes(None, None, None, None) == Wishes()


def test_a_full_form() -> None:
    assert read_wishes("Eb minor", "Ebm Cb", " 12 ", "mix") == Wishes("Eb minor", "Ebm Cb", 12, "mix")


def test_the_nearest_chord_is_named() -> None:
    with pytest.raises(RefusalError, match="Amaj7"):
        read_wishes("", "C Amaj9", "", "replace")


@pytest.mark.parametrize(("typed", "seed"), [("", None), (None, None), ("0", 0), (7.0, 7), ("2147483647", 2**31 - 1)])
def test_seeds(typed: str | float | None, seed: int | None) -> None:
    assert read_seed(typed) == seed


@pytest.mark.parametrize(
    "typed", ["-1", "1.5", "abc", "2147483648", "9" * 4000, "٣", "1e3", "nan", float("nan"), 1e300]
)
def test_seeds_that_are_none(typed: str | float) -> None:
    with pytest.raises(RefusalError, match="0 to 2147483647"):
        read_seed(typed)
