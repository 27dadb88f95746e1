"""Loudness, peaks and files."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import resample_poly
from scipy.stats import spearmanr

from video2music.errors import OutputError
from video2music.music.arrangement import arrange
from video2music.music.mastering import (
    LARGEST_REDUCTION_DB,
    TRUE_PEAK_DBTP,
    integrated_loudness,
    master,
    write_wav,
)
from video2music.music.peaks import true_peak
from video2music.music.score import Score
from video2music.music.synthesis import synthesize

MakeScore = Callable[..., Score]
RATE = 44100


def tone(seconds: float, height: float, frequency: float = 440.0, phase: float = 0.0) -> NDArray[np.float32]:
    wave = height * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE + phase)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def oversampled_peak(audio: NDArray[np.float32]) -> float:
    """Oversample all, with silence around it in which the filter may ring."""
    return float(np.abs(resample_poly(np.pad(audio, ((20, 20), (0, 0))), 4, 1, axis=0)).max())


@pytest.mark.parametrize("target", [-14, -16, -23])
@pytest.mark.parametrize("height", [0.01, 0.1, 0.9, 4.0])
def test_target_is_reached_by_one_constant_gain(height: float, target: float) -> None:
    audio = tone(3, height)
    mastered = master(audio, RATE, target_lufs=target)
    measured = pyloudnorm.Meter(RATE).integrated_loudness(mastered.audio)
    assert measured == pytest.approx(target, abs=0.05)
    assert mastered.loudness_lufs == pytest.approx(measured, abs=0.05)
    np.testing.assert_allclose(mastered.audio, audio * 10 ** (mastered.gain_db / 20), rtol=1e-4, atol=1e-6)
    assert mastered.limiting is None
    assert mastered.reduction_db == 0


def test_peaks_come_before_loudness_and_the_result_says_so() -> None:
    clicks = np.zeros((3 * RATE, 2), dtype=np.float32)
    clicks[::22050] = 0.5
    mastered = master(clicks + tone(3, 0.001), RATE)
    assert oversampled_peak(mastered.audio) <= 10 ** (TRUE_PEAK_DBTP / 20)
    assert mastered.true_peak_dbtp == pytest.approx(TRUE_PEAK_DBTP, abs=0.05)
    assert mastered.reduction_db == pytest.approx(LARGEST_REDUCTION_DB, abs=0.05)
    assert mastered.loudness_lufs < -16.5
    assert integrated_loudness(mastered.audio, RATE) == pytest.approx(mastered.loudness_lufs, abs=0.01)


@pytest.mark.parametrize("target", [-14, -16, -23])
@pytest.mark.parametrize("ensemble", ["band", "lofi", "ambient", "musicbox"])
def test_drums_and_chimes_reach_every_target_and_keep_their_curve(
    make_score: MakeScore, sound_font: Path, ensemble: str, target: float
) -> None:
    score = make_score("Am F C G Am F Dm E Am Am", key="A minor", loudness=np.linspace(0.05, 0.35, 10), density=14)
    sound = synthesize(arrange(score, ensemble=ensemble), sound_font, duration_s=10)
    mastered = master(sound, RATE, target_lufs=target)
    assert pyloudnorm.Meter(RATE).integrated_loudness(mastered.audio) == pytest.approx(target, abs=0.1)
    assert oversampled_peak(mastered.audio) <= 10 ** (-1 / 20)
    gain = 10 ** (mastered.gain_db / 20) * (1 if mastered.limiting is None else mastered.limiting[:, np.newaxis])
    np.testing.assert_allclose(mastered.audio, sound * gain, atol=1e-5)
    curves = [
        np.square(x.astype(float)).sum(axis=1)[: 20 * 22050].reshape(20, -1).sum(axis=1)
        for x in (sound, mastered.audio)
    ]
    assert spearmanr(*curves).statistic > 0.99


def test_pieces_reach_the_target(make_score: MakeScore, sound_font: Path) -> None:
    score = make_score("Am F C G Am F Dm E Am Am", key="A minor", loudness=0.2, density=9)
    mastered = master(synthesize(arrange(score), sound_font, duration_s=10), RATE)
    assert pyloudnorm.Meter(RATE).integrated_loudness(mastered.audio) == pytest.approx(-16, abs=0.5)
    assert oversampled_peak(mastered.audio) < 10 ** (-1 / 20) + 1e-4


def test_loud_and_soft_passages_keep_their_distance(make_score: MakeScore, sound_font: Path) -> None:
    score = make_score("C " * 12, loudness=[0.05] * 6 + [0.4] * 6)
    sound = synthesize(arrange(score), sound_font, duration_s=12)
    mastered = master(sound, RATE).audio
    ratios = [np.square(x[6 * RATE : 10 * RATE]).mean() / np.square(x[: 4 * RATE]).mean() for x in (sound, mastered)]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)
    assert ratios[1] > 2


@pytest.mark.parametrize("samples", [1, 50, 4410, 17639, 17641])
def test_short_sounds_have_a_loudness(samples: int) -> None:
    audio = tone(1, 0.3)[100 : 100 + samples]
    mastered = master(audio, RATE)
    assert len(mastered.audio) == samples
    assert math.isfinite(mastered.loudness_lufs)
    assert mastered.true_peak_dbtp <= -1 + 1e-6


def test_silence_stays_silent() -> None:
    for samples in (0, 10, RATE):
        mastered = master(np.zeros((samples, 2), dtype=np.float32), RATE)
        assert not mastered.audio.any()
        assert mastered.gain_db == 0
        assert mastered.loudness_lufs == mastered.true_peak_dbtp == -math.inf


def test_noise_floor_is_not_blown_up() -> None:
    assert master(tone(1, 1e-3), RATE).gain_db == 40


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), samples=st.integers(1, 3000), spike=st.floats(0, 3))
def test_true_peak_is_that_of_oversampling_everything(seed: int, samples: int, spike: float) -> None:
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 0.1, (samples, 2)).astype(np.float32)
    audio[samples // 2] += spike
    assert true_peak(audio) == pytest.approx(oversampled_peak(audio), rel=1e-4)


def test_true_peak_lies_between_samples() -> None:
    audio = tone(0.5, 1.0, frequency=RATE / 4, phase=math.pi / 4)
    assert np.abs(audio).max() < 0.71
    assert true_peak(audio) > 0.97


def test_true_peak_is_found_behind_taller_samples() -> None:
    long = np.tile(tone(0.25, 0.9, frequency=RATE / 4, phase=0.0), (16, 1))
    between_samples = tone(0.05, 1.2, frequency=RATE / 4, phase=math.pi / 4)
    silence = tone(0.05, 0.0)
    audio = np.concatenate([long, silence, between_samples, silence])
    assert np.abs(between_samples).max() < np.abs(long).max()
    assert true_peak(audio) > 1.1


def test_loudness_is_that_of_the_standard() -> None:
    assert integrated_loudness(tone(5, 1.0, frequency=997.0)[:, :1], RATE) == pytest.approx(-3.01, abs=0.05)


def test_wav_is_whole_and_precise(tmp_path: Path) -> None:
    path = tmp_path / "music.wav"
    path.write_bytes(b"old")
    audio = tone(0.5, 0.001)
    write_wav(path, audio, RATE)
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(read, audio, atol=2**-23)
    assert [file.name for file in tmp_path.iterdir()] == ["music.wav"]


def test_wav_clips_instead_of_wrapping(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([[2.0, -2.0]], dtype=np.float32), RATE)
    assert soundfile.read(tmp_path / "a.wav")[0] == pytest.approx(np.array([[1.0, -1.0]]), abs=1e-6)


def test_wav_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_wav(tmp_path / "missing" / "a.wav", tone(0.1, 0.1), RATE)
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(OutputError):
        write_wav(tmp_path / "folder.wav", tone(0.1, 0.1), RATE)
    assert [file.name for file in tmp_path.iterdir()] == ["folder.wav"]
