"""From sound to chords: constant-Q spectrum, chord network, runs of equal classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.listening import Samples
from emotion.music2emo.chord_network import ChordNetwork
from emotion.music2emo.vocabulary import chord_label
from emotion.prediction import ChordSpan

SAMPLE_RATE = 22_050
BLOCK_SAMPLES = 10 * SAMPLE_RATE
HOP_SAMPLES = 2048
BINS, BINS_PER_OCTAVE = 144, 24
FRAMES_PER_BLOCK = 108
FRAME_S = 10.0 / FRAMES_PER_BLOCK
"""Length of a frame as the chord network's authors define it; the hop itself lasts 0.0929 s."""

LOWEST_MAGNITUDE = 1e-6
SHORTEST_SAMPLES = 16 * HOP_SAMPLES
"""Shorter rests are filled with zeros, which is what the transform puts around them anyway."""


def constant_q(samples: Samples) -> NDArray[np.float32]:
    """Return the log magnitudes of one block.

    Args:
        samples: (n,) mono at 22 050 Hz, at most ten seconds; each block is analysed by itself as in training.

    Returns:
        (1 + n // 2048, 144): natural logarithm of magnitudes, 24 bins per octave from C1.
    """
    import librosa

    frames = 1 + len(samples) // HOP_SAMPLES
    padded = np.pad(samples, (0, max(0, SHORTEST_SAMPLES - len(samples))))
    spectrum = librosa.cqt(padded, sr=SAMPLE_RATE, n_bins=BINS, bins_per_octave=BINS_PER_OCTAVE, hop_length=HOP_SAMPLES)
    magnitudes: NDArray[np.floating] = np.abs(spectrum[:, :frames])
    features: NDArray[np.float32] = np.log(magnitudes.T + LOWEST_MAGNITUDE).astype(np.float32)
    return features


class ChordRecogniser:
    """Names the chord of each frame.

    Args:
        network: the chord network.
        mean: mean of the log magnitudes it was trained on.
        deviation: their standard deviation.
        device: where it runs.
    """

    def __init__(self, network: ChordNetwork, mean: float, deviation: float, device: torch.device) -> None:
        self.network = network.to(device).eval()
        self.mean, self.deviation, self.device = mean, deviation, device

    @torch.inference_mode()
    def classes(self, samples: Samples) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Name the chords of one block of at most ten seconds.

        Args:
            samples: (n,) mono at 22 050 Hz.

        Returns:
            (frames,) chord classes 0..169, and (frames,) the probability the network gives each, 0..1.
        """
        features = (constant_q(samples) - self.mean) / self.deviation
        frames = len(features)
        features = np.pad(features, ((0, FRAMES_PER_BLOCK - frames), (0, 0)))
        logits = self.network(torch.from_numpy(features.astype(np.float32))[None].to(self.device))[0, :frames]
        sure, chosen = torch.softmax(logits, dim=1).max(dim=1)
        return chosen.cpu().numpy(), sure.cpu().numpy()


def chord_spans(classes: Sequence[int] | NDArray[np.int64]) -> tuple[ChordSpan, ...]:
    """Join neighbouring frames of the same class.

    Args:
        classes: chord class of each frame, 0..169.

    Returns:
        The chords with start and end in seconds.
    """
    chosen = np.asarray(classes)
    if not len(chosen):
        return ()
    borders = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist(), len(chosen)]
    return tuple(
        ChordSpan(start * FRAME_S, end * FRAME_S, chord_label(int(chosen[start]))) for start, end in pairwise(borders)
    )


def chords_between(chords: Iterable[ChordSpan], start_s: float, end_s: float) -> list[ChordSpan]:
    """Return the chords that sound between two moments."""
    return [chord for chord in chords if chord.end_s > start_s and chord.start_s < end_s]
