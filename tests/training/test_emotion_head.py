"""Training of the emotion head: the fits, what is held out, the calibration, and the whole command on tiny data."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emotion.weights import load_tensors
from video2music.errors import DatasetError
from video2music.features.emotion_head import BESIDES, WINDOW_S, glances, load_head, smoothed, surroundings
from video2music.features.video_features import EMOTIONS
from video2music.training import emotion_head as training
from video2music.training.emotion_scores import (
    TRACK_ENTROPY,
    affect_scores,
    emotion_scores,
    emotions_of_affect,
    match_tracks,
    softmax,
    temperature,
)
from video2music.training.linear import Linear, Scaling, fit_ridge, fit_softmax, principal_directions
from video2music.training.liveliness import Evidence, Liveliness, changes, combined, match_changes, runs
from video2music.training.mood import fit_mood, windows_of
from video2music.training.mved import LABELS, LabelledClips, load_mved
from video2music.training.oasis import Photographs, load_oasis, read_photograph
from video2music.training.splits import held_out


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def rows(count: int, width: int) -> np.ndarray:
    return random().normal(3, 2, (count, width)).astype(np.float32)


def test_ridge_finds_a_linear_rule_of_raw_inputs() -> None:
    inputs = rows(200, 5)
    targets = inputs @ np.array([[1, 0], [0, 2], [-1, 1], [0.5, 0], [0, 0]], np.float32) + np.array([4, -2], np.float32)
    np.testing.assert_allclose(fit_ridge(inputs, targets, 1e-3)(inputs), targets, atol=1e-2)


def test_softmax_finds_soft_targets_and_weights_count() -> None:
    inputs = np.zeros((2, 1), np.float32)
    targets = np.eye(2, dtype=np.float32)
    fitted = fit_softmax(inputs, targets, np.array([3, 1], np.float32), 0.01)
    np.testing.assert_allclose(softmax(fitted(inputs))[0], [0.75, 0.25], atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.floats(0.1, 10))
def test_folding_a_scaling_changes_nothing(width: int, gain: float) -> None:
    inputs = rows(30, width)
    scaling = Scaling.of(inputs, gain)
    linear = fit_ridge(scaling(inputs), inputs[:, :1] ** 2, 1.0)
    np.testing.assert_allclose(scaling.fold(linear)(inputs), linear(scaling(inputs)), rtol=1e-3, atol=1e-2)


def test_principal_directions_keep_what_varies() -> None:
    basis = np.linalg.qr(rows(20, 20))[0][:, :3]
    inputs = (random().normal(size=(50, 3)) @ basis.T).astype(np.float32)
    found = principal_directions(inputs, 10)
    assert found.shape == (20, 3)
    np.testing.assert_allclose(inputs @ found @ found.T, inputs, atol=1e-4)


def test_groups_are_never_on_both_sides() -> None:
    groups = [f"g{number // 3}" for number in range(60)]
    for labels in (None, np.arange(60) % 6):
        for train, test in held_out(groups, labels, 5, 0):
            assert not {groups[row] for row in train} & {groups[row] for row in test}


def clips_that_drift(count: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return glances, clip and scene offset of clips whose class shows in the mean of the first column."""
    clip = np.repeat(np.arange(count), 30)
    seen = random().normal(0, 0.3, (len(clip), 4)).astype(np.float32)
    seen[:, 0] += clip % 6
    return seen, clip, np.tile(np.arange(30) % 5, count).astype(np.float32)


def test_a_mood_is_told_from_the_mean_of_a_clip() -> None:
    seen, clip, _ = clips_that_drift(24)
    windows = windows_of(seen, clip)
    labels, sources = np.arange(24) % 6, np.array([f"s{number}" for number in range(24)])
    fitted = fit_mood(windows.of(np.arange(18)), labels, sources, np.ones(8, np.float32))
    unseen = windows.of(np.arange(18, 24), whole=True)
    assert len(unseen.rows) == 6
    assert (fitted(unseen.rows).argmax(axis=1) == labels[unseen.clip]).mean() >= 4 / 6


def test_windows_stay_inside_their_clip() -> None:
    seen, clip, _ = clips_that_drift()
    windows = windows_of(clip[:, None].astype(np.float32), clip)
    np.testing.assert_array_equal(windows.rows[:, 0], windows.clip)
    assert not windows.rows[:, 1].any()
    assert windows_of(seen[:2], clip[:2]).rows.shape[1] == 8


