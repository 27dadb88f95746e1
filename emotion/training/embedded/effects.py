"""What happens to music on its way to a listener: rooms, equalisers, narrow bands, lossy codecs, noise."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import butter, fftconvolve, sosfilt

Samples = NDArray[np.float32]

CODECS = (
    ("mp3", "libmp3lame", (32_000, 128_000)),
    ("ogg", "libopus", (16_000, 64_000)),
    ("adts", "aac", (32_000, 96_000)),
)
CODEC_RATE = 48_000
"""Of Opus; the others take it too."""


def disturb(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:
    """Send a sound through a random chain of effects, each with its own chance.

    Args:
        samples: (n,) mono.
        sample_rate: in Hz.
        generator: decides.

    Returns:
        (n,) the disturbed sound.
    """
    chain = ((0.35, room), (0.5, tilt), (0.35, narrow), (0.25, overdrive), (0.4, hiss), (0.3, through_codec))
    for chance, effect in chain:
        if generator.random() < chance:
            samples = effect(samples, sample_rate, generator)
    return samples


def room(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:
    """Add the reverberation of a random room: noise that decays within 0.2 to 2.5 s."""
    decay_s = generator.uniform(0.2, 2.5)
    time_s = np.arange(int(decay_s * sample_rate)) / sample_rate
    response = generator.standard_normal(len(time_s)) * np.exp(-6.9 * time_s / decay_s)
    wet = fftconvolve(samples, response.astype(np.float32))[: len(samples)]
    wet *= generator.uniform(0.05, 0.6) * _level(samples) / max(_level(wet), 1e-9)
    return np.asarray(samples + wet, dtype=np.float32)


def tilt(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:
    """Tilt and bend the spectrum smoothly, by up to 4 dB an octave from 1 kHz."""
    size = fft.next_fast_len(len(samples), real=True)
    octaves = np.log2(np.maximum(fft.rfftfreq(size, 1 / sample_rate), 30) / 1000)
    decibels = generator.uniform(-4, 4) * octaves / 2 + generator.uniform(-6, 6) * np.cos(octaves)
    shape = (10 ** (decibels / 20)).astype(np.float32)
    return np.asarray(fft.irfft(fft.rfft(samples, size) * shape, size)[: len(samples)], dtype=np.float32)


def narrow(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:
    """Cut what lies below 30 to 250 Hz and above 2.5 to 10 kHz."""
    band = (generator.uniform(30, 250), generator.uniform(2_500, 10_000))
    return np.asarray(sosfilt(butter(2, band, "bandpass", fs=sample_rate, output="sos"), samples), dtype=np.float32)


def overdrive(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:  # noqa: ARG001  as all
    """Press loud passages down, as limiters do."""
    strength = generator.uniform(1, 6) / max(float(np.abs(samples).max()), 1e-9)
    return np.asarray(np.tanh(samples * strength), dtype=np.float32)


def hiss(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:  # noqa: ARG001  as all
    """Add white noise, 25 to 60 dB below the music."""
    noise = generator.standard_normal(len(samples)).astype(np.float32)
    return np.asarray(samples + noise * _level(samples) * 10 ** (-generator.uniform(25, 60) / 20), dtype=np.float32)


def through_codec(samples: Samples, sample_rate: int, generator: np.random.Generator) -> Samples:
    """Encode and decode with a random lossy codec at a low rate."""
    import soxr

    kind, codec, rates = CODECS[generator.integers(len(CODECS))]
    level = max(float(np.abs(samples).max()), 1e-9)
    source = soxr.resample(samples / level * 0.9, sample_rate, CODEC_RATE)
    encoded = _encode(source, kind, codec, int(generator.uniform(*rates)))
    decoded = soxr.resample(_decode(encoded), CODEC_RATE, sample_rate)[: len(samples)]
    padded = np.pad(decoded, (0, len(samples) - len(decoded)))
    return np.asarray(padded * level / 0.9, dtype=np.float32)


def _encode(samples: Samples, kind: str, codec: str, bits: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=CODEC_RATE, layout="mono")
        stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = CODEC_RATE
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=CODEC_RATE, frame_size=stream.frame_size
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return target.getvalue()


def _decode(encoded: bytes) -> Samples:
    with av.open(io.BytesIO(encoded)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=CODEC_RATE)
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts)


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))
