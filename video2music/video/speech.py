"""Finds where somebody speaks in a clip's own sound."""

import numpy as np
from numpy.typing import NDArray

Passage = tuple[float, float]
"""Beginning and end in seconds."""

SAMPLE_RATE = 16_000
"""Hz, of the sound that the detector reads."""
_FRAME = 512  # samples that it judges at once
_FRAME_S = _FRAME / SAMPLE_RATE

BEGINS, ENDS = 0.6, 0.35
"""Probabilities at which a passage begins and ends."""
SHORTEST_PAUSE_S = 0.5
"""A shorter pause belongs to the passage."""
CERTAIN, LEAST_CERTAIN_S = 0.95, 0.3
LIKELY, LEAST_LIKELY = 0.9, 0.5
"""A passage counts as speech when the detector is certain for a while and finds half of its sound likely. Instruments
and most singing reach neither; measured in docs/results.md."""


def speech_passages(sound: NDArray[np.float32], sample_rate: int) -> list[Passage]:
    """Find where somebody speaks, over music and noise too, by the voice activity detector Silero.

    Args:
        sound: (samples, channels), any level.
        sample_rate: in Hz.

    Returns:
        The passages in order, with half a second or more between them. Rapid singing counts as speech; most other
        singing, instruments and noise do not.
    """
    import soxr

    mono = sound.mean(axis=1)
    heard = mono if sample_rate == SAMPLE_RATE else soxr.resample(mono, sample_rate, SAMPLE_RATE)
    return passages_from(_probabilities(heard.astype(np.float32, copy=False)))


def passages_from(probabilities: NDArray[np.float32]) -> list[Passage]:
    """Turn probabilities into passages: hysteresis, short pauses bridged, doubtful passages dropped.

    Args:
        probabilities: (F,) of speech, one per 32 ms.

    Returns:
        The passages in order.
    """
    bridged: list[list[slice]] = []
    for run in _runs(probabilities):
        if bridged and (run.start - bridged[-1][-1].stop) * _FRAME_S < SHORTEST_PAUSE_S:
            bridged[-1].append(run)
        else:
            bridged.append([run])
    return [
        (runs[0].start * _FRAME_S, runs[-1].stop * _FRAME_S)
        for runs in bridged
        if _is_speech(np.concatenate([probabilities[run] for run in runs]))
    ]


def _runs(probabilities: NDArray[np.float32]) -> list[slice]:
    """Return the frames between a beginning and an end."""
    runs: list[slice] = []
    begin: int | None = None
    for frame, probability in enumerate(probabilities):
        if begin is None and probability >= BEGINS:
            begin = frame
        elif begin is not None and probability < ENDS:
            runs.append(slice(begin, frame))
            begin = None
    if begin is not None:
        runs.append(slice(begin, len(probabilities)))
    return runs


def _is_speech(probabilities: NDArray[np.float32]) -> bool:
    certain_s = float((probabilities > CERTAIN).sum()) * _FRAME_S
    return certain_s >= LEAST_CERTAIN_S and float((probabilities > LIKELY).mean()) >= LEAST_LIKELY


def _probabilities(mono: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of speech in each frame; the weights come with the package."""
    import torch

    if not len(mono):
        return np.zeros(0, dtype=np.float32)
    threads = torch.get_num_threads()
    from silero_vad import load_silero_vad

    whole = torch.from_numpy(np.pad(mono, (0, -len(mono) % _FRAME)))
    try:
        torch.set_num_threads(1)  # so does the package when it is imported: its layers are too small for more
        with torch.inference_mode():
            frames: NDArray[np.float32] = load_silero_vad().audio_forward(whole.unsqueeze(0), SAMPLE_RATE)[0].numpy()
    finally:
        torch.set_num_threads(threads)
    return frames
