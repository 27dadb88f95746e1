"""Decoding sound of all kinds."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from emotion.audio import read_audio
from emotion.errors import AudioReadError

Make = Callable[..., Path]


def write_tone(path: Path, *, rate: int = 44100, channels: int = 2, seconds: float = 2.0) -> Path:
    time_s = np.arange(int(rate * seconds)) / rate
    tone = np.stack([0.5 / (channel + 1) * np.sin(2 * np.pi * 440 * time_s) for channel in range(channels)], axis=1)
    soundfile.write(path, tone, rate)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff", "a.mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_formats(tmp_path: Path, name: str, channels: int) -> None:
    audio = read_audio(write_tone(tmp_path / name, channels=channels), sample_rate=None)
    assert audio.sample_rate == 44100
    assert audio.samples.shape[1] == channels
    assert audio.samples.dtype == np.float32
    assert audio.duration_s == pytest.approx(2.0, abs=0.06)
    assert np.abs(audio.samples[10000:-10000, 0]).max() == pytest.approx(0.5, abs=0.02)


def test_wav_is_read_exactly(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav")
    samples, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(read_audio(path, sample_rate=None).samples, samples, atol=1e-6)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_resampling_keeps_length_and_pitch(tmp_path: Path, rate: int) -> None:
    audio = read_audio(write_tone(tmp_path / "a.wav"), sample_rate=rate, mono=True)
    assert audio.sample_rate == rate
    assert audio.duration_s == pytest.approx(2.0, abs=0.002)
    spectrum = np.abs(np.fft.rfft(audio.samples[:, 0]))
    assert np.argmax(spectrum) / audio.duration_s == pytest.approx(440, abs=1)


def test_more_than_two_channels_become_two(tmp_path: Path) -> None:
    assert read_audio(write_tone(tmp_path / "a.wav", channels=6), sample_rate=None).samples.shape[1] == 2


def test_sound_of_a_video(make_clip: Make) -> None:
    audio = read_audio(make_clip("a.mp4", seconds=3.0), sample_rate=44100)
    assert audio.duration_s == pytest.approx(3.0, abs=0.06)
    assert np.abs(audio.samples).max() > 0.15


def test_cut_off_song_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read_audio(path, sample_rate=None).duration_s == pytest.approx(1.0, abs=0.1)


def test_refusals(make_clip: Make, tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("not sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:2,\na.wav\n#EXT-X-ENDLIST\n")
    write_tone(tmp_path / "a.wav")
    silent = make_clip("silent.mp4", seconds=0.5, sound=False)
    for path in (
        tmp_path / "gone.wav",
        tmp_path,
        *(tmp_path / n for n in ("text.mp3", "empty.wav", "list.m3u8")),
        silent,
    ):
        with pytest.raises(AudioReadError) as caught:
            read_audio(path, sample_rate=None)
        assert caught.value.remedy


def test_header_without_samples(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "none.wav"), "w") as container:
        container.add_stream("pcm_s16le", rate=44100, layout="mono")
        container.start_encoding()
    with pytest.raises(AudioReadError):
        read_audio(tmp_path / "none.wav", sample_rate=None)


def test_mono_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav")
    both = read_audio(path, sample_rate=None).samples
    mono = read_audio(path, sample_rate=None, mono=True).samples
    np.testing.assert_allclose(mono[:, 0], both.mean(axis=1), atol=1e-6)
