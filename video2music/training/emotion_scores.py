"""How good the emotion head is, and how its probabilities are brought to the tracks that the composer knows."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import EMOTIONS
from video2music.training.mved import LabelledClips
from video2music.training.oasis import Photographs

FloatArray = NDArray[np.float32]

TRACK_MEAN = (0.178, 0.227, 0.257, 0.191, 0.089, 0.058)
"""Mean of the emotion tracks of MuVi-Sync (171,987 seconds of 672 songs), in the order of EMOTIONS."""
TRACK_ENTROPY = 1.299
"""Mean entropy of those seconds in nats."""
PLACES = ((1, 1), (-1.3, 1.2), (-0.7, 0.8), (-1.2, -0.3), (1, -0.9), (0, -0.3))
"""Valence and arousal of the EMOTIONS among photographs, in standard deviations from the mean photograph."""
REACH = 0.6
SETTLED = 3e-3  # nats
DRAWS = 1000  # of the bootstrap
SIDE = 64  # pixels of the picture that colours are read from
PLEASANT = {"exciting": 1, "relaxing": 1, "fearful": 0, "tense": 0, "sad": 0}
ACTIVE = {"exciting": 1, "fearful": 1, "tense": 1, "sad": 0, "relaxing": 0}


def colour_of(picture: NDArray[np.uint8]) -> FloatArray:
    """Describe colour and texture, the baseline of what a head must beat.

    Args:
        picture: (height, width, 3) uint8 RGB.

    Returns:
        (43,): mean and spread in Lab and of saturation and value, histograms of hue and lightness, edge strength.
    """
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab, hsv = cv2.cvtColor(small, cv2.COLOR_RGB2LAB), cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    hue, saturation, value = np.moveaxis(hsv, -1, 0)
    hues = np.histogram(hue, bins=12, range=(0, 360), weights=saturation * value)[0] / SIDE**2
    lights = np.histogram(lab[..., 0], bins=8, range=(0, 100))[0] / SIDE**2
    edges = np.hypot(cv2.Sobel(lab[..., 0], cv2.CV_32F, 1, 0), cv2.Sobel(lab[..., 0], cv2.CV_32F, 0, 1))
    corners = [lab[y : y + 32, x : x + 32].mean(axis=(0, 1)) for y in (0, 32) for x in (0, 32)]
    flat = [lab.mean(axis=(0, 1)), lab.std(axis=(0, 1)), hsv[..., 1:].mean(axis=(0, 1)), hsv[..., 1:].std(axis=(0, 1))]
    return np.concatenate([*flat, *corners, np.sqrt(hues), np.sqrt(lights), [edges.mean()]]).astype(np.float32)


def softmax(logits: FloatArray) -> FloatArray:
    """Return the probabilities of (n, classes) logits."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def emotions_of_affect(affect: FloatArray) -> FloatArray:
    """Return the six emotions that ratings of photographs suggest.

    Args:
        affect: (n, 2) valence and arousal on any scale; what counts is how far they are from the mean.

    Returns:
        (n, 6) probabilities that fall off with the distance from PLACES.
    """
    standard = (affect - affect.mean(axis=0)) / affect.std(axis=0)
    distance = ((standard[:, None] - np.array(PLACES, np.float32)) ** 2).sum(axis=2)
    return softmax(-distance / np.float32(2 * REACH**2))


def affect_scores(predicted: FloatArray, photographs: Photographs, seed: int) -> dict[str, list[float]]:
    """Score valence and arousal of photographs whose themes were left out.

    Args:
        predicted: (n, 2).
        photographs: with the mean ratings.
        seed: of the bootstrap, which draws themes.

    Returns:
        For each axis Pearson's r and its 95 % interval.
    """
    themes = np.unique(photographs.themes, return_inverse=True)[1]
    scores = {}
    for column, axis in enumerate(("valence", "arousal")):

        def correlation(rows: NDArray[np.int64], column: int = column) -> float:
            return float(np.corrcoef(predicted[rows, column], photographs.affect[rows, column])[0, 1])

        drawn = [correlation(rows) for rows in _drawn_groups(themes, seed)]
        scores[axis] = _with_interval(correlation(np.arange(len(themes))), drawn)
    return scores


def emotion_scores(
    repeats: list[FloatArray], clip: NDArray[np.int64], clips: LabelledClips, seed: int
) -> dict[str, Any]:
    """Score the six emotions of clips whose sources were left out.

    Args:
        repeats: (n, 6) smoothed logits of every second, once for each repetition of the cross-validation.
        clip: (n,) clip of each second.
        clips: with the labels.
        seed: of the bootstrap, which draws sources.

    Returns:
        Accuracy of a clip's mean logits and of single seconds, log loss at the temperature that other clips ask for,
        95 % intervals, the confusion table (rows: labels), and the score of always naming the commonest emotion.
    """
    labels, number = clips.labels, len(clips.labels)
    means = [np.stack([logits[clip == each].mean(axis=0) for each in range(number)]) for logits in repeats]
    right = np.mean([mean.argmax(axis=1) == labels for mean in means], axis=0)
    loss = np.mean([_cross_fitted_loss(mean, labels) for mean in means], axis=0)
    seconds = np.mean([(logits.argmax(axis=1) == labels[clip]).mean() for logits in repeats])
    second_loss = np.mean([_cross_fitted_loss(logits, labels[clip], clip).mean() for logits in repeats])
    confusion = np.zeros((6, 6))
    for mean in means:
        np.add.at(confusion, (labels, mean.argmax(axis=1)), 1 / len(means))
    draws = list(_drawn_groups(np.unique(clips.sources, return_inverse=True)[1], seed))
    shares = np.bincount(labels, minlength=6) / number
    return {
        "clip_accuracy": _with_interval(float(right.mean()), [float(right[rows].mean()) for rows in draws]),
        "clip_log_loss": _with_interval(float(loss.mean()), [float(loss[rows].mean()) for rows in draws]),
        "second_accuracy": round(float(seconds), 3),
        "second_log_loss": round(float(second_loss), 3),
        "confusion": {name: row.round(1).tolist() for name, row in zip(EMOTIONS, confusion, strict=True)},
        "chance": {
            "accuracy": round(float(shares.max()), 3),
            "log_loss": round(float(-(shares * np.log(shares)).sum()), 3),
        },
    }


