"""What `python -m emotion train` does: features, teachers, the student."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from emotion.errors import RefusalError
from emotion.music2emo.networks import MOOD_COUNT, Student, Teacher
from emotion.prediction import HIGHEST, LOWEST
from emotion.training.batches import EVEN, FRONT, load_examples
from emotion.training.loop import Course, fit
from emotion.training.registry import DataSet, data_set, data_sets_in
from emotion.training.songs import find_audio
from emotion.training.splits import Division, divide
from emotion.training.state import PAPER, Settings, TaskRecord

Progress = Callable[[str, float], None]
Report = tuple[dict[str, Any], list[str]]


def run(chosen: argparse.Namespace, progress: Progress, tell: Callable[[str], None]) -> Report:
    """Run one stage.

    Args:
        chosen: the parsed command line.
        progress: told stage and fraction.
        tell: told licences and songs that could not be heard.

    Returns:
        The report and its lines.

    Raises:
        RefusalError: data, features or weights are missing or not as published.
    """
    entries = data_sets_in(chosen.data)
    features = chosen.features or chosen.data / "features"
    if chosen.stage == "features":
        return make_features(entries, chosen.data, features, weights=chosen.weights, progress=progress, tell=tell)
    if chosen.output is None:
        raise RefusalError("No folder was given for the networks", remedy="Add -o DIR")
    if chosen.stage == "teacher":
        if chosen.data_set is None:
            raise RefusalError("No data set was given for the teacher", remedy="Add --set NAME")
        wanted = data_set(chosen.data_set)
        if wanted.name not in entries:
            raise RefusalError("The data set is not there", where=chosen.data / wanted.name)
        entries = {wanted.name: wanted}
    division = divide(entries, chosen.data, split=chosen.split, seed=chosen.seed, as_published=chosen.as_published)
    records = _train(chosen, course_of(entries, division, features), progress)
    lines = [
        f"{task}: best {record.best:.4f} after epoch {record.best_epoch + 1} of {len(record.history)}, "
        f"{chosen.output / f'{task}.safetensors'}"
        for task, record in records.items()
    ]
    tasks = {
        task: {"best": record.best, "epoch": record.best_epoch + 1, "epochs": len(record.history)}
        for task, record in records.items()
    }
    return {"stage": chosen.stage, "output": str(chosen.output), "tasks": tasks}, lines


def make_features(
    entries: dict[str, DataSet],
    data: Path,
    features: Path,
    *,
    weights: Path | None,
    progress: Progress,
    tell: Callable[[str], None],
) -> Report:
    """Listen to every song whose sound is there and keep its features."""
    from emotion.music2emo.engine import load_music2emo
    from emotion.training.features import extract
    from emotion.training.songs import load_songs

    pairs, silent = [], 0
    for name, entry in entries.items():
        for song in load_songs(entry, data / name):
            sound = find_audio(entry, data / name, song)
            silent += sound is None
            if sound is not None:
                pairs.append((song, sound))
    if not pairs:
        raise RefusalError("No sound was found for any song", where=data, remedy="Unpack the audio as published")
    engine = load_music2emo(weights=weights, notify=tell)
    failures = extract(pairs, features, engine.encoder, engine.recogniser, progress=progress)
    for failure in failures:
        tell(failure)
    report = {"stage": "features", "songs": len(pairs) - len(failures), "refused": failures, "without_sound": silent}
    return report, [f"{report['songs']} songs in {features}, {len(failures)} refused, {silent} without sound"]


def course_of(entries: dict[str, DataSet], division: Division, features: Path) -> Course:
    """Read the features of all songs to train on and to stop by."""
    parts: dict[str, dict[str, Any]] = {"train": {}, "validation": {}}
    for split, found in parts.items():
        for name, entry in entries.items():
            examples = load_examples(entry, division[name][split], features)
            if examples is not None:
                found[name] = examples
    return Course(parts["train"], parts["validation"])


def load_teachers(folder: Path | None, names: list[str]) -> dict[str, Teacher]:
    """Load the teacher of each data set that has one: <folder>/<data set>/<task>.safetensors.

    Args:
        folder: holds the teachers; None for none.
        names: data sets.

    Returns:
        Teachers by data set.

    Raises:
        RefusalError: a folder was given and holds no teacher, or a file is not a teacher.
    """
    from emotion.music2emo.checkpoints import load_network

    teachers = {}
    for name in names if folder is not None else []:
        path = Path(folder or "") / name / f"{data_set(name).task}.safetensors"
        if not path.is_file():
            continue
        network = load_network(path)
        if not isinstance(network, Teacher):
            raise RefusalError("This is not a teacher", where=path, remedy="Train it with: train teacher")
        teachers[name] = network.requires_grad_(requires_grad=False)
    if folder is not None and not teachers:
        raise RefusalError("There is no teacher", where=folder, remedy="Train one with -o DIR/NAME")
    return teachers


def start_in_the_middle(network: Student | Teacher) -> None:
    """Let valence and arousal start at 5, the middle of the scale; from 0 the first epochs only find the scale."""
    last = network.regression_branch[-1] if isinstance(network, Student) else network.output_proj[-1]
    if isinstance(last, nn.Linear) and last.out_features == 2:
        nn.init.constant_(last.bias, (LOWEST + HIGHEST) / 2)


def _train(chosen: argparse.Namespace, course: Course, progress: Progress) -> dict[str, TaskRecord]:
    settings = Settings(
        epochs=chosen.epochs,
        batch_size=chosen.batch,
        learning_rate=chosen.learning_rate,
        patience=chosen.patience,
        distillation=PAPER if chosen.as_published else chosen.distillation,
        schedule=FRONT if chosen.as_published else EVEN,
        weigh_raters=not chosen.as_published,
        seed=chosen.seed,
    )
    sizes = {examples.mert_size for examples in course.train.values()}
    if len(sizes) > 1:
        raise RefusalError("The features of the data sets differ in size", remedy="Make them again")
    size = sizes.pop() if sizes else 1
    masked = not chosen.as_published
    with torch.random.fork_rng():
        torch.manual_seed(chosen.seed)
        network: Student | Teacher
        if chosen.stage == "student":
            network = Student(size, padding_mask=masked)
        else:
            network = Teacher(MOOD_COUNT if course.tasks == ["tags"] else 2, size, padding_mask=masked)
    if not chosen.as_published:
        start_in_the_middle(network)
    teachers = load_teachers(chosen.teachers, list(course.train)) if chosen.stage == "student" else {}
    return fit(network, course, chosen.output, settings, teachers=teachers, resume=chosen.resume, progress=progress)
