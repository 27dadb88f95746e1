"""Sound in blocks: nothing is lost or invented, memory stays small, hostile sound is refused."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.audio import Audio
from emotion.errors import AudioReadError
from emotion.listening import Segments, listen


def heard(source: Path | Audio) -> NDArray:
    with listen(source) as sound:
        return np.concatenate(list(sound.blocks))


def noise(count: int, channels: int = 1) -> NDArray:
    return np.random.default_rng(3).uniform(-0.5, 0.5, (count, channels)).astype(np.float32)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=12), st.integers(1, 900))
@settings(max_examples=50)
def test_segments_do_not_depend_on_how_the_sound_arrives(blocks: list[int], size: int) -> None:
    sound = np.arange(sum(blocks), dtype=np.float32)
    cutter = Segments(8000, 8000, size)
    segments, start = [], 0
    for length in blocks:
        segments += cutter.feed(sound[start : start + length])
        start += length
    segments += cutter.finish()
    np.testing.assert_array_equal(np.concatenate([*segments, np.zeros(0)]), sound)
    assert all(len(segment) == size for segment in segments[:-1])


@pytest.mark.parametrize(("source", "target"), [(44_100, 24_000), (8_000, 22_050), (48_000, 24_000)])
def test_resampling_in_blocks_is_resampling_at_once(source: int, target: int) -> None:
    soxr = pytest.importorskip("soxr")
    sound = noise(3 * source)[:, 0]
    cutter = Segments(source, target, target)
    segments = [part for start in range(0, len(sound), 5000) for part in cutter.feed(sound[start : start + 5000])]
    segments += cutter.finish()
    assert [len(segment) for segment in segments] == [target] * 3
    np.testing.assert_allclose(np.concatenate(segments), soxr.resample(sound, source, target), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    sound = noise(30_000, channels)
    soundfile.write(tmp_path / "a.wav", sound, 22_050, subtype="FLOAT")
    np.testing.assert_allclose(heard(tmp_path / "a.wav"), sound.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(heard(Audio(sound, 22_050)), sound.mean(axis=1), atol=1e-6)


def test_the_sound_of_a_video(make_clip: Callable[..., Path]) -> None:
    sound = heard(make_clip(seconds=3.0))
    assert abs(len(sound) / 44_100 - 3.0) < 0.1
    assert 0.1 < np.sqrt(np.square(sound).mean()) < 0.2


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, subtype="PCM_U8") as file:
        minute = noise(60 * 8_000)[:, 0]
        for _ in range(6):
            file.write(minute)
    tracemalloc.start()
    with listen(path) as sound:
        cutter = Segments(sound.sample_rate, sound.sample_rate, 30 * sound.sample_rate)
        count = sum(len(part) for block in sound.blocks for part in cutter.feed(block))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 360 * 8_000
    # float samples of the whole would need four bytes each
    assert peak < 0.5 * 4 * count


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_hostile_files_are_refused(tmp_path: Path, make_clip: Callable[..., Path]) -> None:
    soundfile.write(tmp_path / "whole.flac", noise(50_000), 22_050)
    whole = (tmp_path / "whole.flac").read_bytes()
    silent = make_clip("silent.mp4", sound=False)
    broken = noise(30_000)
    broken[77] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken, 22_050, subtype="FLOAT")
    soundfile.write(tmp_path / "blink.wav", noise(1000), 22_050)
    cases = {
        tmp_path / "absent.wav": "no such file",
        tmp_path: "folder",
        write(tmp_path / "empty.mp3", b""): "empty",
        write(tmp_path / "text.wav", b"this is not sound" * 100): "not an audio file",
        write(tmp_path / "head.flac", whole[:60]): "damaged|not an audio file|no sound",
        silent: "no sound",
        tmp_path / "nan.wav": "not numbers",
        tmp_path / "blink.wav": "lasts",
    }
    for path, words in cases.items():
        with pytest.raises(AudioReadError, match=words) as refusal:
            heard(path)
        assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("rate", [0, 100, 10**8])
def test_impossible_sample_rates_are_refused(rate: int) -> None:
    with pytest.raises(AudioReadError, match="sample rate"):
        heard(Audio(noise(30_000), rate))


def test_a_file_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.mp3", noise(10 * 22_050), 22_050)
    path = write(tmp_path / "cut.mp3", (tmp_path / "whole.mp3").read_bytes()[:20_000])
    assert 1 * 22_050 < len(heard(path)) < 9 * 22_050
