"""The mood network of the MTG-Jamendo baseline: it teaches the tags and judges the closed loop; it is not shipped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emotion.embedded.mel import SAMPLE_RATE, mel_decibels
from emotion.errors import WeightsNotFoundError
from emotion.moods import mood_tags
from emotion.weights import load_checkpoint, load_into

FILE = "moodtheme_cnn_best_model.pth"
FRAMES = 1366
"""Of the mel spectrum, about 29 s, that the network reads at once."""

_CHANNELS = (1, 64, 128, 128, 128, 64)
_POOLS = ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4))


class MoodNetwork(nn.Module):
    """The fully convolutional network (Bogdanov et al. 2019), in the parameter names of its released file."""

    def __init__(self) -> None:
        super().__init__()
        self.bn_init = nn.BatchNorm2d(1)
        for index, (inputs, outputs) in enumerate(pairwise(_CHANNELS), start=1):
            self.add_module(f"conv_{index}", nn.Conv2d(inputs, outputs, 3, padding=1))
            self.add_module(f"bn_{index}", nn.BatchNorm2d(outputs))
        self.dense = nn.Linear(_CHANNELS[-1], len(mood_tags()))

    def forward(self, decibels: torch.Tensor) -> torch.Tensor:
        """Return the logits of the tags.

        Args:
            decibels: (batch, 96, 1366) mel power spectrum in dB.

        Returns:
            (batch, 56).
        """
        x = self.bn_init(decibels[:, None])
        for index, pool in enumerate(_POOLS, start=1):
            x = self.get_submodule(f"bn_{index}")(self.get_submodule(f"conv_{index}")(x))
            x = nn.functional.elu(nn.functional.max_pool2d(x, pool))  # as published, where the order is the reverse
        logits: torch.Tensor = self.dense(x.flatten(1))
        return logits


class MoodTeacher:
    """Says how probable each mood tag is, by the baseline's network.

    Args:
        network: the network.
        exact: calculate with single precision; otherwise with bfloat16, three times as fast, for many lessons.
    """

    def __init__(self, network: MoodNetwork, *, exact: bool = True) -> None:
        self._exact = exact
        fast: Any = network.eval()  # PyTorch's types lack the next line, which makes a processor twice as fast
        self._network: MoodNetwork = fast.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def probabilities(self, samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
        """Return the probability of each tag, the mean over excerpts of 29 s that cover the sound.

        Args:
            samples: (n,) mono.
            sample_rate: in Hz.

        Returns:
            (56,) 0..1, in the order of `emotion.moods`.
        """
        import soxr

        sound = samples if sample_rate == SAMPLE_RATE else soxr.resample(samples, sample_rate, SAMPLE_RATE)
        precision = torch.autocast("cpu", dtype=torch.bfloat16, enabled=not self._exact)
        excerpts = torch.from_numpy(np.stack(_excerpts(mel_decibels(np.asarray(sound, np.float32)).T)))
        with precision:
            logits = self._network(excerpts)
        mean: NDArray[np.float64] = logits.double().sigmoid().mean(0).numpy()
        return mean


def load_mood_teacher(folder: Path, *, exact: bool = True) -> MoodTeacher:
    """Load the network.

    Args:
        folder: holds moodtheme_cnn_best_model.pth.
        exact: as in `MoodTeacher`.

    Returns:
        The teacher.

    Raises:
        WeightsNotFoundError: the file is not there.
        WeightsDamagedError: it is something else.
    """
    path = folder / FILE
    if not path.is_file():
        raise WeightsNotFoundError("The mood network is not there", where=path, remedy="Give the folder that holds it")
    network = MoodNetwork()
    load_into(network, load_checkpoint(path), where=path)
    return MoodTeacher(network, exact=exact)


def lexicon_affect(probabilities: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean valence and arousal of the tags' words, each word weighted by its probability.

    Args:
        probabilities: (56,).

    Returns:
        Valence and arousal on the lexicon's scale of 1..9.
    """
    words = np.array([(tag.valence, tag.arousal) for tag in mood_tags()])
    valence, arousal = np.average(words, axis=0, weights=np.asarray(probabilities))
    return float(valence), float(arousal)


def _excerpts(decibels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Cut into excerpts of the length the network reads; what is shorter is repeated."""
    frames = decibels.shape[1]
    if frames < FRAMES:
        return [np.tile(decibels, (1, -(-FRAMES // frames)))[:, :FRAMES]]
    starts = np.linspace(0, frames - FRAMES, -(-frames // FRAMES)).astype(int)
    return [decibels[:, start : start + FRAMES] for start in starts]
