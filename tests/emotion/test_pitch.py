"""The pitch spectrum: notes where they belong, whatever the tuning, and chroma that noise does not fill."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.embedded.pitch import (
    BINS,
    BINS_PER_SEMITONE,
    FRAME_RATE,
    HOP_SAMPLES,
    LOWEST_NOTE,
    SAMPLE_RATE,
    bass_chroma,
    chroma,
    estimate_tuning,
    frame_count,
    pitch_spectrum,
    tuning_evidence,
)


def tone(note: float, seconds: float = 1.5, partials: int = 1) -> NDArray[np.float32]:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440 * 2 ** ((note - 69) / 12)
    waves = [np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, partials + 1) if k * hertz < SAMPLE_RATE / 2]
    return np.asarray(0.2 * np.sum(waves, axis=0), dtype=np.float32)


def together(notes: list[float]) -> NDArray[np.float32]:
    return np.asarray(np.sum([tone(note, partials=4) for note in notes], axis=0), dtype=np.float32)


@settings(max_examples=25)
@given(st.integers(28, 107))
def test_a_tone_is_loudest_in_the_middle_bin_of_its_note(note: int) -> None:
    spectrum = pitch_spectrum(tone(note), tuning=0.0)
    loudest = int(spectrum[2:-2].mean(axis=0).argmax())
    assert loudest == (note - LOWEST_NOTE) * BINS_PER_SEMITONE + 1


@pytest.mark.parametrize("cents", [-45, -20, 0, 33, 48])
def test_the_tuning_is_found_and_followed(cents: int) -> None:
    mistuned = together([note + cents / 100 for note in (50, 57, 62, 66)])
    assert estimate_tuning(tuning_evidence(mistuned)) * 100 == pytest.approx(cents, abs=3)
    straight = chroma(pitch_spectrum(together([50, 57, 62, 66]))).mean(axis=0)
    followed = chroma(pitch_spectrum(mistuned)).mean(axis=0)
    assert np.corrcoef(straight, followed)[0, 1] > 0.97


def test_evidence_of_parts_adds_up() -> None:
    parts = [tone(69.2, partials=3), tone(60.2, partials=3)]
    pooled = estimate_tuning(sum((tuning_evidence(part) for part in parts), 0j))
    assert pooled == pytest.approx(0.2, abs=0.02)


@settings(max_examples=12)
@given(st.integers(0, 11))
def test_chroma_of_a_triad_stands_on_its_tones(root: int) -> None:
    triad = [root, (root + 4) % 12, (root + 7) % 12]
    spectrum = pitch_spectrum(np.sum([tone(60 + step, partials=5) for step in triad], axis=0))
    strongest = np.argsort(chroma(spectrum).mean(axis=0))[-3:]
    assert sorted(strongest) == sorted(triad)


def test_bass_chroma_hears_the_lowest_note() -> None:
    spectrum = pitch_spectrum(np.sum([tone(note, partials=3) for note in (38, 64, 67, 72)], axis=0))
    assert bass_chroma(spectrum).mean(axis=0).argmax() == 2
    assert bass_chroma(spectrum).mean(axis=0)[2] > 5 * bass_chroma(spectrum).mean(axis=0)[4]


def test_noise_fills_chroma_far_less_than_a_chord_of_the_same_level() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * SAMPLE_RATE).astype(np.float32)
    chord = np.sum([tone(note, seconds=3.0, partials=5) for note in (48, 64, 67)], axis=0)
    chord *= noise.std() / chord.std()
    assert np.ptp(chroma(pitch_spectrum(noise)).mean(axis=0)) < 0.2 * np.ptp(chroma(pitch_spectrum(chord)).mean(axis=0))


@pytest.mark.parametrize("samples", [0, 1, HOP_SAMPLES, HOP_SAMPLES + 1, 10_000])
def test_every_length_has_its_frames(samples: int) -> None:
    spectrum = pitch_spectrum(np.ones(samples, dtype=np.float32) * 0.1)
    assert spectrum.shape == (frame_count(samples), BINS)
    assert np.isfinite(spectrum).all()
    assert chroma(spectrum).shape == bass_chroma(spectrum).shape == (len(spectrum), 12)


def test_frames_lie_where_they_say() -> None:
    sound = np.concatenate([np.zeros(2 * SAMPLE_RATE, np.float32), tone(81, seconds=2.0)])
    heard = pitch_spectrum(sound, tuning=0.0)[:, (81 - LOWEST_NOTE) * BINS_PER_SEMITONE + 1]
    begins = int(np.argmax(heard > heard.max() / 2))
    assert abs((begins + 0.5) / FRAME_RATE - 2.0) <= 1.5 / FRAME_RATE


def test_silence_is_empty() -> None:
    silence = np.zeros(SAMPLE_RATE, dtype=np.float32)
    assert not pitch_spectrum(silence).any()
    assert tuning_evidence(silence) == 0
    assert estimate_tuning(0j) == 0
