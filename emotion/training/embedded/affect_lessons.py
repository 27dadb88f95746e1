"""What the head for valence and arousal learns from: traits and mood logits of the two halves of each lesson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.embedded.mel import BANDS
from emotion.embedded.mood_network import MoodNetwork, load_mood_network
from emotion.embedded.traits import Frames, musical_traits
from emotion.errors import RefusalError
from emotion.moods import mood_tags
from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.heard import PARTS, read_lessons
from emotion.training.embedded.mood import CROP_STEPS
from emotion.training.embedded.rendering import Rendering


@dataclass(frozen=True, eq=False)
class AffectLessons:
    """Inputs of the head.

    Attributes:
        renderings: n plans.
        pieces: n pieces.
        inputs: (n, 2, inputs) of the two halves.
        names: of the inputs.
        teacher: (n, 56) probabilities of the teacher.
    """

    renderings: list[Rendering]
    pieces: list[Piece]
    inputs: NDArray[np.float32]
    names: tuple[str, ...]
    teacher: NDArray[np.float64]


def input_names() -> tuple[str, ...]:
    """Return the names of the head's inputs in order: traits, then tags."""
    silence = Frames(np.zeros((64, BANDS), np.float32), np.zeros((16, 252), np.float32))
    return (*musical_traits(silence), *(tag.name for tag in mood_tags()))


def read_affect_lessons(
    folder: Path, renderings: Sequence[Rendering], pieces: Sequence[Piece], *, mood: Path, held_out: Path
) -> AffectLessons:
    """Read traits and let the mood network answer.

    Args:
        folder: lessons.
        renderings: the plan.
        pieces: of the plan.
        mood: weights of the mood network.
        held_out: its answers for recordings by networks that never heard them; they stand in for its own there.

    Returns:
        The lessons.

    Raises:
        RefusalError: there are no lessons, or the mood network was not trained before.
    """
    if not held_out.is_file():
        raise RefusalError(
            "The mood network has not answered yet", where=held_out, remedy="Run `python -m emotion train mood` first"
        )
    lessons = read_lessons(folder, renderings, pieces)
    network, _ = load_mood_network(mood)
    with np.load(held_out) as stored:
        unheard = dict(zip(stored["name"].tolist(), stored["logits"], strict=True))
    logits = []
    for rendering, picture in zip(lessons.renderings, lessons.pictures, strict=True):
        own = unheard.get(rendering.file)
        halves = own[None].repeat(PARTS, 0) if own is not None and np.isfinite(own[0]) else halves_of(network, picture)
        logits.append(halves)
    inputs = np.concatenate([lessons.traits, np.array(logits, np.float32)], axis=2)
    return AffectLessons(lessons.renderings, lessons.pieces, inputs, input_names(), lessons.teacher)


@torch.inference_mode()
def halves_of(network: MoodNetwork, picture: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return (2, 56) logits of the first and the last 15 s of a picture."""
    halves = np.stack([picture[:, :CROP_STEPS], picture[:, -CROP_STEPS:]]).astype(np.float32)
    said: NDArray[np.float32] = network(torch.from_numpy(halves)).numpy()
    return said
