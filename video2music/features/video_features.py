"""The frozen record that passes from seeing to composing."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

EMOTIONS = ("exciting", "fearful", "tense", "sad", "relaxing", "neutral")
"""The six emotions of MuVi-Sync, in the order of its columns."""


@dataclass(frozen=True)
class VideoFeatures:
    """What was seen in a video, one row per second; row s covers [s, s + 1) and T = ceil(duration).

    Attributes:
        duration_s: length of the picture in seconds, above 0.
        emotion: (T, 6) float32, probabilities in the order of EMOTIONS; rows sum to 1.
        valence: (T,) float32, unpleasant to pleasant, 1 to 9.
        arousal: (T,) float32, calm to excited, 1 to 9.
        scene_offset: (T,) float32, whole seconds since the scene began, 0 in a scene's first second.
        motion: (T,) float32, mean absolute RGB difference between consecutive frames, 0 to 255.
        cuts_s: (C,) float32, exact times of the scene cuts in seconds, ascending.
        semantic: (T, 768) float32 CLIP ViT-L/14@336 image embedding, not normalised; None where CLIP is not used.
        sights: T short descriptions of what is seen, "" where nothing is clear; empty where the encoder names nothing.
    """

    duration_s: float
    emotion: FloatArray
    valence: FloatArray
    arousal: FloatArray
    scene_offset: FloatArray
    motion: FloatArray
    cuts_s: FloatArray
    semantic: FloatArray | None = None
    sights: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        """Number of rows, T."""
        return len(self.motion)

    def at(self, seconds: NDArray[np.int64]) -> "VideoFeatures":
        """Return the rows of some seconds, for a network that reads one row per chord at another tempo.

        Args:
            seconds: (K,) indices, 0 to T - 1; repeated and skipped where chords are shorter or longer than a second.

        Returns:
            K rows; duration and cuts keep their times.
        """
        return replace(
            self,
            emotion=self.emotion[seconds],
            valence=self.valence[seconds],
            arousal=self.arousal[seconds],
            scene_offset=self.scene_offset[seconds],
            motion=self.motion[seconds],
            semantic=None if self.semantic is None else self.semantic[seconds],
            sights=tuple(self.sights[second] for second in seconds) if self.sights else (),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the features as plain lists, without the semantic vectors."""
        return {
            "duration_s": round(self.duration_s, 3),
            "emotion": np.round(self.emotion.astype(float), 4).tolist(),
            "valence": np.round(self.valence.astype(float), 3).tolist(),
            "arousal": np.round(self.arousal.astype(float), 3).tolist(),
            "motion": np.round(self.motion.astype(float), 4).tolist(),
            "scene_offset": self.scene_offset.astype(float).tolist(),
            "cuts_s": np.round(self.cuts_s.astype(float), 3).tolist(),
        }
