"""The student network of Music2Emo and the single-task teachers it learnt from, under their published names.

Kang and Herremans (2025), section 3: MERT embedding, chord transformer and mode enter one trunk; the student has a
head for the 56 tags and one for valence and arousal, a teacher has one head.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

MERT_SIZE = 1536
MOOD_COUNT = 56
CHORD_LENGTH = 100
"""Chord changes that enter the chord transformer at once."""
TOKEN_ROWS = 14
EMBEDDING_SIZE = 4
CHORD_SIZE = 2 * EMBEDDING_SIZE
HIDDEN_SIZE = 512
BRANCH_SIZE = 256


class EmotionInputs(NamedTuple):
    """One batch for the networks.

    Attributes:
        mert: (B, 1536) embedding of the audio.
        chords: (B, 100, 2) rows of the root and the quality embedding, 0, 0 where there is none; or (B, R, 100, 2)
            where longer progressions were cut into R rows.
        chord_counts: (B,) or (B, R) chord changes that are real, 0..100.
        mode: (B, 1) 0 major, 1 minor.
    """

    mert: Tensor
    chords: Tensor
    chord_counts: Tensor
    mode: Tensor


def positions(length: int, size: int) -> Tensor:
    """Return the position code (1, length, size): interleaved sine and cosine (Vaswani et al. 2017)."""
    place = torch.arange(length).unsqueeze(1)
    rate = torch.exp(torch.arange(0, size, 2) * (-math.log(10000.0) / size))
    table = torch.zeros(1, length, size)
    table[0, :, 0::2] = torch.sin(place * rate)
    table[0, :, 1::2] = torch.cos(place * rate)
    return table


class EmotionTrunk(nn.Module):
    """What student and teachers share: chords through a small transformer, then one hidden layer.

    Args:
        mert_size: width of the audio embedding.
        padding_mask: hide the padding behind the last chord. The released checkpoints were trained without it.
        dropout: share of activations dropped in the chord transformer during training.
    """

    position_code: Tensor
    interval_reach: tuple[float, ...] | None
    """Half the widths of the 80 % intervals of valence and arousal, where training here has calibrated them."""
    tag_priors: tuple[float, ...] | None
    """Share of the training songs with each tag, where it was trained here."""

    def __init__(self, mert_size: int = MERT_SIZE, *, padding_mask: bool = False, dropout: float = 0.1) -> None:
        super().__init__()
        self.padding_mask, self.mert_size = padding_mask, mert_size
        self.interval_reach: tuple[float, ...] | None = None
        self.tag_priors: tuple[float, ...] | None = None
        self.chord_root_embedding = nn.Embedding(TOKEN_ROWS, EMBEDDING_SIZE)
        self.chord_attr_embedding = nn.Embedding(TOKEN_ROWS, EMBEDDING_SIZE)
        nn.init.xavier_uniform_(self.chord_root_embedding.weight)
        nn.init.xavier_uniform_(self.chord_attr_embedding.weight)
        layer = nn.TransformerEncoderLayer(CHORD_SIZE, nhead=8, dim_feedforward=64, dropout=dropout, batch_first=True)
        self.chord_transformer = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.input_proj = nn.Sequential(nn.Linear(mert_size + CHORD_SIZE + 1, HIDDEN_SIZE), nn.ReLU())
        self.register_buffer("position_code", positions(CHORD_LENGTH, CHORD_SIZE), persistent=False)

    def embed_chords(self, chords: Tensor) -> Tensor:
        """Return (B, 100, 8): root and quality embedded, side by side, with their place in time."""
        embedded = torch.cat([self.chord_root_embedding(chords[..., 0]), self.chord_attr_embedding(chords[..., 1])], -1)
        return embedded + self.position_code[:, : chords.shape[1]]

    def summarise_chords(self, chords: Tensor, counts: Tensor) -> Tensor:
        """Return what the chord transformer makes of a progression.

        Args:
            chords: (B, 100, 2) tokens, or (B, R, 100, 2).
            counts: (B,) or (B, R) real chords among them.

        Returns:
            (B, 8), the output at an all-zero position put in front; the mean of several rows, each counting as many
            times as it holds chords.
        """
        if chords.dim() == 4:  # rows of a long progression
            rows = self.summarise_chords(chords.flatten(0, 1), counts.flatten()).reshape(*counts.shape, -1)
            weights = torch.cat([counts[:, :1].clamp(min=1), counts[:, 1:]], 1).to(rows.dtype).unsqueeze(2)
            return (rows * weights).sum(1) / weights.sum(1)
        embedded = self.embed_chords(chords)
        front = embedded.new_zeros(len(embedded), 1, embedded.shape[2])
        hidden = None
        if self.padding_mask:
            hidden = torch.arange(chords.shape[1] + 1, device=chords.device) > counts.unsqueeze(1)
        summary: Tensor = self.chord_transformer(torch.cat([front, embedded], 1), src_key_padding_mask=hidden)[:, 0]
        return summary

    def trunk(self, mert: Tensor, chord_summary: Tensor, mode: Tensor) -> Tensor:
        """Return the hidden layer (B, 512) of the three inputs."""
        hidden: Tensor = self.input_proj(torch.cat([mert, chord_summary, mode.to(mert.dtype)], 1))
        return hidden


def head(outputs: int) -> nn.Sequential:
    """Return the two layers that end in one task."""
    return nn.Sequential(nn.Linear(HIDDEN_SIZE, BRANCH_SIZE), nn.ReLU(), nn.Linear(BRANCH_SIZE, outputs))


class Student(EmotionTrunk):
    """The multitask network: logits of the tags, and raw valence and arousal.

    Args:
        mert_size: width of the audio embedding.
        tags: number of tags.
        padding_mask: as in `EmotionTrunk`.
        dropout: as in `EmotionTrunk`.
    """

    def __init__(
        self, mert_size: int = MERT_SIZE, tags: int = MOOD_COUNT, *, padding_mask: bool = False, dropout: float = 0.1
    ) -> None:
        super().__init__(mert_size, padding_mask=padding_mask, dropout=dropout)
        self.classification_branch = head(tags)
        self.regression_branch = head(2)

    def forward(self, inputs: EmotionInputs) -> tuple[Tensor, Tensor]:
        """Return the logits (B, tags) and valence and arousal (B, 2), nominally 1..9."""
        return self.read(inputs.mert, self.summarise_chords(inputs.chords, inputs.chord_counts), inputs.mode)

    def read(self, mert: Tensor, chord_summary: Tensor, mode: Tensor) -> tuple[Tensor, Tensor]:
        """Return both outputs from an audio embedding and an already summarised progression."""
        hidden = self.trunk(mert, chord_summary, mode)
        return self.classification_branch(hidden), self.regression_branch(hidden)


class Teacher(EmotionTrunk):
    """A network for one task of one data set.

    Args:
        outputs: 56 for tags, 2 for valence and arousal.
        mert_size: width of the audio embedding.
        padding_mask: as in `EmotionTrunk`.
        dropout: as in `EmotionTrunk`.
    """

    def __init__(
        self, outputs: int, mert_size: int = MERT_SIZE, *, padding_mask: bool = False, dropout: float = 0.1
    ) -> None:
        super().__init__(mert_size, padding_mask=padding_mask, dropout=dropout)
        self.outputs = outputs
        self.output_proj = head(outputs)

    def forward(self, inputs: EmotionInputs) -> Tensor:
        """Return (B, outputs): logits, or raw valence and arousal."""
        summary = self.summarise_chords(inputs.chords, inputs.chord_counts)
        answer: Tensor = self.output_proj(self.trunk(inputs.mert, summary, inputs.mode))
        return answer


def pad_chords(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Cut a progression into rows of 100 chord changes, the last one padded with 0.

    Args:
        tokens: (chords, 2).

    Returns:
        (rows, 100, 2) tokens, at least one row, and (rows,) how many of each row are real.
    """
    rows = max(1, math.ceil(len(tokens) / CHORD_LENGTH))
    padded = torch.zeros(rows * CHORD_LENGTH, 2, dtype=torch.long)
    padded[: len(tokens)] = tokens
    counts = (len(tokens) - CHORD_LENGTH * torch.arange(rows)).clamp(0, CHORD_LENGTH)
    return padded.reshape(rows, CHORD_LENGTH, 2), counts
