"""What a training consists of at the end of an epoch, and how it is kept and taken up again."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emotion.errors import RefusalError
from emotion.music2emo.networks import Student, Teacher
from emotion.training.batches import EVEN
from emotion.weights import save_tensors

REGRESSION, PAPER = "regression", "paper"
"""How teachers teach: output by output, or by the softmax of the paper."""

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults are the published ones except where the published way is wrong.

    Attributes:
        epochs: at most so many.
        batch_size: songs per data set and step.
        learning_rate: of Adam, without schedule or decay.
        patience: epochs without progress after which a task stops.
        least_progress: smaller gains of a task's score do not count.
        distillation: `REGRESSION` or `PAPER`.
        schedule: of the batches, see `epoch_steps`.
        weigh_raters: trust labels less the more their raters disagree.
        seed: of order, augmentation and dropout.
    """

    epochs: int = 500
    batch_size: int = 8
    learning_rate: float = 1e-4
    patience: int = 10
    least_progress: float = 1e-4
    distillation: str = REGRESSION
    schedule: str = EVEN
    weigh_raters: bool = True
    seed: int = 0


@dataclass
class TaskRecord:
    """How one task is doing.

    Attributes:
        best: best score on the validation songs, larger is better.
        best_epoch: when.
        stopped: it no longer takes part.
        history: score after each epoch.
    """

    best: float = float("-inf")
    best_epoch: int = -1
    stopped: bool = False
    history: list[float] = field(default_factory=list)

    def note(self, epoch: int, score: float, settings: Settings) -> bool:
        """Enter the score of an epoch; True where it is the best so far."""
        self.history.append(score)
        better = np.isfinite(score) and score > self.best + settings.least_progress
        if better:
            self.best, self.best_epoch = score, epoch
        self.stopped = epoch - self.best_epoch >= settings.patience
        return bool(better)


@dataclass(eq=False)
class Training:
    """Everything that changes while training.

    Attributes:
        network: what is trained.
        optimizer: its optimiser.
        settings: how to train.
        records: how each task is doing.
    """

    network: Student | Teacher
    optimizer: torch.optim.Optimizer
    settings: Settings
    records: dict[str, TaskRecord]

    def save(self, folder: Path, epoch: int) -> None:
        """Write what is needed to go on after an epoch, under a temporary name first."""
        content = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": epoch,
            "settings": dataclasses.asdict(self.settings),
            "records": {task: dataclasses.asdict(record) for task, record in self.records.items()},
        }
        path = folder / CHECKPOINT
        folder.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            torch.save(content, waiting)
            waiting.replace(path)
        finally:
            waiting.unlink(missing_ok=True)

    def restore(self, folder: Path) -> int:
        """Take up a training again.

        Args:
            folder: where `save` wrote.

        Returns:
            The next epoch.

        Raises:
            RefusalError: there is no checkpoint, it cannot be read, or was made with other settings.
        """
        path = folder / CHECKPOINT
        if not path.is_file():
            raise RefusalError("There is no training to resume", where=path, remedy="Start one without --resume")
        try:
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            # a longer training may follow a shorter one; everything else decides the result
            wanted, made = dataclasses.asdict(self.settings) | {"epochs": 0}, content["settings"] | {"epochs": 0}
            same = wanted == made and self.records.keys() == content["records"].keys()
            if same:
                self.network.load_state_dict(content["network"])
                self.optimizer.load_state_dict(content["optimizer"])
        except Exception as error:
            raise RefusalError(
                "The checkpoint cannot be read", where=path, remedy="Start again without --resume"
            ) from error
        if not same:
            raise RefusalError(
                "The checkpoint was made with other settings", where=path, remedy="Use the same settings"
            )
        for task, record in content["records"].items():
            self.records[task] = TaskRecord(**record)
        return int(content["epoch"]) + 1

    def save_best(self, folder: Path, task: str, calibration: Mapping[str, Sequence[float]]) -> None:
        """Write the network as the best one for a task so far.

        Args:
            folder: where to.
            task: the task.
            calibration: "interval_reach", half the widths of the 80 % intervals of valence and arousal on the
                validation songs, or "tag_priors", the share of the training songs with each tag.
        """
        record = self.records[task]
        metadata = {
            "network": type(self.network).__name__.lower(),
            "task": task,
            "padding_mask": json.dumps(self.network.padding_mask),
            "epoch": str(record.best_epoch),
            "validation_score": f"{record.best:.6f}",
            "settings": json.dumps(dataclasses.asdict(self.settings)),
        }
        for name, numbers in calibration.items():
            if np.isfinite(numbers).all():
                metadata[name] = json.dumps(list(numbers))
        save_tensors(folder / f"{task}.safetensors", self.network.state_dict(), metadata)
