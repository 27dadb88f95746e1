"""Decodes the sound of any audio or video file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from emotion.errors import AudioReadError
from emotion.media import open_media

LONGEST_S = 4 * 3600
COPY_AGAIN = "Copy or download it again from its source"


@dataclass(frozen=True)
class Audio:
    """Decoded sound.

    Attributes:
        samples: (n, channels) float32, full scale is -1 to 1.
        sample_rate: samples per second.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def read_audio(path: Path | str, *, sample_rate: int | None, mono: bool = False) -> Audio:
    """Decode the first sound track of a file.

    Args:
        path: a local audio or video file.
        sample_rate: samples per second to resample to; None keeps the file's own.
        mono: mix all channels down to one; otherwise one channel stays one and more become two.

    Returns:
        The sound, one or two channels.

    Raises:
        AudioReadError: no such file, or no sound in it that can be decoded.
    """
    path = Path(path)
    with open_media(path, AudioReadError, "an audio file") as container:
        stream = _sound_stream(container, path)
        rate = sample_rate or stream.rate
        blocks = list(_blocks(container, stream, rate, path, mono=mono))
    if not blocks:
        raise AudioReadError("The file holds no sound that can be decoded", where=path, remedy=COPY_AGAIN)
    return Audio(np.nan_to_num(np.concatenate(blocks)).astype(np.float32, copy=False), rate)


def _blocks(
    container: InputContainer, stream: AudioStream, rate: int, path: Path, *, mono: bool
) -> Iterator[NDArray[np.float32]]:
    channels = min(stream.channels, 2)
    resampler = av.AudioResampler(format="flt", layout="mono" if channels == 1 else "stereo", rate=rate)
    count = 0
    # the frame None makes the resampler give what it still holds
    for frame in chain(_frames(container, stream), [None]):
        if frame is None and not count:
            return
        for part in resampler.resample(frame):
            block = np.asarray(part.to_ndarray(), dtype=np.float32).reshape(-1, channels)
            count += len(block)
            if count > LONGEST_S * rate:
                raise AudioReadError(f"The sound lasts over {LONGEST_S // 3600} hours", where=path, remedy="Cut it")
            # FFmpeg's own mono is 3 dB louder than the mean of two equal channels
            yield block.mean(axis=1, keepdims=True) if mono else block


def _sound_stream(container: InputContainer, path: Path) -> AudioStream:
    streams = container.streams.audio
    if not streams:
        raise AudioReadError("The file holds no sound", where=path, remedy="Give an audio file, or a video with sound")
    if streams[0].codec_context is None:
        raise AudioReadError(
            "The sound is in a format that cannot be decoded", where=path, remedy="Convert it to wav or mp3"
        )
    return streams[0]


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue  # a damaged packet is skipped, as players do
