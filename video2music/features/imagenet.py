"""The 1000 things that ImageNet's networks name, and how pleasant and exciting such things are to most people.

The names are torchvision's. The pleasantness and excitement were written down by hand, by group of the list (songbirds,
snakes, spiders, dogs, food, landscapes) and by name where a thing stands out of its group (ambulance, carousel, tank).
They are common sense, not measurements; photographs decide in training how much they count.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).with_name("imagenet.json")
NAMED_FROM = 0.2
"""Least probability of a name that is worth telling."""
NAMES_AT_MOST = 3


@dataclass(frozen=True)
class Things:
    """What the network can name.

    Attributes:
        names: 1000 names in the order of the network's outputs.
        affect: (1000, 2) float32 pleasantness and excitement, 1 to 9.
    """

    names: tuple[str, ...]
    affect: NDArray[np.float32]


@cache
def things() -> Things:
    """Return the table that comes with the program."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    return Things(tuple(row[0] for row in rows), np.array([row[1:] for row in rows], dtype=np.float32))


def strongest(probabilities: NDArray[np.float32]) -> list[list[tuple[str, float]]]:
    """Name what is most probably seen.

    Args:
        probabilities: (n, 1000), rows sum to 1.

    Returns:
        For each row the three likeliest names with their probability, the likeliest first.
    """
    order = np.argsort(-probabilities, axis=1)[:, :NAMES_AT_MOST]
    names = things().names
    return [
        [(names[thing], float(row[thing])) for thing in likeliest]
        for row, likeliest in zip(probabilities, order, strict=True)
    ]


def described(probabilities: NDArray[np.float32]) -> tuple[str, ...]:
    """Describe rows of (n, 1000) probabilities shortly, "seashore 62 %, sandbar 21 %"; "" where nothing is clear."""
    return tuple(
        ", ".join(f"{name} {share:.0%}".replace("%", " %") for name, share in row if share >= NAMED_FROM)
        for row in strongest(probabilities)
    )
