"""Valence and arousal from musical traits and mood tags, with an interval that grows where the music is unfamiliar."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.prediction import HIGHEST, LOWEST
from emotion.weights import load_into, load_tensors, own_format, save_tensors

CENTRES = (5.0, 4.8)
SPREADS = (1.11, 1.33)
"""Where the mean and one standard deviation of VGMIDI's ratings lie on 1..9: those of DEAM. A convention, for no piece
was rated on both scales."""

LARGEST_TRAIT = 4.0
"""Standard deviations at which a trait is cut off: an unheard-of value must not decide alone."""


@dataclass(frozen=True)
class AffectConfig:
    """Size of the head, and what was measured when it was calibrated.

    Attributes:
        traits: names of the inputs in order.
        members: networks whose mean is the answer.
        hidden: units of each.
        reach: half width of the 80 % interval for valence and arousal, in standard deviations of VGMIDI's ratings,
            for music like the training music.
        familiar: distance from the training music below which music is like it.
        widening: how much the interval grows for each further unit of distance, relative to its width.
    """

    traits: tuple[str, ...]
    members: int = 8
    hidden: int = 24
    reach: tuple[float, float] = (1.2, 1.0)
    familiar: float = 1.0
    widening: float = 1.0


class AffectHead(nn.Module):
    """Several small networks with one hidden layer beside a linear path, calculated together.

    Args:
        config: its size.
        generator: draws the first weights.
    """

    centre: Tensor
    spread: Tensor
    home_centre: Tensor
    home_spread: Tensor

    def __init__(self, config: AffectConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        inputs, hidden, members = len(config.traits), config.hidden, config.members
        self.config = config
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("home_centre", torch.zeros(inputs))  # of the music with ratings that intervals rest on
        self.register_buffer("home_spread", torch.ones(inputs))
        self.first = nn.Parameter(torch.randn(members, inputs, hidden, generator=generator) / inputs**0.5)
        self.first_bias = nn.Parameter(torch.zeros(members, 1, hidden))
        self.second = nn.Parameter(torch.randn(members, hidden, 2, generator=generator) * 0.1 / hidden**0.5)
        self.straight = nn.Parameter(torch.zeros(members, inputs, 2))
        self.bias = nn.Parameter(torch.zeros(members, 1, 2))
        self.dropout = nn.Dropout(0.3)

    def standardised(self, traits: Tensor) -> Tensor:
        """Return (batch, inputs) in standard deviations of the training music, cut at LARGEST_TRAIT."""
        return ((traits - self.centre) / self.spread).clamp(-LARGEST_TRAIT, LARGEST_TRAIT)

    def forward(self, traits: Tensor) -> Tensor:
        """Return what each member says.

        Args:
            traits: (batch, inputs).

        Returns:
            (members, batch, 2) valence and arousal in standard deviations of VGMIDI's ratings.
        """
        x = self.dropout(self.standardised(traits).expand(self.config.members, -1, -1))
        hidden = torch.tanh(x @ self.first + self.first_bias)
        answer: Tensor = self.dropout(hidden) @ self.second + x @ self.straight + self.bias
        return answer


def save_affect_head(path: Path, head: AffectHead, notes: dict[str, str]) -> None:
    """Write a head with its config; notes say what it was trained on."""
    tensors = {name: tensor.contiguous() for name, tensor in head.state_dict().items()}
    save_tensors(path, tensors, {"config": json.dumps(asdict(head.config)), **notes})


def load_affect_head(path: Path) -> AffectHead:
    """Read what `save_affect_head` wrote.

    Raises:
        WeightsDamagedError: the file is something else.
    """
    tensors, metadata = load_tensors(path)
    with own_format(path):
        stored: dict[str, Any] = json.loads(metadata["config"])
        head = AffectHead(
            AffectConfig(**{**stored, "traits": tuple(stored["traits"]), "reach": tuple(stored["reach"])})
        )
    load_into(head, tensors, where=path)
    return head.eval()


@dataclass(frozen=True)
class Affect:
    """Valence and arousal of a piece on 1..9.

    Attributes:
        valence: mean over the parts.
        arousal: the same.
        valence_interval: its 80 % interval.
        arousal_interval: the same.
        unfamiliarity: how many times wider the intervals are than for music like the training music, 1 or more.
        course: valence and arousal of each part.
    """

    valence: float
    arousal: float
    valence_interval: tuple[float, float]
    arousal_interval: tuple[float, float]
    unfamiliarity: float
    course: tuple[tuple[float, float], ...]


@torch.inference_mode()
def judge_affect(head: AffectHead, traits: NDArray[np.float32], *, widening: float = 1.0) -> Affect:
    """Say what valence and arousal a piece has whose parts have these traits.

    Args:
        head: the trained head.
        traits: (parts, inputs).
        widening: how much less is known of this piece than of the training music, 1 or more.

    Returns:
        The mean over the parts, within 1..9.
    """
    course = head(torch.from_numpy(traits)).double().mean(dim=0).numpy()
    said = affect_scale(course.mean(axis=0))
    unlike = unfamiliarity(head, traits)
    reach = np.array(head.config.reach) * SPREADS * widening * unlike
    low, high = np.maximum(said - reach, LOWEST), np.minimum(said + reach, HIGHEST)
    return Affect(
        float(said[0]),
        float(said[1]),
        (float(low[0]), float(high[0])),
        (float(low[1]), float(high[1])),
        unlike,
        tuple((float(valence), float(arousal)) for valence, arousal in affect_scale(course)),
    )


def affect_scale(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring (..., 2) standard deviations of VGMIDI's ratings to 1..9."""
    scaled: NDArray[np.float64] = np.clip(CENTRES + np.multiply(SPREADS, standard), LOWEST, HIGHEST)
    return scaled


def unfamiliarity(head: AffectHead, traits: NDArray[np.float32]) -> float:
    """Return how much wider an interval must be because the music is unlike the training music, 1 or more."""
    excess = max(0.0, distance(head, traits) - head.config.familiar)
    return 1.0 + head.config.widening * excess


def distance(head: AffectHead, traits: NDArray[np.float32]) -> float:
    """Return the root mean square of a piece's traits in standard deviations of the rated music: near 1 for that."""
    mean = torch.from_numpy(traits).mean(dim=0)
    return float(((mean - head.home_centre) / head.home_spread).clamp(-10, 10).square().mean().sqrt())
