"""What the networks are trained on."""

import torch
from torch import Tensor
from torch.nn import functional

from video2music.harmony.vocabulary import PAD
from video2music.models.affect import allowed_chords
from video2music.models.inputs import FeatureBatch


def chord_loss(logits: Tensor, chords: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Return the mean cross entropy of the next chord (paper, equation 6); the pad id counts for nothing.

    Args:
        logits: (batch, L, 159), or log probabilities.
        chords: (batch, L) what follows.
        smoothing: share of the target spread over all ids.
    """
    return functional.cross_entropy(logits.flatten(0, 1), chords.flatten(), ignore_index=PAD, label_smoothing=smoothing)


def emotion_loss(logits: Tensor, batch: FeatureBatch, steps: int) -> Tensor:
    """Return the paper's second part (equation 7): binary cross entropy with the chords allowed for the emotion.

    It acts on the logits that also make the likelihood, and asks for every allowed chord at once; that is why the
    weights that ship leave it out.

    Args:
        logits: (batch, L, 159); L is `steps`.
        batch: the videos; second i + 1 decides about the chord after step i.
        steps: L.
    """
    table = torch.from_numpy(allowed_chords()).to(logits)
    strongest = batch.emotion[:, 1 : steps + 1].argmax(dim=-1)
    valid = batch.valid[:, 1 : steps + 1]
    each = functional.binary_cross_entropy_with_logits(logits, table[strongest], reduction="none").mean(dim=-1)
    return (each * valid).sum() / valid.sum().clamp(min=1)


def two_part_loss(
    logits: Tensor, chords: Tensor, batch: FeatureBatch, *, emotion_share: float, smoothing: float
) -> Tensor:
    """Return (1 - share) * chord loss + share * emotion loss; the paper uses a share of 0.6."""
    loss = chord_loss(logits, chords, smoothing=smoothing)
    if emotion_share == 0:
        return loss
    return (1 - emotion_share) * loss + emotion_share * emotion_loss(logits, batch, chords.shape[1])


def dynamics_loss(scaled: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
    """Return the mean squared error over valid seconds, (batch, T, 2) against (batch, T, 2), in scaled units."""
    squared = (scaled - targets).square().mean(dim=-1)
    return (squared * valid).sum() / valid.sum().clamp(min=1)
