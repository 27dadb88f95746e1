"""What is played rather than predicted: spread, smoothness and motion of the dynamics curves beside real songs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from video2music.evaluation.composed import features_of
from video2music.evaluation.metrics import bootstrap_interval, correlation
from video2music.models.dynamics import TARGETS, DynamicsNetwork, predict_dynamics
from video2music.training.dataset import FloatArray, Song
from video2music.training.dynamics import song_targets

QUARTILES = (25, 50, 75)


def played_curves(network: DynamicsNetwork, songs: Sequence[Song]) -> list[FloatArray]:
    """Return what is played for each song's video without image embeddings, (T, 2) note density and loudness."""
    played = [predict_dynamics(network, features_of(song)) for song in songs]
    return [np.stack([curves.note_density, curves.loudness], axis=1) for curves in played]


def describe_curves(curves: Sequence[FloatArray], songs: Sequence[Song], column: int) -> dict[str, float]:
    """Describe one curve of many songs.

    Args:
        curves: (T, 2) per song.
        songs: the songs, for their motion.
        column: 0 note density, 1 loudness.

    Returns:
        quartiles over all seconds, spread within a song (mean interquartile range), change (mean absolute difference of
        neighbouring seconds), motion (mean over songs of the rank correlation with motion smoothed over five seconds),
        and its 95 % interval over songs.
    """
    values = [curve[:, column] for curve in curves]
    low, middle, high = np.percentile(np.concatenate(values), QUARTILES)
    within = [float(np.subtract(*np.percentile(value, [75, 25]))) for value in values]
    follows = np.array([motion_correlation(value, song) for value, song in zip(values, songs, strict=True)])
    interval = bootstrap_interval(len(follows), lambda index: {"motion": float(follows[index].mean())})["motion"]
    return {
        "lower quartile": float(low),
        "median": float(middle),
        "upper quartile": float(high),
        "spread within a song": float(np.mean(within)),
        "change": float(np.mean([np.abs(np.diff(value)).mean() for value in values])),
        "motion": float(follows.mean()),
        "motion low": interval[0],
        "motion high": interval[1],
    }


def motion_correlation(curve: NDArray[np.float32], song: Song) -> float:
    """Return the rank correlation of a curve with the motion of a song's video, smoothed over five seconds."""
    if song.motion is None:
        raise ValueError(f"song {song.name} has no video")
    motion = np.convolve(np.pad(song.motion.astype(np.float64), 2, mode="edge"), np.full(5, 0.2), mode="valid")
    return correlation(rankdata(curve), rankdata(motion))


def played_report(network: DynamicsNetwork, songs: Sequence[Song]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the description of the played and of the real curves, by target."""
    played, real = played_curves(network, songs), [song_targets(song) for song in songs]
    return {
        name: {"played": describe_curves(played, songs, column), "the songs": describe_curves(real, songs, column)}
        for column, name in enumerate(TARGETS)
    }
