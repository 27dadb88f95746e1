"""How the next chord is drawn from the network's distribution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD
from video2music.harmony.voicing import chord_notes
from video2music.models.affect import allowed_chords

AFFECT_GAIN = 2.0
"""Logarithmic bonus, at affect 1, of a chord that all of a second's emotion allows over one that none of it allows."""

WHITE_KEYS = frozenset({0, 2, 4, 5, 7, 9, 11})
"""Pitch classes of C major and A minor."""


@dataclass(frozen=True)
class Sampling:
    """Choices of the draw; the defaults gave unseen videos the change rate and repetition of real songs.

    Attributes:
        temperature: 0 takes the most probable chord; 1 leaves the distribution as it is; above flattens it.
        top_p: smallest set of most probable chords that holds this share of the probability is drawn from.
        hold_limit_s: seconds a chord may sound at most before another must follow.
        hold_bias: added to the logarithm of the probability that the last chord sounds on; a network that reads its own
            chords holds and repeats more than songs do.
        swing_limit: changes that may go back and forth between the same two chords before a third must follow; 0 sets
            no limit.
        no_chord_limit_s: seconds of "no chord" in a row at most; 0 forbids it.
        no_chord_bias: added to the logarithm of the probability of "no chord".
        affect: 0 to 1, how strongly chord qualities follow the emotion of the second, by the paper's table.
        brightness: added to the logarithm of the probability of the brightest chords, taken off that of the darkest.
        outside_key_bias: added to the logarithm of the probability of chords with tones outside C major (A minor).
        lead_in_s: seconds, at least, of a part before the video that is composed first and not heard, for a piece
            without a primer; 0 begins with the beginning of a song.
    """

    temperature: float = 1.12
    top_p: float = 0.98
    hold_limit_s: int = 6
    hold_bias: float = -0.05
    swing_limit: int = 4
    no_chord_limit_s: int = 0
    no_chord_bias: float = -2.0
    affect: float = 0.15
    brightness: float = 0.0
    outside_key_bias: float = -0.3
    lead_in_s: int = 24


PUBLISHED_SAMPLING = Sampling(
    temperature=1.0,
    top_p=1.0,
    hold_limit_s=2,
    swing_limit=0,
    hold_bias=0.0,
    no_chord_limit_s=0,
    no_chord_bias=0.0,
    affect=0.0,
    brightness=0.0,
    outside_key_bias=0.0,
    lead_in_s=0,
)
"""The published draw: "no chord" and a hold of more than two seconds are forbidden, nothing else is changed."""


def run_length(chords: Sequence[int]) -> int:
    """Return for how many steps the last chord has been the same; 0 without chords."""
    length = 0
    for chord in reversed(chords):
        if chord != chords[-1]:
            break
        length += 1
    return length


def swing(chords: Sequence[int]) -> tuple[int, int | None]:
    """Return how many of the last different chords alternate between two, and the one that would go on alternating."""
    heard: list[int] = []
    for chord in reversed(chords):
        if heard and chord == heard[-1]:
            continue
        if len(heard) >= 2 and chord != heard[-2]:
            break
        heard.append(chord)
    return len(heard), heard[1] if len(heard) > 1 else None


def affect_bias(emotion: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Return the log-linear pull of a video's emotion on every chord.

    A chord gains by the probability of the emotions that allow its quality. Neutral allows nothing and
    pulls nowhere.

    Args:
        emotion: (T, 6) probabilities.
        strength: 0 to 1.

    Returns:
        (T, 157), 0 for "no chord" and at strength 0.
    """
    bias: NDArray[np.float32] = (
        strength * AFFECT_GAIN * (emotion @ allowed_chords()[:, :CHORD_COUNT].astype(np.float32))
    )
    return bias


def outside_key() -> NDArray[np.bool_]:
    """Return which chords have tones outside C major and A minor, (157,); "no chord" has none."""
    return np.array([any(tone % 12 not in WHITE_KEYS for tone in chord_notes(chord)) for chord in range(CHORD_COUNT)])


def restrict(logits: Tensor, before: Sequence[int], sampling: Sampling) -> Tensor:
    """Forbid what the limits on holding and on "no chord" forbid.

    Args:
        logits: (157,).
        before: chords so far, the last one is the latest.
        sampling: the limits.

    Returns:
        (157,) with minus infinity where a chord must not follow.
    """
    logits = logits.clone()
    logits[NO_CHORD] += sampling.no_chord_bias
    if before:
        logits[before[-1]] += sampling.hold_bias
    if sampling.swing_limit:
        alternating, other = swing(before)
        if other is not None and alternating >= sampling.swing_limit:
            logits[other] = float("-inf")
    length = run_length(before)
    silent = bool(before) and before[-1] == NO_CHORD
    if sampling.no_chord_limit_s == 0 or (silent and length >= sampling.no_chord_limit_s):
        logits[NO_CHORD] = float("-inf")
    if before and not silent and length >= sampling.hold_limit_s:
        logits[before[-1]] = float("-inf")
    return logits


def draw(logits: Tensor, before: Sequence[int], sampling: Sampling, generator: torch.Generator) -> int:
    """Draw the next chord.

    Args:
        logits: (159,) or (157,) of the network, with any bias added; end and pad are cut off.
        before: chords so far.
        sampling: choices.
        generator: source of chance, on the CPU.

    Returns:
        An id from 0 to 156.
    """
    allowed = restrict(logits[:CHORD_COUNT].double(), before, sampling)
    if sampling.temperature == 0:
        return int(allowed.argmax())
    probabilities = (allowed / sampling.temperature).softmax(dim=-1)
    ordered, order = probabilities.sort(descending=True, stable=True)
    outside = ordered.cumsum(dim=-1) - ordered >= sampling.top_p
    ordered = ordered.masked_fill(outside, 0.0)
    # The random number is drawn alone and the chord is looked up: torch.multinomial promises no stream across versions.
    point = torch.rand((), generator=generator, dtype=torch.float64) * ordered.sum()
    chosen = int(torch.searchsorted(ordered.cumsum(dim=-1), point, right=True).clamp(max=CHORD_COUNT - 1))
    return int(order[chosen])
