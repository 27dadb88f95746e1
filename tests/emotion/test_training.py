"""Training on small made data: it learns, stops by task, goes on after a break as if there had been none."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from emotion.audio import Audio
from emotion.cli import main
from emotion.errors import RefusalError
from emotion.music2emo.checkpoints import load_network
from emotion.music2emo.networks import Student, Teacher
from emotion.training.batches import EVEN, FRONT, Examples, epoch_steps
from emotion.training.features import FeaturesError, SongFeatures, features_path, read_features, write_features
from emotion.training.loop import Course, Objective, fit, predict_examples, validation_score
from emotion.training.registry import data_set
from emotion.training.songs import Song, load_songs
from emotion.training.state import PAPER, REGRESSION, Settings, TaskRecord
from emotion.weights import load_tensors

SIZE = 8
QUICK = Settings(epochs=4, batch_size=16, learning_rate=1e-2, patience=4)


def song_features(affect: tuple[float, float], random: np.random.Generator) -> SongFeatures:
    """Make an embedding whose first numbers are valence and arousal."""
    place = np.concatenate([(np.array(affect) - 5) / 2, np.zeros(SIZE - 2)])
    segments = place + random.normal(0, 0.1, (3, SIZE))
    return SongFeatures(segments.astype(np.float32), random.integers(0, 13, (6, 2)), int(random.integers(2)))


def rated(name: str, count: int, seed: int) -> Examples:
    random = np.random.default_rng(seed)
    affects = [tuple(random.uniform(2, 8, 2)) for _ in range(count)]
    songs = [Song(name, str(i), f"{seed}:{i}", affect=affect, affect_sd=(1.0, 1.5)) for i, affect in enumerate(affects)]
    return Examples(data_set(name), songs, [song_features(affect, random) for affect in affects])


def tagged(count: int, seed: int) -> Examples:
    random = np.random.default_rng(seed)
    songs, features = [], []
    for i in range(count):
        affect = tuple(random.uniform(2, 8, 2))
        tags = frozenset({"happy" if affect[0] > 5 else "sad", "energetic" if affect[1] > 5 else "calm"})
        songs.append(Song("mtg_jamendo", str(i), f"{seed}:{i}", tags=tags))
        features.append(song_features(affect, random))
    return Examples(data_set("mtg_jamendo"), songs, features)


@pytest.fixture(scope="module")
def course() -> Course:
    return Course(
        {"mtg_jamendo": tagged(64, 1), "deam": rated("deam", 48, 2), "pmemo": rated("pmemo", 16, 3)},
        {"mtg_jamendo": tagged(40, 4), "deam": rated("deam", 40, 5)},
    )


def student(seed: int = 0) -> Student:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Student(SIZE, padding_mask=True)
        torch.nn.init.constant_(network.regression_branch[-1].bias, 5.0)
        return network


def test_a_student_learns_both_tasks(course: Course, tmp_path: Path) -> None:
    network = student()
    before = {task: validation_score(network, course.validation, task) for task in course.tasks}
    records = fit(network, course, tmp_path, replace(QUICK, epochs=6))
    assert set(records) == {"affect", "tags"}
    assert records["affect"].best > 0.5 > before["affect"]
    assert records["tags"].best > before["tags"] + 0.1
    for task, record in records.items():
        saved = load_network(tmp_path / f"{task}.safetensors")
        assert saved.padding_mask
        assert validation_score(saved, course.validation, task) == pytest.approx(record.best, abs=1e-6)
        assert record.history[record.best_epoch] == record.best
        assert (saved.tag_priors is None) == (task == "affect")
        reach = saved.interval_reach
        assert (reach is None) == (task == "tags")
        if reach is not None:
            truth, said = predict_examples(saved, course.validation["deam"], "affect")
            covered = (np.abs(truth - said) <= np.array(reach)).mean(axis=0)
            assert ((covered >= 0.8) & (covered < 0.9)).all()


def test_a_break_changes_nothing(course: Course, tmp_path: Path) -> None:
    whole, broken = student(), student()
    at_once = fit(whole, course, tmp_path / "whole", QUICK)
    fit(broken, course, tmp_path / "broken", replace(QUICK, epochs=2))
    taken_up = student(seed=9)
    in_two = fit(taken_up, course, tmp_path / "broken", QUICK, resume=True)
    assert {task: record.history for task, record in at_once.items()} == {t: r.history for t, r in in_two.items()}
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, taken_up.state_dict()[name]), name
    for task in course.tasks:
        first, second = (load_network(tmp_path / name / f"{task}.safetensors") for name in ("whole", "broken"))
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_the_seed_decides_the_training(course: Course, tmp_path: Path) -> None:
    once = replace(QUICK, epochs=1)
    results = [fit(student(), course, tmp_path / str(i), replace(once, seed=s)) for i, s in enumerate((0, 0, 1))]
    assert results[0]["affect"].history == results[1]["affect"].history != results[2]["affect"].history


def test_resuming_needs_a_checkpoint_of_the_same_settings(course: Course, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="no training to resume"):
        fit(student(), course, tmp_path, QUICK, resume=True)
    fit(student(), course, tmp_path, replace(QUICK, epochs=1))
    with pytest.raises(RefusalError, match="already holds a training"):
        fit(student(), course, tmp_path, QUICK)
    with pytest.raises(RefusalError, match="other settings"):
        fit(student(), course, tmp_path, replace(QUICK, seed=5), resume=True)
    (tmp_path / "checkpoint.pt").write_bytes(b"damaged")
    with pytest.raises(RefusalError, match="cannot be read"):
        fit(student(), course, tmp_path, QUICK, resume=True)


def test_tasks_stop_one_by_one() -> None:
    record = TaskRecord()
    settings = Settings(patience=2, least_progress=0.01)
    scores = [0.1, 0.2, 0.205, 0.1]
    assert [record.note(epoch, score, settings) for epoch, score in enumerate(scores)] == [True, True, False, False]
    assert (record.best, record.best_epoch, record.stopped) == (0.2, 1, True)
    never = TaskRecord()
    assert [never.note(epoch, float("nan"), settings) for epoch in range(2)] == [False, False]
    assert never.stopped


def test_a_stopped_task_no_longer_trains(course: Course, tmp_path: Path) -> None:
    # a single tagged song cannot be scored, so the tags never get better and stop after two epochs
    alone = Course(course.train, {**course.validation, "mtg_jamendo": tagged(1, 4)})
    settings = replace(QUICK, patience=2, epochs=2)
    network = student()
    fit(network, alone, tmp_path, settings)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    records = fit(network, alone, tmp_path, replace(settings, epochs=3), resume=True)
    assert [len(records[task].history) for task in ("affect", "tags")] == [3, 2]
    after = network.state_dict()
    assert torch.equal(before["classification_branch.2.weight"], after["classification_branch.2.weight"])
    assert not torch.equal(before["regression_branch.2.weight"], after["regression_branch.2.weight"])


def test_training_ends_when_all_tasks_stopped(tmp_path: Path) -> None:
    both = Course(
        {"mtg_jamendo": tagged(32, 1), "deam": rated("deam", 32, 2)},
        {"mtg_jamendo": tagged(32, 4), "deam": rated("deam", 32, 5)},
    )
    # no progress can be large enough, so both stop after the first epoch without one
    records = fit(student(), both, tmp_path, replace(QUICK, patience=1, least_progress=10.0, epochs=50))
    assert all(len(record.history) == 2 and record.stopped for record in records.values())


@pytest.mark.parametrize("distillation", [REGRESSION, PAPER])
def test_a_student_follows_its_teacher(course: Course, distillation: str) -> None:
    teacher = Teacher(2, SIZE)
    torch.nn.init.zeros_(teacher.output_proj[-1].weight)
    torch.nn.init.constant_(teacher.output_proj[-1].bias, 9.0)
    batch = course.train["deam"].batch(range(8))
    network = student()
    objective = Objective(replace(QUICK, distillation=distillation), {}, {"deam": teacher})
    alone = Objective(QUICK, {}, {})
    loss, task = objective.loss(network, batch), alone.loss(network, batch).detach()
    value = float(loss.detach())
    if distillation == PAPER:  # both axes are off by the same four points, which the softmax does not see
        assert value < float(task)
    else:
        assert value > float(task)
    torch.autograd.backward(loss)
    assert network.classification_branch[-1].weight.grad is None
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_every_song_is_met_once_and_small_sets_all_along(course: Course) -> None:
    for schedule in (EVEN, FRONT):
        generator = torch.Generator().manual_seed(0)
        steps = list(epoch_steps(course.train, 8, generator, schedule=schedule))
        assert len(steps) == 8
        met: dict[str, int] = dict.fromkeys(course.train, 0)
        places: list[int] = []
        for index, batches in enumerate(steps):
            for batch in batches:
                met[batch.data_set] += len(batch.targets)
                places += [index] * (batch.data_set == "pmemo")
        assert met == {"mtg_jamendo": 64, "deam": 48, "pmemo": 16}
        assert places == ([3, 7] if schedule == EVEN else [0, 1])


def test_songs_without_labels_for_a_task_are_masked(course: Course) -> None:
    network = student()
    torch.autograd.backward(Objective(QUICK, {}, {}).loss(network, course.train["deam"].batch(range(4))))
    assert network.classification_branch[0].weight.grad is None
    assert network.regression_branch[0].weight.grad is not None


def test_features_are_kept_whole(tmp_path: Path) -> None:
    features = song_features((3.0, 7.0), np.random.default_rng(0))
    path = tmp_path / "deam" / "2.npz"
    write_features(path, features)
    again = read_features(path)
    np.testing.assert_array_equal(again.segments, features.segments)
    np.testing.assert_array_equal(again.chords, features.chords)
    assert again.mode == features.mode
    assert [file.name for file in path.parent.iterdir()] == ["2.npz"]
    with pytest.raises(FeaturesError, match="missing"):
        read_features(tmp_path / "3.npz")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FeaturesError, match="cannot be read"):
        read_features(path)


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets in their published layouts, features beside them."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    for name in ("deam", "emomusic"):
        lines = ["song_id,valence_mean,valence_std,arousal_mean,arousal_std"]
        for number in range(2, 62):
            valence, arousal = np.random.default_rng(number).uniform(2, 8, 2)
            first, second = (arousal, valence) if name == "deam" else (valence, arousal)
            lines.append(f"{number},{first:.2f},1.2,{second:.2f},1.4")
        (folder / name / "meta").mkdir(parents=True)
        (folder / name / "meta" / "static_annotations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for song in load_songs(data_set(name), folder / name):
            assert song.affect is not None
            write_features(features_path(folder / "features", song), song_features(song.affect, random))
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_from_teachers_to_a_report(data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick = ("--data", data_folder, "--epochs", 6, "--batch", 16, "--learning-rate", 1e-2)
    for name in ("deam", "emomusic"):
        code, out, _ = run(
            capsys, "train", "teacher", "--set", name, *quick, "-o", tmp_path / "teachers" / name, "--json"
        )
        assert code == 0
        assert json.loads(out.splitlines()[-1])["tasks"]["affect"]["epochs"] == 6
    code, out, err = run(
        capsys, "train", "student", *quick, "-o", tmp_path / "student", "--teachers", tmp_path / "teachers"
    )
    assert code == 0
    assert "best" in out
    assert "epoch 6" in err
    networks = [f"--network=student={tmp_path}/student/affect.safetensors"]
    networks += [f"--network={name}={tmp_path}/teachers/{name}/affect.safetensors" for name in ("deam", "emomusic")]
    code, out, _ = run(capsys, "evaluate", "--data", data_folder, *networks, "--json")
    report = json.loads(out.splitlines()[-1])
    assert code == 0
    # the features hold the corrected axes, so exchanged labels could not be learnt
    assert report["results"]["deam"]["deam"]["arousal"]["r2"]["value"] > 0.3
    assert set(report["matrix"]) == {"student", "deam", "emomusic"}
    assert set(report["matrix"]["deam"]) == {"deam", "emomusic"}
    assert report["results"]["student"]["deam"]["published"]["valence_r2"] == 0.5184
    assert run(capsys, "evaluate", "--data", data_folder, *networks, networks[0])[0] == 1
    code, out, _ = run(capsys, "evaluate", "--data", data_folder, *networks)
    assert "published R2 0.5184" in out
    assert "rows trained on" in out


def test_training_as_published(data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--data", data_folder, "--set", "deam", "-o", tmp_path, "--epochs", 1, "--as-published")
    assert run(capsys, "train", "teacher", *words)[0] == 0
    _, metadata = load_tensors(tmp_path / "affect.safetensors")
    settings = json.loads(metadata["settings"])
    assert (settings["distillation"], settings["schedule"], settings["weigh_raters"]) == (PAPER, FRONT, False)
    assert metadata["padding_mask"] == "false"


def test_features_from_sound(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], make_audio: Callable[..., Audio]
) -> None:
    folder = tmp_path / "emomusic"
    (folder / "meta").mkdir(parents=True)
    (folder / "audio").mkdir()
    rows = ["song_id,valence_mean,valence_std,arousal_mean,arousal_std", *(f"{i},5,1,5,1" for i in (2, 3, 4))]
    (folder / "meta" / "static_annotations.csv").write_text("\n".join(rows), encoding="utf-8")
    soundfile.write(folder / "audio" / "2.mp3", make_audio(4.0).samples, 22_050)
    (folder / "audio" / "3.mp3").write_bytes(b"no sound")
    code, out, err = run(capsys, "train", "features", "--data", tmp_path, "--weights", weights, "--json")
    report = json.loads(out.splitlines()[-1])
    assert code == 0
    assert (report["songs"], report["without_sound"], len(report["refused"])) == (1, 1, 1)
    assert "3.mp3" in err
    features = read_features(tmp_path / "features" / "emomusic" / "2.npz")
    assert features.segments.shape == (1, 64)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train", "student", "--data", "{data}"), "Add -o DIR"),
        (("train", "teacher", "--data", "{data}", "-o", "{out}"), "Add --set NAME"),
        (("train", "teacher", "--data", "{data}", "-o", "{out}", "--set", "loud"), "no such data set"),
        (("train", "teacher", "--data", "{data}", "-o", "{out}", "--set", "pmemo"), "is not there"),
        (("train", "student", "--data", "{data}", "-o", "{out}", "--teachers", "{out}"), "no teacher"),
        (("train", "student", "--data", "{data}", "-o", "{out}", "--features", "{out}"), "no songs with features"),
        (("train", "student", "--data", "{out}", "-o", "{out}"), "No data set"),
        (("evaluate", "--data", "{data}", "--network", "{out}/absent.safetensors"), "no such weight file"),
        (("evaluate", "--data", "{data}", "--features", "{out}", "--network", "x"), "No held-out song"),
        (("predict", "{out}/absent.mp3"), "no such file"),
    ],
)
def test_refusals_are_one_sentence_and_exit_1(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    code, out, err = run(capsys, *(word.format(data=data_folder, out=tmp_path) for word in words))
    assert code == 1
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_wrong_usage_exits_2() -> None:
    for words in (
        [],
        ["predict"],
        ["train", "all", "--data", "x"],
        ["train", "student", "--data", "x", "--epochs", "0"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2


def test_predict_prints_and_ends_with_json(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], make_audio: Callable[..., Audio]
) -> None:
    soundfile.write(tmp_path / "a.wav", make_audio(11.0).samples, 22_050)
    code, out, err = run(capsys, "predict", tmp_path / "a.wav", "--engine", "music2emo", "--weights", weights, "--json")
    result = json.loads(out.splitlines()[-1])
    assert code == 0
    assert 1 <= result["valence"] <= 9
    assert len(result["tags"]) == 56
    assert "listening" in err
    code, out, _ = run(capsys, "predict", tmp_path / "a.wav", "--engine", "music2emo", "--weights", weights)
    assert code == 0
    assert "valence" in out
    assert "tags:" in out
    (tmp_path / "b.wav").write_bytes(b"no sound")
    code, _, err = run(capsys, "predict", tmp_path / "b.wav", "--engine", "music2emo", "--weights", weights)
    assert code == 1
    assert "Traceback" not in err
