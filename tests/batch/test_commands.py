"""`batch` and `dataset` on real small clips: results for the good ones, one sentence for the others, nothing twice."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from video2music.cli import main
from video2music.training.dataset import load_split

Said = Callable[[], dict]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture
def folder(tmp_path: Path, make_clip: Callable[..., Path]) -> Path:
    clips = tmp_path / "clips"
    (clips / "more").mkdir(parents=True)
    (clips / "sea.mp4").write_bytes(make_clip("sea.mp4", seconds=3.0).read_bytes())
    (clips / "more" / "broken.mp4").write_text("no video")
    return clips


def test_a_second_run_makes_only_what_is_missing_or_changed(folder: Path, tmp_path: Path, said: Said) -> None:
    command = ["batch", str(folder), "-o", str(tmp_path / "out"), "--workers", "1", "--no-match", "--json"]
    assert main(command) == 0
    first = said()
    assert (first["done"], first["kept"], list(first["failed"])) == (["sea"], [], ["more/broken"])
    made = tmp_path / "out" / "sea" / "music.mid"
    before = made.stat().st_mtime_ns
    assert main(command) == 0
    second = said()
    assert (second["done"], second["kept"], list(second["failed"])) == ([], ["sea"], ["more/broken"])
    assert made.stat().st_mtime_ns == before
    assert main([*command, "--tempo", "90"]) == 0
    assert said()["done"] == ["sea"]
    assert json.loads((tmp_path / "out" / "sea" / "result.json").read_text())["tempo"] == 90


def test_wrong_wishes_are_refused_before_any_work(folder: Path, tmp_path: Path) -> None:
    assert main(["batch", str(folder), "-o", str(tmp_path / "out"), "--key", "H major"]) == 1
    assert not (tmp_path / "out").exists()


def test_a_data_set_of_a_folder(folder: Path, tmp_path: Path, make_clip: Callable[..., Path], said: Said) -> None:
    from video2music.video.mux import mux

    rate, seconds = 44_100, 12
    time_s = np.arange(rate * seconds) / rate
    bars = [(261.6, 329.6, 392.0), (349.2, 440.0, 523.3), (392.0, 493.9, 587.3), (261.6, 329.6, 392.0)]
    chosen = np.minimum((time_s / 3).astype(int), 3)
    tones = sum(np.sin(2 * np.pi * np.array(bars)[chosen, voice] * time_s) for voice in range(3))
    sound = (0.1 * tones)[:, None].repeat(2, axis=1).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", sound, rate)
    mux(make_clip("picture.mp4", seconds=float(seconds), sound=False), tmp_path / "song.wav", folder / "song.mp4")
    command = ["dataset", str(folder), "-o", str(tmp_path / "set"), "--workers", "1", "--no-notes", "--json"]
    assert main(command) == 0
    outcome = said()
    assert outcome["done"] == ["song"]
    assert set(outcome["failed"]) == {"sea", "more/broken"}
    (song,) = load_split(tmp_path / "set", "train")
    assert abs(song.seconds - seconds) <= 1
    assert song.note_density is None
    assert len(set(song.chords[1:-1])) == 3
