"""Composing chords for a video of any length."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from video2music.features.video_features import VideoFeatures
from video2music.harmony.vocabulary import NO_CHORD, from_harte
from video2music.models.affect import chord_brightness
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.dynamics import Dynamics, predict_dynamics
from video2music.models.inputs import FeatureBatch, batch_of
from video2music.models.sampling import Sampling, affect_bias, draw, outside_key
from video2music.models.windows import cover

__all__ = ["Dynamics", "Mode", "generate_chords", "predict_dynamics"]

OPENINGS = tuple(from_harte(label) for label in ("C", "D:min", "E:min", "F", "G", "A:min"))
"""Triads of C major and A minor, one of which a piece without a primer begins with."""

BEGINNINGS = tuple(from_harte(label) for label in ("C", "F", "A:min"))
"""Chords with which a piece may begin after its lead-in."""

SHORT_CLIP_CHORDS = 4
"""Chords that even a short video should have room for; no hold limit falls below two seconds for it."""

USUAL_CHANGES, RAREST_CHANGES = 0.45, 0.1
"""Share of seconds with which another chord begins: in pieces as in songs (docs/results.md, Generation), and at least
between changes that are set."""

LEAD_IN_PATIENCE_S = 12
"""Seconds by which the lead-in may grow until one of them begins."""

Progress = Callable[[str, float], None]
Mode = Literal["major", "minor"]


class _Window:
    """One pass of the network over at most max_length seconds, with the chords of the window before as context."""

    def __init__(
        self,
        amt: AffectiveMultimodalTransformer,
        batch: FeatureBatch,
        minor: Tensor,
        attributes: Sequence[int] | None,
    ) -> None:
        self.amt, self.minor, self.attributes = amt, minor, attributes
        self.memory, self.state = amt.encode(batch), amt.start()

    def read(self, chords: Sequence[int]) -> Tensor:
        """Read the chords that were not read yet and return the (159,) logits of the next one."""
        start = self.state.steps
        new = torch.tensor([list(chords[start:])])
        attributes = None
        if self.attributes is not None:
            own = self.amt.attribute_of[new]
            given = torch.tensor([list(self.attributes[start : start + new.shape[1]])])
            attributes = torch.cat([given, own[:, given.shape[1] :]], dim=1).long()
        return self.amt.decode(new, self.minor, self.memory, self.state, attributes=attributes)[0, -1]


def _first_chord(logits: Tensor, before: Sequence[int], sampling: Sampling, generator: torch.Generator) -> int:
    """Draw the first chord among the triads of the key."""
    others = torch.ones_like(logits, dtype=torch.bool)
    others[list(OPENINGS)] = False
    return draw(logits.masked_fill(others, float("-inf")), before, sampling, generator)


def for_length(sampling: Sampling, seconds: int) -> Sampling:
    """Return the choices with a hold limit that leaves a short video its chords."""
    longest = max(2, seconds // SHORT_CLIP_CHORDS)
    return replace(sampling, hold_limit_s=min(sampling.hold_limit_s, longest))


def for_changes(sampling: Sampling, share: float) -> Sampling:
    """Return the choices that hold chords longer where none must change, so that set changes do not hurry the piece.

    Args:
        sampling: choices without set changes.
        share: of the seconds at which the chord must change.
    """
    elsewhere = max(RAREST_CHANGES, (USUAL_CHANGES - share) / (1 - share))
    rarer = math.log(USUAL_CHANGES / (1 - USUAL_CHANGES)) - math.log(elsewhere / (1 - elsewhere))
    return replace(sampling, hold_bias=sampling.hold_bias + sampling.temperature * rarer)


@dataclass(frozen=True)
class PieceDraw:
    """Everything that choosing one piece's chords needs.

    `batch` and `pull` (T, 157), the pull of emotion and key on every chord, are of T seconds; `changes` are those at
    which the chord before must not sound on.
    """

    amt: AffectiveMultimodalTransformer
    batch: FeatureBatch
    pull: NDArray[np.float32]
    minor: bool
    sampling: Sampling
    generator: torch.Generator
    attributes: Sequence[int] | None = None
    changes: frozenset[int] = frozenset()

    @staticmethod
    def of(
        amt: AffectiveMultimodalTransformer,
        features: VideoFeatures,
        mode: Mode,
        sampling: Sampling,
        generator: torch.Generator,
    ) -> "PieceDraw":
        """Return what choosing chords for a video needs, the hold limit made to suit its length."""
        sampling = for_length(sampling, features.seconds)
        key = np.where(outside_key(), sampling.outside_key_bias, 0.0).astype(np.float32)
        pull = affect_bias(features.emotion, sampling.affect) + sampling.brightness * chord_brightness() + key
        return PieceDraw(amt, batch_of(features), pull, mode == "minor", sampling, generator)

    @property
    def seconds(self) -> int:
        """Number of seconds, T."""
        return self.batch.steps

    def window(self, start: int, stop: int) -> _Window:
        """Return a fresh pass of the network over some of the seconds."""
        attributes = self.attributes if start == 0 else None
        return _Window(self.amt, self.batch.cut(start, stop), torch.tensor([float(self.minor)]), attributes)

    def preceded(self, seconds: int) -> "PieceDraw":
        """Return the same for a video with `seconds` seconds before it."""
        index = np.arange(-seconds, self.seconds) % self.seconds
        changes = frozenset(second + seconds for second in self.changes)
        return replace(self, batch=self.batch.preceded(seconds), pull=self.pull[index], changes=changes)

    def extend(self, chords: list[int], until: int, told: Callable[[int], None]) -> None:
        """Draw chords after `chords`, at least one, until there are `until`."""
        length = self.amt.config.max_length
        for start, stop in cover(until, length, overlap=length // 2):
            if len(chords) >= stop:
                continue
            window = self.window(start, stop)
            while len(chords) < stop:
                logits = window.read(chords[start:])[: self.pull.shape[1]] + torch.from_numpy(self.pull[len(chords)])
                if len(chords) in self.changes:
                    logits[chords[-1]] = float("-inf")
                chords.append(draw(logits, chords, self.sampling, self.generator))
                told(len(chords))


def opening_of(piece: PieceDraw) -> list[int]:
    """Return the first chord, drawn as what follows a silence, with which songs begin."""
    logits = piece.window(0, min(piece.seconds, piece.amt.config.max_length)).read([NO_CHORD])
    pulled = logits[: piece.pull.shape[1]] + torch.from_numpy(piece.pull[0])
    return [_first_chord(pulled, [NO_CHORD], piece.sampling, piece.generator)]


def _lead_in(piece: PieceDraw) -> list[int]:
    """Compose what is imagined to sound before the video, and the chord with which the video begins.

    Songs hold their first chords long and find their pattern late, which a short clip has no time for.
    """
    most = piece.sampling.lead_in_s + LEAD_IN_PATIENCE_S
    imagined = piece.preceded(most)
    chords = opening_of(imagined)
    imagined.extend(chords, most + 1, lambda _count: None)
    return end_lead_in(imagined, chords)


def end_lead_in(imagined: PieceDraw, chords: Sequence[int]) -> list[int]:
    """Cut a lead-in where one of the key's main chords begins; that chord is the last one kept and the first one heard.

    Args:
        imagined: the piece with the longest lead-in before it.
        chords: of the longest lead-in and of one second more.
    """
    most = len(chords) - 1
    for second in range(most - LEAD_IN_PATIENCE_S, most + 1):
        if chords[second] in BEGINNINGS and chords[second] != chords[second - 1]:
            return list(chords[: second + 1])
    logits = imagined.window(0, min(imagined.seconds, imagined.amt.config.max_length)).read(chords[:most])
    pulled = logits[: imagined.pull.shape[1]]
    return [*chords[:most], _first_chord(pulled, chords[:most], imagined.sampling, imagined.generator)]


@torch.inference_mode()
def generate_chords(
    amt: AffectiveMultimodalTransformer,
    features: VideoFeatures,
    *,
    mode: Mode,
    primer: Sequence[int],
    generator: torch.Generator,
    sampling: Sampling,
    progress: Progress | None = None,
    primer_attributes: Sequence[int] | None = None,
    changes: Collection[int] = (),
) -> tuple[int, ...]:
    """Compose one chord per second.

    Videos longer than the network's window are composed in windows that share half their length: the later one reads
    the chords of the earlier one as its past and goes on.

    Args:
        amt: the chord network, on the CPU.
        features: T seconds.
        mode: "major" composes in C major, "minor" in A minor.
        primer: ids that the piece begins with; empty lets the network begin.
        generator: source of chance, on the CPU; the same state, features and weights give the same chords.
        sampling: choices of the draw.
        progress: told the stage and the fraction done.
        primer_attributes: attribute ids read for the primer instead of its own, for one published error.
        changes: seconds, from 1, with which another chord begins, such as those of scene cuts.

    Returns:
        T ids from 0 to 156.
    """
    amt.eval()
    seconds, before = features.seconds, 0
    piece = PieceDraw.of(amt, features, mode, sampling, generator)
    if changes:
        sampling = for_changes(piece.sampling, len(changes) / seconds)
        piece = replace(piece, sampling=sampling, changes=frozenset(changes))
    piece = replace(piece, attributes=primer_attributes)
    chords = list(primer[:seconds])
    if not chords and sampling.lead_in_s:
        chords = _lead_in(piece)
        before = len(chords) - 1
        piece = piece.preceded(before)
    elif not chords:
        chords = opening_of(piece)

    def told(count: int) -> None:
        if progress is not None:
            progress("composing chords", (count - before) / seconds)

    piece.extend(chords, before + seconds, told)
    return tuple(chords[before:])
