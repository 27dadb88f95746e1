"""Hearing how loud an upload is, describing it, and writing the downloads."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from emotion.errors import AudioReadError
from emotion.prediction import Prediction
from video2music.web.lazy import Lazy
from video2music.web.reading import read_music
from video2music.web.sound_card import sound_card
from video2music.web.waveform import Waveform, hear_waveform

RATE = 8_000


def silent(_stage: str, _fraction: float) -> None:
    """Hear nothing."""


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path


def test_the_waveform_follows_the_loudness(tmp_path: Path) -> None:
    level = np.repeat([0.1, 0.4, 0.0, 0.2], 3 * RATE)
    waveform = hear_waveform(write(tmp_path / "a.wav", level), silent)
    assert waveform.duration_s == 12.0
    np.testing.assert_allclose(waveform.bars(4), [0.25, 1.0, 0.0, 0.5], atol=1e-6)


@pytest.mark.parametrize(("rate", "seconds"), [(44_100, 11.037), (11_025, 5.0), (2_000, 0.26)])
def test_blocks_leave_no_gaps(tmp_path: Path, rate: int, seconds: float) -> None:
    count = round(rate * seconds)
    waveform = hear_waveform(write(tmp_path / "a.wav", np.full(count, 0.5), rate), silent)
    assert waveform.duration_s == pytest.approx(count / rate)
    np.testing.assert_allclose(waveform.power, 0.25)
    assert len(waveform.power) == -(-count // (rate // 100))


def test_silence_is_a_flat_line() -> None:
    assert not Waveform(np.zeros(50), 0.5).bars(180).any()
    assert len(Waveform(np.zeros(50), 0.5).bars(180)) == 50


def test_the_card_of_an_upload(tmp_path: Path) -> None:
    assert "1:05 · stereo · 8 kHz" in sound_card(write(tmp_path / "a.flac", np.zeros((65 * RATE, 2))))


def test_the_sound_of_a_video_is_described(make_clip: Callable[..., Path]) -> None:
    assert "2.0 s · stereo · 44.1 kHz" in sound_card(make_clip(seconds=2.0))


def test_a_video_without_sound_is_refused(make_clip: Callable[..., Path]) -> None:
    with pytest.raises(AudioReadError, match="no sound"):
        sound_card(make_clip(seconds=2.0, sound=False))


def test_what_cannot_be_heard_loads_no_networks(tmp_path: Path) -> None:
    samples = np.zeros(RATE)
    samples[100] = np.nan
    recogniser = Lazy(lambda: pytest.fail("not needed"))
    with pytest.raises(AudioReadError, match="not numbers"):
        read_music(write(tmp_path / "a.wav", samples), recogniser, tmp_path, "a", silent)


def test_the_downloads_hold_the_whole_prediction(tmp_path: Path, predict: Callable[..., Prediction]) -> None:
    prediction = predict(6.0)
    recogniser = Lazy(lambda: SimpleNamespace(name="fake", predict=lambda _source, **_: prediction))
    reading = read_music(write(tmp_path / "a.wav", np.zeros(RATE)), recogniser, tmp_path, "my song", silent)
    files = reading.files
    assert [path.name for path in (files.result, files.curve, files.chords)] == [
        f"my song - {kind}" for kind in ("emotion.json", "curve.csv", "chords.csv")
    ]
    result = json.loads(files.result.read_text(encoding="utf-8"))
    assert result == prediction.result()
    curve = list(csv.DictReader(files.curve.open(encoding="utf-8")))
    assert [float(row["valence"]) for row in curve] == result["curve"]["valence"]
    assert [float(row["time_s"]) for row in curve] == result["curve"]["time_s"]
    chords = list(csv.DictReader(files.chords.open(encoding="utf-8")))
    assert [(float(row["time_s"]), row["symbol"]) for row in chords] == [
        (chord["time_s"], chord["symbol"]) for chord in result["chords"]
    ]


def test_stages_are_named_for_people(tmp_path: Path, predict: Callable[..., Prediction]) -> None:
    stages: list[str] = []

    def answer(_source: Path, progress: Callable[[str, float], None]) -> Prediction:
        progress("listening", 0.5)
        progress("done", 1.0)
        return predict(1.0)

    recogniser = Lazy(lambda: SimpleNamespace(name="fake", predict=answer))
    sound = write(tmp_path / "a.wav", np.zeros(RATE))
    read_music(sound, recogniser, tmp_path, "a", lambda stage, _: stages.append(stage))
    assert list(dict.fromkeys(stages)) == [
        "Hearing the sound",
        "Loading the networks",
        "Listening",
        "Reading the emotion",
    ]
