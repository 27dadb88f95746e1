"""Decodes the sound of any audio or video file."""

from collections.abc import Iterator
from dataclasses import dataclass
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
        layout = "mono" if mono or stream.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="flt", layout=layout, rate=rate)
        channels = 1 if layout == "mono" else 2
        blocks, longest = [], LONGEST_S * rate
        count = 0
        for frame in _frames(container, stream):
            for part in resampler.resample(frame):
                blocks.append(part.to_ndarray().reshape(-1, channels))
                count += len(blocks[-1])
            if count > longest:
                raise AudioReadError(
                    f"The sound is longer than {LONGEST_S // 3600} hours", where=path, remedy="Cut it into parts"
                )
        blocks += [part.to_ndarray().reshape(-1, channels) for part in resampler.resample(None)] if blocks else []
    if not blocks or not count:
        raise AudioReadError("The file holds no sound that can be decoded", where=path, remedy=COPY_AGAIN)
    return Audio(np.nan_to_num(np.concatenate(blocks)).astype(np.float32, copy=False), rate)


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
