"""Losses against the published ones, and what the corrected ones must see."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.training.losses import (
    affect_distillation,
    affect_loss,
    published_distillation,
    rater_weights,
    tag_distillation,
    tag_loss,
    with_teacher,
)


def test_published_losses(data: Path) -> None:
    golden = np.load(data / "losses.npz")
    logits, affect, tags, labels, taught_logits, taught_affect, priors = (
        torch.from_numpy(golden[name]) for name in ("logits", "va", "y_mood", "y_va", "t_logits", "t_va", "probas")
    )
    mood, numbers = tag_loss(logits, tags, priors), affect_loss(affect, labels)
    taught_mood, taught_numbers = (
        published_distillation(logits, taught_logits),
        published_distillation(affect, taught_affect),
    )
    found = {
        "bce": mood, "mse": numbers, "kd_mood": taught_mood, "kd_va": taught_numbers,
        "total_mood": with_teacher(mood, taught_mood), "total_va": with_teacher(numbers, taught_numbers),
    }  # fmt: skip
    for name, loss in found.items():
        assert float(loss) == pytest.approx(float(golden[name]), abs=1e-5), name


def test_only_the_corrected_distillation_sees_a_common_offset() -> None:
    student, teacher = torch.tensor([[4.0, 6.0]]), torch.tensor([[6.0, 8.0]])
    assert float(published_distillation(student, teacher)) == pytest.approx(0, abs=1e-6)
    assert float(affect_distillation(student, teacher)) == pytest.approx(4.0)


def test_agreeing_with_the_teacher_costs_nothing() -> None:
    logits = torch.randn(4, 56, generator=torch.Generator().manual_seed(0))
    priors = torch.full((56,), 0.1)
    assert float(tag_distillation(logits, logits, priors)) == pytest.approx(0, abs=1e-7)
    assert float(tag_distillation(logits + 1, logits, priors)) > 0
    assert float(published_distillation(logits + 1, logits)) == pytest.approx(0, abs=1e-6)  # what the softmax hides


def test_disagreeing_raters_weigh_less() -> None:
    spread = torch.tensor([[0.5, 3.0], [float("nan"), 0.0]])
    weights = rater_weights(spread, torch.full_like(spread, 10.0))
    assert weights[0, 0] > weights[0, 1]
    assert float(weights[1, 1]) == pytest.approx(1.0)
    known = weights[~torch.isnan(spread)]
    assert float(weights[1, 0]) == pytest.approx(float(known.mean()))
    more = rater_weights(spread, torch.full_like(spread, 100.0))
    assert more[0, 1] > weights[0, 1]


def test_weights_decide_which_songs_count() -> None:
    said, label = torch.tensor([[5.0, 5.0], [5.0, 5.0]]), torch.tensor([[5.0, 5.0], [9.0, 9.0]])
    trusted = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    assert float(affect_loss(said, label)) == pytest.approx(8.0)
    assert float(affect_loss(said, label, trusted)) == pytest.approx(0.0)
    assert float(affect_loss(said, label, 3 * torch.ones(2, 2))) == pytest.approx(8.0)
