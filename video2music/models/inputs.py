"""From video features to the rows that the networks read."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from video2music.features.video_features import EMOTIONS, VideoFeatures

SEMANTIC_WIDTH = 768
"""Width of a CLIP ViT-L/14@336 image embedding."""

PUBLISHED_WIDTH = SEMANTIC_WIDTH + 2 + len(EMOTIONS)
"""Width of a published input row: semantic, scene offset, motion, emotion."""

GROUPS = ("semantic", "scene_offset", "motion", "emotion")
"""Input groups that may be missing, in the order of the row."""

EDGE_SCALES_S = (2.0, 8.0, 30.0)
"""Decay times in seconds of the marks for the start and the end of a video."""


@dataclass(frozen=True)
class FeatureBatch:
    """Features of several videos, padded to the longest; every tensor is on one device.

    Attributes:
        emotion: (batch, T, 6), probabilities.
        scene_offset: (batch, T), seconds since the last cut, from 0.
        motion: (batch, T), mean absolute RGB difference, 0 to 255.
        from_start: (batch, T), seconds since the video began.
        to_end: (batch, T), seconds until the video ends, 0 in its last second.
        valid: (batch, T) bool, False on padding.
        present: (batch, 4) bool, which of GROUPS are given; the values of the others are ignored.
        semantic: (batch, T, 768) image embeddings, or already projected ones, or None for none at all.
    """

    emotion: Tensor
    scene_offset: Tensor
    motion: Tensor
    from_start: Tensor
    to_end: Tensor
    valid: Tensor
    present: Tensor
    semantic: Tensor | None = None

    @property
    def steps(self) -> int:
        """Number of seconds with padding, T."""
        return self.motion.shape[1]

    def cut(self, start: int, stop: int) -> "FeatureBatch":
        """Return the seconds from start to stop; where the video begins and ends stays known."""
        return replace(
            self,
            emotion=self.emotion[:, start:stop],
            scene_offset=self.scene_offset[:, start:stop],
            motion=self.motion[:, start:stop],
            from_start=self.from_start[:, start:stop],
            to_end=self.to_end[:, start:stop],
            valid=self.valid[:, start:stop],
            semantic=None if self.semantic is None else self.semantic[:, start:stop],
        )

    def without(self, *groups: str) -> "FeatureBatch":
        """Return the batch with the named groups marked as missing."""
        present = self.present.clone()
        for group in groups:
            present[:, GROUPS.index(group)] = False
        return replace(self, present=present)

    def preceded(self, seconds: int) -> "FeatureBatch":
        """Return the batch with `seconds` seconds before it, in which the video runs in a circle up to its beginning.

        The videos must be of equal length. Both ends are then those of the longer video.
        """
        index = torch.arange(-seconds, self.steps) % self.steps
        from_start = torch.cat([torch.arange(seconds).expand(len(self.motion), -1), self.from_start + seconds], dim=1)
        left = self.to_end[:, :1] + torch.arange(seconds, 0, -1)
        return replace(
            self,
            emotion=self.emotion[:, index],
            scene_offset=self.scene_offset[:, index],
            motion=self.motion[:, index],
            from_start=from_start,
            to_end=torch.cat([left, self.to_end], dim=1),
            valid=self.valid[:, index],
            semantic=None if self.semantic is None else self.semantic[:, index],
        )

    def padded(self, steps: int) -> "FeatureBatch":
        """Return the batch with zeros after its end, `steps` seconds long."""
        extra = steps - self.steps
        if extra <= 0:
            return self
        return replace(
            self,
            emotion=functional.pad(self.emotion, (0, 0, 0, extra)),
            scene_offset=functional.pad(self.scene_offset, (0, extra)),
            motion=functional.pad(self.motion, (0, extra)),
            from_start=functional.pad(self.from_start, (0, extra)),
            to_end=functional.pad(self.to_end, (0, extra)),
            valid=functional.pad(self.valid, (0, extra)),
            semantic=None if self.semantic is None else functional.pad(self.semantic, (0, 0, 0, extra)),
        )


def batch_of(features: VideoFeatures) -> FeatureBatch:
    """Return one video's features as a batch of one, on the CPU."""
    seconds = features.seconds
    from_start = torch.arange(seconds, dtype=torch.float32)[None]
    semantic = None if features.semantic is None else _row(features.semantic)
    present = torch.ones(1, len(GROUPS), dtype=torch.bool)
    present[0, GROUPS.index("semantic")] = semantic is not None
    return FeatureBatch(
        emotion=_row(features.emotion),
        scene_offset=_row(features.scene_offset),
        motion=_row(features.motion),
        from_start=from_start,
        to_end=seconds - 1 - from_start,
        valid=torch.ones(1, seconds, dtype=torch.bool),
        present=present,
        semantic=semantic,
    )


