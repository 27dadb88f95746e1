"""Settings are read, or refused before anyone waits."""

from typing import Any

import pytest

from emotion.errors import RefusalError
from video2music.direction import Direction
from video2music.features.video_features import EMOTIONS
from video2music.harmony.key import parse_key
from video2music.marks import Marks
from video2music.music.ensemble import ensemble_names
from video2music.web.wishes_form import (
    CHORD_HELP,
    KEYS,
    LOUDNESS,
    ORIGINAL_SOUND,
    Settings,
    ensemble_choices,
    ensemble_summary,
    key_choices,
    mood_choices,
    read_seed,
    sister_keys,
)
from video2music.wishes import Wishes


def test_every_key_on_offer_is_a_key() -> None:
    assert len(set(KEYS)) == 24
    assert [str(parse_key(key)) for key in KEYS] == list(KEYS)
    assert len(key_choices()) == 25


@pytest.mark.parametrize("key", [*KEYS, "A# minor", "Gb major"])
def test_the_keys_to_transpose_to_are_all_of_one_mode(key: str) -> None:
    offered = [parse_key(name) for _, name in sister_keys(key)]
    assert parse_key(key) in offered
    assert {one.pitch_class for one in offered} == set(range(12))
    assert {one.mode for one in offered} == {parse_key(key).mode}


def test_every_ensemble_and_mood_is_on_offer_and_described() -> None:
    names = [name for _, name in ensemble_choices()]
    assert (names[0], names[-1]) == ("auto", "paper")
    assert set(names) == {"auto", *ensemble_names()}
    assert len({ensemble_summary(name) for name in names}) == len(names)
    assert [mood for _, mood in mood_choices()] == ["", *EMOTIONS]


def test_every_choice_on_offer_can_be_wished_for() -> None:
    for _, name in ensemble_choices():
        assert Settings(ensemble=name).wishes().ensemble == name
    for _, original in ORIGINAL_SOUND:
        assert Settings(original=original).wishes().original == original
    for _, lufs in LOUDNESS:
        assert Settings(lufs=lufs).wishes().lufs == lufs


def test_every_chord_in_the_help_can_be_played() -> None:
    chords = [piece.split("</code>")[0] for piece in CHORD_HELP.split("<li><code>")[1:]]
    assert len(chords) == 13
    assert Settings("A minor", " ".join(chords)).wishes().primer == " ".join(chords)


def test_an_empty_form_leaves_everything_open() -> None:
    assert Settings().wishes() == Wishes()
    assert Settings(key="", primer="  ", seed="", original="", ensemble="", tempo=" ").wishes() == Wishes()
    assert Settings(*[None] * 14).wishes() == Wishes()


def test_a_full_form() -> None:
    settings = Settings(
        key="Eb minor",
        primer="Ebm Cb",
        seed=" 12 ",
        original="duck",
        ensemble="strings",
        mood="sad",
        valence=-1.5,
        arousal=2.0,
        tempo=" 96,5 ",
        melody=False,
        align_cuts=False,
        transpose=-3.0,
        music_level=4.0,
        lufs=-14,
        cuts="12,5; 1:05; not 4.2",
        more_notes=1.0,
        harder=-2.0,
    )
    assert settings.wishes() == Wishes(
        key="Eb minor",
        primer="Ebm Cb",
        seed=12,
        original="duck",
        ensemble="strings",
        direction=Direction("sad", -1.5, 2.0),
        tempo_bpm=96.5,
        melody=False,
        align_cuts=False,
        transpose=-3,
        music_level_lu=4.0,
        lufs=-14,
        marks=Marks((12.5, 65.0), (4.2,)),
        density=2.0,
        loudness=0.25,
    )


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("primer", "C Amaj9", "Amaj7"),
        ("key", "H major", "H major"),
        ("ensemble", "stringz", "strings"),
        ("mood", "sadd", "sad"),
        ("valence", 9.0, "-3 to 3"),
        ("tempo", "fast", "The tempo is not a number: fast"),
        ("tempo", "nan", "60"),
        ("tempo", 300, "60"),
        ("transpose", 0.5, "-12 to 12"),
        ("transpose", 40, "12"),
        ("original", "loud", "replace, mix or duck"),
        ("lufs", -3.0, "-14, -16, -23"),
        ("music_level", float("nan"), "-40 to 40"),
        ("cuts", "soon", "This is not a time: soon"),
        ("cuts", "not", "This is not a time: not"),
        ("harder", float("nan"), "-2 to 2"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_sentence(field: str, typed: Any, words: str) -> None:  # noqa: ANN401
    with pytest.raises(RefusalError, match=words):
        Settings(**{field: typed}).wishes()


@pytest.mark.parametrize(("typed", "seed"), [("", None), (None, None), ("0", 0), (7.0, 7), ("2147483647", 2**31 - 1)])
def test_seeds(typed: str | float | None, seed: int | None) -> None:
    assert read_seed(typed) == seed


@pytest.mark.parametrize(
    "typed", ["-1", "1.5", "abc", "2147483648", "9" * 4000, "٣", "1e3", "nan", float("nan"), 1e300]
)
def test_seeds_that_are_none(typed: str | float) -> None:
    with pytest.raises(RefusalError, match="0 to 2147483647"):
        read_seed(typed)
