"""Bidirectional GRU: note density and loudness of every second from the video (paper, section 4.4).

The default configuration is the published one with its parameter names; ours reads normalised rows, predicts scaled
targets and carries the curve that gives its predictions the spread of real songs.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from video2music.features.video_features import VideoFeatures
from video2music.models.inputs import PUBLISHED_WIDTH, FeatureBatch, NormalisedRows, batch_of, published_rows
from video2music.models.windows import cover

TARGETS = ("note_density", "loudness")
"""Columns of the output."""

MARGIN_S = 8.0
SHORTEST_SONG_S = 90.0
"""A video is read as lying at least so far from both ends of a song that lasts at least so long."""

STILL = 0.25
"""Standard deviation of the logarithm of motion below which a video counts as still throughout."""

SPREAD_KNOTS = 41
"""Quantiles of predictions and of real songs between which played values are interpolated."""


@dataclass(frozen=True)
class DynamicsConfig:
    """Sizes and choices of the network; the defaults are the published ones.

    Attributes:
        hidden: width of one direction of the GRU.
        layers: GRU layers.
        dropout: share of the inputs dropped in training.
        semantic_components: 0 for the published raw rows of 776, otherwise our normalised rows with so many directions.
        always_full: read max_length rows with zeros after the video's end, as published; otherwise any length.
        max_length: seconds that one pass can see where always_full is set.
        unused_tensors: carry the parameters of the published checkpoint that nothing reads.
    """

    hidden: int = 64
    layers: int = 2
    dropout: float = 0.1
    semantic_components: int = 0
    always_full: bool = True
    max_length: int = 300
    unused_tensors: bool = True


@dataclass(frozen=True)
class Dynamics:
    """What is played.

    Attributes:
        note_density: (T,) float32, notes that sound in each second, 0 or more.
        loudness: (T,) float32, root mean square of each second, 0 to 1.
    """

    note_density: NDArray[np.float32]
    loudness: NDArray[np.float32]


class DynamicsNetwork(nn.Module):
    """The dynamics network; see DynamicsConfig for its choices.

    Args:
        config: sizes and choices.
    """

    target_mean: Tensor
    target_scale: Tensor
    spread: Tensor

    def __init__(self, config: DynamicsConfig) -> None:
        super().__init__()
        self.config = config
        self.inputs = NormalisedRows(config.semantic_components) if config.semantic_components else None
        width = PUBLISHED_WIDTH if self.inputs is None else self.inputs.width
        hidden, layers, between = config.hidden, config.layers, config.dropout
        self.bigru = nn.GRU(width, hidden, layers, batch_first=True, bidirectional=True, dropout=between)
        self.bifc = nn.Linear(2 * hidden, len(TARGETS))
        if config.unused_tensors:
            self.bilstm = nn.LSTM(width, hidden, layers, batch_first=True, bidirectional=True)
            self.lstm = nn.LSTM(width, hidden, layers, batch_first=True)
            self.gru = nn.GRU(width, hidden, layers, batch_first=True)
            self.fc = nn.Linear(hidden, len(TARGETS))
        self.drop = nn.Dropout(config.dropout)
        if self.inputs is not None:
            self.register_buffer("target_mean", torch.zeros(len(TARGETS)))
            self.register_buffer("target_scale", torch.ones(len(TARGETS)))
            self.register_buffer("spread", torch.linspace(0, 1, SPREAD_KNOTS).expand(2, 2, SPREAD_KNOTS).clone())

    def forward(self, batch: FeatureBatch) -> Tensor:
        """Return the expected note density and loudness of every second, (batch, T, 2), in their own units."""
        steps = batch.steps
        if self.inputs is None:
            if self.config.always_full:
                batch = batch.padded(self.config.max_length)
            rows, _ = self.bigru(self.drop(published_rows(batch)))
            raw: Tensor = self.bifc(rows)
            return raw[:, :steps]
        if not bool(batch.valid.all()):
            raise ValueError("our dynamics network reads videos of equal length only: the backward pass has no mask")
        rows, _ = self.bigru(self.drop(self.inputs(batch)))
        scaled: Tensor = self.bifc(rows) * self.target_scale + self.target_mean
        return scaled

    def played(self, expected: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give expected values the spread of real songs.

        A network that minimises squared error predicts means, whose range is much narrower than that of songs. Every
        value moves to the value of the same rank in real songs, a monotone curve stored with the weights; beyond its
        ends the curve stays flat.

        Args:
            expected: (T, 2), of `forward`.

        Returns:
            (T, 2), note density at least 0 and loudness in 0..1.
        """
        if self.inputs is not None:
            knots = self.spread.numpy()
            columns = [np.interp(expected[:, c], knots[c, 0], knots[c, 1]) for c in range(len(TARGETS))]
            expected = np.stack(columns, axis=1).astype(np.float32)
        return np.stack([expected[:, 0].clip(min=0), expected[:, 1].clip(0, 1)], axis=1)


