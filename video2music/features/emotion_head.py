"""The trained head of the embedded encoder: from image embeddings and motion to valence, arousal and six emotions."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.errors import WeightsDamagedError
from emotion.weights import load_into, load_tensors
from video2music.features.image_encoder import FrameFeatures, expected_affect
from video2music.features.video_features import EMOTIONS

FloatArray = NDArray[np.float32]

LOWEST, HIGHEST = 1.0, 9.0  # of valence and arousal
WINDOW_S = 30
"""Length of the surroundings that the emotion of a second is read from: that of the clips in training."""
BESIDES = 2
"""Values that a glance has besides the image embedding: motion, and whether a scene begins."""


class EmotionHead(nn.Module):
    """Two linear read-outs that `video2music.training.emotion_head` trains.

    The emotions read three things: the glance of the second itself, which gives the changes within a scene and at its
    cuts, and the mean and the spread of all glances in the half minute around it, which give the mood. The valence and
    arousal of the picture, learned from photographs, are mixed with those of the six emotions, which know about motion
    and agree with them.

    Args:
        embedding: number of values in an image embedding, D.
    """

    smoothing_s: Tensor
    mixing: Tensor

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.emotion = nn.Linear(3 * (embedding + BESIDES), len(EMOTIONS))
        self.affect = nn.Linear(embedding, 2)
        self.register_buffer("smoothing_s", torch.zeros(()))
        self.register_buffer("mixing", torch.zeros(2))

    @torch.inference_mode()
    def read(self, embedding: FloatArray, motion: FloatArray, scene_offset: FloatArray) -> FrameFeatures:
        """Read emotions from all seconds of a video.

        Args:
            embedding: (T, D) image embeddings.
            motion: (T,) mean absolute RGB difference, 0 to 255.
            scene_offset: (T,) seconds since the scene began, 0 in its first second.

        Returns:
            One row per second, without a semantic embedding.
        """
        seen = glances(embedding, motion, scene_offset)
        now, mood = self.emotion.weight.numpy().T[: seen.shape[1]], self.emotion.weight.numpy().T[seen.shape[1] :]
        smoothing_s = float(self.smoothing_s)
        logits = smoothed(seen @ now, scene_offset, smoothing_s) + surroundings(seen) @ mood
        emotion = torch.from_numpy(logits + self.emotion.bias.numpy()).softmax(dim=1).numpy()
        picture_affect = smoothed(self.affect(torch.from_numpy(embedding)).numpy(), scene_offset, smoothing_s)
        mixing = self.mixing.numpy()
        affect = (1 - mixing) * picture_affect + mixing * np.stack(expected_affect(emotion), axis=1)
        affect = np.clip(affect, LOWEST, HIGHEST).astype(np.float32)
        return FrameFeatures(emotion, affect[:, 0], affect[:, 1])


def glances(embedding: FloatArray, motion: FloatArray, scene_offset: FloatArray) -> FloatArray:
    """Put together what is known of each second.

    Args:
        embedding: (T, D) image embeddings.
        motion: (T,) mean absolute RGB difference, 0 to 255.
        scene_offset: (T,) seconds since the scene began.

    Returns:
        (T, D + BESIDES) float32: [embedding, log(1 + motion), 1 where a scene begins].
    """
    begins = (scene_offset == 0).astype(np.float32)
    return np.concatenate([embedding, np.log1p(motion)[:, None], begins[:, None]], axis=1).astype(np.float32)


def surroundings(seen: FloatArray, window_s: int = WINDOW_S) -> FloatArray:
    """Describe the seconds around each second; at both ends of the video the window stays as long and is not centred.

    Args:
        seen: (T, K) glances.
        window_s: length of the window in seconds; a shorter video is one window.

    Returns:
        (T, 2 K) float32: mean and spread over the window.
    """
    seconds, width = seen.shape
    result = np.empty((seconds, 2 * width), np.float32)
    latest = max(0, seconds - window_s)
    first = -1
    for second in range(seconds):
        start = min(max(second - window_s // 2, 0), latest)
        if start == first:
            result[second] = result[second - 1]
            continue
        window = seen[start : start + window_s]
        result[second, :width], result[second, width:] = window.mean(axis=0), window.std(axis=0)
        first = start
    return result


def smoothed(rows: FloatArray, scene_offset: FloatArray, spread_s: float) -> FloatArray:
    """Smooth rows over time within each scene, never across a cut.

    Args:
        rows: (T, k).
        scene_offset: (T,) seconds since the scene began, 0 in its first second.
        spread_s: standard deviation in seconds of the Gaussian weights; 0 leaves the rows as they are.

    Returns:
        (T, k) float32.
    """
    from scipy.ndimage import gaussian_filter1d

    if spread_s <= 0 or not len(rows):
        return rows
    scenes = np.split(rows, np.flatnonzero(scene_offset[1:] == 0) + 1)
    return np.concatenate([gaussian_filter1d(scene, spread_s, axis=0, mode="reflect") for scene in scenes])


def load_head(path: Path) -> EmotionHead:
    """Load a trained head.

    Args:
        path: safetensors file.

    Returns:
        The head in evaluation mode.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it is damaged, or not a head.
    """
    tensors, _ = load_tensors(path)
    weight = tensors.get("affect.weight")
    if weight is None or weight.ndim != 2:
        raise WeightsDamagedError(
            "The weights are not an emotion head", where=path, remedy="Use emotion_head.safetensors"
        )
    head = EmotionHead(weight.shape[1])
    load_into(head, tensors, where=path)
    return head.eval()
