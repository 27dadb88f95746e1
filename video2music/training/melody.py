"""Training of the melody network on POP909."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from video2music.errors import DatasetError
from video2music.models.melody import (
    HOLD,
    REST,
    STEPS_PER_BAR,
    UNKNOWN_DENSITY,
    UNKNOWN_REGISTER,
    MelodyConfig,
    MelodyContext,
    MelodyNetwork,
    save_melody,
)
from video2music.models.melody_context import context_of, sung_wishes
from video2music.training.loop import LoopOptions, Progress, Run, resume_path, train
from video2music.training.melodies import MelodySection, Split, load_melodies, of_split


@dataclass(frozen=True)
class MelodyTrainingOptions:
    """How the melody network is trained.

    Attributes:
        loop: seed, epochs, rates.
        config: sizes of the network.
        batch_sections: sections per batch.
        longest_bars: of a section that one batch sees; longer ones are cut at random.
        wish_dropout: chance that a section's density, and its register, is left open.
    """

    loop: LoopOptions = field(
        default_factory=lambda: LoopOptions(
            epochs=12, learning_rate=4e-3, weight_decay=0.02, averaging=0.99, patience=3, bfloat16=False
        )
    )
    config: MelodyConfig = field(default_factory=MelodyConfig)
    batch_sections: int = 24
    longest_bars: int = 21
    wish_dropout: float = 0.3


@dataclass(frozen=True)
class MelodyBatch:
    """One batch: tokens (batch, T), which of them count (batch, T), and what they are sung over."""

    tokens: Tensor
    counts: Tensor
    context: MelodyContext


def melody_batch(sections: Sequence[MelodySection]) -> MelodyBatch:
    """Pad sections to a batch, with the wishes that they fulfil.

    Args:
        sections: of any lengths.
    """
    longest = max(len(section.tokens) for section in sections)
    contexts, tokens, counts = [], [], []
    for section in sections:
        gap = longest - len(section.tokens)
        density, register = (np.pad(wish, (0, gap), mode="edge") for wish in sung_wishes(section.tokens))
        chords = np.pad(section.chords, (0, gap), mode="edge")
        contexts.append(context_of(chords, minor=section.minor, density=density, register=register))
        tokens.append(torch.from_numpy(np.pad(section.tokens, (0, gap))))
        counts.append(torch.arange(longest) < len(section.tokens))
    joined = {f.name: torch.cat([getattr(context, f.name) for context in contexts]) for f in fields(MelodyContext)}
    return MelodyBatch(torch.stack(tokens), torch.stack(counts), MelodyContext(**joined))


def step_nats(network: MelodyNetwork, batch: MelodyBatch) -> Tensor:
    """Return the negative log likelihood of every step in nats, (batch, T), 0 where nothing counts."""
    likelihood = network(batch.tokens, batch.context).gather(2, batch.tokens[..., None])[..., 0]
    nats: Tensor = -likelihood * batch.counts
    return nats


class MelodyTask:
    """Next sixteenths of the training songs.

    Args:
        sections: to learn from.
        unseen: sections that decide when to stop.
        options: of the training.
    """

    def __init__(
        self, sections: Sequence[MelodySection], unseen: Sequence[MelodySection], options: MelodyTrainingOptions
    ) -> None:
        self.sections, self.options = sections, options
        ordered = sorted(unseen, key=lambda section: len(section.tokens))
        self.unseen = [melody_batch(ordered[i : i + 16]) for i in range(0, len(ordered), 16)]

    def steps(self, epoch: int) -> int:
        """Return the number of batches of an epoch; all have as many."""
        del epoch
        return -(-len(self.sections) // self.options.batch_sections)

    def batches(self, epoch: int, generator: torch.Generator) -> Sequence[Sequence[MelodySection]]:
        """Return all sections once, cut at random bar lines, those of similar length together."""
        del epoch
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        cut = [self._cut(section, rng) for section in self.sections]
        by_length = sorted(cut, key=lambda section: (len(section.tokens) // (4 * STEPS_PER_BAR), rng.random()))
        size = self.options.batch_sections
        made = [by_length[i : i + size] for i in range(0, len(by_length), size)]
        return [made[i] for i in rng.permutation(len(made))]

    def loss(self, network: MelodyNetwork, batch: Any, generator: torch.Generator) -> Tensor:  # noqa: ANN401  the loop knows no type
        """Return nats per step, with wishes left open at random."""
        made = melody_batch(batch)
        open_density, open_register = (
            torch.rand(len(made.tokens), 1, generator=generator) < self.options.wish_dropout for _ in range(2)
        )
        context = replace(
            made.context,
            density=made.context.density.masked_fill(open_density, UNKNOWN_DENSITY),
            register=made.context.register.masked_fill(open_register, UNKNOWN_REGISTER),
        )
        return step_nats(network, replace(made, context=context)).sum() / made.counts.sum()

    @torch.inference_mode()
    def validate(self, network: MelodyNetwork) -> float:
        """Return nats per step on unseen songs, no wishes given."""
        total, steps = 0.0, 0
        for batch in self.unseen:
            total += float(step_nats(network, replace(batch, context=batch.context.without_wishes())).sum())
            steps += int(batch.counts.sum())
        return total / steps

    def _cut(self, section: MelodySection, rng: np.random.Generator) -> MelodySection:
        """Keep a part that begins where phrases may begin, with the bar before it."""
        bars, limit = len(section.tokens) // STEPS_PER_BAR, self.options.longest_bars
        if bars <= limit:
            return section
        first = 4 * int(rng.integers((bars - limit) // 4 + 1)) * STEPS_PER_BAR
        chosen = slice(first, first + limit * STEPS_PER_BAR)
        tokens = section.tokens[chosen].copy()
        tokens[: int(np.argmax(tokens != HOLD))] = REST  # what is held from before the cut has no beginning here
        return replace(section, tokens=tokens, chords=section.chords[chosen])


def train_melody(
    data: Path, out: Path, options: MelodyTrainingOptions, *, resume: bool = False, progress: Progress | None = None
) -> Run:
    """Train the melody network and write its weights.

    Args:
        data: POP909, see `Pop909Folder`.
        out: safetensors file to write.
        options: how.
        resume: continue an interrupted run that left its state beside `out`.
        progress: told the stage and the fraction done.

    Returns:
        The run with its scores, nats per step on the val songs.

    Raises:
        DatasetError: the folder does not hold POP909.
    """
    return train_on(load_melodies(data), out, options, resume=resume, progress=progress)


def train_on(
    sections: Sequence[MelodySection],
    out: Path,
    options: MelodyTrainingOptions,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train on sections that were read already; see `train_melody`."""
    with torch.random.fork_rng():
        torch.manual_seed(options.loop.seed)
        network = MelodyNetwork(options.config)
    task = MelodyTask(_need(sections, "train"), _need(sections, "val"), options)
    run = train(network, task, out, options.loop, resume=resume, progress=progress)
    network.load_state_dict(run.best_tensors)
    save_melody(out, network, {"seed": str(options.loop.seed), "validation_nats": f"{run.best:.4f}"})
    resume_path(out).unlink(missing_ok=True)
    return run


def _need(sections: Sequence[MelodySection], split: Split) -> list[MelodySection]:
    chosen = of_split(sections, split)
    if not chosen:
        raise DatasetError(f"None of the songs that can be used belongs to {split}", remedy="Give all of POP909")
    return chosen
