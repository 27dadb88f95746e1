"""The sound that a video brings along."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from video2music.errors import OutputError
from video2music.video.sound import read_sound

Make = Callable[..., Path]


def test_sound_is_decoded_at_the_wanted_rate(make_clip: Make, tmp_path: Path) -> None:
    samples = read_sound(make_clip("a.mp4", seconds=3.0), 22050, tmp_path, start_s=0.0, length_s=10.0)
    assert samples is not None
    assert samples.shape[1] == 2
    assert len(samples) / 22050 == pytest.approx(3.0, abs=0.06)
    assert np.abs(samples).max() == pytest.approx(0.2, rel=0.1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_a_stretch_begins_and_ends_on_time(ffmpeg: Make, tmp_path: Path, name: str) -> None:
    # each second has a pitch of its own
    siren = "aevalsrc='0.2*sin(2*PI*(400+200*floor(t))*t)':s=48000:d=5"
    picture = ("-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=5")
    path = ffmpeg(*picture, "-f", "lavfi", "-i", siren, "-g", 50, name)
    samples = read_sound(path, 48000, tmp_path, start_s=1.5, length_s=2.0)
    assert samples is not None
    assert len(samples) == pytest.approx(2 * 48000, abs=48)
    strongest = [float(np.argmax(np.abs(np.fft.rfft(samples[at : at + 4800, 0]))) * 10) for at in (2400, 28800, 76800)]
    assert strongest == pytest.approx([600, 800, 1000], abs=15)
    step = int(np.argmax(np.abs(np.diff(samples[20000:28000, 0], n=2)))) + 20000
    assert step / 48000 == pytest.approx(0.5, abs=0.02)


def test_a_track_that_begins_late_is_preceded_by_silence(ffmpeg: Make, tmp_path: Path) -> None:
    late = ("-itsoffset", 1.0, "-f", "lavfi", "-i", "sine=d=2")
    path = ffmpeg("-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=3", *late, "a.mkv")
    samples = read_sound(path, 44100, tmp_path, start_s=0.0, length_s=3.0)
    assert samples is not None
    assert np.abs(samples[:43000]).max() < 0.001
    assert np.abs(samples[46000:]).max() > 0.05


def test_silence_is_no_sound(ffmpeg: Make, tmp_path: Path) -> None:
    path = ffmpeg("-f", "lavfi", "-i", "anullsrc=d=1", "-c:a", "pcm_s16le", "a.mkv")
    assert read_sound(path, 44100, tmp_path, start_s=0.0, length_s=1.0) is None


def test_what_holds_no_sound_is_refused(make_clip: Make, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        read_sound(make_clip("silent.mp4", sound=False), 44100, tmp_path, start_s=0.0, length_s=1.0)
