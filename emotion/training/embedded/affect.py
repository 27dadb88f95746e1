"""Trains the head for valence and arousal on ratings, quadrants, classes and words at once, each where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emotion.embedded.affect import AffectConfig, AffectHead
from emotion.moods import mood_priors, mood_tags
from emotion.training.embedded.corpora import MVED_CLASSES, Piece

Floats = NDArray[np.float64]

CLASS_CENTRES = {
    "excited": (1.0, 1.2),
    "fear": (-1.2, 0.3),
    "tension": (-0.7, 0.9),
    "sad": (-0.8, -1.0),
    "relaxation": (0.8, -1.2),
    "neutral": (0.0, 0.0),
}
"""Where the six emotions of MVED lie on the plane, in standard deviations: the circumplex (Russell 1980)."""

QUADRANT_SIGNS = ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0))
"""Whether Q1..Q4 are pleasant, and excited."""

CORPUS_SHARES = {"vgmidi": 1.0, "emopia": 1.0, "mved": 0.5, "recordings": 0.1, "pop909": 0.1}
"""How large a share of each batch a corpus has."""


@dataclass(frozen=True)
class AffectCourse:
    """How the head learns.

    Attributes:
        epochs: of 40 batches.
        batch: lessons in a batch.
        learning_rate: highest of a one-cycle schedule.
        weight_decay: of all weights.
        noise: standard deviations of noise added to the traits.
        rating, quadrant, emotion, words: weight of each loss.
    """

    epochs: int = 40
    batch: int = 256
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    noise: float = 0.3
    rating: float = 2.0
    quadrant: float = 1.0
    emotion: float = 0.5
    words: float = 0.1


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of each lesson; nan or -1 where nothing is.

    Attributes:
        rating: (n, 2) valence and arousal in standard deviations of all ratings.
        quadrant: (n,) 0..3.
        emotion: (n,) index in MVED_CLASSES.
        words: (n, 2) valence and arousal of the teacher's words, standardised.
    """

    rating: Tensor
    quadrant: Tensor
    emotion: Tensor
    words: Tensor

    def rows(self, index: Tensor) -> Labels:
        """Return the labels of some lessons."""
        return replace(self, **{item.name: getattr(self, item.name)[index] for item in fields(self)})


def labels_of(pieces: Sequence[Piece], teacher: Floats) -> Labels:
    """Gather the labels of lessons.

    Args:
        pieces: of n lessons.
        teacher: (n, 56) probabilities of the teacher.

    Returns:
        The labels; ratings are standardised over the different pieces that have one.
    """
    rated = {piece.identifier: (piece.valence, piece.arousal) for piece in pieces if piece.valence is not None}
    values = np.array(list(rated.values()), dtype=np.float64).reshape(-1, 2)
    centre, spread = (values.mean(0), values.std(0)) if len(values) else (np.zeros(2), np.ones(2))
    nothing = (np.nan, np.nan)
    rating = np.array([rated.get(piece.identifier, nothing) for piece in pieces], dtype=np.float64)
    words = words_affect(teacher)
    return Labels(
        torch.from_numpy((rating - centre) / spread).float(),
        torch.tensor([-1 if piece.quadrant is None else piece.quadrant - 1 for piece in pieces]),
        torch.tensor([-1 if piece.emotion is None else MVED_CLASSES.index(piece.emotion) for piece in pieces]),
        torch.from_numpy((words - words.mean(0)) / (words.std(0) + 1e-9)).float(),
    )


def words_affect(probabilities: Floats) -> Floats:
    """Return valence and arousal of the words that stand out: logits above the prior, weighted by the lexicon.

    Args:
        probabilities: (n, 56).

    Returns:
        (n, 2); only their order means something.
    """
    words = np.array([(tag.valence, tag.arousal) for tag in mood_tags()])
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    raised = np.log(clipped / (1 - clipped)) - np.log(mood_priors() / (1 - mood_priors()))
    affect: Floats = raised @ (words - words.mean(axis=0))
    return affect


