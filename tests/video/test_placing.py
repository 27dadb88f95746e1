"""The music alone is used as it is where it fits, and copied with silence around it where it does not."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from video2music.video import mixing
from video2music.video.mixing import Sound, Stretch, is_placed, write_sound

RATE = 8000


@pytest.fixture
def music(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "music.wav", rng.uniform(-0.5, 0.5, (RATE, 2)), RATE, subtype="PCM_24")
    return tmp_path / "music.wav"


@pytest.mark.parametrize(
    ("stretch", "fits"),
    [(Stretch(0, 0, 1), True), (Stretch(3, 0, 1), True), (Stretch(0, 0.5, 1), False), (Stretch(0, 0, 1.5), False)],
)
def test_music_fits_that_is_as_long_as_the_picture_and_begins_with_it(
    music: Path, stretch: Stretch, *, fits: bool
) -> None:
    assert is_placed(music, stretch) == fits


def test_music_in_mono_does_not_fit(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", np.zeros(RATE), RATE, subtype="PCM_24")
    assert not is_placed(tmp_path / "mono.wav", Stretch(0, 0, 1))


@pytest.mark.parametrize("block", [100, 1 << 16])
@pytest.mark.parametrize(("delay_s", "length_s"), [(0, 1), (0.25, 1), (0, 0.5), (0.25, 2), (2, 1.5)])
def test_silence_stands_around_music_that_is_shorter(
    music: Path, monkeypatch: pytest.MonkeyPatch, block: int, delay_s: float, length_s: float
) -> None:
    monkeypatch.setattr(mixing, "_BLOCK", block)
    assert write_sound(Sound(music), None, Stretch(0, delay_s, length_s), music.with_name("out.wav")) is None
    delay, length = round(delay_s * RATE), round(length_s * RATE)
    found, _ = soundfile.read(music.with_name("out.wav"), dtype="int32")
    wanted = np.concatenate([np.zeros((delay, 2), int), soundfile.read(music, dtype="int32")[0], np.zeros((length, 2))])
    np.testing.assert_array_equal(found, wanted[:length])
    assert is_placed(music.with_name("out.wav"), Stretch(0, 0, length_s))
