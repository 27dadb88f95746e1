"""Decodes the sound of any audio or video file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from emotion.errors import AudioReadError
from emotion.media import COPY_AGAIN, MOST_CHANNELS, frames, open_media

LONGEST_S = 4 * 3600
RATES = (2_000, 1_000_000)
"""Samples per second that are resampled; other numbers are not those of a sound."""
MOST_MIXED = 8
"""Channels up to which FFmpeg knows where the loudspeakers stand; of more the mean is taken."""


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
        stream = sound_stream(container, path)
        rate = sample_rate or stream.rate
        blocks = list(_blocks(container, stream, rate, path, mono=mono))
    if not blocks:
        raise AudioReadError("The file holds no sound that can be decoded", where=path, remedy=COPY_AGAIN)
    return Audio(np.nan_to_num(np.concatenate(blocks)).astype(np.float32, copy=False), rate)


def _blocks(
    container: InputContainer, stream: AudioStream, rate: int, path: Path, *, mono: bool
) -> Iterator[NDArray[np.float32]]:
    channels = min(stream.channels, 2)
    mixed = {} if stream.channels > MOST_MIXED else {"layout": "mono" if channels == 1 else "stereo"}
    count = 0
    for part in resampled(container, stream, {"format": "flt", "rate": rate, **mixed}):
        block = np.asarray(part.to_ndarray(), dtype=np.float32).reshape(part.samples, -1)
        if block.shape[1] > channels:
            block = np.repeat(block.mean(axis=1, keepdims=True), channels, axis=1)
        count += len(block)
        if count > LONGEST_S * rate:
            raise AudioReadError(f"The sound lasts over {LONGEST_S // 3600} hours", where=path, remedy="Cut it")
        # FFmpeg's own mono is 3 dB louder than the mean of two equal channels
        yield block.mean(axis=1, keepdims=True) if mono else block


def resampled(container: InputContainer, stream: AudioStream, setup: Mapping[str, Any]) -> Iterator[av.AudioFrame]:
    """Decode a sound track and bring all of it into one form, passing over damaged packets as players do.

    Args:
        container: an opened file.
        stream: its sound track.
        setup: what PyAV's AudioResampler shall make of it.

    Yields:
        Frames; where a track changes its own form midway, they go on in the same one.
    """
    resampler, form = None, None
    for frame in frames(container, stream):
        if not (RATES[0] <= frame.sample_rate <= RATES[1] and frame.layout.nb_channels <= MOST_CHANNELS):
            continue
        frame.pts = None  # gaps in the clock must not become silence or stop the resampler
        now = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        if now != form:
            if resampler is not None:
                yield from resampler.resample(None)
            resampler, form = av.AudioResampler(**setup), now
        if resampler is not None:
            yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)  # what it still holds


def sound_stream(container: InputContainer, path: Path) -> AudioStream:
    """Return the first sound track of a container.

    Args:
        container: an opened file.
        path: its path, for the message.

    Raises:
        AudioReadError: there is none, or none that may be decoded.
    """
    streams = container.streams.audio
    if not streams:
        raise AudioReadError("The file holds no sound", where=path, remedy="Give an audio file, or a video with sound")
    stream: AudioStream = streams[0]
    if stream.codec_context is None:
        raise AudioReadError(
            "The sound is in a format that cannot be decoded", where=path, remedy="Convert it to wav or mp3"
        )
    rate, channels = stream.rate or 0, stream.channels
    if not RATES[0] <= rate <= RATES[1]:
        raise AudioReadError(f"The sample rate is {rate} Hz", where=path, remedy="Convert it to 44100 Hz")
    if not 1 <= channels <= MOST_CHANNELS:
        raise AudioReadError(f"The sound has {channels} channels", where=path, remedy="Mix it down to two")
    return stream
