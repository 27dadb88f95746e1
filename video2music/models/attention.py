"""Multi-head attention with the relative positions of the Music Transformer, and a cache for generation.

The parameter names are those of the published checkpoint: `in_proj_weight`, `in_proj_bias`, `out_proj` and `Er`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass
class KeyValueCache:
    """Keys and values of the steps that one layer has already seen, each (batch, heads, steps, width)."""

    keys: Tensor | None = None
    values: Tensor | None = None

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append new steps and return all of them."""
        if self.keys is not None and self.values is not None:
            keys, values = torch.cat([self.keys, keys], dim=2), torch.cat([self.values, values], dim=2)
        self.keys, self.values = keys, values
        return keys, values


def skew(scores: Tensor) -> Tensor:
    """Turn scores per distance into scores per key (Huang et al. 2018, section 3.4.1).

    Args:
        scores: (..., L, K) with K >= L; the last L of K steps ask, and column c belongs to the distance K - 1 - c back.

    Returns:
        (..., L, K), column j belongs to key j; entries after the asking step are meaningless and must be masked.
    """
    length, keys = scores.shape[-2:]
    if length == 1:
        return scores
    if length == keys:
        padded = functional.pad(scores, (1, 0))
        return padded.reshape(*scores.shape[:-2], keys + 1, length)[..., 1:, :]
    rows = torch.arange(length, device=scores.device)[:, None]
    columns = torch.arange(keys, device=scores.device)[None, :]
    index = (length - 1 - rows + columns).clamp(max=keys - 1)
    return scores.gather(-1, index.expand(scores.shape))


class MultiheadAttention(nn.Module):
    """Attention of `heads` heads; with `relative_length` the table Er of relative positions is added to the scores.

    Args:
        d_model: width of the rows.
        heads: number of heads, a divisor of d_model.
        relative_length: largest number of steps, 0 for attention without positions.
        dropout: share of attention weights dropped in training.
    """

    def __init__(self, d_model: int, heads: int, *, relative_length: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.width, self.dropout = heads, d_model // heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d_model, d_model))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d_model))
        self.out_proj = nn.Linear(d_model, d_model)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)
        self.Er = nn.Parameter(torch.randn(relative_length, self.width) * 0.02) if relative_length else None

    def _project(self, rows: Tensor, part: slice) -> Tensor:
        projected = functional.linear(rows, self.in_proj_weight[part], self.in_proj_bias[part])
        return projected.view(*rows.shape[:2], -1, self.heads, self.width).permute(2, 0, 3, 1, 4)

    def keys_values(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values, each (batch, heads, steps, width), of rows (batch, steps, d_model)."""
        keys, values = self._project(rows, slice(self.heads * self.width, None))
        return keys, values

    def forward(self, rows: Tensor, keys: Tensor, values: Tensor, *, hidden: Tensor | None = None) -> Tensor:
        """Attend from rows to keys.

        Args:
            rows: (batch, L, d_model), the asking steps.
            keys: (batch, heads, K, width); with relative positions the asking steps are the last L of them.
            values: (batch, heads, K, width).
            hidden: bool, broadcast to (batch, heads, L, K), True where a key must not be seen.

        Returns:
            (batch, L, d_model).
        """
        (query,) = self._project(rows, slice(0, self.heads * self.width))
        query = query / math.sqrt(self.width)
        scores = query @ keys.transpose(-1, -2)
        if self.Er is not None:
            scores = scores + skew(query @ self.Er[self.Er.shape[0] - keys.shape[2] :].T)
        if hidden is not None:
            scores = scores.masked_fill(hidden, float("-inf"))
        weights = scores.softmax(dim=-1)
        if self.dropout:
            weights = functional.dropout(weights, self.dropout, self.training)
        mixed = (weights @ values).transpose(1, 2).flatten(2)
        result: Tensor = self.out_proj(mixed)
        return result


def future_hidden(length: int, keys: int, device: torch.device) -> Tensor | None:
    """Return the (length, keys) mask that is True for keys after the asking step, None where nothing is hidden."""
    if length == 1:
        return None
    return torch.ones(length, keys, dtype=torch.bool, device=device).triu(keys - length + 1)
