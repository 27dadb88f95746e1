"""Losses of the multitask training: masked task losses, distillation from teachers, weights from rater spread."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TEACHER_SHARE = 0.8
"""Weight of the teacher against the labels, as published."""

MODEL_SD = 0.7
"""Error in scale points that remains with perfect labels; keeps songs with few or agreeing raters from ruling."""


def tag_loss(logits: Tensor, targets: Tensor, priors: Tensor) -> Tensor:
    """Binary cross-entropy with the published weights: 1/p for a tag that is there, 2/(1 + 1/p) for the tag itself.

    Args:
        logits: (B, tags).
        targets: (B, tags), 0 or 1.
        priors: (tags,) share of training tracks with each tag.

    Returns:
        Mean over batch and tags.
    """
    positive = (1 / priors).to(logits.dtype)
    weight = 2 / (1 + positive)
    return functional.binary_cross_entropy_with_logits(logits, targets, weight=weight, pos_weight=positive)


def affect_loss(predicted: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean squared error of valence and arousal.

    Args:
        predicted: (B, 2).
        target: (B, 2).
        weights: (B, 2) trust in each label; equal by default, as published.

    Returns:
        Weighted mean.
    """
    errors = torch.square(predicted - target)
    if weights is None:
        return errors.mean()
    return (errors * weights).sum() / weights.sum().clamp(min=1e-8)


def rater_weights(spread: Tensor, raters: Tensor) -> Tensor:
    """Return how far each label can be trusted: 1 over the variance of its mean and of the model.

    Args:
        spread: (B, 2) standard deviation of the raters; not a number where unknown.
        raters: (B, 1) or (B, 2) number of raters.

    Returns:
        (B, 2), 1 for a label without error, less the wider the raters spread.
    """
    known = torch.nan_to_num(spread, nan=0.0)
    weights = MODEL_SD**2 / (MODEL_SD**2 + torch.square(known) / raters.clamp(min=1))
    # a song of unknown spread counts like the average song of the batch whose spread is known
    measured = ~torch.isnan(spread)
    usual = weights[measured].mean() if measured.any() else weights.new_ones(())
    return torch.where(measured, weights, usual)


def published_distillation(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """Kullback-Leibler divergence of softmax outputs, as published (equation of the distillation loss).

    For valence and arousal it cannot see an offset common to both, so it is an option there and not the default.

    Args:
        student: (B, outputs).
        teacher: (B, outputs).
        temperature: divides both.

    Returns:
        Divergence of the student from the teacher, averaged over the batch.
    """
    return functional.kl_div(
        functional.log_softmax(student / temperature, dim=1),
        functional.softmax(teacher / temperature, dim=1),
        reduction="batchmean",
    )


def tag_distillation(student: Tensor, teacher: Tensor, priors: Tensor) -> Tensor:
    """Binary cross-entropy against the teacher's probability of each tag, less what no student could avoid.

    Tags do not exclude each other, so each is compared by itself, with the weights of `tag_loss`.

    Args:
        student: (B, tags) logits.
        teacher: (B, tags) logits.
        priors: (tags,) as in `tag_loss`.

    Returns:
        Mean over batch and tags; 0 where the student agrees.
    """
    weight = (2 / (1 + 1 / priors)).to(student.dtype)
    target = torch.sigmoid(teacher)
    spent = functional.binary_cross_entropy_with_logits(student, target, weight=weight)
    floor = functional.binary_cross_entropy_with_logits(teacher, target, weight=weight)
    return spent - floor


def affect_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of valence and arousal from the teacher's, both (B, 2)."""
    return torch.square(student - teacher).mean()


def with_teacher(task: Tensor, distilled: Tensor | None, share: float = TEACHER_SHARE) -> Tensor:
    """Mix the loss on labels with the loss on the teacher; the labels alone where there is no teacher."""
    return task if distilled is None else share * distilled + (1 - share) * task
