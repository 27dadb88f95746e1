"""Composing for a part of a clip, at a loudness, and rendering it again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emotion.errors import RefusalError
from video2music.music.mastering import integrated_loudness
from video2music.pipeline import Composer
from video2music.rerender import Target, render_file
from video2music.video.reader import VideoReader
from video2music.wishes import Wishes

MakeClip = Callable[..., Path]
PART = (1.2, 4.6)
FRAMES = 34


@pytest.fixture(scope="module")
def clip(make_clip: MakeClip) -> Path:
    return make_clip("range.mp4", seconds=6.0, fps=10, scenes=3)


@pytest.fixture(scope="module")
def composed(model: Composer, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a piece for a part of the clip."""
    folder = tmp_path_factory.mktemp("part")
    piece = model.compose(clip, seed=5, range_s=PART, lufs=-14.0, original="mix", music_level_lu=6.0, match=False)
    piece.save(folder, stems=True)
    return folder


def facts_of(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return facts


def picture(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return [frame.shown(1000).astype(float) for frame in reader]


def edited(folder: Path, tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(facts_of(folder) | changes))
    return path


def test_everything_is_as_long_as_the_part(composed: Path, clip: Path) -> None:
    facts = facts_of(composed)
    assert facts["range_s"] == list(PART)
    assert facts["duration_s"] == pytest.approx(3.4)
    assert len(facts["motion"]) == len(facts["emotion"]) == 4
    assert facts["cuts_s"][0] == pytest.approx(0.8, abs=0.01), "they count from where the part begins"
    written, whole = picture(composed / "video.mp4"), picture(clip)
    assert len(written) == FRAMES
    for one, other in zip(written, whole[12 : 12 + FRAMES], strict=True):
        assert np.abs(one - other).mean() < 6
    sound, rate = soundfile.read(composed / "music.wav")
    assert len(sound) / rate == pytest.approx(3.4, abs=0.001)


def test_loudness_is_what_was_wished_for(composed: Path) -> None:
    facts = facts_of(composed)
    sound, rate = soundfile.read(composed / "music.wav", dtype="float32")
    assert integrated_loudness(sound, rate) == pytest.approx(-14, abs=0.15)
    assert facts["lufs"] == -14
    assert facts["true_peak_dbtp"] < -1
    assert facts["gain_reduction_db"] >= 0
    assert facts["mix"]["loudness_lufs"] == pytest.approx(-14, abs=0.15)
    assert facts["mix"]["music_level_lu"] == 6


def test_stems_add_up_to_limited_music_too(composed: Path) -> None:
    music, _ = soundfile.read(composed / "music.wav")
    stems = [soundfile.read(path)[0] for path in (composed / "stems").iterdir()]
    rest = sum(stems) - music
    assert 10 * np.log10(np.square(rest).mean() / np.square(music).mean()) < -60


def test_rendered_again_it_lies_under_the_same_part(
    composed: Path, clip: Path, model: Composer, tmp_path: Path
) -> None:
    facts = render_file(composed / "result.json", Target(tmp_path / "again", clip), model.synthesizer, transpose=2)
    assert facts["range_s"] == list(PART)
    assert facts["lufs"] == -14, "the loudness is kept"
    assert facts["loudness_lufs"] == pytest.approx(-14, abs=0.15)
    for one, other in zip(picture(tmp_path / "again/video.mp4"), picture(composed / "video.mp4"), strict=True):
        assert np.abs(one - other).mean() < 1


def test_rendered_under_its_own_video_it_is_not_cut_again(composed: Path, model: Composer, tmp_path: Path) -> None:
    target = Target(tmp_path / "again", composed / "video.mp4", lufs=-23.0)
    facts = render_file(composed / "result.json", target, model.synthesizer)
    assert len(picture(tmp_path / "again/video.mp4")) == FRAMES
    assert facts["loudness_lufs"] == pytest.approx(-23, abs=0.1)


def test_other_clips_are_refused(composed: Path, model: Composer, make_clip: MakeClip, tmp_path: Path) -> None:
    short = make_clip("short.mp4", seconds=2.0, fps=5)
    with pytest.raises(RefusalError, match="no part from"):
        render_file(composed / "result.json", Target(tmp_path / "out", short), model.synthesizer)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"range_s": [4.6, 1.2]},
        {"range_s": [1.2, 5.9]},
        {"range_s": "all"},
        {"range_s": [1]},
        {"range_s": [None, 3]},
        {"range_s": {"from": 1}},
        {"range_s": [-1, 2.4]},
        {"lufs": -15},
        {"lufs": "loud"},
        {"lufs": None},
    ],
)
def test_results_edited_by_hand_are_refused_in_one_sentence(
    composed: Path, clip: Path, model: Composer, tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(RefusalError) as refusal:
        render_file(edited(composed, tmp_path, **changes), Target(tmp_path / "out", clip), model.synthesizer)
    assert "\n" not in str(refusal.value)


def test_a_piece_is_played_at_another_loudness(model: Composer, clip: Path) -> None:
    piece = model.compose(clip, seed=5, range_s=(0.0, 3.0), match=False)
    softer = piece.render(lufs=-23.0)
    assert (piece.lufs, softer.lufs) == (-16, -23)
    assert integrated_loudness(softer.audio, softer.sample_rate) == pytest.approx(-23, abs=0.1)
    assert softer.range_s == piece.range_s == (0.0, 3.0)
    assert softer.render(transpose=1).lufs == -23
    with pytest.raises(RefusalError, match="LUFS"):
        piece.render(lufs=-15)


@pytest.mark.parametrize(
    "wish",
    [
        {"range_s": (40.0, 5.0)},
        {"range_s": (float("nan"), 5.0)},
        {"range_s": (1.0, 1.05)},
        {"lufs": -15.0},
        {"lufs": float("nan")},
        {"music_level_lu": float("nan")},
        {"music_level_lu": 41.0},
    ],
)
def test_wishes_that_make_no_sense_are_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(RefusalError):
        Wishes(**wish)


def test_a_part_beyond_the_end_is_refused(model: Composer, clip: Path) -> None:
    with pytest.raises(RefusalError, match=r"clip of 6\.00 s"):
        model.compose(clip, range_s=(2.0, 9.0))


def test_command_line(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from video2music.cli import main

    for part, said in (("4-1", "lasts|no part"), ("2-9", "clip of 6.00 s"), ("x", "not a part")):
        assert main(["compose", str(clip), "-o", str(tmp_path / "out"), f"--range={part}"]) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert any(words in told for words in said.split("|"))
    assert not (tmp_path / "out").exists()
