"""Encoder and decoder stacks, with the parameter names of the published checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from video2music.models.attention import KeyValueCache, MultiheadAttention, future_hidden


@dataclass(frozen=True)
class LayerConfig:
    """Sizes that all layers of a stack share.

    Attributes:
        d_model: width of the rows.
        heads: attention heads.
        feed_forward: width of the inner linear layer.
        dropout: share dropped in training.
        inner_dropout: share of attention weights and of the inner linear layers dropped in training.
        norm_first: normalise before each part (True) or after it, as published (False).
        relative_length: rows of the relative position table of the decoder.
        cross_attention: the decoder attends to the encoder's rows, as published.
    """

    d_model: int
    heads: int
    feed_forward: int
    dropout: float
    inner_dropout: float
    norm_first: bool
    relative_length: int
    cross_attention: bool


class EncoderLayer(nn.Module):
    """Self-attention over the seconds of the video, then a feed-forward part."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.config = config
        self.self_attn = MultiheadAttention(config.d_model, config.heads, dropout=config.inner_dropout)
        self.linear1 = nn.Linear(config.d_model, config.feed_forward)
        self.linear2 = nn.Linear(config.feed_forward, config.d_model)
        self.norm1 = nn.LayerNorm(config.d_model)
        self.norm2 = nn.LayerNorm(config.d_model)
        self.drop = nn.Dropout(config.dropout)
        self.inner_drop = nn.Dropout(config.inner_dropout)

    def _attend(self, rows: Tensor, hidden: Tensor | None) -> Tensor:
        keys, values = self.self_attn.keys_values(rows)
        dropped: Tensor = self.drop(self.self_attn(rows, keys, values, hidden=hidden))
        return dropped

    def _feed(self, rows: Tensor) -> Tensor:
        dropped: Tensor = self.drop(self.linear2(self.inner_drop(functional.relu(self.linear1(rows)))))
        return dropped

    def forward(self, rows: Tensor, hidden: Tensor | None) -> Tensor:
        """Return (batch, T, d_model) for rows of that shape; `hidden` marks padding."""
        if self.config.norm_first:
            rows = rows + self._attend(self.norm1(rows), hidden)
            return rows + self._feed(self.norm2(rows))
        rows = self.norm1(rows + self._attend(rows, hidden))
        after: Tensor = self.norm2(rows + self._feed(rows))
        return after


class DecoderLayer(nn.Module):
    """Relative self-attention over the chords so far, cross-attention to the video where asked for, feed-forward."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.config = config
        self.self_attn = MultiheadAttention(
            config.d_model, config.heads, relative_length=config.relative_length, dropout=config.inner_dropout
        )
        self.multihead_attn = (
            MultiheadAttention(config.d_model, config.heads, dropout=config.inner_dropout)
            if config.cross_attention
            else None
        )
        self.linear1 = nn.Linear(config.d_model, config.feed_forward)
        self.linear2 = nn.Linear(config.feed_forward, config.d_model)
        self.norm1 = nn.LayerNorm(config.d_model)
        self.norm2 = nn.LayerNorm(config.d_model) if config.cross_attention else nn.Identity()
        self.norm3 = nn.LayerNorm(config.d_model)
        self.drop = nn.Dropout(config.dropout)
        self.inner_drop = nn.Dropout(config.inner_dropout)

    def _attend(self, rows: Tensor, cache: KeyValueCache) -> Tensor:
        keys, values = cache.extend(*self.self_attn.keys_values(rows))
        hidden = future_hidden(rows.shape[1], keys.shape[2], rows.device)
        dropped: Tensor = self.drop(self.self_attn(rows, keys, values, hidden=hidden))
        return dropped

    def _look(self, rows: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        if self.multihead_attn is None:
            return torch.zeros_like(rows)
        dropped: Tensor = self.drop(self.multihead_attn(rows, *memory))
        return dropped

    def _feed(self, rows: Tensor) -> Tensor:
        dropped: Tensor = self.drop(self.linear2(self.inner_drop(functional.relu(self.linear1(rows)))))
        return dropped

    def forward(self, rows: Tensor, memory: tuple[Tensor, Tensor] | None, cache: KeyValueCache) -> Tensor:
        """Return (batch, L, d_model) for the L new rows; `cache` holds and receives the steps before them."""
        if self.config.norm_first:
            rows = rows + self._attend(self.norm1(rows), cache)
            if memory is not None:
                rows = rows + self._look(self.norm2(rows), memory)
            return rows + self._feed(self.norm3(rows))
        rows = self.norm1(rows + self._attend(rows, cache))
        if memory is not None:
            rows = self.norm2(rows + self._look(rows, memory))
        after: Tensor = self.norm3(rows + self._feed(rows))
        return after


class Encoder(nn.Module):
    """A stack of encoder layers with a final normalisation."""

    def __init__(self, config: LayerConfig, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(layers))
        self.norm = nn.LayerNorm(config.d_model)

    def forward(self, rows: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Return (batch, T, d_model); `hidden` is True on padded keys, broadcast to (batch, heads, T, T)."""
        for layer in self.layers:
            rows = layer(rows, hidden)
        after: Tensor = self.norm(rows)
        return after


class Decoder(nn.Module):
    """A stack of decoder layers with a final normalisation."""

    def __init__(self, config: LayerConfig, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(layers))
        self.norm = nn.LayerNorm(config.d_model)

    def memories(self, rows: Tensor) -> list[tuple[Tensor, Tensor] | None]:
        """Return keys and values of the encoder's rows for every layer, computed once for all steps."""
        attentions = [layer.multihead_attn for layer in self.layers]
        return [a.keys_values(rows) if isinstance(a, MultiheadAttention) else None for a in attentions]

    def forward(
        self, rows: Tensor, memories: Sequence[tuple[Tensor, Tensor] | None], caches: Sequence[KeyValueCache]
    ) -> Tensor:
        """Return (batch, L, d_model) for the L new rows."""
        for layer, memory, cache in zip(self.layers, memories, caches, strict=True):
            rows = layer(rows, memory, cache)
        after: Tensor = self.norm(rows)
        return after


class Transformer(nn.Module):
    """Encoder and decoder under the names that `torch.nn.Transformer` gives them."""

    def __init__(self, config: LayerConfig, *, encoder_layers: int, decoder_layers: int) -> None:
        super().__init__()
        self.encoder = Encoder(config, encoder_layers)
        self.decoder = Decoder(config, decoder_layers)
