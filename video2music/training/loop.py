"""The training loop of both networks: schedule, averaging, early stop, resume after an interruption."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from emotion.errors import RefusalError

Progress = Callable[[str, float], None]


class Task(Protocol):
    """What a network learns from: batches, a loss for each, and a score on unseen songs."""

    def steps(self, epoch: int) -> int:
        """Return the number of batches of an epoch."""

    def batches(self, epoch: int, generator: torch.Generator) -> Sequence[Any]:
        """Return the batches of an epoch in order; the same epoch and generator give the same batches."""

    def loss(self, network: Any, batch: Any, generator: torch.Generator) -> Tensor:  # noqa: ANN401  each task its own
        """Return the loss to minimise."""

    def validate(self, network: Any) -> float:  # noqa: ANN401  each task its own
        """Return the score on unseen songs, lower is better."""


@dataclass(frozen=True)
class LoopOptions:
    """How long and how fast a network learns.

    Attributes:
        seed: of everything random.
        epochs: passes over the data at most.
        learning_rate: highest rate; it rises over the warm-up and falls as a cosine.
        warmup_share: share of all steps before the highest rate.
        weight_decay: of AdamW.
        averaging: decay of the running average of the weights; the average is what is scored and kept.
        patience: epochs without a better score before training stops.
        threads: of torch.
        bfloat16: multiply matrices in bfloat16, a fifth faster where the processor can.
    """

    seed: int = 0
    epochs: int = 40
    learning_rate: float = 1e-3
    warmup_share: float = 0.05
    weight_decay: float = 0.05
    averaging: float = 0.99
    patience: int = 8
    threads: int = 1
    bfloat16: bool = True


@dataclass
class Run:
    """The state of a training run, as it is stored after every epoch."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    epoch: int = 0
    best: float = float("inf")
    best_epoch: int = -1
    best_tensors: dict[str, Tensor] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write everything that the next epoch needs, under a temporary name first."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_tensors": self.best_tensors,
            "scores": self.scores,
        }
        waiting = path.with_name(path.name + ".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, waiting)
        waiting.replace(path)

    def restore(self, path: Path) -> None:
        """Continue from a stored state.

        Raises:
            RefusalError: the file belongs to another network or cannot be read.
        """
        try:
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
        except Exception as error:
            raise RefusalError(
                "The interrupted run cannot be continued", where=path, remedy="Start again without --resume"
            ) from error
        self.epoch, self.best, self.best_epoch = state["epoch"], state["best"], state["best_epoch"]
        self.best_tensors, self.scores = state["best_tensors"], state["scores"]


def resume_path(out: Path) -> Path:
    """Return where the state of an unfinished run is kept, beside its result."""
    return out.with_name(out.name + ".resume.pt")


def _begin(network: nn.Module, options: LoopOptions, steps: int) -> Run:
    from transformers import get_cosine_schedule_with_warmup  # seconds that only training should pay

    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = get_cosine_schedule_with_warmup(optimiser, int(steps * options.warmup_share), steps)
    return Run(network, copy.deepcopy(network).eval(), optimiser, schedule)


@torch.no_grad()
def _average(run: Run, decay: float) -> None:
    for kept, current in zip(run.average.parameters(), run.network.parameters(), strict=True):
        kept.lerp_(current, 1 - decay)


def _epoch(run: Run, task: Task, options: LoopOptions, report: Progress) -> float:
    generator = torch.Generator().manual_seed(options.seed * 100_003 + run.epoch)
    batches = task.batches(run.epoch, generator)
    torch.manual_seed(options.seed * 100_003 + run.epoch)
    run.network.train()
    total = 0.0
    for index, batch in enumerate(tqdm(batches, desc=f"epoch {run.epoch}", leave=False)):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            loss = task.loss(run.network, batch, generator)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
        run.optimiser.step()
        run.schedule.step()
        _average(run, min(options.averaging, (run.epoch * len(batches) + index + 1) / 100))
        total += float(loss.detach())
        report("training", (run.epoch + (index + 1) / len(batches)) / options.epochs)
    return total / max(1, len(batches))


def train(
    network: nn.Module,
    task: Task,
    out: Path,
    options: LoopOptions,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train until the score on unseen songs no longer improves.

    Every epoch draws from generators that depend on the seed and its own number only, so a run that was interrupted and
    resumed gives the same weights as one that was not.

    Args:
        network: to be trained, on the CPU or a GPU.
        task: what it learns from.
        out: the result's path; the state of the unfinished run lies beside it.
        options: how long and how fast.
        resume: continue the run that lies there.
        progress: told the stage and the fraction done.

    Returns:
        The run; `best_tensors` holds the state dict with the best score.
    """
    report: Progress = progress or (lambda _stage, _fraction: None)
    torch.set_num_threads(options.threads)
    steps = sum(task.steps(epoch) for epoch in range(options.epochs))
    with torch.random.fork_rng():
        run = _begin(network, options, steps)
        state = resume_path(out)
        if resume and state.is_file():
            run.restore(state)
        while run.epoch < options.epochs and run.epoch - run.best_epoch <= options.patience:
            loss = _epoch(run, task, options, report)
            score = task.validate(run.average.eval())
            run.scores.append(score)
            if score < run.best:
                run.best, run.best_epoch = score, run.epoch
                run.best_tensors = {name: tensor.clone() for name, tensor in run.average.state_dict().items()}
            run.epoch += 1
            run.save(state)
            tqdm.write(f"epoch {run.epoch}: training {loss:.4f}, unseen songs {score:.4f}, best {run.best:.4f}")
    return run
