import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotion.hub import file_sha256
from video2music.study.assembling import assemble
from video2music.study.checking import Check, check_study
from video2music.study.length import QUESTION_S, estimate_length
from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.stimuli import Entry, load_stimuli, read_manifest, stimulus_path, write_manifest

RATE = 44_100


def check(folder: Path) -> Check:
    return check_study(read_study(folder / "study.yaml"))


@pytest.fixture
def study(prepared: Path) -> Study:
    return read_study(prepared / "study.yaml")


def swap(study: Study, change: Callable[[Entry], Entry]) -> None:
    """Change the entry of the first clip with the finished music."""
    entries = read_manifest(study).entries()
    entries["one", "finished"] = change(entries["one", "finished"])
    write_manifest(study, entries.values())


def refreeze(study: Study, picture: Path, sound: np.ndarray) -> None:
    """Put another film under the name of a stimulus, and its hash into the manifest, as if it had been made so."""
    path = stimulus_path(study, read_manifest(study).entries()["one", "finished"].stimulus)
    other = path.with_name("other.mp4")
    assemble(picture, sound, other)
    other.replace(path)
    swap(study, lambda entry: entry.model_copy(update={"sha256": file_sha256(path)}))


def noise(seconds: float, height: float) -> np.ndarray:
    wave = np.random.default_rng(0).uniform(-height, height, (round(seconds * RATE), 2))
    return wave.astype(np.float32)


def test_a_prepared_study_is_ready(study: Study) -> None:
    found = check_study(study)
    assert found.problems == ()
    assert (found.cells, found.trials) == (10, 2)
    assert found.to_json()["ready"] is True
    assert any("Nobody sees all 5 conditions in 2 trials" in remark for remark in found.remarks)
    assert any("plan a multiple of 10" in remark for remark in found.remarks)


def test_a_study_that_was_not_prepared_is_not_ready(materials: Path) -> None:
    found = check(materials)
    assert found.to_json()["ready"] is False
    assert "No stimuli were prepared yet" in found.problems[0]
    assert found.length.minutes > 0


def test_missing_and_changed_files_are_named(study: Study, prepared: Path) -> None:
    stimuli = load_stimuli(study)
    stimulus_path(study, stimuli["one", "ours"]).unlink()
    with stimulus_path(study, stimuli["two", "notes"]).open("r+b") as file:
        file.seek(2000)
        file.write(b"\x00\x01")
    entries = read_manifest(study).entries()
    del entries["warm-up", "ours"]
    write_manifest(study, entries.values())
    problems = check(prepared).problems
    assert len(problems) == 3
    for sentence in (
        f"one with ours: Its file {stimuli['one', 'ours'].name}.mp4 is gone.",
        f"two with notes: Its file {stimuli['two', 'notes'].name}.mp4 was changed after it was frozen.",
        "warm-up with ours: It was not prepared.",
    ):
        assert any(problem.startswith(sentence) for problem in problems), sentence


def test_wrong_loudness_and_length_are_measured(study: Study, prepared: Path) -> None:
    entries = read_manifest(study).entries()
    of_the_part = stimulus_path(study, entries["two", "ours"].stimulus)
    refreeze(study, of_the_part, noise(1.0, 0.5))
    problems = "\n".join(check(prepared).problems)
    assert "one with finished: It lasts 1.5" in problems
    assert "one with finished: Its sound lasts 1.0" in problems
    assert "one with finished: Its loudness is -" in problems
    assert "one: Its conditions do not show the same picture" in problems


def test_a_film_that_cannot_be_decoded_is_named(study: Study, prepared: Path) -> None:
    path = stimulus_path(study, read_manifest(study).entries()["one", "finished"].stimulus)
    path.write_bytes(b"not a film")
    swap(study, lambda entry: entry.model_copy(update={"sha256": file_sha256(path)}))
    assert any(
        problem.startswith("one with finished: ") and path.name in problem for problem in check(prepared).problems
    )


def test_a_study_whose_clips_are_elsewhere_can_still_be_served(prepared: Path) -> None:
    (prepared / "one.mp4").unlink()
    found = check(prepared)
    assert found.problems == ()
    assert any(remark.startswith("one: Its stimuli cannot be compared with it") for remark in found.remarks)


def test_inputs_that_changed_since_are_remarked(study: Study, prepared: Path) -> None:
    (prepared / "notes" / "one.mid").write_bytes((prepared / "notes" / "two.mid").read_bytes())
    text = (prepared / "study.yaml").read_text(encoding="utf-8")
    (prepared / "study.yaml").write_text(text.replace("ensemble: strings", "ensemble: lofi"), encoding="utf-8")
    found = check(prepared)
    assert found.problems == ()
    changed = {remark.partition(":")[0] for remark in found.remarks if "frozen from other inputs" in remark}
    ours = {f"{clip} with {name}" for clip in ("one", "two") for name in ("ours", "shuffled")}
    assert changed == {"one with notes", "warm-up with ours", *ours}
    assert not any("frozen from other inputs" in remark for remark in check_study(study).remarks if "ours" in remark)


def test_a_long_silence_is_remarked(study: Study) -> None:
    swap(study, lambda entry: entry.model_copy(update={"music_ends_s": 0.4}))
    assert any(
        "one with finished: The music ends 1.6 s before the clip does" in line for line in check_study(study).remarks
    )


def test_the_length_of_a_session_counts_clips_and_questions(study: Study) -> None:
    stimuli = {
        key: replace(stimulus, duration_s=60.0 if key[0] != "warm-up" else 30.0)
        for key, stimulus in load_stimuli(study).items()
    }
    length = estimate_length(study, stimuli)
    assert length.playing_minutes == pytest.approx(2.5)
    more = study.model_copy(update={"questions": study.questions * 4})
    added_s = 60 * (estimate_length(more, stimuli).minutes - length.minutes)
    assert added_s == pytest.approx(3 * 3 * QUESTION_S), "three questions more on three pages"
    pairs = study.model_copy(update={"design": study.design.model_copy(update={"show": "pair"})})
    assert estimate_length(pairs, stimuli).playing_minutes == pytest.approx(4.5), "both videos of a pair are played"
    assert json.dumps(check_study(study).to_json())
