"""Peaks of the sound that samples stand for, which rises between them, by fourfold oversampling."""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

_OVERSAMPLING = 4
_BLOCK, _BATCH, _PART = 256, 512, 4096
_CELL = 32  # samples that are oversampled by one product of matrices
_REACH = 10  # of the oversampling filter, in samples to either side


def true_peak(audio: NDArray[np.float32]) -> float:
    """Measure the highest peak of a sound.

    What lies between samples is bounded by their height times a property of the filter, so the tallest blocks are
    oversampled first, then only those that could still exceed them. The result is that of oversampling everything.

    Args:
        audio: (samples, 2).

    Returns:
        Height of the peak, 1 at full scale.
    """
    highest = 0.0
    for _, blocks in _parts(audio):
        heights = _heights(blocks)
        tallest_first = np.argsort(-heights)
        for start in range(0, len(blocks), _BATCH):
            batch = tallest_first[start : start + _BATCH]
            batch = batch[heights[batch] * _largest_overshoot() > highest]
            if not len(batch):
                break
            highest = max(highest, float(_peaks_in(blocks[batch]).max()))
    return highest


def peaks_above(audio: NDArray[np.float32], height: float) -> NDArray[np.float32]:
    """Return how high the sound rises from each sample to the next, wherever that may be more than a height.

    Args:
        audio: (samples, 2).
        height: 1 at full scale.

    Returns:
        (samples,) heights; 0 where the sound stays below `height` for certain.
    """
    peaks = np.zeros((_count(audio), _BLOCK), dtype=np.float32)
    for first, blocks in _parts(audio):
        for batch in _batches(np.flatnonzero(_heights(blocks) * _largest_overshoot() > height)):
            peaks[first + batch] = _peaks_in(blocks[batch])
    return peaks.reshape(-1)[: len(audio)]


def _batches(numbers: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]


def _count(audio: NDArray[np.float32]) -> int:
    """Return the number of blocks; the last one reaches beyond the sound, which may ring on there."""
    return len(audio) // _BLOCK + 1


def _parts(audio: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Cut sound into blocks that reach over their ends by the length of the filter, with silence around all of it.

    Yields:
        The number of the first block of a part, which is small enough to be copied, and its blocks.
    """
    for first in range(0, _count(audio), _PART):
        count = min(_PART, _count(audio) - first)
        start, stop = first * _BLOCK - _REACH, (first + count) * _BLOCK + _REACH
        begin, end = max(0, start), min(len(audio), stop)
        padded = np.pad(audio[begin:end], ((begin - start, stop - end), (0, 0)))
        yield first, np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + 2 * _REACH, axis=0)[::_BLOCK]


def _heights(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    highest: NDArray[np.float32] = np.maximum(blocks.max(axis=(1, 2)), -blocks.min(axis=(1, 2)))
    return highest


def _peaks_in(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Oversample blocks; return the height from each sample to the next, over both channels."""
    cells = np.lib.stride_tricks.sliding_window_view(blocks, _CELL + 2 * _REACH, axis=2)[:, :, ::_CELL]
    between = np.abs(cells @ _filter_of_cell())
    peaks: NDArray[np.float32] = between.reshape(*between.shape[:3], -1, _CELL).max(axis=3).max(axis=1)
    return peaks.reshape(len(blocks), _BLOCK)


@cache
def _largest_overshoot() -> float:
    """Return how far the filter can rise above the samples it reads."""
    return float(np.abs(_filter()).sum(axis=0).max()) + 1e-3


@cache
def _filter() -> NDArray[np.float32]:
    """Return the weights of a sample and its neighbours at the places from it to the next, (neighbours, places).

    It is the filter of scipy.signal.resample_poly, whose import takes longer than most pieces take to be played.
    """
    reach = _REACH * _OVERSAMPLING
    taps = np.sinc(np.arange(-reach, reach + 1) / _OVERSAMPLING) * np.kaiser(2 * reach + 1, 5.0)
    taps = np.append(_OVERSAMPLING * taps / taps.sum(), np.zeros(_OVERSAMPLING - 1))
    return taps.reshape(-1, _OVERSAMPLING)[::-1].astype(np.float32)


@cache
def _filter_of_cell() -> NDArray[np.float32]:
    """Return the filter for several samples one after the other, (neighbours, places of samples)."""
    weights = np.zeros((_CELL + 2 * _REACH, _OVERSAMPLING, _CELL), dtype=np.float32)
    for sample in range(_CELL):
        weights[sample : sample + 2 * _REACH + 1, :, sample] = _filter()
    return weights.reshape(len(weights), -1)
