"""The chord network: bi-directional transformer over a constant-Q spectrum (Park et al. 2019), published names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from emotion.music2emo.vocabulary import CHORD_CLASSES

LONGEST_TIMESCALE = 1.0e4


@dataclass(frozen=True)
class ChordNetworkConfig:
    """Sizes of the chord network; the defaults are those of the released large-vocabulary checkpoint.

    Attributes:
        bins: bins of the constant-Q spectrum.
        frames: frames it reads at once (108 are ten seconds).
        hidden: width of all layers.
        layers: bi-directional blocks.
        heads: attention heads.
        classes: chord classes.
    """

    bins: int = 144
    frames: int = 108
    hidden: int = 128
    layers: int = 8
    heads: int = 4
    classes: int = CHORD_CLASSES


def timing_signal(length: int, channels: int) -> Tensor:
    """Return the position code (1, length, channels): all sines, then all cosines."""
    scales = channels // 2
    step = math.log(LONGEST_TIMESCALE) / (scales - 1)
    rate = torch.exp(torch.arange(scales, dtype=torch.float64) * -step)
    angle = torch.arange(length, dtype=torch.float64).unsqueeze(1) * rate
    return torch.cat([torch.sin(angle), torch.cos(angle)], 1).unsqueeze(0).float()


class ChordLayerNorm(nn.Module):
    """Layer norm as in the checkpoint: unbiased deviation, epsilon added to it instead of to the variance."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(features))
        self.beta = nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:
        """Return x (..., features), normalised over the last axis."""
        deviation = x.std(-1, keepdim=True)
        return self.gamma * (x - x.mean(-1, keepdim=True)) / (deviation + 1e-6) + self.beta


class ChordAttention(nn.Module):
    """Attention in one direction of time."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_linear = nn.Linear(hidden, hidden, bias=False)
        self.key_linear = nn.Linear(hidden, hidden, bias=False)
        self.value_linear = nn.Linear(hidden, hidden, bias=False)
        self.output_linear = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Return (B, T, hidden) for x (B, T, hidden) and an additive mask (T, T)."""
        query, key, value = (self._split(layer(x)) for layer in (self.query_linear, self.key_linear, self.value_linear))
        answer = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        merged: Tensor = self.output_linear(answer.transpose(1, 2).flatten(2))
        return merged

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class ChordConvolution(nn.Module):
    """One convolution over three frames; the numbered list around it keeps the published names."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(hidden, hidden, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, hidden)."""
        convolved: Tensor = self.conv(x.transpose(1, 2))
        return convolved.transpose(1, 2)


class ChordFeedForward(nn.Module):
    """Two convolutions, a rectifier behind each."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([ChordConvolution(hidden), ChordConvolution(hidden)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, hidden)."""
        for layer in self.layers:
            x = self.dropout(functional.relu(layer(x)))
        return x


class DirectedBlock(nn.Module):
    """Attention and convolutions in one direction of time, each with its norm and residual."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.multi_head_attention = ChordAttention(hidden, heads)
        self.positionwise_convolution = ChordFeedForward(hidden, dropout)
        self.layer_norm_mha = ChordLayerNorm(hidden)
        self.layer_norm_ffn = ChordLayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Return (B, T, hidden)."""
        x = self.dropout(x + self.multi_head_attention(self.layer_norm_mha(x), bias))
        changed: Tensor = self.dropout(x + self.positionwise_convolution(self.layer_norm_ffn(x)))
        return changed


class TwoWayBlock(nn.Module):
    """One block that sees the past and one that sees the future, merged."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attn_block = DirectedBlock(hidden, heads, dropout)
        self.backward_attn_block = DirectedBlock(hidden, heads, dropout)
        self.linear = nn.Linear(2 * hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, hidden)."""
        later = torch.full((x.shape[1], x.shape[1]), -torch.inf, device=x.device).triu(1)
        both = torch.cat([self.attn_block(x, later), self.backward_attn_block(x, later.T)], 2)
        merged: Tensor = self.linear(both)
        return merged


class ChordEncoder(nn.Module):
    """Projection, position code, blocks and norm."""

    position_code: Tensor

    def __init__(self, config: ChordNetworkConfig, dropout: float) -> None:
        super().__init__()
        self.embedding_proj = nn.Linear(config.bins, config.hidden, bias=False)
        self.self_attn_layers = nn.ModuleList(
            TwoWayBlock(config.hidden, config.heads, dropout) for _ in range(config.layers)
        )
        self.layer_norm = ChordLayerNorm(config.hidden)
        self.input_dropout = nn.Dropout(dropout)
        self.register_buffer("position_code", timing_signal(config.frames, config.hidden), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, T, hidden) for features (B, T, bins)."""
        x = self.embedding_proj(self.input_dropout(features)) + self.position_code[:, : features.shape[1]]
        for block in self.self_attn_layers:
            x = block(x)
        normed: Tensor = self.layer_norm(x)
        return normed


class ChordOutput(nn.Module):
    """Class scores. The recurrent layer is in the released file and was never used; it is kept so the file fits."""

    def __init__(self, config: ChordNetworkConfig) -> None:
        super().__init__()
        self.output_projection = nn.Linear(config.hidden, config.classes)
        self.lstm = nn.LSTM(config.hidden, config.hidden // 2, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, T, classes)."""
        logits: Tensor = self.output_projection(x)
        return logits


class ChordNetwork(nn.Module):
    """The whole network.

    Args:
        config: its sizes.
        dropout: share of activations dropped during training.
    """

    def __init__(self, config: ChordNetworkConfig | None = None, *, dropout: float = 0.2) -> None:
        super().__init__()
        self.config = config or ChordNetworkConfig()
        self.self_attn_layers = ChordEncoder(self.config, dropout)
        self.output_layer = ChordOutput(self.config)

    def forward(self, features: Tensor) -> Tensor:
        """Return chord logits.

        Args:
            features: (B, T, bins) normalised log magnitudes, T at most `config.frames`.

        Returns:
            (B, T, classes).
        """
        logits: Tensor = self.output_layer(self.self_attn_layers(features))
        return logits
