"""Which excerpts are rendered, and how often."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.rendering import Rendering, plain, varied


@dataclass(frozen=True)
class Share:
    """What is made of each piece of a corpus.

    Attributes:
        plain: renderings as written, each with the next font in turn (recordings: 1, as recorded).
        varied: renderings with random instruments, keys and effects.
        excerpt_s: longest excerpt in seconds.
        anywhere: whether an excerpt may begin anywhere in the first three minutes; otherwise at the start.
    """

    plain: int
    varied: int
    excerpt_s: float
    anywhere: bool = False


SHARES = {
    "vgmidi": Share(plain=4, varied=6, excerpt_s=45.0),
    "emopia": Share(plain=1, varied=1, excerpt_s=30.0),
    "pop909": Share(plain=1, varied=1, excerpt_s=40.0, anywhere=True),
    "mved": Share(plain=1, varied=8, excerpt_s=30.5),
    "recordings": Share(plain=1, varied=6, excerpt_s=40.0),
}
RECORDED = ("mved", "recordings")
VGMIDI_VARIANTS = 8


def plan(pieces: Sequence[Piece], fonts: Sequence[Path], seed: int) -> list[Rendering]:
    """Plan all renderings.

    Args:
        pieces: of any corpora.
        fonts: sound fonts; plain renderings take them in turn.
        seed: of every random choice.

    Returns:
        The plan, pieces in order, so that an interrupted run can go on.
    """
    return [rendering for rendering in _everything(pieces, fonts, seed) if _kept(rendering)]


def _kept(rendering: Rendering) -> bool:
    """Say whether a rendering is one of those that two processors make in an hour."""
    corpus, name = rendering.piece.split("/", 1)
    if corpus == "vgmidi":
        return rendering.variant < VGMIDI_VARIANTS
    if corpus == "emopia":
        return rendering.variant == 0 or zlib.crc32(rendering.piece.encode()) % 2 == 0
    return corpus != "pop909" or int(name) % 2 == 1


def _everything(pieces: Sequence[Piece], fonts: Sequence[Path], seed: int) -> list[Rendering]:
    generator = np.random.default_rng(seed)
    renderings = []
    for number, piece in enumerate(pieces):
        share = SHARES[piece.corpus]
        for variant in range(share.plain + share.varied):
            start_s = float(generator.uniform(0, 150)) if share.anywhere else 0.0
            length = {"start_s": start_s, "duration_s": share.excerpt_s}
            if piece.corpus in RECORDED:
                renderings.append(_recorded(piece, variant, share, generator))
            elif variant < share.plain:
                renderings.append(plain(piece, variant, fonts[(number + variant) % len(fonts)], **length))
            else:
                renderings.append(varied(piece, variant, fonts, generator=generator, **length))
    return renderings


def _recorded(piece: Piece, variant: int, share: Share, generator: np.random.Generator) -> Rendering:
    shift = 0 if variant < share.plain else int(generator.integers(-2, 3))
    return Rendering(
        piece=piece.identifier,
        variant=variant,
        sound_font="",
        plain=variant < share.plain,
        programs=(),
        transposition=shift,
        tempo_factor=2 ** (shift / 12),
        start_s=0.0,
        duration_s=share.excerpt_s,
        accompanied=False,
        seed=int(generator.integers(2**31)),
    )
