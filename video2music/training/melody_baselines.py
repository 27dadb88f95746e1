"""N-gram models of melodies on the grid, for comparison: what counting can know without a network."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.vocabulary import NO_CHORD, root_and_quality
from video2music.models.melody import FIRST_PITCH, LONGEST_WAIT, NOTHING, REST, STEPS_PER_BAR, TOKENS
from video2music.training.melodies import MelodySection

Context = tuple[int, ...]
ContextReader = Callable[[NDArray[np.int64], NDArray[np.int64], int, "State"], Context]
State = tuple[int, int, int, int]
"""Last note, note before it, steps since it began, whether it rests."""


def _state_after(state: State, token: int) -> State:
    sounding, before, held, silent = state
    if token >= FIRST_PITCH:
        return token, sounding, 1, 0
    return sounding, before, min(held + 1, LONGEST_WAIT), int(token == REST or silent)


def _chord(chords: NDArray[np.int64], step: int) -> int:
    """Return root and whether the third is minor, as one number; -1 for no chord."""
    chord = int(chords[step])
    if chord == NO_CHORD:
        return -1
    root, quality = root_and_quality(chord)
    return 2 * root + quality.startswith(("min", "dim", "hdim"))


CHAINS: dict[str, tuple[ContextReader, ...]] = {
    "unigram": (lambda _t, _c, _s, _x: (),),
    "bigram": (
        lambda _t, _c, _s, _x: (),
        lambda _t, _c, _s, x: (x[0], x[3]),
    ),
    "trigram": (
        lambda _t, _c, _s, _x: (),
        lambda _t, _c, _s, x: (x[0], x[3]),
        lambda _t, _c, _s, x: (x[0], x[1], x[3]),
    ),
    "trigram, beat and chord": (
        lambda _t, _c, _s, _x: (),
        lambda _t, _c, s, x: (s % STEPS_PER_BAR, x[3]),
        lambda _t, _c, s, x: (s % STEPS_PER_BAR, x[2], x[3]),
        lambda _t, _c, s, x: (s % STEPS_PER_BAR, x[2], x[3], x[0]),
        lambda _t, c, s, x: (s % STEPS_PER_BAR, x[2], x[3], x[0], _chord(c, s)),
        lambda _t, c, s, x: (s % STEPS_PER_BAR, x[2], x[3], x[0], _chord(c, s), x[1]),
    ),
}
"""Contexts of every model, from the least to the most that it looks at; each is interpolated with the one before."""


class NGram:
    """Interpolated n-gram (Witten and Bell 1991): each context's counts are mixed with those of the shorter one.

    Args:
        chain: contexts from the least to the most.
        sections: to count.
    """

    def __init__(self, chain: Sequence[ContextReader], sections: Sequence[MelodySection]) -> None:
        self.chain = chain
        self.counts: list[dict[Context, Counter[int]]] = [defaultdict(Counter) for _ in chain]
        for section in sections:
            state: State = (NOTHING, NOTHING, LONGEST_WAIT, 1)
            for step, token in enumerate(section.tokens.tolist()):
                for counts, context in zip(self.counts, chain, strict=True):
                    counts[context(section.tokens, section.chords, step, state)][token] += 1
                state = _state_after(state, token)

    def nats(self, section: MelodySection) -> float:
        """Return the negative log likelihood of a whole section in nats."""
        total, state = 0.0, (NOTHING, NOTHING, LONGEST_WAIT, 1)
        for step, token in enumerate(section.tokens.tolist()):
            probability = 1 / TOKENS
            for counts, context in zip(self.counts, self.chain, strict=True):
                seen = counts.get(context(section.tokens, section.chords, step, state))
                if seen:
                    kinds, count = len(seen), seen.total()
                    probability = (seen[token] + kinds * probability) / (count + kinds)
            total -= float(np.log(probability))
            state = _state_after(state, token)
        return total
