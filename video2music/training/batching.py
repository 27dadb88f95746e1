"""What both training tasks do with songs before a network sees them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch

from video2music.models.inputs import FeatureBatch
from video2music.training.dataset import LIMIT_S, Song

STREAMS = ("emotion", "motion", "scene_offset", "loudness", "note_density", "semantic")

Item = TypeVar("Item")


def picked(song: Song, index: np.typing.NDArray[np.int64], total_s: int) -> Song:
    """Return the seconds of a song that `index` names, of a song of `total_s` seconds."""
    streams: dict[str, Any] = {
        name: None if values is None else values[index] for name in STREAMS for values in [getattr(song, name)]
    }
    return replace(song, chords=song.chords[index], total_s=total_s, **streams)


def stretched(song: Song, factor: float) -> Song:
    """Return the song played `factor` times as fast, every stream read at the second before, at most 300 seconds.

    Args:
        song: with its streams.
        factor: above 1 is faster and shorter.
    """
    index = np.arange(0, song.seconds - 1e-6, factor).astype(np.int64)
    return picked(song, index[:LIMIT_S], round(song.total_s / factor))


def resampled(song: Song, seconds: int) -> Song:
    """Return the song with exactly so many seconds, every stream read at the second before."""
    index = (np.arange(seconds) * (song.seconds / seconds)).astype(np.int64)
    return picked(song, index, round(song.total_s * seconds / song.seconds))


def drop_groups(
    batch: FeatureBatch, chances: Sequence[float], every: float, generator: torch.Generator
) -> FeatureBatch:
    """Mark input groups of some songs as missing.

    Args:
        batch: videos.
        chances: of each of GROUPS.
        every: chance that all groups are missing.
        generator: source of chance.
    """
    drawn = torch.rand(batch.present.shape, generator=generator)
    kept = drawn >= torch.tensor(chances)
    seen = torch.rand(len(kept), 1, generator=generator) >= every
    return replace(batch, present=batch.present & kept & seen)


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cut a sequence into parts of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
