"""Where valence and arousal usually lie: every encoder and every recogniser uses its own part of the scale from 1 to 9.

Over music videos the published CLIP calls nearly everything somewhat unpleasant and excited (valence 4.3, arousal 5.3),
and no encoder leaves the middle by much. So a video is placed among other videos, in standard deviations from their
mean, before music is steered by it or compared with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FARTHEST = 2.5
"""Standard deviations from the mean beyond which a place is not told apart."""


@dataclass(frozen=True)
class Scale:
    """Where the answers on one axis usually lie.

    Attributes:
        mean: of the answers, 1 to 9.
        spread: their standard deviation over pieces or videos, above 0.
    """

    mean: float
    spread: float

    def place(self, values: NDArray[np.floating] | float) -> NDArray[np.float64]:
        """Return how many standard deviations values lie above the mean, -FARTHEST to FARTHEST."""
        return np.clip((np.asarray(values, dtype=np.float64) - self.mean) / self.spread, -FARTHEST, FARTHEST)

    def value(self, place: float) -> float:
        """Return the value at a place."""
        return self.mean + place * self.spread


@dataclass(frozen=True)
class Affect:
    """The scales of one encoder or recogniser."""

    valence: Scale
    arousal: Scale


_CLIP = Affect(valence=Scale(4.26, 0.47), arousal=Scale(5.29, 0.35))

ENCODERS: Mapping[str, Affect] = {
    "embedded": Affect(valence=Scale(4.93, 0.65), arousal=Scale(4.94, 0.60)),
    "clip": _CLIP,
    "paper": _CLIP,
}
"""By engine, means of whole videos. embedded: 88 music-video clips in six moods (MVED, on which it was trained).
CLIP: the published emotions of the 672 music videos of MuVi-Sync (the small CLIP of processors was not measured)."""

RECOGNISERS: Mapping[str, Affect] = {"embedded": Affect(valence=Scale(5.0, 0.69), arousal=Scale(4.8, 0.96))}
"""By name of the engine. embedded: its answers to 200 pieces of game music, played from MIDI as ours is (VGMIDI, from
which it learned; `python -m benchmarks.recogniser_scale`). Listeners spread these pieces wider, 1.11 and 1.33: answers
say as much as can be heard. It hears more arousal in the sounds of the 88 clips: whole bands, recorded and mastered,
beside which a piano would always be called calm."""
