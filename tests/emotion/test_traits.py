"""Musical traits: what carries emotion moves them, what does not leaves them alone, and nothing breaks them."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.embedded.mel import BANDS, LEVEL_DB, SAMPLE_RATE, at_level, level_db, mel_decibels, network_picture
from emotion.embedded.pitch import BINS, pitch_spectrum
from emotion.embedded.traits import Frames, musical_traits

Samples = NDArray[np.float32]

MAJOR_CADENCE = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
MINOR_CADENCE = ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7))


def struck(notes: tuple[int, ...], seconds: float) -> Samples:
    """Strings that are struck and fade."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(len(time))
    for note in notes:
        hertz = 440 * 2 ** ((note - 69) / 12)
        for partial in range(1, 6):
            sound += np.sin(2 * np.pi * partial * hertz * time) * np.exp(-time * (1 + partial / 2)) / partial
    return (0.05 * sound).astype(np.float32)


def cadence(chords: tuple[tuple[int, ...], ...], *, up: int = 0, seconds: float = 0.75) -> Samples:
    """Each chord with its root in the bass, four times in a row."""
    return np.concatenate([struck((36 + up + c[0], *(60 + up + n for n in c)), seconds) for c in chords] * 4)


def frames_of(samples: Samples) -> Frames:
    """Hear a sound as the engine does: at one level whatever its own."""
    samples = samples * np.float32(10 ** ((LEVEL_DB - level_db(samples)) / 20))
    return Frames(at_level(mel_decibels(samples), level_db(samples)), pitch_spectrum(samples))


def traits_of(samples: Samples) -> dict[str, float]:
    return musical_traits(frames_of(samples))


@cache
def traits_of_cadence(mode: str, up: int = 0) -> dict[str, float]:
    return traits_of(cadence(MAJOR_CADENCE if mode == "major" else MINOR_CADENCE, up=up))


@pytest.mark.parametrize("up", [0, 4, 9])
def test_major_and_minor_lie_on_either_side(up: int) -> None:
    major, minor = (traits_of_cadence(mode, up) for mode in ("major", "minor"))
    for name in ("mode", "relative_mode", "mode_of_windows"):
        assert major[name] > 0.02 > -0.02 > minor[name], name
    assert major["degree_4"] > 2 * major["degree_3"]
    assert minor["degree_3"] > 2 * minor["degree_4"]


TONAL = ("major_fit", "minor_fit", "mode", "relative_mode", "key_clarity", "chroma_entropy", "bass_fit")


@pytest.mark.parametrize("up", [1, 5, 7])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_transposing_leaves_what_is_tonal_and_rhythmic(mode: str, up: int) -> None:
    here, there = traits_of_cadence(mode), traits_of_cadence(mode, up)
    for name in TONAL:
        assert there[name] == pytest.approx(here[name], abs=0.12), name
    for degree in range(12):
        assert there[f"degree_{degree}"] == pytest.approx(here[f"degree_{degree}"], abs=0.08)
    assert there["register"] == pytest.approx(here["register"] + up, abs=2.0)
    for name in ("onset_rate_few", "onset_rate_many"):
        assert there[name] == pytest.approx(here[name], abs=0.4), name


def test_more_notes_a_second_are_heard_as_more() -> None:
    slow, medium, fast = (
        traits_of(np.concatenate([struck((60 + step % 5,), seconds) for step in range(round(12 / seconds))]))
        for seconds in (1.0, 0.5, 0.25)
    )
    for name in ("onset_rate_few", "onset_rate_many", "note_rate", "rise", "rise_mean"):
        assert slow[name] < medium[name] < fast[name], name
    assert slow["gap_few"] > medium["gap_few"] > fast["gap_few"]
    assert np.expm1(fast["onset_rate_few"]) == pytest.approx(4, rel=0.2)


