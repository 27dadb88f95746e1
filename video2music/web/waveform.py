"""How loud a sound is over time, for drawing; heard block by block, so that hours need little memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.listening import listen
from video2music.progress import Progress

STEPS_PER_S = 100


@dataclass(frozen=True, eq=False)
class Waveform:
    """Loudness in small steps.

    Attributes:
        power: (n,) mean square of each step, 0 or more.
        duration_s: length of the sound in seconds.
    """

    power: NDArray[np.float64]
    duration_s: float

    def bars(self, count: int) -> NDArray[np.float64]:
        """Return the root mean square of `count` equal parts, the loudest being 1.

        Args:
            count: of bars; fewer are returned for a sound that is shorter than that many steps.

        Returns:
            (bars,) 0..1, all 0 in silence.
        """
        edges = np.linspace(0, len(self.power), min(count, len(self.power)) + 1).astype(int)
        level = np.sqrt(np.add.reduceat(self.power, edges[:-1]) / np.diff(edges))
        return level / level.max() if level.max() > 0 else level


def hear_waveform(sound: Path, progress: Progress) -> Waveform:
    """Listen to a whole file, which also finds out whether it can be heard to its end.

    Args:
        sound: audio, or video with sound.
        progress: told how far it is.

    Returns:
        The loudness over time.

    Raises:
        AudioReadError: not sound, too short, too long, or samples that are not numbers.
    """
    stage = "Hearing the sound"
    progress(stage, 0.0)
    parts: list[NDArray[np.float64]] = []
    with listen(sound) as heard:
        step = max(1, heard.sample_rate // STEPS_PER_S)
        count = 0
        for block in _whole_steps(heard.blocks, step):
            count += len(block)
            parts.append(_power(block, step))
            if heard.announced_s:
                progress(stage, count / heard.sample_rate / heard.announced_s)
        return Waveform(np.concatenate(parts), count / heard.sample_rate)


def _whole_steps(blocks: Iterator[NDArray[np.float32]], step: int) -> Iterator[NDArray[np.float32]]:
    """Cut blocks so that all but the last hold whole steps."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        joined = np.concatenate([rest, block])
        whole = len(joined) // step * step
        rest = joined[whole:]
        if whole:
            yield joined[:whole]
    if len(rest):
        yield rest


def _power(block: NDArray[np.float32], step: int) -> NDArray[np.float64]:
    """Return the mean square of each step; the last step may be shorter."""
    starts = np.arange(0, len(block), step)
    sums = np.add.reduceat(np.square(block, dtype=np.float64), starts)
    return np.asarray(sums / np.diff([*starts, len(block)]))
