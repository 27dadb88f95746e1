"""Fits the input side of a network to the training songs: projection of the semantic vectors, means and scales."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from video2music.models.inputs import SEMANTIC_WIDTH, NormalisedRows
from video2music.training.dataset import Song, feature_batch


def fit_inputs(inputs: NormalisedRows, songs: Sequence[Song]) -> None:
    """Set the buffers of `inputs` from the training songs.

    Directions outside the span of the training vectors are never chosen, since they have no variance there.

    Args:
        inputs: its buffers are written.
        songs: training songs with all streams.
    """
    vectors = [
        song.semantic for song in songs if song.semantic is not None and song.semantic.shape[1] == SEMANTIC_WIDTH
    ]
    if vectors:
        mean, basis = principal_directions(vectors, inputs.components)
        inputs.semantic_mean.copy_(torch.from_numpy(mean))
        inputs.semantic_basis.copy_(torch.from_numpy(basis))
    rows = torch.cat([inputs.values(feature_batch([project_song(inputs, song)]))[0] for song in songs])
    inputs.mean.copy_(rows.mean(dim=0))
    inputs.scale.copy_(rows.std(dim=0).clamp(min=1e-3))


def principal_directions(
    vectors: Sequence[np.typing.NDArray[np.float32]], components: int
) -> tuple[np.typing.NDArray[np.float32], np.typing.NDArray[np.float32]]:
    """Return the mean (768,) and the main directions (768, components) of vectors, song by song in little memory."""
    count = sum(len(part) for part in vectors)
    mean = sum(part.sum(axis=0, dtype=np.float64) for part in vectors) / count
    scatter = np.zeros((SEMANTIC_WIDTH, SEMANTIC_WIDTH))
    for part in vectors:
        centred = (part - mean).astype(np.float32)
        scatter += centred.T @ centred
    _, directions = np.linalg.eigh(scatter)
    chosen = directions[:, ::-1][:, :components]
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(components)])
    return mean.astype(np.float32), (chosen * signs).astype(np.float32)


def project_song(inputs: NormalisedRows, song: Song) -> Song:
    """Return the song with its semantic vectors projected, so that they need not be projected in every epoch."""
    if song.semantic is None:
        return song
    return replace(song, semantic=inputs.project(torch.from_numpy(song.semantic)).numpy())


def learn_inputs(
    inputs: NormalisedRows, songs: Sequence[Song], unseen: Sequence[Song]
) -> tuple[list[Song], list[Song]]:
    """Fit the input side to the training songs and project both sets once, so that no epoch has to.

    Args:
        inputs: its buffers are written.
        songs: training songs with all streams.
        unseen: songs that decide when to stop.

    Returns:
        Both sets with projected semantic vectors.
    """
    fit_inputs(inputs, songs)
    return [project_song(inputs, song) for song in songs], [project_song(inputs, song) for song in unseen]
