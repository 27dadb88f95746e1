"""Music and the clip's own sound together: levels, and room for speech."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video2music.music.mastering import integrated_loudness, true_peak
from video2music.music.mixing import DEEPEST_DIP_DB, LEAST_DIP_DB, UNDER_VOICE_LU, lower, mix

RATE = 44100
Sound = NDArray[np.float32]


def noise(seconds: float, height: float, seed: int = 0) -> Sound:
    return np.random.default_rng(seed).normal(0, height, (round(seconds * RATE), 2)).astype(np.float32)


def shares(together: Sound, music: Sound, original: Sound, span_s: tuple[float, float]) -> tuple[float, float]:
    """Gain of music and original in a stretch of their sum, in decibels, by least squares."""
    stretch = slice(round(span_s[0] * RATE), round(span_s[1] * RATE))
    parts = np.stack([music[stretch].ravel(), original[stretch].ravel()], axis=1).astype(float)
    gains = np.linalg.lstsq(parts, together[stretch].ravel().astype(float), rcond=None)[0]
    return tuple(20 * np.log10(np.maximum(gains, 1e-9)))


@pytest.mark.parametrize("level_lu", [-12.0, 0.0, 6.0])
@pytest.mark.parametrize("heights", [(0.01, 0.2), (0.2, 0.03)])
def test_music_lies_at_its_level_relative_to_the_original(level_lu: float, heights: tuple[float, float]) -> None:
    music, original = noise(4, heights[0]), noise(4, heights[1], seed=1)
    together = mix(music, original, RATE, music_level_lu=level_lu).mastered.audio
    gains = shares(together, music, original, (0, 4))
    loudness = [integrated_loudness(sound, RATE) + gain for sound, gain in zip((music, original), gains, strict=True)]
    assert loudness[0] - loudness[1] == pytest.approx(level_lu, abs=0.2)


@pytest.mark.parametrize("target", [-14, -16, -23])
def test_the_sum_reaches_the_target(target: float) -> None:
    music, original = noise(4, 0.05), noise(4, 0.2, seed=1)
    mastered = mix(music, original, RATE, music_level_lu=0.0, target_lufs=target, speech=[(1, 2)]).mastered
    assert integrated_loudness(mastered.audio, RATE) == pytest.approx(target, abs=0.1)
    assert 20 * math.log10(true_peak(mastered.audio)) <= -1.0


def test_a_quiet_room_is_not_made_as_loud_as_the_music() -> None:
    music, room = noise(4, 0.1), noise(4, 0.0005, seed=1)
    together = mix(music, room, RATE, music_level_lu=0.0).mastered
    gains = shares(together.audio, music, room, (0, 4))
    assert integrated_loudness(room, RATE) > -60
    assert gains[1] <= 20.5
    assert together.loudness_lufs == pytest.approx(-16, abs=0.1)


def test_music_goes_down_while_somebody_speaks_and_comes_back() -> None:
    music, voice = noise(12, 0.1), noise(12, 0.1, seed=1)
    mixed = mix(music, voice, RATE, music_level_lu=0.0, speech=[(4, 6)])
    together = mixed.mastered.audio
    (start_s, end_s, depth_db) = mixed.dips[0]
    assert (start_s, end_s) == (4, 6)
    assert depth_db == pytest.approx(UNDER_VOICE_LU, abs=0.5), "both are equally loud"
    before, under, after = (shares(together, music, voice, span)[0] for span in ((1, 3), (4, 6), (8, 11)))
    assert before - under == pytest.approx(depth_db, abs=0.3)
    assert after == pytest.approx(before, abs=0.1)
    voices = [shares(together, music, voice, span)[1] for span in ((1, 3), (4, 6), (8, 11))]
    assert np.ptp(voices) < 0.1, "the original itself is left alone"


def test_a_voice_is_given_room_whatever_the_level() -> None:
    music, voice = noise(8, 0.1), noise(8, 0.1, seed=1)
    for level_lu in (-20.0, -6.0, 0.0, 6.0, 30.0):
        dips = mix(music, voice, RATE, music_level_lu=level_lu, speech=[(2, 5)]).dips
        wanted = level_lu + UNDER_VOICE_LU
        assert dips[0][2] == pytest.approx(min(max(wanted, LEAST_DIP_DB), DEEPEST_DIP_DB), abs=0.5)


def test_without_speech_the_music_keeps_its_level() -> None:
    music, original = noise(6, 0.1), noise(6, 0.1, seed=1) * np.repeat([[1.0], [0.05]], 3 * RATE, axis=0)
    together = mix(music, original.astype(np.float32), RATE, music_level_lu=0.0).mastered.audio
    loud, soft = (shares(together, music, original, span)[0] for span in ((0, 3), (3, 6)))
    assert loud == pytest.approx(soft, abs=0.2)


@settings(max_examples=40, deadline=None)
@given(
    passages=st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 3), st.floats(6, 24)), max_size=4),
)
def test_slopes_are_gentle_and_everything_spoken_is_covered(passages: list[tuple[float, float, float]]) -> None:
    rate = 4000
    dips = [(start, start + length, depth) for start, length, depth in passages]
    music = np.ones((12 * rate, 2), dtype=np.float32)
    lower(music, dips, rate)
    change_db = 20 * np.log10(music[:, 0])
    assert change_db.max() <= 1e-4
    assert np.abs(np.diff(change_db)).max() * rate <= 24 / 0.25 + 5, "no faster than the deepest dip in the attack"
    for start_s, end_s, depth_db in dips:
        spoken = change_db[math.ceil(start_s * rate) : math.floor(min(end_s, 12) * rate)]
        assert (spoken <= -depth_db + 1e-3).all()


def test_music_stays_down_in_short_pauses_only() -> None:
    music, voice = noise(14, 0.1), noise(14, 0.1, seed=1)
    speech = [(1, 3), (4, 5), (9, 10)]
    dips = mix(music, voice, RATE, music_level_lu=0.0, speech=speech).dips
    assert [dip[:2] for dip in dips] == [(1, 5), (9, 10)]


def test_lengths_differ() -> None:
    music = noise(3, 0.1)
    for seconds in (0.0, 0.5, 5.0):
        mixed = mix(music, noise(seconds, 0.1, seed=1), RATE, music_level_lu=0.0, speech=[(0.1, 0.4), (4, 5)])
        assert mixed.mastered.audio.shape == music.shape


@pytest.mark.parametrize("height", [0.0, 1e-5])
def test_silent_originals_leave_the_music_alone(height: float) -> None:
    music = noise(3, 0.1)
    mixed = mix(music, noise(3, height, seed=1), RATE, music_level_lu=-30.0)
    assert shares(mixed.mastered.audio, music, noise(3, 1, seed=5), (0, 3))[1] < -60
    assert mixed.mastered.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert mixed.dips == ()


def test_silent_music_leaves_the_original() -> None:
    original = noise(3, 0.1)
    mixed = mix(np.zeros_like(original), original, RATE, music_level_lu=0.0, speech=[(1, 2)])
    assert np.corrcoef(mixed.mastered.audio.ravel(), original.ravel())[0, 1] > 0.999


def test_what_is_given_is_not_changed() -> None:
    music, original = noise(3, 0.1), noise(3, 0.1, seed=1)
    copies = music.copy(), original.copy()
    mix(music, original, RATE, music_level_lu=3.0, speech=[(1, 2)])
    np.testing.assert_array_equal(music, copies[0])
    np.testing.assert_array_equal(original, copies[1])
