"""Sound as a stream: decoded, mixed to mono, resampled and cut block by block, so that two hours need little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emotion.audio import RATES, Audio, resampled, sound_stream
from emotion.errors import AudioReadError
from emotion.media import COPY_AGAIN, open_media

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

Samples = NDArray[np.float32]
Listener = Callable[[Samples], None]

SHORTEST_S = 0.25
LONGEST_S = 4 * 3600.0
BLOCK_S = 5.0


@dataclass(frozen=True)
class Sound:
    """A sound that is being listened to.

    Attributes:
        sample_rate: samples per second of the blocks.
        blocks: consecutive blocks of mono samples; can be walked through once.
        announced_s: length in seconds as the file states it, for progress; None where it does not.
    """

    sample_rate: int
    blocks: Iterator[Samples]
    announced_s: float | None


class Segments:
    """Cuts blocks at one sample rate into segments of equal length at another.

    Args:
        source_rate: samples per second of what is fed.
        rate: samples per second of the segments.
        size: samples in a segment.
    """

    def __init__(self, source_rate: int, rate: int, size: int) -> None:
        import soxr

        self._stream = None if source_rate == rate else soxr.ResampleStream(source_rate, rate, 1, dtype="float32")
        self._size = size
        self._waiting: list[Samples] = []
        self._count = 0

    def feed(self, block: Samples) -> Iterator[Samples]:
        """Take one block and give the segments that are complete now."""
        yield from self._add(block, last=False)

    def finish(self) -> Iterator[Samples]:
        """Give what is left; the last segment may be shorter."""
        yield from self._add(np.zeros(0, np.float32), last=True)
        if self._count:
            yield np.concatenate(self._waiting)
            self._waiting, self._count = [], 0

    def _add(self, block: Samples, *, last: bool) -> Iterator[Samples]:
        if self._stream is not None:
            block = self._stream.resample_chunk(block, last=last)
        self._waiting.append(block)
        self._count += len(block)
        while self._count >= self._size:
            joined = np.concatenate(self._waiting)
            yield joined[: self._size]
            self._waiting, self._count = [joined[self._size :]], self._count - self._size


def distribute(
    sound: Sound, listeners: Sequence[tuple[Segments, Listener]], progress: Callable[[str, float], None] | None
) -> float:
    """Play a sound to several listeners, to each in segments of its own rate and length.

    Args:
        sound: is walked through once.
        listeners: how the sound is cut for each, and who takes the segments.
        progress: told the stage and the fraction heard, where the file says how long it is.

    Returns:
        The length of the sound in seconds.
    """
    count = 0
    for block in sound.blocks:
        count += len(block)
        for cutter, take in listeners:
            for segment in cutter.feed(block):
                take(segment)
        if progress is not None and sound.announced_s:
            progress("listening", min(0.99, count / sound.sample_rate / sound.announced_s))
    for cutter, take in listeners:
        for segment in cutter.finish():
            take(segment)
    return count / sound.sample_rate


@contextmanager
def listen(source: Path | str | Audio) -> Iterator[Sound]:
    """Open a sound and give it in mono blocks (the plain mean of all channels).

    Args:
        source: a local audio or video file, or decoded audio.

    Yields:
        The sound; its blocks end or raise.

    Raises:
        AudioReadError: no such file, no sound in it, shorter than a quarter of a second, longer than four hours, or
            samples that are not numbers.
    """
    if isinstance(source, Audio):
        where: object = "the given samples"
        _check_rate(source.sample_rate, where)
        yield Sound(source.sample_rate, _checked(_slices(source), source.sample_rate, where), source.duration_s)
        return
    path = Path(source)
    with open_media(path, AudioReadError, "an audio file") as container:
        stream = sound_stream(container, path)
        announced = container.duration / 1e6 if container.duration else None
        yield Sound(
            stream.rate, _checked(_gathered(_decoded(container, stream), stream.rate), stream.rate, path), announced
        )


def _check_rate(rate: int, where: object) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise AudioReadError(f"The sample rate is {rate} Hz", where=where, remedy="Convert it to 44100 Hz")


def _slices(audio: Audio) -> Iterator[Samples]:
    samples = np.asarray(audio.samples)
    step = int(BLOCK_S * audio.sample_rate)
    for start in range(0, len(samples), step):
        part = samples[start : start + step].astype(np.float32)
        yield part if part.ndim == 1 else part.mean(axis=1, dtype=np.float32)


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[Samples]:
    """Decode frame by frame and mix to mono."""
    # interleaved: PyAV reads beyond the planes of unnamed layouts with many channels
    for part in resampled(container, stream, {"format": "flt", "rate": stream.rate}):
        channels = part.to_ndarray().reshape(part.samples, -1)
        yield channels.mean(axis=1, dtype=np.float32)


def _gathered(parts: Iterator[Samples], rate: int) -> Iterator[Samples]:
    """Join the many small frames of a codec into blocks."""
    waiting: list[Samples] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += len(part)
        if count >= BLOCK_S * rate:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _checked(blocks: Iterator[Samples], rate: int, where: object) -> Iterator[Samples]:
    count = 0
    for block in blocks:
        if not np.isfinite(block).all():
            raise AudioReadError("The sound holds samples that are not numbers", where=where, remedy=COPY_AGAIN)
        count += len(block)
        if count > LONGEST_S * rate:
            raise AudioReadError(
                f"The sound is longer than {LONGEST_S / 3600:.0f} hours", where=where, remedy="Cut it into parts"
            )
        yield np.clip(block, -1e3, 1e3)
    if count < SHORTEST_S * rate:
        raise AudioReadError(
            f"The sound lasts {count / rate:.2f} s", where=where, remedy=f"Give at least {SHORTEST_S} s of sound"
        )
