"""The training loop: several data sets, masked losses, teachers, early stopping by task, resumable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emotion.errors import RefusalError
from emotion.evaluation.metrics import interval_reach, macro_scores, r2
from emotion.music2emo.networks import EmotionInputs, Student, Teacher
from emotion.training import losses
from emotion.training.batches import Batch, Examples, epoch_steps
from emotion.training.state import CHECKPOINT, PAPER, Settings, TaskRecord, Training

Progress = Callable[[str, float], None]

EVALUATION_BATCH = 256


@dataclass(frozen=True, eq=False)
class Course:
    """The songs of a training.

    Attributes:
        train: examples by data set.
        validation: examples by data set.
    """

    train: Mapping[str, Examples]
    validation: Mapping[str, Examples]

    @property
    def tasks(self) -> list[str]:
        """The tasks these songs have labels for."""
        return sorted({examples.entry.task for examples in self.train.values()})


def answers(network: Student | Teacher, inputs: EmotionInputs, task: str) -> Tensor:
    """Return what a student or a teacher says about one task: logits of tags, or valence and arousal."""
    if isinstance(network, Student):
        logits, affect = network.forward(inputs)
        return logits if task == "tags" else affect
    return network.forward(inputs)


def fit(
    network: Student | Teacher,
    course: Course,
    folder: Path,
    settings: Settings,
    *,
    teachers: Mapping[str, Teacher] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, TaskRecord]:
    """Train until every task has stopped.

    `folder/checkpoint.pt` holds what is needed to go on, `folder/<task>.safetensors` the best network for each task.

    Args:
        network: what to train; changed in place.
        course: the songs.
        folder: where to write.
        settings: how to train.
        teachers: frozen teachers by data set; sets without one learn from labels alone.
        resume: go on from the checkpoint; the result is the same as without a break.
        progress: told the epoch's scores and the fraction of the epochs.

    Returns:
        How each task did.

    Raises:
        RefusalError: there is nothing to resume, it was made with other settings, or there are no songs.
    """
    if not course.tasks or not set(course.tasks) <= {e.entry.task for e in course.validation.values()}:
        raise RefusalError("There are no songs with features for training and validation", where=folder)
    if not resume and (folder / CHECKPOINT).exists():
        remedy = "Choose another folder or add --resume"
        raise RefusalError("The folder already holds a training", where=folder, remedy=remedy)
    adam = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    training = Training(network, adam, settings, {task: TaskRecord() for task in course.tasks})
    first = training.restore(folder) if resume else 0
    priors = {name: examples.priors() for name, examples in course.train.items() if examples.entry.task == "tags"}
    objective = Objective(settings, priors, teachers or {})
    for epoch in range(first, settings.epochs):
        running = {task: record for task, record in training.records.items() if not record.stopped}
        if not running:
            break
        _train_epoch(training, {n: e for n, e in course.train.items() if e.entry.task in running}, objective, epoch)
        for task, record in running.items():
            if record.note(epoch, validation_score(network, course.validation, task), settings):
                training.save_best(folder, task, calibration(network, course, task))
        training.save(folder, epoch)
        if progress is not None:
            progress(f"epoch {epoch + 1}: {_scores(training.records)}", (epoch + 1) / settings.epochs)
    return training.records


def _scores(records: Mapping[str, TaskRecord]) -> str:
    return ", ".join(f"{task} {record.history[-1]:.4f}" for task, record in records.items())


@dataclass(frozen=True)
class Objective:
    """The loss of a batch.

    Attributes:
        settings: of the training.
        priors: share of the training songs with each tag, by data set.
        teachers: by data set.
    """

    settings: Settings
    priors: Mapping[str, Tensor]
    teachers: Mapping[str, Teacher]

    def loss(self, network: Student | Teacher, batch: Batch) -> Tensor:
        """Return the loss of one batch of one data set."""
        said = answers(network, batch.inputs, batch.task)
        task = self._task_loss(said, batch)
        teacher = self.teachers.get(batch.data_set)
        if teacher is None:
            return task
        with torch.no_grad():
            taught = teacher.eval()(batch.inputs)
        return losses.with_teacher(task, self._distilled(said, taught, batch))

    def _task_loss(self, said: Tensor, batch: Batch) -> Tensor:
        if batch.task == "tags":
            return losses.tag_loss(said, batch.targets, self.priors[batch.data_set])
        if not self.settings.weigh_raters or batch.spread is None:
            return losses.affect_loss(said, batch.targets)
        raters = torch.full_like(batch.spread, float(batch.raters))
        return losses.affect_loss(said, batch.targets, losses.rater_weights(batch.spread, raters))

    def _distilled(self, said: Tensor, taught: Tensor, batch: Batch) -> Tensor:
        if self.settings.distillation == PAPER:
            return losses.published_distillation(said, taught)
        if batch.task == "tags":
            return losses.tag_distillation(said, taught, self.priors[batch.data_set])
        return losses.affect_distillation(said, taught)


@torch.no_grad()
def predict_examples(
    network: Student | Teacher, examples: Examples, task: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return targets and answers of all songs, (songs, outputs) each."""
    network.eval()
    targets, said = [], []
    for start in range(0, len(examples), EVALUATION_BATCH):
        batch = examples.batch(range(start, min(start + EVALUATION_BATCH, len(examples))))
        targets.append(batch.targets)
        said.append(answers(network, batch.inputs, task))
    return torch.cat(targets).numpy(), torch.cat(said).numpy()


def validation_score(network: Student | Teacher, sets: Mapping[str, Examples], task: str) -> float:
    """Return one figure for a task: macro PR-AUC, or R2 averaged over axes and data sets; each set counts the same."""
    scores = []
    for examples in sets.values():
        if examples.entry.task != task:
            continue
        truth, said = predict_examples(network, examples, task)
        if task == "tags":
            scores.append(macro_scores(truth, said)[0])
        else:
            scores += [r2(truth[:, axis], said[:, axis]) for axis in range(2)]
    return float(np.mean(scores))


def calibration(network: Student | Teacher, course: Course, task: str) -> dict[str, tuple[float, ...]]:
    """Return what turns answers into probabilities and intervals: priors of the tags, or reaches of the intervals."""
    if task == "affect":
        return {"interval_reach": interval_reaches(network, course.validation)}
    tagged = [examples for examples in course.train.values() if examples.entry.task == "tags"]
    return {"tag_priors": tuple(tagged[0].priors().tolist())} if len(tagged) == 1 else {}


def interval_reaches(network: Student | Teacher, sets: Mapping[str, Examples]) -> tuple[float, ...]:
    """Return half the widths of 80 % intervals of valence and arousal on songs that were not trained on."""
    rated = [examples for examples in sets.values() if examples.entry.task == "affect"]
    pairs = [predict_examples(network, examples, "affect") for examples in rated]
    truth, said = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return tuple(interval_reach(truth[:, axis], said[:, axis]) for axis in range(2))


def _train_epoch(training: Training, sets: Mapping[str, Examples], objective: Objective, epoch: int) -> None:
    """Go once through the songs of all tasks that have not stopped."""
    settings, network = training.settings, training.network
    # every epoch has its own seed, so a resumed training meets the same order and dropout
    seed = settings.seed * 100_003 + epoch
    generator = torch.Generator().manual_seed(seed)
    network.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for batches in epoch_steps(sets, settings.batch_size, generator, schedule=settings.schedule):
            training.optimizer.zero_grad()
            loss = torch.stack([objective.loss(network, batch) for batch in batches]).sum()
            torch.autograd.backward(loss)
            training.optimizer.step()