def _row(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))[None]


def published_rows(batch: FeatureBatch) -> Tensor:
    """Return the rows of the paper: [semantic 768 | scene offset + 1 | motion | emotion 6], zeros on padding.

    Args:
        batch: its semantic vectors are 768 wide; missing groups become zeros.

    Returns:
        (batch, T, 776).
    """
    shape = (*batch.motion.shape, SEMANTIC_WIDTH)
    semantic = batch.motion.new_zeros(shape) if batch.semantic is None else batch.semantic
    given = batch.present.to(batch.motion.dtype)[:, :, None, None]
    groups = (semantic, batch.scene_offset[..., None] + 1, batch.motion[..., None], batch.emotion)
    rows = torch.cat([group * given[:, index] for index, group in enumerate(groups)], dim=-1)
    return rows * batch.valid[..., None]


class NormalisedRows(nn.Module):
    """Our rows: projected and scaled groups, marks of both ends of the video, and which groups are given.

    The semantic vectors are projected on the main directions of the training set, which travel with the weights: what
    training never saw must not reach the network. Scene offset and motion enter as logarithms,
    emotion as a square root.

    Args:
        semantic_components: number of directions kept of the 768.
    """

    semantic_mean: Tensor
    semantic_basis: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, semantic_components: int) -> None:
        super().__init__()
        self.components = semantic_components
        values = semantic_components + 2 + len(EMOTIONS)
        self.register_buffer("semantic_mean", torch.zeros(SEMANTIC_WIDTH))
        self.register_buffer("semantic_basis", torch.zeros(SEMANTIC_WIDTH, semantic_components))
        self.register_buffer("mean", torch.zeros(values))
        self.register_buffer("scale", torch.ones(values))

    @property
    def width(self) -> int:
        """Width of a row."""
        return self.components + 2 + len(EMOTIONS) + 2 * len(EDGE_SCALES_S) + len(GROUPS)

    def project(self, semantic: Tensor) -> Tensor:
        """Return (..., components) for (..., 768); vectors of that width already are returned as they are."""
        if semantic.shape[-1] == self.components:
            return semantic
        return (semantic - self.semantic_mean) @ self.semantic_basis

    def values(self, batch: FeatureBatch) -> Tensor:
        """Return the four groups before scaling, (batch, T, components + 8)."""
        if batch.semantic is None:
            semantic = batch.motion.new_zeros(*batch.motion.shape, self.components)
        else:
            semantic = self.project(batch.semantic)
        scene, motion = torch.log1p(batch.scene_offset)[..., None], torch.log1p(batch.motion)[..., None]
        return torch.cat([semantic, scene, motion, batch.emotion.clamp(min=0).sqrt()], dim=-1)

    def forward(self, batch: FeatureBatch) -> Tensor:
        """Return (batch, T, width)."""
        given = batch.present.to(batch.motion.dtype)
        sizes = torch.tensor([self.components, 1, 1, len(EMOTIONS)], device=given.device)
        values = (self.values(batch) - self.mean) / self.scale * given.repeat_interleave(sizes, dim=1)[:, None]
        ends = [torch.exp(-side / s)[..., None] for side in (batch.from_start, batch.to_end) for s in EDGE_SCALES_S]
        flags = given[:, None].expand(*batch.motion.shape, len(GROUPS))
        return torch.cat([values, *ends, flags], dim=-1) * batch.valid[..., None]