def separation(affect: FloatArray, clip: NDArray[np.int64], labels: NDArray[np.int64]) -> dict[str, float]:
    """Tell how well valence and arousal of clips separate the labelled emotions.

    Args:
        affect: (n, 2) valence and arousal of every second.
        clip: (n,) clip of each second.
        labels: emotion of each clip.

    Returns:
        Area under the curve: valence of exciting and relaxing against fearful, tense and sad clips; arousal of
        exciting, fearful and tense against sad and relaxing clips; neutral clips are left out.
    """
    from sklearn.metrics import roc_auc_score

    means = np.stack([affect[clip == each].mean(axis=0) for each in range(len(labels))])
    areas = {}
    for column, (axis, sides) in enumerate((("valence", PLEASANT), ("arousal", ACTIVE))):
        known = np.array([EMOTIONS[label] in sides for label in labels])
        side = [sides[EMOTIONS[label]] for label in labels[known]]
        areas[axis] = round(float(roc_auc_score(side, means[known, column])), 3)
    return areas


def temperature(logits: FloatArray, labels: NDArray[np.int64]) -> float:
    """Return the temperature by which (n, 6) logits must be divided for the least log loss."""
    sharpnesses = np.geomspace(0.1, 10, 81)
    losses = [log_losses(np.float32(sharpness) * logits, labels).mean() for sharpness in sharpnesses]
    return round(float(1 / sharpnesses[int(np.argmin(losses))]), 3)


def match_tracks(logits: FloatArray) -> tuple[float, FloatArray]:
    """Find the sharpness and the shift that bring logits to the entropy and towards the mean of MuVi-Sync's tracks.

    The mean goes half of the way (geometrically): all of it would name rare and badly told emotions, above all fearful,
    in most everyday clips.

    Args:
        logits: (n, 6) of typical video, from clips that were not trained on.

    Returns:
        Factor of the logits, and (6,) to add to them.
    """
    low, high = 0.05, 20.0
    for _ in range(14):
        sharpness = float(np.sqrt(low * high))
        scaled = np.float32(sharpness) * logits
        probabilities = softmax(scaled + halfway(scaled))
        entropy = -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=1).mean()
        low, high = (sharpness, high) if entropy > TRACK_ENTROPY else (low, sharpness)
    return sharpness, halfway(np.float32(sharpness) * logits)


def halfway(logits: FloatArray) -> FloatArray:
    """Return half of the (6,) shift after which the mean probabilities are those of MuVi-Sync's tracks."""
    target = np.array(TRACK_MEAN) / np.sum(TRACK_MEAN)
    shift = np.zeros(6, np.float32)
    for _ in range(200):
        step = np.log(target / softmax(logits + shift).mean(axis=0)).astype(np.float32)
        shift += step
        if np.abs(step).max() < SETTLED:
            break
    half: FloatArray = (shift - shift.mean()) / np.float32(2)
    return half


def log_losses(logits: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """Return the log loss in nats of each of (n, 6) logits."""
    chosen: FloatArray = softmax(logits)[np.arange(len(labels)), labels]
    losses: FloatArray = np.asarray(-np.log(np.maximum(chosen, 1e-12)), dtype=np.float32)
    return losses


def _cross_fitted_loss(
    logits: FloatArray, labels: NDArray[np.int64], clip: NDArray[np.int64] | None = None
) -> FloatArray:
    """Return each row's log loss at the temperature that the other half of the clips asks for."""
    half = (np.arange(len(labels)) if clip is None else clip) % 2
    losses = np.zeros(len(labels), np.float32)
    for side in (0, 1):
        own = half == side
        losses[own] = log_losses(logits[own] / np.float32(temperature(logits[~own], labels[~own])), labels[own])
    return losses


def _drawn_groups(groups: NDArray[np.int64], seed: int) -> list[NDArray[np.int64]]:
    """Draw whole groups with replacement; return the rows of each draw."""
    random = np.random.default_rng(seed)
    rows = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    return [np.concatenate([rows[group] for group in random.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)]


def _with_interval(score: float, drawn: list[float]) -> list[float]:
    """Return [score, lower, upper], the bounds holding 95 % of the draws."""
    lower, upper = np.quantile(drawn, (0.025, 0.975))
    return [round(score, 3), round(float(lower), 3), round(float(upper), 3)]
