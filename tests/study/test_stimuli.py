import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import pytest
import soundfile

from emotion.hub import file_sha256
from video2music.music.mastering import integrated_loudness
from video2music.study.fitting import fit
from video2music.study.preparing import Preparation
from video2music.study.reading import read_study
from video2music.study.stimuli import StimuliError, load_stimuli, needed, read_manifest, stimulus_path
from video2music.study.trials import Stimulus

MakeClip = Callable[..., Path]
Prepare = Callable[..., Preparation]
RATE = 44_100


class Composer(Protocol):
    """The one that stands in for the real one."""

    asked: list[Any]
    stop_at: str
    meanwhile: Callable[[], object] | None


def tone(frequency: float, seconds: float) -> np.ndarray:
    wave = 0.1 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def heard(folder: Path, stimulus: Stimulus) -> np.ndarray:
    """Sound of a stimulus as a browser decodes it, (samples, 2)."""
    with av.open(str(stimulus_path(read_study(folder / "study.yaml"), stimulus))) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(blocks, axis=1).T


def pitch(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0]))
    return float(np.argmax(spectrum) * RATE / len(sound))


def test_every_clip_gets_every_condition_and_the_training_its_own(prepared_once: tuple[Path, Preparation]) -> None:
    folder, done = prepared_once
    study = read_study(folder / "study.yaml")
    assert done.problems == []
    assert len(done.made) == 2 * 5 + 1
    stimuli = load_stimuli(study)
    assert set(stimuli) == {(clip.id, condition.id) for clip, condition in needed(study)} == set(done.made)
    assert all(file_sha256(stimulus_path(study, stimulus)) == stimulus.sha256 for stimulus in stimuli.values())
    assert stimuli["two", "ours"].duration_s == pytest.approx(1.5, abs=0.04)
    assert stimuli["one", "ours"].duration_s == pytest.approx(2.0, abs=0.04)


def test_nothing_about_a_file_tells_its_condition(prepared_once: tuple[Path, Preparation]) -> None:
    folder = prepared_once[0]
    files = sorted((folder / "stimuli").glob("*.mp4"))
    assert all(re.fullmatch(r"[0-9a-f]{16}\.mp4", path.name) for path in files)
    assert len({path.stat().st_mtime for path in files}) == 1
    assert sorted(path.name for path in (folder / "stimuli").iterdir() if path not in files) == ["manifest.json"]
    shown: dict[str, set[str]] = {}
    for entry in read_manifest(read_study(folder / "study.yaml")).stimuli:
        with av.open(str(folder / "stimuli" / f"{entry.name}.mp4")) as container:
            header = {
                "file": dict(container.metadata),
                "duration": container.duration,
                "streams": [(s.type, s.codec_context.name, s.time_base, dict(s.metadata)) for s in container.streams],
                "pictures": [(p.pts, p.dts, bytes(p)) for p in container.demux(video=0)],
            }
            assert "best system" not in str(header["file"])
        shown.setdefault(entry.clip, set()).add(str(header))
    assert {clip: len(headers) for clip, headers in shown.items()} == {"one": 1, "two": 1, "warm-up": 1}


def test_everything_is_equally_loud_and_no_peak_is_clipped(prepared_once: tuple[Path, Preparation]) -> None:
    folder = prepared_once[0]
    for entry in read_manifest(read_study(folder / "study.yaml")).stimuli:
        sound = heard(folder, entry.stimulus)
        assert integrated_loudness(sound, RATE) == pytest.approx(-23, abs=0.5), entry
        assert entry.lufs == pytest.approx(-23, abs=0.5)
        assert entry.true_peak_dbtp < -1


def test_the_music_is_that_of_the_condition(prepared_once: tuple[Path, Preparation]) -> None:
    folder = prepared_once[0]
    stimuli = load_stimuli(read_study(folder / "study.yaml"))
    pitches = {key: pitch(heard(folder, stimulus)) for key, stimulus in stimuli.items()}
    expected = {
        ("one", "ours"): 440,
        ("two", "ours"): 880,
        ("one", "shuffled"): 880,
        ("two", "shuffled"): 440,
        ("one", "finished"): 660,
        ("one", "original"): 330,
        ("two", "original"): 330,
    }
    assert {key: pitches[key] for key in expected} == {
        key: pytest.approx(value, abs=3) for key, value in expected.items()
    }


