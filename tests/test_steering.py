"""What the picture asks of the music besides chords."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.features.video_features import VideoFeatures
from video2music.models.dynamics import Dynamics
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling
from video2music.music.score import Score
from video2music.steering import TABLE, steer, unsteered

LEVEL = st.floats(1, 9)
PLAYED = Dynamics(note_density=np.full(20, 10, np.float32), loudness=np.full(20, 0.2, np.float32))


def seen(arousal: float, valence: float = 5.0) -> VideoFeatures:
    zeros = np.zeros(20, np.float32)
    emotion = np.full((20, 6), 1 / 6, np.float32)
    return VideoFeatures(20.0, emotion, zeros + valence, zeros + arousal, zeros, zeros, zeros)


@given(LEVEL, LEVEL)
def test_a_livelier_picture_never_gets_slower_sparser_or_softer_music(first: float, second: float) -> None:
    calm, lively = (steer(seen(arousal)) for arousal in sorted((first, second)))
    assert calm.tempo_bpm <= lively.tempo_bpm
    assert calm.note_length >= lively.note_length
    assert (calm.shape(PLAYED).note_density <= lively.shape(PLAYED).note_density).all()
    assert (calm.shape(PLAYED).loudness <= lively.shape(PLAYED).loudness).all()


@given(LEVEL, LEVEL)
def test_a_brighter_picture_never_gets_lower_music(first: float, second: float) -> None:
    dark, bright = (steer(seen(5, valence)) for valence in sorted((first, second)))
    assert dark.register <= bright.register
    assert dark.brightness <= bright.brightness


@given(LEVEL, LEVEL)
def test_music_stays_playable(arousal: float, valence: float) -> None:
    steering = steer(seen(arousal, valence))
    level = np.ones(1)
    score = Score(("C",), level, level, "C major", 1, 2.0, steering.tempo_bpm)
    replace(score, register=steering.register, note_length=steering.note_length)
    assert TABLE.slowest_bpm <= steering.tempo_bpm <= TABLE.fastest_bpm
    shaped = steering.shape(PLAYED)
    assert (shaped.note_density > 0).all()
    assert ((shaped.loudness > 0) & (shaped.loudness <= 1)).all()


def test_a_calm_and_a_lively_half_sound_different() -> None:
    video = seen(5)
    video.arousal[:10], video.arousal[10:] = 4, 6
    shaped = steer(video).shape(PLAYED)
    assert shaped.note_density[15] > 2 * shaped.note_density[5]
    assert shaped.loudness[15] > shaped.loudness[5]


@pytest.mark.parametrize("arousal", [3.0, 5.0, 7.0])
def test_chords_are_held_for_as_many_seconds_at_every_tempo(arousal: float) -> None:
    steering = steer(seen(arousal))
    longest_s = steering.steered(Sampling()).hold_limit_s * 2 * 60 / steering.tempo_bpm
    assert longest_s == pytest.approx(Sampling().hold_limit_s, abs=60 / steering.tempo_bpm)


def test_as_published_nothing_is_steered() -> None:
    steering = unsteered(seen(8))
    shaped = steering.shape(PLAYED)
    assert steering.tempo_bpm == 120
    assert steering.steered(PUBLISHED_SAMPLING) == PUBLISHED_SAMPLING
    np.testing.assert_array_equal(shaped.note_density, PLAYED.note_density)
    np.testing.assert_array_equal(shaped.loudness, PLAYED.loudness)


@pytest.mark.parametrize(("arousal", "word"), [(3.0, "calmer"), (4.94, "neither"), (7.0, "livelier")])
def test_the_words_say_what_was_seen_and_done(arousal: float, word: str) -> None:
    steering = steer(seen(arousal))
    assert word in steering.words
    assert f"{steering.tempo_bpm:.0f} beats per minute" in steering.words
    assert f"{replace(steering, tempo_bpm=90).words}".count("90 beats") == 1
