"""N-gram models of melodies on the grid, for comparison: what counting can know without a network.

Each first guesses whether a note begins, sounds on or stops, and then, where one begins, its pitch.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from video2music.harmony.vocabulary import NO_CHORD, root_and_quality
from video2music.models.melody import FIRST_PITCH, LONGEST_WAIT, NOTHING, REST, STEPS_PER_BAR, TOKENS
from video2music.training.melodies import MelodySection

Names = tuple[str, ...]
Context = tuple[int, ...]

_KINDS = FIRST_PITCH + 1


@dataclass(frozen=True)
class Chains:
    """What a model looks at, from the least to the most; each context is interpolated with the one before.

    Attributes:
        kind: names of what is known when the kind of a step is guessed.
        pitch: the same for the pitch of a note.
    """

    kind: tuple[Names, ...]
    pitch: tuple[Names, ...]


MODELS = {
    "unigram": Chains(kind=((),), pitch=((),)),
    "bigram": Chains(kind=((), ("silent",)), pitch=((), ("last",))),
    "trigram": Chains(kind=((), ("silent",), ("silent", "held")), pitch=((), ("last",), ("last", "before"))),
    "bigram with beat and chord": Chains(
        kind=((), ("position",), ("position", "silent")),
        pitch=((), ("chord",), ("chord", "last")),
    ),
    "trigram with beat and chord": Chains(
        kind=((), ("silent",), ("silent", "held"), ("silent", "held", "position")),
        pitch=((), ("last",), ("last", "chord"), ("last", "chord", "before")),
    ),
}
"""The models; `before` is the note before the last one, `held` the steps since the last one began."""


def _situations(section: MelodySection) -> Iterator[tuple[dict[str, int], int]]:
    """Yield what is known before every step, and its token."""
    last, before, held, silent = NOTHING, NOTHING, LONGEST_WAIT, True
    for step, token in enumerate(section.tokens.tolist()):
        yield (
            {
                "last": last,
                "before": before,
                "held": held,
                "silent": silent,
                "position": step % STEPS_PER_BAR,
                "chord": _coarse(int(section.chords[step])),
            },
            token,
        )
        held = min(held + 1, LONGEST_WAIT)
        silent = token == REST or (silent and token < FIRST_PITCH)
        if token >= FIRST_PITCH:
            last, before, held = token, last, 1


def _coarse(chord: int) -> int:
    """Return root and whether the third is minor, as one number; -1 for no chord."""
    if chord == NO_CHORD:
        return -1
    root, quality = root_and_quality(chord)
    return 2 * root + quality.startswith(("min", "dim", "hdim"))


class _Interpolated:
    """Counts of one guess, each context's mixed with the shorter one's (Witten and Bell 1991)."""

    def __init__(self, chain: Sequence[Names], outcomes: int) -> None:
        self.chain, self.outcomes = chain, outcomes
        self.counts: list[dict[Context, Counter[int]]] = [defaultdict(Counter) for _ in chain]

    def count(self, known: dict[str, int], outcome: int) -> None:
        for counts, names in zip(self.counts, self.chain, strict=True):
            counts[tuple(known[name] for name in names)][outcome] += 1

    def probability(self, known: dict[str, int], outcome: int) -> float:
        mixed = 1 / self.outcomes
        for counts, names in zip(self.counts, self.chain, strict=True):
            seen = counts.get(tuple(known[name] for name in names))
            if seen:
                mixed = (seen[outcome] + len(seen) * mixed) / (seen.total() + len(seen))
        return mixed


class NGram:
    """An interpolated n-gram model.

    Args:
        chains: what it looks at.
        sections: to count.
    """

    def __init__(self, chains: Chains, sections: Sequence[MelodySection]) -> None:
        self._kind = _Interpolated(chains.kind, _KINDS)
        self._pitch = _Interpolated(chains.pitch, TOKENS - FIRST_PITCH)
        for section in sections:
            for known, token in _situations(section):
                self._kind.count(known, min(token, FIRST_PITCH))
                if token >= FIRST_PITCH:
                    self._pitch.count(known, token)

    def nats(self, section: MelodySection) -> float:
        """Return the negative log likelihood of a whole section in nats."""
        total = 0.0
        for known, token in _situations(section):
            probability = self._kind.probability(known, min(token, FIRST_PITCH))
            if token >= FIRST_PITCH:
                probability *= self._pitch.probability(known, token)
            total -= float(np.log(probability))
        return total
