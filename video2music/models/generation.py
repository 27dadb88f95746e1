"""Composing chords for a video of any length."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from video2music.features.video_features import VideoFeatures
from video2music.harmony.vocabulary import NO_CHORD, from_harte
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.dynamics import Dynamics, predict_dynamics
from video2music.models.inputs import FeatureBatch, batch_of
from video2music.models.sampling import Sampling, affect_bias, draw
from video2music.models.windows import cover

__all__ = ["Dynamics", "Mode", "generate_chords", "predict_dynamics"]

OPENINGS = tuple(from_harte(label) for label in ("C", "D:min", "E:min", "F", "G", "A:min"))
"""Triads of C major and A minor, one of which a piece without a primer begins with."""

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


def _first_chord(window: _Window, bias: NDArray[np.float32], sampling: Sampling, generator: torch.Generator) -> int:
    """Draw the chord of second 0 among the triads of the key as what follows a silence, with which songs begin."""
    logits = window.read([NO_CHORD])[: bias.shape[1]] + torch.from_numpy(bias[0])
    others = torch.ones_like(logits, dtype=torch.bool)
    others[list(OPENINGS)] = False
    return draw(logits.masked_fill(others, float("-inf")), [NO_CHORD], sampling, generator)


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

    Returns:
        T ids from 0 to 156.
    """
    amt.eval()
    batch, seconds = batch_of(features), features.seconds
    minor = torch.tensor([1.0 if mode == "minor" else 0.0])
    bias = affect_bias(features.emotion, sampling.affect)
    length = amt.config.max_length
    chords = list(primer[:seconds])
    if not chords:
        opening = _Window(amt, batch.cut(0, min(seconds, length)), minor, None)
        chords = [_first_chord(opening, bias, sampling, generator)]
    for start, stop in cover(seconds, length, overlap=length // 2):
        attributes = primer_attributes if start == 0 else None
        window = _Window(amt, batch.cut(start, stop), minor, attributes)
        while len(chords) < stop:
            second = len(chords)
            logits = window.read(chords[start:])[: bias.shape[1]] + torch.from_numpy(bias[second])
            chords.append(draw(logits, chords, sampling, generator))
            if progress is not None:
                progress("composing chords", len(chords) / seconds)
    return tuple(chords)
