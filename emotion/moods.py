"""The 56 mood and theme tags: their order in the networks, how common each is, and where a lexicon puts it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MoodTag:
    """One mood or theme tag of MTG-Jamendo.

    Attributes:
        name: the tag, such as "melancholic".
        prior: share of the training tracks that carry it, 0..1.
        valence: valence the lexicon gives the word, 1..9.
        arousal: arousal the lexicon gives the word, 1..9.
    """

    name: str
    prior: float
    valence: float
    arousal: float


@cache
def mood_tags() -> tuple[MoodTag, ...]:
    """Return the 56 tags in the order of the network outputs (alphabetical)."""
    table = json.loads(resources.files("emotion").joinpath("moods.json").read_text(encoding="utf-8"))
    tracks = table["training_tracks"]
    return tuple(
        MoodTag(row["name"], row["training_tracks"] / tracks, row["valence"], row["arousal"]) for row in table["tags"]
    )


def mood_priors() -> NDArray[np.float64]:
    """Return the share of training tracks that carry each tag, (56,), 0.006 to 0.093."""
    return np.array([tag.prior for tag in mood_tags()])


def calibrated_probabilities(
    logits: NDArray[np.floating], priors: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """Turn logits of a network trained with positive weights 1/prior into probabilities.

    With that weight a network that knows nothing answers 0 whatever the prior is, so sigmoid(0) = 0.5 means
    "as likely as always" and not 50 %. Adding ln prior undoes the weight.

    Args:
        logits: (..., 56).
        priors: share of the training tracks with each tag, (56,); those of MTG-Jamendo's split 0 by default.

    Returns:
        Probabilities of the same shape, 0..1.
    """
    shifted = np.asarray(logits, dtype=np.float64) + np.log(mood_priors() if priors is None else np.asarray(priors))
    return np.exp(-np.logaddexp(0.0, -shifted))


def raised_tags(probabilities: NDArray[np.float64], *, by: float) -> tuple[str, ...]:
    """Return the tags that are more probable than they are common, the most raised one first.

    Args:
        probabilities: (56,).
        by: how many times the odds must be those of the prior.
    """
    priors = mood_priors()
    odds = probabilities / (1 - probabilities) / (priors / (1 - priors))
    names = [tag.name for tag in mood_tags()]
    return tuple(names[index] for index in np.argsort(-odds) if odds[index] >= by)
