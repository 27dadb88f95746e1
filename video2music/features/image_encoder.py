"""The one interface behind which the image encoders stand: frames in, emotions and meaning out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from video2music.errors import UnknownEngineError
from video2music.features.video_features import EMOTIONS

ENGINES = ("embedded", "clip", "paper")


AFFECT_OF_EMOTION = {
    "exciting": (7.5, 7.0),
    "fearful": (2.5, 6.5),
    "tense": (3.5, 6.0),
    "sad": (2.5, 3.0),
    "relaxing": (7.5, 2.5),
    "neutral": (5.0, 4.0),
}
"""Valence and arousal, 1 to 9, of each emotion word: its place on Russell's circumplex (1980), to the nearest half."""


@dataclass(frozen=True)
class FrameFeatures:
    """What an encoder saw in n frames, one row each.

    Attributes:
        emotion: (n, 6) float32 probabilities in the order of `EMOTIONS`; rows sum to 1.
        valence: (n,) float32, unpleasant to pleasant, 1 to 9.
        arousal: (n,) float32, calm to excited, 1 to 9.
        semantic: (n, 768) float32 image embedding, not normalised; None where the encoder has none.
        things: n short descriptions of what is seen, "" where nothing is clear; empty where the encoder names nothing.
    """

    emotion: NDArray[np.float32]
    valence: NDArray[np.float32]
    arousal: NDArray[np.float32]
    semantic: NDArray[np.float32] | None = None
    things: tuple[str, ...] = ()


@runtime_checkable
class ImageEncoder(Protocol):
    """An image encoder with an emotion read-out.

    Attributes:
        name: what it is, for result files.
        frame_size: length in pixels of the shorter side that frames should have; larger frames are shrunk.
        exact_motion: whether motion is to be measured on full-resolution neighbouring frames, as published.
    """

    name: str
    frame_size: int
    exact_motion: bool

    def see(self, frames: NDArray[np.uint8], motion: NDArray[np.float32]) -> FrameFeatures:
        """Read the emotion of frames that are one second apart.

        Args:
            frames: (n, height, width, 3) uint8 RGB, consecutive seconds of one video.
            motion: (n,) float32 mean absolute RGB difference of each second, 0 to 255.

        Returns:
            One row per frame.
        """
        ...


@runtime_checkable
class WholeVideoEncoder(ImageEncoder, Protocol):
    """An encoder that looks at frames in chunks but reads emotion only when it has seen the whole video."""

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what is kept of each frame until the end.

        Args:
            frames: (n, height, width, 3) uint8 RGB, consecutive seconds of one video.

        Returns:
            (n, D) float32.
        """
        ...

    def read(
        self, embedding: NDArray[np.float32], motion: NDArray[np.float32], scene_offset: NDArray[np.float32]
    ) -> FrameFeatures:
        """Read the emotion of a video.

        Args:
            embedding: (T, D) of all its seconds.
            motion: (T,) float32 mean absolute RGB difference of each second, 0 to 255.
            scene_offset: (T,) float32 seconds since the scene began, 0 in its first second.

        Returns:
            One row per second.
        """
        ...


def expected_affect(emotion: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the valence and arousal that six probabilities amount to.

    Args:
        emotion: (n, 6) probabilities in the order of EMOTIONS.

    Returns:
        (n,) valence and (n,) arousal, 1 to 9: the mean of AFFECT_OF_EMOTION under the probabilities.
    """
    affect = emotion @ np.array([AFFECT_OF_EMOTION[name] for name in EMOTIONS], dtype=np.float32)
    return affect[:, 0].astype(np.float32), affect[:, 1].astype(np.float32)


def load_encoder(
    engine: str, *, device: str | None = None, weights: Path | None = None, model: str | None = None
) -> ImageEncoder:
    """Load the encoder of an engine.

    Args:
        engine: "embedded", "clip" or "paper".
        device: torch device such as "cpu" or "cuda"; a GPU where there is one by default (`embedded`: always the CPU).
        weights: file or folder to take instead of the shipped or published weights.
        model: for `clip` only, the open_clip model to use, such as "ViT-B-32-quickgelu".

    Returns:
        The encoder, ready to see.

    Raises:
        UnknownEngineError: there is no such engine.
        WeightsNotFoundError: weights are missing.
        WeightsDamagedError: weights are not what was published.
        DownloadError: weights had to be downloaded and could not be.
    """
    if engine == "embedded":
        from video2music.features.embedded import EmbeddedEncoder

        embedded: ImageEncoder = EmbeddedEncoder.load(weights=weights)
        return embedded
    if engine in {"clip", "paper"}:
        from video2music.features.clip import load_clip

        clip: ImageEncoder = load_clip(paper=engine == "paper", device=device, weights=weights, model=model)
        return clip
    raise UnknownEngineError(f'There is no engine "{engine}"', remedy=f"Choose one of {', '.join(ENGINES)}")