@torch.inference_mode()
def expected_dynamics(network: DynamicsNetwork, batch: FeatureBatch) -> NDArray[np.float32]:
    """Return the network's mean for one video of any length, (T, 2); overlapping windows fade into each other."""
    network.eval()
    if not network.config.always_full or batch.steps <= network.config.max_length:
        whole: NDArray[np.float32] = network(batch)[0].numpy()
        return whole
    total = np.zeros((batch.steps, len(TARGETS)), dtype=np.float64)
    weight = np.zeros((batch.steps, 1), dtype=np.float64)
    shared = network.config.max_length // 5
    for start, stop in cover(batch.steps, network.config.max_length, overlap=shared):
        length = stop - start
        fade = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)).clip(max=shared)[:, None]
        total[start:stop] += fade * network(batch.cut(start, stop))[0].numpy()
        weight[start:stop] += fade
    return (total / weight).astype(np.float32)


def inside_a_song(batch: FeatureBatch) -> FeatureBatch:
    """Return the batch as if the video lay inside a longer song.

    Songs begin and end with silence, and none of the training set is shorter than two minutes; read literally, a clip
    of ten seconds would be all beginning and end.
    """
    margin = max(MARGIN_S, (SHORTEST_SONG_S - batch.steps) / 2)
    return replace(batch, from_start=batch.from_start + margin, to_end=batch.to_end + margin)


def motion_pull(motion: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far each second moves more than the video's usual second, (T, 1), -2 to 2 and smooth.

    Args:
        motion: (T,), 0 to 255.
    """
    steps = np.log1p(motion.astype(np.float64))
    steps = np.convolve(np.pad(steps, 2, mode="edge"), np.array([1, 2, 3, 2, 1]) / 9, mode="valid")
    spread = max(float(steps.std()), STILL)
    pull: NDArray[np.float64] = ((steps - np.median(steps)) / spread).clip(-2, 2)[:, None]
    return pull


def predict_dynamics(network: DynamicsNetwork, features: VideoFeatures, *, motion_strength: float = 0.5) -> Dynamics:
    """Return what is played in every second of a video of any length.

    The published network's values are played as they are. Ours sees the video inside a longer song, is pulled up where
    the video moves more than usual, and gets the spread of real songs.

    Args:
        network: ours or a published one.
        features: T seconds.
        motion_strength: standard deviations of the network's predictions by which one of motion raises them.

    Returns:
        Curves of T values.
    """
    batch = batch_of(features)
    if network.inputs is None:
        played = network.played(expected_dynamics(network, batch))
    else:
        expected = expected_dynamics(network, inside_a_song(batch))
        pull = motion_strength * motion_pull(features.motion) * network.spread[:, 0].std(dim=1).numpy()
        played = network.played((expected + pull).astype(np.float32))
    return Dynamics(note_density=played[:, 0].astype(np.float32), loudness=played[:, 1].astype(np.float32))