def test_what_was_done_to_the_length_is_said(prepared_once: tuple[Path, Preparation]) -> None:
    folder, done = prepared_once
    entries = read_manifest(read_study(folder / "study.yaml")).entries()
    assert entries["one", "finished"].fitted == "shorter than the clip: the last 0.8 s are silent"
    assert entries["one", "finished"].music_ends_s == pytest.approx(1.2, abs=0.05)
    assert entries["one", "notes"].fitted == "longer than the clip: faded out over its last 1.0 s"
    assert entries["two", "ours"].fitted == ""
    assert "one with finished: shorter than the clip: the last 0.8 s are silent" in done.remarks
    assert entries["one", "shuffled"].music == {"of": "ours", "clip": "two"}
    assert entries["one", "ours"].music["ensemble"] == "strings"


def test_a_second_run_keeps_all_and_composes_nothing(prepared: Path, prepare: Prepare, composer: Composer) -> None:
    before = (prepared / "stimuli" / "manifest.json").read_bytes()
    done = prepare(prepared)
    assert (len(done.kept), done.made, done.problems, composer.asked) == (11, [], [], [])
    assert (prepared / "stimuli" / "manifest.json").read_bytes() == before


def test_a_run_that_was_stopped_goes_on_where_it_was(
    materials: Path, tmp_path: Path, prepare: Prepare, composer: Composer
) -> None:
    folder = Path(shutil.copytree(materials, tmp_path / "study"))
    composer.stop_at = "two.mp4"
    with pytest.raises(KeyboardInterrupt):
        prepare(folder)
    first = {entry.name for entry in read_manifest(read_study(folder / "study.yaml")).stimuli}
    assert len(first) == 3  # of the first clip all that comes before the music of the other one
    assert {path.stem for path in (folder / "stimuli").iterdir()} == {*first, "manifest"}
    with pytest.raises(StimuliError, match="missing"):
        load_stimuli(read_study(folder / "study.yaml"))
    composer.stop_at = ""
    done = prepare(folder)
    assert (len(done.kept), len(done.made)) == (3, 8)
    entries = read_manifest(read_study(folder / "study.yaml")).stimuli
    assert len({entry.picture_sha256 for entry in entries if entry.clip == "one"}) == 1, "begun before, finished after"


def test_two_runs_at_once_lose_nothing(materials: Path, tmp_path: Path, prepare: Prepare, composer: Composer) -> None:
    folder = Path(shutil.copytree(materials, tmp_path / "study"))
    composer.meanwhile = lambda: prepare(folder)
    done = prepare(folder)
    assert (done.made, len(done.kept), done.problems) == ([("one", "ours")], 10, [])
    names = {stimulus.name for stimulus in load_stimuli(read_study(folder / "study.yaml")).values()}
    assert {path.stem for path in (folder / "stimuli").glob("*.mp4")} == names


