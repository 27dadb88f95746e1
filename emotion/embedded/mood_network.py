"""The mood network: a small convolutional network that says which of the 56 tags fit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.moods import mood_priors, mood_tags
from emotion.weights import load_into, load_tensors, own_format, save_tensors

SHRINKING = 8
"""Steps of the picture for each step of what the network hears: one in 0.7 s."""


LEAST_RELIABILITY = 0.65
"""Expected area under the ROC curve on human labels that a tag needs to be shown; 0.5 is guessing."""

SURENESS = 0.8416
"""Standard deviations of the network's error that a tag must stand above its prior: four chances in five."""

LEAST_RAISED, LEAST_PROBABILITY = 1.5, 0.03
"""Factor on the odds of the prior, and probability, below which a tag says nothing to a person."""


@dataclass(frozen=True)
class MoodConfig:
    """Size of the network.

    Attributes:
        channels: of the five layers.
    """

    channels: tuple[int, int, int, int, int] = (24, 48, 96, 128, 192)


class MoodNetwork(nn.Module):
    """Five convolutions over time and pitch, one over time, then the mean and the strongest of each channel.

    Args:
        config: its size.
    """

    def __init__(self, config: MoodConfig) -> None:
        super().__init__()
        self.config = config
        one, two, three, four, five = config.channels
        self.layers = nn.Sequential(
            _layer(2, one, (1, 2), (3, 5)),
            _layer(one, two, (2, 2)),
            _layer(two, three, (2, 2)),
            _layer(three, four, (2, 2)),
            _layer(four, five, (1, 2)),
        )
        self.course = nn.Sequential(nn.Conv1d(five, five, 3, padding=1), nn.BatchNorm1d(five), nn.ReLU())
        self.dropout = nn.Dropout(0.2)
        self.tags = nn.Linear(2 * five, len(mood_tags()))

    def hear(self, picture: Tensor) -> Tensor:
        """Return what is heard over time.

        Args:
            picture: (batch, 2, steps, 96) of `network_picture`.

        Returns:
            (batch, channels, ceil(steps / 8)).
        """
        heard: Tensor = self.course(self.layers(picture).mean(dim=3))
        return heard

    def judge(self, heard: Tensor) -> Tensor:
        """Return the logits of the tags of what was heard.

        Args:
            heard: (batch, channels, steps).

        Returns:
            (batch, 56).
        """
        logits: Tensor = self.tags(self.dropout(torch.cat([heard.mean(dim=2), heard.amax(dim=2)], dim=1)))
        return logits

    def forward(self, picture: Tensor) -> Tensor:
        """Return the logits of the tags, (batch, 56), of pictures, (batch, 2, steps, 96)."""
        return self.judge(self.hear(picture))


def _layer(inputs: int, outputs: int, stride: tuple[int, int], size: tuple[int, int] = (3, 3)) -> nn.Sequential:
    padding = (size[0] // 2, size[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


@dataclass(frozen=True, eq=False)
class TagReading:
    """How logits become calibrated probabilities, and which tags are worth showing.

    Attributes:
        slope: (56,) and
        offset: (56,) of the line from the network's logit to the logit of the calibrated probability.
        error: (56,) standard deviation of the calibrated logit around the teacher's, on held-out recordings.
        reliability: (56,) expected area under the ROC curve on human labels: 0.5 plus what the teacher has above 0.5
            there, times the agreement with the teacher on held-out recordings.
    """

    slope: NDArray[np.float64]
    offset: NDArray[np.float64]
    error: NDArray[np.float64]
    reliability: NDArray[np.float64]

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (56,) calibrated probabilities of (56,) logits."""
        return np.exp(-np.logaddexp(0.0, -self._calibrated(logits)))

    def shown(self, probabilities: NDArray[np.float64]) -> list[int]:
        """Return the tags that can be told from how common they are, the most raised one first.

        Args:
            probabilities: (56,) of `probabilities`.
        """
        priors = mood_priors()
        raised = np.log(probabilities / (1 - probabilities)) - np.log(priors / (1 - priors))
        told_apart = (self.reliability >= LEAST_RELIABILITY) & (raised > SURENESS * self.error)
        kept = told_apart & (raised > np.log(LEAST_RAISED)) & (probabilities >= LEAST_PROBABILITY)
        return [int(index) for index in np.argsort(-raised) if kept[index]]

    def _calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.slope * logits + self.offset


def save_mood_network(path: Path, network: MoodNetwork, reading: TagReading, notes: dict[str, str]) -> None:
    """Write a network with its size and its reading; notes say what it was trained on."""
    tensors = {f"network.{name}": tensor.contiguous() for name, tensor in network.state_dict().items()}
    tensors |= {f"reading.{name}": torch.from_numpy(array) for name, array in asdict(reading).items()}
    save_tensors(path, tensors, {"config": json.dumps(asdict(network.config)), **notes})


def load_mood_network(path: Path) -> tuple[MoodNetwork, TagReading]:
    """Read what `save_mood_network` wrote.

    Raises:
        WeightsDamagedError: the file is something else.
    """
    tensors, metadata = load_tensors(path)
    with own_format(path):
        network = MoodNetwork(MoodConfig(**{k: tuple(v) for k, v in json.loads(metadata["config"]).items()}))
        read = {name.removeprefix("reading."): t.numpy() for name, t in tensors.items() if name.startswith("reading.")}
        reading = TagReading(**read)
        np.stack([*read.values(), mood_priors()])  # fails unless all have one value per tag
    own = {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
    load_into(network, own, where=path)
    return network.eval(), reading
