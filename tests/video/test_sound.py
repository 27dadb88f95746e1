"""The sound that a video brings along."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from video2music.errors import VideoReadError
from video2music.video.sound import read_sound

Make = Callable[..., Path]


def test_sound_is_decoded_at_the_wanted_rate(make_clip: Make) -> None:
    samples = read_sound(make_clip("a.mp4", seconds=3.0), 22050)
    assert samples is not None
    assert samples.shape[1] == 2
    assert len(samples) / 22050 == pytest.approx(3.0, abs=0.06)
    assert np.abs(samples).max() == pytest.approx(0.2, rel=0.1)


def test_silent_film_has_none(make_clip: Make) -> None:
    assert read_sound(make_clip("silent.mp4", seconds=0.5, sound=False), 44100) is None


def test_song_is_not_a_video(music: Path) -> None:
    with pytest.raises(VideoReadError):
        read_sound(music, 44100)