def test_folding_equals_the_sum_of_mood_and_moment() -> None:
    """What the head computes from one matrix is what was calibrated on left-out clips."""
    embedding = rows(40, 3)
    motion, offset = np.abs(rows(40, 1))[:, 0], np.tile(np.arange(8, dtype=np.float32), 5)
    seen, width = glances(embedding, motion, offset), 3 + BESIDES
    now = Linear(rows(width - 1, 6) / 9, rows(1, 6)[0])
    mood = Linear(rows(2 * width, 6) / 9, rows(1, 6)[0] / 2)
    scales = (np.float32(0.7), np.float32(0.4))
    lively = Liveliness(2.5, 0.5, 1.3, np.arange(6, dtype=np.float32))
    evidence = Evidence(scales[0] * now(seen[:, :-1]), scales[1] * mood(surroundings(seen)))
    wanted = lively.sharpness * combined(evidence, np.zeros(40, int), offset, 2.5, 0.5) + lively.shift
    whole = training.folded(now, mood, scales, lively)
    found = smoothed(seen @ whole.weight[:width], offset, 0.5) + surroundings(seen) @ whole.weight[width:] + whole.bias
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-2)


def test_liveliness_is_matched_within_scenes_and_at_cuts() -> None:
    _, clip, offset = clips_that_drift()
    scene = np.cumsum(offset == 0)
    noise = random().normal(size=(scene.max() + 1, 6))[scene] + 0.4 * random().normal(size=(len(clip), 6))
    evidence = Evidence(noise.astype(np.float32), np.zeros((len(clip), 6), np.float32))
    lively = match_changes(evidence, clip, offset)
    within, at_cut = changes(lively.tracks(evidence, clip, offset), clip, offset)
    assert within < at_cut
    assert 0.1 < within < 0.4


def test_changes_and_runs_do_not_cross_clips() -> None:
    tracks = np.eye(6, dtype=np.float32)[[0, 0, 1, 1, 1, 2]]
    clip, offset = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 0, 0, 1, 2], np.float32)
    assert changes(tracks, clip, offset) == (pytest.approx(1 / 3), 1.0)
    assert runs(tracks, clip).tolist() == [2, 1, 2, 1]
    assert WINDOW_S == 30


def test_matching_reaches_the_entropy_and_goes_towards_the_mean() -> None:
    logits = random().normal(0, 0.7, (500, 6)).astype(np.float32)
    sharpness, shift = match_tracks(logits)
    probabilities = softmax(np.float32(sharpness) * logits + shift)
    entropy = -(probabilities * np.log(probabilities)).sum(axis=1).mean()
    assert entropy == pytest.approx(TRACK_ENTROPY, abs=0.01)
    mean = probabilities.mean(axis=0)
    assert mean[EMOTIONS.index("tense")] > 0.19
    assert mean[EMOTIONS.index("neutral")] < 0.12


def test_the_temperature_undoes_a_scale() -> None:
    truth = random().normal(0, 2, (4000, 6)).astype(np.float32)
    drawn = np.array([random_row.argmax() for random_row in truth + random().gumbel(size=truth.shape)])
    assert temperature(3 * truth, drawn) == pytest.approx(3, rel=0.15)


def test_photographs_suggest_the_emotions_of_their_place() -> None:
    affect = np.array([[9, 9], [9, 1], [1, 1], [1, 9], [5, 5]], np.float32)
    strongest = [EMOTIONS[row] for row in emotions_of_affect(affect).argmax(axis=1)]
    assert strongest == ["exciting", "relaxing", "sad", "fearful", "neutral"]


def test_scores_of_perfect_and_of_useless_predictions() -> None:
    names = tuple(f"t{number}" for number in range(30))
    affect = random().uniform(1, 9, (30, 2)).astype(np.float32)
    scores = affect_scores(affect, Photographs(tuple(map(Path, names)), names, affect), 0)
    assert scores["valence"] == [1.0, 1.0, 1.0]
    labels = np.arange(30) % 6
    clips = LabelledClips(tuple(map(Path, names)), labels, names)
    clip = np.repeat(np.arange(30), 2)
    perfect = 10 * np.eye(6, dtype=np.float32)[labels[clip]]
    assert emotion_scores([perfect], clip, clips, 0)["clip_accuracy"][0] == 1
    useless = emotion_scores([np.zeros_like(perfect)], clip, clips, 0)
    assert useless["clip_log_loss"][0] == pytest.approx(np.log(6), abs=1e-3)


