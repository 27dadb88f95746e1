"""Who speaks is found by voice, not by level."""

import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter

from emotion.audio import read_audio
from video2music.music.arrangement import arrange
from video2music.music.score import Score
from video2music.music.sound_fonts import find_sound_font
from video2music.music.synthesis import synthesize
from video2music.video.speech import passages_from, speech_passages

Sound = NDArray[np.float32]
RATE = 44100
SPOKEN_S = (0.15, 4.5)
"""Where the recording speaks, with pauses of less than half a second."""


@pytest.fixture(scope="session")
def speech() -> Sound:
    path = Path(__file__).parents[1] / "data/speech.ogg"
    return np.repeat(read_audio(path, sample_rate=RATE, mono=True).samples, 2, axis=1)


@pytest.fixture(scope="session")
def played() -> Callable[[str], Sound]:
    def play(ensemble: str) -> Sound:
        symbols = ("Am", "F", "C", "G", "Am", "F")
        curve = np.full(6, 0.2, dtype=np.float32)
        score = Score(symbols, curve * 60, curve, key="A minor", seed=1, duration_s=6.0)
        return synthesize(arrange(score, ensemble=ensemble), find_sound_font(None), duration_s=6)

    return play


def level(sound: Sound) -> float:
    return float(np.sqrt(np.square(sound).mean()))


def covered(passages: list[tuple[float, float]], span_s: tuple[float, float]) -> float:
    """Share of a span that lies in passages."""
    spoken = sum(max(0.0, min(end, span_s[1]) - max(start, span_s[0])) for start, end in passages)
    return spoken / (span_s[1] - span_s[0])


@pytest.mark.parametrize("height", [1.0, 0.03])
def test_speech_is_found_where_it_is_however_soft(speech: Sound, height: float) -> None:
    silence = np.zeros((2 * RATE, 2), dtype=np.float32)
    passages = speech_passages(np.concatenate([silence, speech * height, silence]), RATE)
    assert covered(passages, (2 + SPOKEN_S[0], 2 + SPOKEN_S[1])) > 0.95
    assert passages[0][0] > 1.9
    assert passages[-1][1] < 7.2


@pytest.mark.parametrize("ensemble", ["piano", "band", "strings", "lofi"])
def test_music_is_not_speech_but_speech_over_it_is(
    speech: Sound, played: Callable[[str], Sound], ensemble: str
) -> None:
    music = played(ensemble)
    assert speech_passages(music, RATE) == []
    over = music[: len(speech)] * level(speech) / level(music) * 10 ** (-5 / 20) + speech
    assert covered(speech_passages(over, RATE), SPOKEN_S) > 0.9


@pytest.mark.parametrize("kind", ["white", "dark", "tone", "silence", "steps"])
def test_noise_and_ambience_are_not_speech(kind: str) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    time_s = np.arange(5 * RATE) / RATE
    sounds = {
        "white": noise,
        "dark": lfilter([0.05], [1, -0.99], noise),
        "tone": 0.3 * np.sin(2 * np.pi * 200 * time_s),
        "silence": np.zeros(5 * RATE),
        "steps": noise * np.exp(-20 * (time_s % 0.6)),
    }
    assert speech_passages(sounds[kind][:, np.newaxis].astype(np.float32), RATE) == []


def test_noise_as_loud_as_speech_at_every_moment_is_not_speech(speech: Sound) -> None:
    window = np.hanning(2205)
    envelope = np.sqrt(np.convolve(np.square(speech[:, 0]), window / window.sum(), mode="same"))
    noise = np.random.default_rng(1).normal(0, 1, len(speech)) * envelope
    assert speech_passages(noise[:, np.newaxis].astype(np.float32), RATE) == []


@pytest.mark.parametrize(
    "name",
    [
        "librosa_data__147793__setuniman__sweet-waltz-0i-22mi.ogg",
        "librosa_data__442789__lena-orsa__happy-music-pistachio-ice-cream-ragtime.ogg",
        "librosa_data__Kevin_MacLeod_-_Vibe_Ace.ogg",
        "librosa_data__admiralbob77_-_Choice_-_Drum-bass.ogg",
        "librosa_data__sorohanro_-_solo-trumpet-06.ogg",
        "librosa_data__glacier-bay-humpback.ogg",
    ],
)
def test_recorded_instruments_and_animals_are_not_speech(reference: Callable[[str], Path], name: str) -> None:
    sound = read_audio(reference(f"data/sample_audio/{name}"), sample_rate=RATE).samples
    assert speech_passages(sound[: 60 * RATE], RATE) == []


@pytest.mark.parametrize("samples", [0, 1, 511, 2000])
def test_short_sounds(samples: int) -> None:
    assert speech_passages(np.zeros((samples, 2), dtype=np.float32), 16000) == []


def test_the_process_is_left_as_it_was(speech: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert speech_passages(speech, RATE)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


def frames(*runs: tuple[float, float]) -> NDArray[np.float32]:
    """Probabilities that stand for some seconds each."""
    return np.concatenate([np.full(round(seconds / 0.032), value, dtype=np.float32) for value, seconds in runs])


def test_probabilities_become_passages() -> None:
    sure, doubtful, none = 0.99, 0.5, 0.1
    assert passages_from(frames((none, 3))) == []
    assert passages_from(frames((none, 1), (sure, 1), (none, 1))) == [pytest.approx((1, 2), abs=0.05)]
    assert passages_from(frames((sure, 1), (doubtful, 0.3), (sure, 1))) == [pytest.approx((0, 2.3), abs=0.05)]
    assert len(passages_from(frames((sure, 1), (none, 0.3), (sure, 1)))) == 1, "a short pause belongs to it"
    assert len(passages_from(frames((sure, 1), (none, 0.8), (sure, 1)))) == 2
    assert passages_from(frames((none, 1), (sure, 0.2), (none, 1))) == [], "too short to be sure"
    assert passages_from(frames((0.7, 4))) == [], "likely at best"
    assert passages_from(frames((0.7, 4), (sure, 0.5))) == [], "a moment within a long doubt, as in singing"
    assert passages_from(np.zeros(0, dtype=np.float32)) == []