def test_a_damaged_or_lost_file_is_made_again_with_the_same_picture(
    prepared: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = read_study(prepared / "study.yaml")
    stimuli, entries = load_stimuli(study), read_manifest(study).entries()
    stimulus_path(study, stimuli["one", "notes"]).unlink()
    with stimulus_path(study, stimuli["one", "original"]).open("ab") as file:
        file.write(b"x")
    monkeypatch.delattr("video2music.study.preparing.write_picture")  # encoding again may give another picture
    done = prepare(prepared)
    assert done.made == [("one", "notes"), ("one", "original")]
    again = read_manifest(study).entries()
    assert again["one", "notes"].picture_sha256 == entries["one", "ours"].picture_sha256
    assert not stimulus_path(study, stimuli["one", "original"]).exists()


def test_what_is_frozen_is_replaced_only_on_request(prepared: Path, prepare: Prepare) -> None:
    soundfile.write(prepared / "finished" / "one.wav", tone(770, 2), RATE)
    study = read_study(prepared / "study.yaml")
    before = load_stimuli(study)
    done = prepare(prepared)
    assert len(done.problems) == 1
    assert done.problems[0].startswith(
        "one with finished: It was frozen from other inputs. Make it anew with --replace"
    )
    assert load_stimuli(study) == before
    assert prepare(prepared, replace=True).made == [("one", "finished")]
    after = load_stimuli(study)
    assert pitch(heard(prepared, after["one", "finished"])) == pytest.approx(770, abs=3)
    assert not stimulus_path(study, before["one", "finished"]).exists()
    assert {key for key in after if after[key] != before[key]} == {("one", "finished")}


def test_a_bad_clip_costs_its_own_stimuli_only(materials: Path, tmp_path: Path, prepare: Prepare) -> None:
    folder = Path(shutil.copytree(materials, tmp_path / "study"))
    (folder / "one.mp4").write_text("buy milk")
    done = prepare(folder)
    assert {key for key in done.made if key[0] == "two"} == {
        ("two", name) for name in ("ours", "notes", "finished", "original")
    }
    assert any(problem.startswith("one: ") and "one.mp4" in problem for problem in done.problems)
    assert any(problem.startswith("two with shuffled: Music cannot be shuffled until") for problem in done.problems)
    assert len(done.problems) == 2


def test_music_that_a_condition_does_not_have_is_said(
    materials: Path, make_clip: MakeClip, tmp_path: Path, prepare: Prepare
) -> None:
    folder = Path(shutil.copytree(materials, tmp_path / "study"))
    (folder / "notes" / "one.mid").unlink()
    (folder / "notes" / "two.mid").write_bytes(b"MThd nonsense")
    soundfile.write(folder / "finished" / "one.flac", tone(660, 1), RATE)
    soundfile.write(folder / "finished" / "silent.wav", np.zeros((RATE, 2)), RATE)
    (folder / "finished" / "silent.wav").replace(folder / "finished" / "two.wav")
    (folder / "finished" / "two.mp4").unlink()
    shutil.copy(make_clip("mute.mp4", seconds=2.0, sound=False), folder / "one.mp4")
    problems = {problem.partition(":")[0]: problem for problem in prepare(folder).problems}
    assert set(problems) == {f"{clip} with {name}" for clip in ("one", "two") for name in ("notes", "finished")} | {
        "one with original"
    }
    assert "There is no file for the clip one" in problems["one with notes"]
    assert "Name it one.mid" in problems["one with notes"]
    assert "two.mid" in problems["two with notes"]
    assert "Several files could be meant (one.flac, one.wav)" in problems["one with finished"]
    assert "silent" in problems["two with finished"]
    assert "The file has no sound" in problems["one with original"]


def test_every_clip_has_a_seed_of_its_own_unless_one_is_wished_for(
    materials: Path, tmp_path: Path, prepare: Prepare, composer: Composer
) -> None:
    folder = Path(shutil.copytree(materials, tmp_path / "study"))
    text = (materials / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("  - {id: notes, source: midi, folder: notes}\n", "").replace(
        "  - {id: finished, source: files, folder: finished}\n", "  - {id: fixed, source: engine, wishes: {seed: 9}}\n"
    )
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    prepare(folder)
    seeds = {(name, wishes.ensemble): wishes.seed for name, wishes in composer.asked}
    assert len({seeds["one.mp4", "strings"], seeds["two.mp4", "strings"]}) == 2
    assert [wishes.seed for _, wishes in composer.asked if wishes.ensemble != "strings"] == [9, 9]
    assert len([name for name, wishes in composer.asked if wishes.ensemble == "strings"]) == 3, (
        "shuffling composes nothing"
    )


def test_stimuli_are_needed_before_a_study_is_held(materials: Path) -> None:
    with pytest.raises(StimuliError, match="study prepare FILE"):
        load_stimuli(read_study(materials / "study.yaml"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"study": "another"}, "belong to the study another"),
        ({"format": 2}, "cannot be read"),
        ({"stimuli": [{"name": "../../../etc/passwd"}]}, "cannot be read"),
        ({"stimuli": []}, "is missing: one with ours and 10 more"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(change: dict[str, Any], expected: str, prepared: Path) -> None:
    path = prepared / "stimuli" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(StimuliError, match=expected):
        load_stimuli(read_study(prepared / "study.yaml"))


def test_music_is_never_repeated_or_stretched() -> None:
    sound = tone(440, 3)
    shorter, longer, same = fit(sound, RATE, 2), fit(sound, RATE, 4), fit(sound, RATE, 3)
    assert [len(fitted.audio) for fitted in (shorter, longer, same)] == [2 * RATE, 4 * RATE, 3 * RATE]
    assert np.array_equal(shorter.audio[: RATE - 1], sound[: RATE - 1])
    assert np.abs(shorter.audio[-50:]).max() < 1e-4
    assert np.array_equal(longer.audio[: 3 * RATE], sound)
    assert not longer.audio[3 * RATE :].any()
    assert longer.ends_s == pytest.approx(3, abs=0.01)
    assert np.array_equal(same.audio, sound)
    assert same.words == ""
    assert fit(np.zeros((10, 2), np.float32), RATE, 1).ends_s == 0
