"""What was written is looked at before anybody is given it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from video2music.errors import OutputError
from video2music.video import mux as muxing
from video2music.video.mux import mux
from video2music.video.verifying import check_video

Clips = Callable[..., Path]


def test_a_whole_video_passes(make_clip: Clips) -> None:
    check_video(make_clip(seconds=3.0), 3.0, 3.0, 0.04)


@pytest.mark.parametrize(
    ("length_s", "sound_s", "said"),
    [
        (3.1, 3.0, r"has 3\.00 s of picture instead of 3\.10 s"),
        (2.9, 3.0, r"has 3\.00 s of picture instead of 2\.90 s"),
        (3.0, 4.0, r"has 3\.0\d s of sound instead of 4\.00 s"),
    ],
)
def test_another_length_is_noticed(make_clip: Clips, length_s: float, sound_s: float, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        check_video(make_clip(seconds=3.0), length_s, sound_s, 0.04)


def test_missing_sound_is_noticed(make_clip: Clips) -> None:
    with pytest.raises(OutputError, match="has no sound"):
        check_video(make_clip(seconds=3.0, sound=False), 3.0, 3.0, 0.04)


def test_half_a_file_is_noticed(make_clip: Clips, tmp_path: Path) -> None:
    whole, half = make_clip(seconds=3.0).read_bytes(), tmp_path / "half.mp4"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OutputError, match="cannot be read again"):
        check_video(half, 3.0, 3.0, 0.04)


def test_a_video_that_came_out_wrong_is_not_left(
    make_clip: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music, result, real = tmp_path / "music.wav", tmp_path / "video.mp4", muxing.run_ffmpeg
    soundfile.write(music, np.full((3 * 44100, 2), 0.1), 44100)

    def cut_short(arguments: list[str], destination: Path) -> str:
        at = arguments.index("-t")
        return real([*arguments[: at + 1], "1.0", *arguments[at + 2 :]], destination)

    monkeypatch.setattr(muxing, "run_ffmpeg", cut_short)
    with pytest.raises(OutputError, match=r"instead of 3\.00 s: .*video\.mp4"):
        mux(make_clip(seconds=3.0), music, result)
    assert list(tmp_path.iterdir()) == [music]