def test_even_notes_have_a_pulse_and_noise_has_none() -> None:
    even = traits_of(np.concatenate([struck((60,), 0.5)] * 24))
    noise = traits_of(np.random.default_rng(0).normal(0, 0.1, 12 * SAMPLE_RATE).astype(np.float32))
    assert even["pulse_clarity"] > 0.6
    assert noise["pulse_clarity"] < 0.3
    assert even["gap_variation_few"] < 0.2
    assert noise["flatness"] > even["flatness"] + 2


@settings(max_examples=6)
@given(st.floats(-40, 20))
def test_how_loud_it_was_recorded_makes_no_difference(gain_db: float) -> None:
    sound = cadence(MAJOR_CADENCE[:2])
    here, there = traits_of(sound), traits_of(sound * np.float32(10 ** (gain_db / 20)))
    for name, value in here.items():
        assert there[name] == pytest.approx(value, abs=0.02), name


def test_dynamics_inside_a_piece_are_heard() -> None:
    steady = cadence(MAJOR_CADENCE)
    swelling = steady * np.linspace(0.02, 1, len(steady), dtype=np.float32)
    assert traits_of(swelling)["level_range"] > traits_of(steady)["level_range"] + 6


def sounds() -> dict[str, Samples]:
    generator = np.random.default_rng(1)
    click = np.zeros(3 * SAMPLE_RATE, np.float32)
    click[5000] = 1.0
    return {
        "silence": np.zeros(3 * SAMPLE_RATE, np.float32),
        "noise": generator.normal(0, 0.1, 3 * SAMPLE_RATE).astype(np.float32),
        "hiss": generator.normal(0, 1e-6, 3 * SAMPLE_RATE).astype(np.float32),
        "click": click,
        "constant": np.full(3 * SAMPLE_RATE, 0.5, np.float32),
        "two samples": np.array([0.5, -0.5], np.float32),
        "one sample": np.array([0.5], np.float32),
        "a frame": struck((60,), 1 / 40),
    }


@pytest.mark.parametrize("name", list(sounds()))
@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")
def test_any_sound_has_traits(name: str) -> None:
    traits = traits_of(sounds()[name])
    assert list(traits) == list(traits_of_cadence("major"))
    assert np.isfinite(list(traits.values())).all()


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(1, 12), st.floats(-86, 30), st.floats(0, 7), st.integers(0, 2**31))
def test_any_spectrum_has_traits(mel: int, pitch: int, level: float, height: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    frames = Frames(
        generator.uniform(-86, level + 1e-3, (mel, BANDS)).astype(np.float32),
        generator.uniform(0, height + 1e-3, (pitch, BINS)).astype(np.float32),
    )
    traits = musical_traits(frames)
    assert all(isinstance(value, float) for value in traits.values())
    assert np.isfinite(list(traits.values())).all()
    assert -1.01 <= traits["pulse_clarity"] <= 1.01
    assert sum(traits[f"degree_{degree}"] for degree in range(12)) == pytest.approx(1, abs=1e-3) or height < 0.1
    picture = network_picture(frames.mel)
    assert picture.shape == (2, max(1, mel // 4), BANDS)
    assert np.isfinite(picture).all()


@settings(max_examples=30)
@given(st.floats(0, 40), st.floats(0.01, 40))
def test_a_part_lies_where_it_was_asked_for(start_s: float, length_s: float) -> None:
    mel = np.repeat(np.arange(round(30 * 46.875), dtype=np.float32)[:, None], BANDS, axis=1)
    pitch = np.repeat(np.arange(240, dtype=np.float32)[:, None], BINS, axis=1)
    part = Frames(mel, pitch).between(start_s, start_s + length_s)
    assert len(part.mel) >= 1
    assert len(part.pitch) >= 1
    if start_s < 29.5:
        assert part.mel[0, 0] / 46.875 == pytest.approx(start_s, abs=0.02)
        assert part.pitch[0, 0] / 8 == pytest.approx(start_s, abs=0.07)
        assert (part.mel[-1, 0] + 1) / 46.875 == pytest.approx(min(30, start_s + length_s), abs=0.04)