def write_photographs(folder: Path, count: int) -> None:
    (folder / "images_320").mkdir(parents=True)
    lines = ["theme,valence_mean,arousal_mean"]
    for number in range(count):
        colour = tuple(int(value) for value in random().integers(0, 256, 3) // (1 + number % 3))
        Image.new("RGB", (40, 30), colour).save(folder / "images_320" / f"Thing{number // 2} {number % 2 + 1}.jpg")
        lines.append(f"Thing{number // 2} {number % 2 + 1},{1 + 6 * number / (count - 1)},{4 + number % 3}")
    (folder / "OASIS.csv").write_text("\n".join(lines) + "\n")


def test_photographs_are_read_on_the_scale_of_the_program(tmp_path: Path) -> None:
    write_photographs(tmp_path, 6)
    photographs = load_oasis(tmp_path)
    assert photographs.themes == ("Thing0", "Thing0", "Thing1", "Thing1", "Thing2", "Thing2")
    assert (photographs.affect[0, 0], photographs.affect[-1, 0], photographs.affect[0, 1]) == (1, 9, 5)
    assert read_photograph(photographs.paths[0]).shape == (30, 40, 3)
    photographs.paths[1].write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_photograph(photographs.paths[1])


@pytest.mark.parametrize("table", [None, "theme,other\na,1\n", "theme,valence_mean,arousal_mean\na,x,y\n"])
def test_folders_that_are_not_oasis_are_refused(tmp_path: Path, table: str | None) -> None:
    if table is not None:
        (tmp_path / "OASIS.csv").write_text(table)
    with pytest.raises(DatasetError):
        load_oasis(tmp_path)


def test_clips_are_labelled_by_name_and_grouped_by_source(tmp_path: Path) -> None:
    names = ["fear_train_22", "tension_test_DEAP_DP_TENSMM_3_", "tension_train_DEAP_DP_TENSMM_2_", "sad_train_22"]
    for name in names:
        (tmp_path / f"{name}.mp4").touch()
    clips = load_mved(tmp_path)
    assert [EMOTIONS[label] for label in clips.labels] == ["fearful", "sad", "tense", "tense"]
    assert clips.sources[2] == clips.sources[3]
    assert len(set(clips.sources)) == 3
    (tmp_path / "angry_1.mp4").touch()
    with pytest.raises(DatasetError, match="must begin with"):
        load_mved(tmp_path)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no labelled clips"):
        load_mved(tmp_path)


def test_the_command_trains_a_head_that_loads_and_repeats_itself(
    tmp_path: Path,
    make_clip: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_photographs(tmp_path / "oasis", 20)
    (tmp_path / "mved").mkdir()
    for number, word in enumerate([*LABELS, *LABELS]):
        source = make_clip(f"{number % 3}.mp4", seconds=2.0, fps=6, scenes=1 + number % 3, sound=False)
        (tmp_path / "mved" / f"{word}_{number}.mp4").write_bytes(source.read_bytes())
    monkeypatch.setattr(training, "EMOTION_FOLDS", 2)
    monkeypatch.setattr(training, "AFFECT_FOLDS", 2)
    monkeypatch.setattr(training, "REPEATS", 1)
    folders = ["--oasis", str(tmp_path / "oasis"), "--mved", str(tmp_path / "mved")]
    outputs = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for output in outputs:
        assert training.main([*folders, "-o", str(output), "--seed", "3"]) == 0
    scores = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(scores) == {"affect", "emotion", "baseline", "plain", "calibration", "separation"}
    (first, facts), (second, same_facts) = (load_tensors(output) for output in outputs)
    assert facts == same_facts
    assert all(torch.equal(first[name], second[name]) for name in first)
    head = load_head(outputs[0])
    still = np.zeros(2, np.float32)
    sight = head.read(np.zeros((2, head.affect.in_features), np.float32), still, np.arange(2, dtype=np.float32))
    np.testing.assert_allclose(sight.emotion.sum(axis=1), 1, atol=1e-5)
