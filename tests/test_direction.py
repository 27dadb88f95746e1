"""A person's direction bends what was seen, as far as it can be followed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.errors import RefusalError
from video2music.direction import PLACES, Direction, Section, direct, parse_section
from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.steering import key_for, steer
from video2music.wishes import ContradictionError, Wishes

SECONDS = 20
MOODS = st.sampled_from(EMOTIONS)
SHIFTS = st.floats(-3, 3)


def seen(seed: int = 0) -> VideoFeatures:
    generator = np.random.default_rng(seed)
    emotion = generator.dirichlet(np.ones(len(EMOTIONS)), SECONDS).astype(np.float32)
    tracks = generator.uniform(3, 7, (2, SECONDS)).astype(np.float32)
    zeros = np.zeros(SECONDS, np.float32)
    return VideoFeatures(float(SECONDS), emotion, tracks[0], tracks[1], zeros, zeros, zeros[:0])


def test_without_a_direction_everything_stays() -> None:
    features = seen()
    assert direct(features, Direction()) is features


@given(st.integers(0, 99), MOODS, SHIFTS, SHIFTS)
def test_what_is_directed_can_be_composed_for(seed: int, mood: str, valence: float, arousal: float) -> None:
    features = seen(seed)
    directed = direct(features, Direction(mood, valence, arousal, (Section(3, 9, "tense"),)))
    np.testing.assert_allclose(directed.emotion.sum(axis=1), 1, rtol=1e-4)
    assert (directed.emotion >= 0).all()
    for track in (directed.valence, directed.arousal):
        assert track.dtype == np.float32
        assert ((track >= 1) & (track <= 9)).all()
    assert directed.motion is features.motion
    np.testing.assert_array_equal(features.emotion, seen(seed).emotion)


@given(st.integers(0, 99), MOODS)
def test_a_mood_is_the_strongest_and_lies_in_its_place(seed: int, mood: str) -> None:
    directed = direct(seen(seed), Direction(mood))
    assert (directed.emotion.argmax(axis=1) == EMOTIONS.index(mood)).all()
    valence, arousal = PLACES[mood]
    assert np.sign(round(float(directed.valence.mean()) - 4.93, 2)) == np.sign(valence)
    assert np.sign(round(float(directed.arousal.mean()) - 4.94, 2)) == np.sign(arousal)


def test_moods_change_mode_and_tempo_together() -> None:
    exciting, sad = (direct(seen(), Direction(mood)) for mood in ("exciting", "sad"))
    assert (key_for(exciting).mode, key_for(sad).mode) == ("major", "minor")
    assert steer(exciting).tempo_bpm > steer(sad).tempo_bpm + 20
    assert steer(exciting).register > steer(sad).register


def test_a_section_changes_its_own_seconds_only() -> None:
    features = seen()
    directed = direct(features, Direction(sections=(Section(5, 10, "relaxing"),)))
    outside = np.r_[0:5, 10:SECONDS]
    np.testing.assert_array_equal(directed.emotion[outside], features.emotion[outside])
    np.testing.assert_array_equal(directed.arousal[outside], features.arousal[outside])
    assert (directed.emotion[5:10].argmax(axis=1) == EMOTIONS.index("relaxing")).all()
    assert directed.arousal[5:10].mean() < features.arousal[5:10].mean()


def test_a_section_goes_before_the_mood_of_the_piece() -> None:
    directed = direct(seen(), Direction("sad", sections=(Section(0, 4, "exciting"),)))
    assert EMOTIONS[directed.emotion[2].argmax()] == "exciting"
    assert EMOTIONS[directed.emotion[12].argmax()] == "sad"


@given(st.integers(0, 99), st.tuples(SHIFTS, SHIFTS).map(sorted))
def test_more_arousal_is_never_slower(seed: int, shifts: list[float]) -> None:
    calm, lively = (direct(seen(seed), Direction(arousal=shift)) for shift in shifts)
    assert calm.arousal.mean() <= lively.arousal.mean()
    assert steer(calm).tempo_bpm <= steer(lively).tempo_bpm


def test_darker_turns_major_to_minor() -> None:
    relaxed = replace(seen(), emotion=np.tile(np.array([0.1, 0.1, 0.1, 0.15, 0.45, 0.1], np.float32), (SECONDS, 1)))
    assert key_for(relaxed).mode == "major"
    assert key_for(direct(relaxed, Direction(valence=-2))).mode == "minor"


def test_sections_are_read_as_written() -> None:
    assert parse_section("0-12:tense") == Section(0, 12, "tense")
    assert parse_section(" 1.5 - 3 : sad ") == Section(1.5, 3, "sad")


@pytest.mark.parametrize("text", ["", "tense", "3-1:tense", "2-2:sad", "0-5:joyful", "0:5:sad", "-1-5:sad", "a-b:sad"])
def test_a_section_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        parse_section(text)
    assert "\n" not in str(refusal.value)


def test_refusals_name_the_remedy() -> None:
    with pytest.raises(RefusalError, match="Did you mean relaxing"):
        Direction("relaxed")
    with pytest.raises(RefusalError, match="overlap"):
        Direction(sections=(Section(0, 5, "sad"), Section(4, 9, "tense")))
    with pytest.raises(RefusalError, match="-3 to 3"):
        Direction(arousal=4)
    with pytest.raises(RefusalError, match="lasts 20"):
        direct(seen(), Direction(sections=(Section(30, 40, "sad"),)))


def test_as_published_follows_no_direction() -> None:
    with pytest.raises(ContradictionError, match="mood"):
        Wishes(as_published=True, direction=Direction("sad"))


def test_music_for_a_wish_is_compared_with_the_wish() -> None:
    from emotion.prediction import Curve, Prediction
    from video2music.matching import WISH, compare

    nothing = np.zeros(0)
    heard = Prediction(
        "embedded", 20.0, 5.0, 5.0, (4.0, 6.0), (4.0, 6.0), {}, None, None, (), Curve(nothing, nothing, nothing)
    )
    assert "the picture" in compare(seen(), heard).words
    words = compare(direct(seen(), Direction("sad")), heard, against=WISH).words
    assert "asked for" in words
    assert "picture" not in words
