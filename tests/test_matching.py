"""The distance between a picture and its music, and the words for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.embedded.affect import CENTRES, SPREADS
from emotion.prediction import Curve, Prediction
from video2music.features.video_features import VideoFeatures
from video2music.matching import compare
from video2music.scales import ENCODERS, RECOGNISERS, Affect, Scale

ENCODER = ENCODERS["embedded"]
POINT = st.floats(1, 9)
WIDTH = st.floats(0.2, 4)


def seen(valence: float, arousal: float) -> VideoFeatures:
    zeros = np.zeros(4, np.float32)
    emotion = np.full((4, 6), 1 / 6, np.float32)
    return VideoFeatures(4.0, emotion, zeros + valence, zeros + arousal, zeros, zeros, zeros)


def heard(
    valence: float, arousal: float, width: float | None = 1.0, *, engine: str = "another", doubts: tuple[str, ...] = ()
) -> Prediction:
    """A prediction whose intervals reach `width` to both sides."""
    nothing = np.zeros(0)
    intervals = [None if width is None else (value - width, value + width) for value in (valence, arousal)]
    return Prediction(
        engine, 4.0, valence, arousal, *intervals, {}, None, None, (), Curve(nothing, nothing, nothing), (), doubts
    )


@given(POINT, POINT, WIDTH)
def test_music_where_the_picture_is_has_no_distance(valence: float, arousal: float, width: float) -> None:
    video = seen(valence, arousal)
    first = compare(video, heard(5, 5, width))
    match = compare(video, heard(first.valence.wanted, first.arousal.wanted, width))
    assert match.distance == pytest.approx(0, abs=1e-6)
    assert match.words.startswith("The music is as ")
    assert "than" not in match.words


@given(POINT, POINT, WIDTH, st.sampled_from([-1, 1]))
def test_the_edge_of_the_interval_is_one(valence: float, arousal: float, width: float, side: int) -> None:
    video = seen(valence, arousal)
    first = compare(video, heard(5, 5, width))
    match = compare(video, heard(first.valence.wanted, first.arousal.wanted + side * width, width))
    assert match.arousal.difference == pytest.approx(side)
    assert match.valence.difference == pytest.approx(0, abs=1e-6)
    assert match.distance == pytest.approx(np.sqrt(0.5))


@given(POINT, POINT, POINT, POINT, WIDTH)
def test_a_surer_recogniser_sees_a_larger_difference(
    valence: float, arousal: float, heard_valence: float, heard_arousal: float, width: float
) -> None:
    video = seen(valence, arousal)
    sure = compare(video, heard(heard_valence, heard_arousal, width))
    unsure = compare(video, heard(heard_valence, heard_arousal, 2 * width))
    assert sure.distance == pytest.approx(2 * unsure.distance)


@given(POINT, st.floats(0, 3), st.floats(0, 3))
def test_music_further_away_never_ranks_before_nearer_music(arousal: float, near: float, more: float) -> None:
    video = seen(5, arousal)
    wanted = compare(video, heard(5, 5)).arousal.wanted
    distances = [compare(video, heard(5, wanted + step)).distance for step in (near, near + more)]
    assert distances[0] <= distances[1]


def test_the_side_of_a_lopsided_interval_counts() -> None:
    video = seen(ENCODER.valence.mean, ENCODER.arousal.mean)
    lopsided = heard(ENCODER.valence.mean, 4.0)
    lopsided = Prediction(**{**vars(lopsided), "arousal_interval": (3.9, 6.0)})
    assert compare(video, lopsided).arousal.difference == pytest.approx((4.0 - ENCODER.arousal.mean) / 2)


def test_means_over_the_whole_video_count() -> None:
    video = seen(5, 5)
    video.arousal[:] = [2, 4, 6, 8]
    assert compare(video, heard(5, 5)).arousal.video == pytest.approx(5)


def test_each_network_is_read_on_its_own_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Affect(valence=Scale(6.0, 0.2), arousal=Scale(4.0, 0.3))
    monkeypatch.setattr("video2music.matching.RECOGNISERS", {"narrow": own})
    video = seen(ENCODER.valence.mean - ENCODER.valence.spread, ENCODER.arousal.mean + 2 * ENCODER.arousal.spread)
    match = compare(video, heard(5.8, 4.6, engine="narrow"))
    assert (match.valence.wanted, match.arousal.wanted) == (pytest.approx(5.8), pytest.approx(4.6))
    assert match.distance == pytest.approx(0, abs=1e-6)


def test_answers_of_the_recogniser_are_nearer_to_the_mean_than_what_listeners_said() -> None:
    scale = RECOGNISERS["embedded"]
    assert (scale.valence.mean, scale.arousal.mean) == CENTRES
    assert 0.5 * SPREADS[0] < scale.valence.spread < 0.8 * SPREADS[0]  # R2 of valence is .5, and its root .7
    assert 0.5 * SPREADS[1] < scale.arousal.spread < 0.8 * SPREADS[1]


@pytest.mark.parametrize(
    ("valence", "arousal", "sentence"),
    [
        (0.0, 0.0, "The music is as calm and as dark as the picture."),
        (0.0, 0.7, "The music is as dark as the picture and perhaps livelier than it."),
        (1.5, 0.0, "The music is as calm as the picture and clearly brighter than it."),
        (-3.0, 1.5, "The music is clearly livelier and much darker than the picture."),
    ],
)
def test_words(valence: float, arousal: float, sentence: str) -> None:
    video = seen(ENCODER.valence.mean - 1, ENCODER.arousal.mean - 1)
    first = compare(video, heard(5, 5))
    match = compare(video, heard(first.valence.wanted + valence, first.arousal.wanted + arousal))
    assert match.words == sentence


def test_without_an_interval_the_words_say_so_and_the_distance_still_ranks() -> None:
    video = seen(5, 5)
    near, far = (compare(video, heard(5, value, width=None)) for value in (5, 8))
    assert near.distance < far.distance
    assert "not known" in far.words
    assert far.to_json()["arousal"]["half_width"] is None
    assert far.to_json()["calibrated"] is False


def test_doubts_are_said() -> None:
    match = compare(seen(5, 5), heard(5, 5, doubts=("The music lasts only two seconds.",)))
    assert match.words.endswith("Do not rely on it: the music lasts only two seconds.")
    assert match.to_json()["doubts"] == ["The music lasts only two seconds."]
