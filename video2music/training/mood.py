"""The mood of clips: six emotions from the mean and the spread of all their seconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.features.emotion_head import WINDOW_S
from video2music.training.emotion_scores import log_losses
from video2music.training.linear import Linear, Scaling, fit_softmax, principal_directions
from video2music.training.splits import held_out

FloatArray = NDArray[np.float32]

SPANS = ((WINDOW_S, 1, 1.0), (8, 2, 0.25), (1, 2, 0.25))
"""Length in seconds, number and weight of the windows of a clip that are learned from; the short ones teach what short
clips and still pictures are like, whose spread is small."""
PENALTIES = (0.001, 0.003, 0.009)
INNER_FOLDS = 3
DIRECTIONS = 256


@dataclass(frozen=True)
class Windows:
    """Windows of labelled clips.

    Attributes:
        rows: (m, 2 K) float32 mean and spread of the glances in each.
        clip: (m,) int64, number of the clip that a window is of.
        weight: (m,) float32 importance; 1 for the window that is the whole clip.
    """

    rows: FloatArray
    clip: NDArray[np.int64]
    weight: FloatArray

    def of(self, clips: NDArray[np.int64], *, whole: bool = False) -> "Windows":
        """Return the windows of some clips, only those of full length if `whole`."""
        chosen = np.isin(self.clip, clips) & ((self.weight == 1) | (not whole))
        return Windows(self.rows[chosen], self.clip[chosen], self.weight[chosen])


def windows_of(seen: FloatArray, clip: NDArray[np.int64]) -> Windows:
    """Cut clips into windows.

    Args:
        seen: (n, K) glances of all seconds.
        clip: (n,) clip of each second.

    Returns:
        The windows that SPANS asks for, evenly spaced in each clip.
    """
    rows, clips, weights = [], [], []
    for number in np.unique(clip):
        own = seen[clip == number]
        for length, count, weight in SPANS:
            for start in np.linspace(0, max(0, len(own) - length), count + 2)[1:-1].astype(int):
                window = own[start : start + length]
                rows.append(np.concatenate([window.mean(axis=0), window.std(axis=0)]))
                clips.append(number)
                weights.append(weight)
    return Windows(np.stack(rows).astype(np.float32), np.array(clips), np.array(weights, np.float32))


def fit_mood(windows: Windows, labels: NDArray[np.int64], sources: NDArray[np.str_], gain: FloatArray) -> Linear:
    """Fit the six emotions on windows of clips; the penalty is the best with sources of these clips held out.

    Args:
        windows: of the clips to learn from.
        labels: emotion of every clip, also of others.
        sources: source of every clip.
        gain: (2 K,) how cheap each input is under the penalty.

    Returns:
        Read-out of (m, 2 K) raw rows to logits.
    """
    scaling = Scaling.of(windows.rows, gain / np.float32(np.sqrt(len(gain))))
    scaled = scaling(windows.rows)
    basis = principal_directions(scaled, DIRECTIONS)
    turned = Windows(scaled @ basis, windows.clip, windows.weight)
    fitted = _fit(turned, labels, best_penalty(turned, labels, sources))
    return scaling.fold(Linear(basis @ fitted.weight, fitted.bias))


def best_penalty(windows: Windows, labels: NDArray[np.int64], sources: NDArray[np.str_]) -> float:
    """Return the penalty with the least log loss on whole clips, with their sources held out."""
    clips = np.unique(windows.clip)
    folds = held_out(sources[clips], None, min(INNER_FOLDS, len(set(sources[clips]))), 0)
    losses = np.zeros(len(PENALTIES))
    for train, test in folds:
        unseen = windows.of(clips[test], whole=True)
        for number, penalty in enumerate(PENALTIES):
            fitted = _fit(windows.of(clips[train]), labels, penalty)
            losses[number] += log_losses(fitted(unseen.rows), labels[unseen.clip]).sum()
    return PENALTIES[int(losses.argmin())]


def _fit(windows: Windows, labels: NDArray[np.int64], penalty: float) -> Linear:
    targets = np.eye(6, dtype=np.float32)[labels[windows.clip]]
    return fit_softmax(windows.rows, targets, windows.weight, penalty)
