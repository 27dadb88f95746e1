"""The mood network: a small convolutional network that says which of the 56 tags fit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from emotion.moods import mood_tags

SHRINKING = 8
"""Steps of the picture for each step of what the network hears: one in 0.7 s."""


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