class _Readings(nn.Module):
    """How each kind of label reads valence and arousal: a scale and an offset of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.quadrant = nn.Parameter(torch.tensor([[1.5, 1.5], [0.0, 0.0]]))
        self.emotion = nn.Parameter(torch.zeros(2))
        self.words = nn.Parameter(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))


def train_affect(
    traits: NDArray[np.float32],
    names: Sequence[str],
    labels: Labels,
    weights: Floats,
    *,
    course: AffectCourse | None = None,
    config: AffectConfig | None = None,
    seed: int = 0,
) -> AffectHead:
    """Train the head.

    Args:
        traits: (n, inputs).
        names: of the inputs.
        labels: of the n lessons.
        weights: (n,) how often each is drawn; 0 leaves it out.
        course: how it learns.
        config: size of the head; its names of traits are replaced.
        seed: of first weights, order and noise.

    Returns:
        The head, ready to answer.
    """
    course = course or AffectCourse()
    torch.manual_seed(seed)  # dropout has no generator of its own
    generator = torch.Generator().manual_seed(seed)
    head = AffectHead(replace(config or AffectConfig(()), traits=tuple(names)), generator)
    inputs, drawn = torch.from_numpy(traits), torch.from_numpy(weights)
    _standardise(head, inputs[drawn > 0], labels.rows(drawn > 0))
    readings = _Readings()
    steps = course.epochs * 40
    optimiser = torch.optim.AdamW(
        [
            {"params": list(head.parameters()), "weight_decay": course.weight_decay},
            {"params": list(readings.parameters()), "weight_decay": 0.0},
        ],
        lr=course.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, course.learning_rate, total_steps=steps)
    head.train()
    for _ in range(steps):
        rows = torch.multinomial(drawn, course.batch, replacement=True, generator=generator)
        noise = course.noise * head.spread * torch.randn(len(rows), inputs.shape[1], generator=generator)
        loss = affect_loss(head(inputs[rows] + noise), labels.rows(rows), readings, course)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return head.eval()


def _standardise(head: AffectHead, inputs: Tensor, labels: Labels) -> None:
    head.centre.copy_(inputs.mean(0))
    head.spread.copy_(inputs.std(0) + 1e-4)
    rated = inputs[torch.isfinite(labels.rating[:, 0]) | (labels.quadrant >= 0)]
    if len(rated) > 1:
        head.home_centre.copy_(rated.mean(0))
        head.home_spread.copy_(rated.std(0) + 1e-4)


def affect_loss(said: Tensor, labels: Labels, readings: _Readings, course: AffectCourse) -> Tensor:
    """Return the sum of all losses, each over the lessons that have its label.

    Args:
        said: (members, batch, 2).
        labels: of the batch.
        readings: scales and offsets, learnt beside the head.
        course: weights of the losses.
    """
    members = len(said)
    parts = [said.sum() * 0]
    rated = torch.isfinite(labels.rating[:, 0])
    if rated.any():
        wanted = labels.rating[rated].expand(members, -1, -1)
        parts.append(course.rating * rated.float().mean() * functional.smooth_l1_loss(said[:, rated], wanted))
    placed = labels.quadrant >= 0
    if placed.any():
        signs = torch.tensor(QUADRANT_SIGNS)[labels.quadrant[placed]].expand(members, -1, -1)
        logits = said[:, placed] * readings.quadrant[0].abs() + readings.quadrant[1]
        loss = functional.binary_cross_entropy_with_logits(logits, signs)
        parts.append(course.quadrant * placed.float().mean() * loss)
    named = labels.emotion >= 0
    if named.any():
        centres = torch.tensor([CLASS_CENTRES[name] for name in MVED_CLASSES])
        distances = (said[:, named, None] + readings.emotion - centres).square().sum(-1)
        loss = functional.cross_entropy(-distances.flatten(0, 1), labels.emotion[named].repeat(members))
        parts.append(course.emotion * named.float().mean() * loss)
    read = said * readings.words[0] + readings.words[1]
    parts.append(course.words * functional.smooth_l1_loss(read, labels.words.expand(members, -1, -1)))
    return torch.stack(parts).sum()


def lesson_weights(pieces: Sequence[Piece]) -> Floats:
    """Return how often each lesson is drawn: corpora by their shares, pieces of a corpus alike."""
    corpora = np.array([piece.corpus for piece in pieces])
    names = np.array([piece.identifier for piece in pieces])
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[inverse]
    for corpus in np.unique(corpora):
        rows = corpora == corpus
        weights[rows] *= CORPUS_SHARES[corpus] / weights[rows].sum()
    return np.asarray(weights)
