"""The trained head of the embedded eye: from image embedding and motion to valence, arousal and six emotions."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.errors import WeightsDamagedError
from emotion.weights import load_into, load_tensors
from video2music.features.eye import Sight, expected_affect
from video2music.features.video_features import EMOTIONS

LOWEST, HIGHEST = 1.0, 9.0  # of valence and arousal


class EmotionHead(nn.Module):
    """Two linear read-outs that `video2music.training.emotion_head` trains.

    The emotions read the embedding and the motion of the second, the logits are then smoothed over a few seconds. The
    valence and arousal of the picture, learned from photographs, are mixed with those of the six emotions, which know
    about motion and agree with them.

    Args:
        embedding: number of values in an image embedding, D.
    """

    smoothing_s: Tensor
    mixing: Tensor

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.emotion = nn.Linear(embedding + 1, len(EMOTIONS))
        self.affect = nn.Linear(embedding, 2)
        self.register_buffer("smoothing_s", torch.zeros(()))
        self.register_buffer("mixing", torch.zeros(2))

    @torch.inference_mode()
    def read(self, embedding: NDArray[np.float32], motion: NDArray[np.float32]) -> Sight:
        """Read emotions from consecutive seconds.

        Args:
            embedding: (n, D) image embeddings.
            motion: (n,) mean absolute RGB difference, 0 to 255.

        Returns:
            One row per second, without a semantic embedding.
        """
        pictures = torch.from_numpy(embedding)
        seen = torch.cat([pictures, torch.log1p(torch.from_numpy(motion))[:, None]], dim=1)
        window = smoothing_window(len(motion), float(self.smoothing_s))
        emotion = (window @ self.emotion(seen)).softmax(dim=1).numpy()
        picture_affect = (window @ self.affect(pictures)).numpy()
        mixing = self.mixing.numpy()
        affect = (1 - mixing) * picture_affect + mixing * np.stack(expected_affect(emotion), axis=1)
        affect = np.clip(affect, LOWEST, HIGHEST).astype(np.float32)
        return Sight(emotion, affect[:, 0], affect[:, 1])


def smoothing_window(seconds: int, spread_s: float) -> Tensor:
    """Return the matrix that replaces each row by a mean of its neighbours.

    Args:
        seconds: number of rows, n.
        spread_s: standard deviation in seconds of the Gaussian weights; 0 leaves the rows as they are.

    Returns:
        (n, n), rows sum to 1.
    """
    if spread_s <= 0:
        return torch.eye(seconds)
    time_s = torch.arange(seconds, dtype=torch.float32)
    weights = torch.exp(-((time_s[:, None] - time_s) ** 2) / (2 * spread_s**2))
    return weights / weights.sum(dim=1, keepdim=True)


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
