"""Songs with labels and features as tensors, and the order in which an epoch meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emotion.moods import mood_tags
from emotion.music2emo.networks import EmotionInputs, pad_chords
from emotion.training.features import SongFeatures, features_path, read_features
from emotion.training.registry import DataSet
from emotion.training.songs import Song

EVEN, FRONT = "even", "front"
"""Schedules: small data sets spread over the epoch, or all at its start as published."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some songs of one data set.

    Attributes:
        data_set: its name.
        task: "tags" or "affect".
        inputs: what the networks read.
        targets: (B, 56) tags, or (B, 2) valence and arousal.
        spread: (B, 2) standard deviation of the raters, not a number where unknown; None for tags.
        raters: number of raters.
    """

    data_set: str
    task: str
    inputs: EmotionInputs
    targets: Tensor
    spread: Tensor | None
    raters: int


class Examples:
    """The songs of one data set and split, in memory.

    Args:
        entry: the data set.
        songs: its songs.
        features: their features, in the same order.
    """

    def __init__(self, entry: DataSet, songs: Sequence[Song], features: Sequence[SongFeatures]) -> None:
        self.entry, self.songs = entry, list(songs)
        self._segments = [torch.from_numpy(item.segments) for item in features]
        self._chords = [pad_chords(torch.from_numpy(item.chords)) for item in features]
        self._mode = torch.tensor([[item.mode] for item in features])
        self._targets, self._spread = _targets(entry, self.songs)

    def __len__(self) -> int:
        """Return the number of songs."""
        return len(self.songs)

    @property
    def mert_size(self) -> int:
        """Width of the embeddings."""
        return int(self._segments[0].shape[1])

    def batch(self, indices: Sequence[int], generator: torch.Generator | None = None) -> Batch:
        """Return songs as tensors.

        Args:
            indices: which songs.
            generator: with it, a random run of segments and a random hundred chord changes of each song are taken, as
                augmentation; without it all of both.

        Returns:
            The batch.
        """
        mert = torch.stack([_run(self._segments[i], generator).mean(0) for i in indices])
        rows, counts = zip(*(_rows(self._chords[i], generator) for i in indices), strict=True)
        inputs = EmotionInputs(
            mert,
            torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True),
            torch.nn.utils.rnn.pad_sequence(list(counts), batch_first=True),
            self._mode[list(indices)],
        )
        spread = None if self._spread is None else self._spread[list(indices)]
        return Batch(
            self.entry.name, self.entry.task, inputs, self._targets[list(indices)], spread, self.entry.raters or 1
        )

    @property
    def spread(self) -> Tensor | None:
        """Standard deviation of the raters, (songs, 2), not a number where unknown; None for tags."""
        return self._spread

    def priors(self) -> Tensor:
        """Return the share of songs with each tag, (56,), never below one song."""
        return self._targets.mean(0).clamp(min=1 / len(self)).double()


def load_examples(entry: DataSet, songs: Sequence[Song], folder: Path, *, skip_missing: bool = True) -> Examples | None:
    """Read the features of songs.

    Args:
        entry: their data set.
        songs: the songs.
        folder: where features are kept.
        skip_missing: leave out songs without features (sound that could not be had) instead of refusing.

    Returns:
        The examples; None where no song has features.

    Raises:
        FeaturesError: a file is damaged, or missing and not to be skipped.
    """
    present = [song for song in songs if not skip_missing or features_path(folder, song).is_file()]
    if not present:
        return None
    return Examples(entry, present, [read_features(features_path(folder, song)) for song in present])


def epoch_steps(
    sets: Mapping[str, Examples], batch_size: int, generator: torch.Generator, *, schedule: str = EVEN
) -> Iterator[list[Batch]]:
    """Go once through all data sets, each in its own random order.

    Args:
        sets: examples by data set.
        batch_size: songs of one data set in a step.
        generator: decides the order and the augmentation.
        schedule: `EVEN`, or `FRONT` for the published order in which small sets are met only at the start of an epoch.

    Yields:
        The batches of one step, at most one per data set; as many steps as the largest set needs.
    """
    orders = {name: torch.randperm(len(examples), generator=generator).tolist() for name, examples in sets.items()}
    counts = {name: -(-len(order) // batch_size) for name, order in orders.items()}
    steps = max(counts.values())
    met = dict.fromkeys(sets, 0)
    for step in range(steps):
        batches = []
        for name, examples in sets.items():
            due = (step + 1) * counts[name] // steps if schedule == EVEN else min(step + 1, counts[name])
            if due > met[name]:
                start = met[name] * batch_size
                batches.append(examples.batch(orders[name][start : start + batch_size], generator))
                met[name] = due
        yield batches


def _targets(entry: DataSet, songs: Sequence[Song]) -> tuple[Tensor, Tensor | None]:
    if entry.task == "tags":
        order = {tag.name: index for index, tag in enumerate(mood_tags())}
        targets = torch.zeros(len(songs), len(order))
        for row, song in enumerate(songs):
            targets[row, [order[tag] for tag in song.tags or ()]] = 1.0
        return targets, None
    affect = np.array([song.affect for song in songs], dtype=np.float32)
    spread = np.array([song.affect_sd or (np.nan, np.nan) for song in songs], dtype=np.float32)
    return torch.from_numpy(affect), torch.from_numpy(spread)


def _run(segments: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return a random contiguous run of rows, or all."""
    if generator is None or len(segments) == 1:
        return segments
    length = int(torch.randint(1, len(segments) + 1, (), generator=generator))
    start = int(torch.randint(0, len(segments) - length + 1, (), generator=generator))
    return segments[start : start + length]


def _rows(chords: tuple[Tensor, Tensor], generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Return a random hundred chord changes, or all hundreds."""
    rows, counts = chords
    if generator is None or len(rows) == 1:
        return rows, counts
    index = int(torch.randint(0, len(rows), (), generator=generator))
    return rows[index : index + 1], counts[index : index + 1]
