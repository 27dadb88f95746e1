"""One pass over a sound: what the networks hear in it, small enough to keep for two hours of music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.audio import Audio
from emotion.listening import Samples, Segments, distribute, listen
from emotion.music2emo import chords as chord_reading
from emotion.music2emo.chords import ChordRecogniser, chord_spans
from emotion.music2emo.mert import FRAMES_PER_SECOND, SAMPLE_RATE, SEGMENT_SAMPLES, MertEncoder
from emotion.prediction import ChordSpan
from emotion.sound_facts import SoundFacts, SoundMeter
from emotion.tempo import TempoListener

Progress = Callable[[str, float], None]

MOMENT_S = 5
MOMENT_FRAMES = MOMENT_S * FRAMES_PER_SECOND
SHORTEST_REST = SAMPLE_RATE
"""Samples; a rest shorter than a second says nothing that the segments before it did not."""
PUBLISHED_REST = 720
"""Samples; with fewer the published program stops."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean embeddings of pieces of about five seconds.

    Attributes:
        start_s: (P,) start of each.
        end_s: (P,) end of each.
        frames: (P,) frames averaged.
        embedding: (P, 1536).
    """

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    frames: NDArray[np.int64]
    embedding: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Heard:
    """What one pass over a sound gave.

    Attributes:
        duration_s: its length in seconds.
        segments: (S, 1536) mean embedding of each segment of at most 30 s.
        segment_frames: (S,) frames in each.
        moments: the same in finer steps.
        chords: the chords.
        chord_sureness: mean probability the chord network gave its choices, 0..1.
        tempo_bpm: tempo, None where no pulse was heard.
        facts: loudness and the like.
    """

    duration_s: float
    segments: NDArray[np.float32]
    segment_frames: NDArray[np.int64]
    moments: Moments
    chords: tuple[ChordSpan, ...]
    chord_sureness: float
    tempo_bpm: float | None
    facts: SoundFacts


@dataclass
class _Embeddings:
    """Collects embeddings segment by segment."""

    encoder: MertEncoder
    shortest_rest: int
    samples: int = 0
    segments: list[NDArray[np.float32]] = field(default_factory=list)
    segment_frames: list[int] = field(default_factory=list)
    moments: list[tuple[float, float, int, NDArray[np.float32]]] = field(default_factory=list)

    def hear(self, segment: Samples) -> None:
        start_s = self.samples / SAMPLE_RATE
        self.samples += len(segment)
        if self.segments and len(segment) < self.shortest_rest:
            return
        frames = self.encoder.encode(segment)
        self.segments.append(frames.mean(axis=0))
        self.segment_frames.append(len(frames))
        # what is left of a segment joins its last moment when it is shorter than half a moment
        count = max(1, round(len(frames) / MOMENT_FRAMES))
        borders = [*(MOMENT_FRAMES * i for i in range(count)), len(frames)]
        for first, last in pairwise(borders):
            begin_s = start_s + first / FRAMES_PER_SECOND
            end_s = min(start_s + last / FRAMES_PER_SECOND, self.samples / SAMPLE_RATE)
            self.moments.append((begin_s, end_s, last - first, frames[first:last].mean(axis=0)))

    def collected(self) -> Moments:
        start_s, end_s, frames, embedding = zip(*self.moments, strict=True)
        return Moments(np.array(start_s), np.array(end_s), np.array(frames), np.stack(embedding))


@dataclass
class _Chords:
    """Collects chord classes, tempo and facts block by block."""

    recogniser: ChordRecogniser
    tempo: TempoListener
    meter: SoundMeter
    classes: list[NDArray[np.int64]] = field(default_factory=list)
    sureness: list[NDArray[np.float32]] = field(default_factory=list)

    def hear(self, block: Samples) -> None:
        chosen, sure = self.recogniser.classes(block)
        self.classes.append(chosen)
        self.sureness.append(sure)
        self.tempo.hear(block)
        self.meter.hear(block)


def hear(
    source: Path | str | Audio,
    encoder: MertEncoder,
    recogniser: ChordRecogniser,
    *,
    shortest_rest: int = SHORTEST_REST,
    progress: Progress | None = None,
) -> Heard:
    """Listen to a sound once, in blocks.

    Args:
        source: an audio or video file, or decoded audio.
        encoder: embeds it.
        recogniser: names its chords.
        shortest_rest: samples at 24 000 Hz that the last segment must have to be embedded.
        progress: told the stage and the fraction heard.

    Returns:
        What was heard; about 15 MB per hour.

    Raises:
        AudioReadError: the sound cannot be read.
    """
    rate = chord_reading.SAMPLE_RATE
    embeddings = _Embeddings(encoder, shortest_rest)
    harmony = _Chords(recogniser, TempoListener(rate), SoundMeter(rate))
    with listen(source) as sound:
        listeners = [
            (Segments(sound.sample_rate, SAMPLE_RATE, SEGMENT_SAMPLES), embeddings.hear),
            (Segments(sound.sample_rate, rate, chord_reading.BLOCK_SAMPLES), harmony.hear),
        ]
        duration_s = distribute(sound, listeners, progress)
    return Heard(
        duration_s=duration_s,
        segments=np.stack(embeddings.segments),
        segment_frames=np.array(embeddings.segment_frames),
        moments=embeddings.collected(),
        chords=chord_spans(np.concatenate(harmony.classes)),
        chord_sureness=float(np.concatenate(harmony.sureness).mean()),
        tempo_bpm=harmony.tempo.tempo_bpm(),
        facts=harmony.meter.facts(),
    )
