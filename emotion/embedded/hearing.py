"""One pass over a sound: what the embedded engine's networks read, small enough to keep for hours of music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emotion.audio import Audio
from emotion.embedded.harmony import Harmony, HarmonyListener, HarmonyReader
from emotion.embedded.mel import FRAME_RATE, LEVEL_DB, SAMPLE_RATE, at_level, level_db, mel_decibels
from emotion.embedded.pitch import pitch_spectrum
from emotion.embedded.traits import Frames
from emotion.listening import Samples, Segments, distribute, listen
from emotion.sound_facts import SoundFacts, SoundMeter
from emotion.tempo import TempoListener

Progress = Callable[[str, float], None]

SEGMENT_S = 32
"""A whole number of frames of both spectra, so that hours of segments do not drift from the clock."""

FACTS_RATE = 22_050
"""In Hz: where the thresholds of `sound_facts` were chosen."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What one pass over a sound gave.

    Attributes:
        duration_s: its length in seconds.
        frames: spectra of all of it, as if played at a fixed level.
        harmony: key and chords.
        tempo_bpm: tempo, None where no pulse was heard.
        facts: loudness and the like.
    """

    duration_s: float
    frames: Frames
    harmony: Harmony
    tempo_bpm: float | None
    facts: SoundFacts


@dataclass
class _Spectra:
    """Collects spectra segment by segment, in half precision: 35 MB for an hour."""

    harmony: HarmonyListener
    samples: int = 0
    power: float = 0.0
    mel: list[np.ndarray] = field(default_factory=list)
    pitch: list[np.ndarray] = field(default_factory=list)

    def hear(self, segment: Samples) -> None:
        self.samples += len(segment)
        self.power += float(np.square(segment, dtype=np.float64).sum())
        gain_db = np.float32(LEVEL_DB - level_db(segment))
        levelled = segment * np.float32(10 ** (gain_db / 20))
        # measured at the level of the training and taken back, so that a quiet recording loses nothing below the floor
        mel = mel_decibels(levelled)[: max(1, round(len(segment) / SAMPLE_RATE * FRAME_RATE))] - gain_db
        self.mel.append(mel.astype(np.float16))
        self.pitch.append(pitch_spectrum(levelled).astype(np.float16))
        self.harmony.hear(segment)

    def frames(self) -> Frames:
        level = 10 * np.log10(max(self.power / max(1, self.samples), 1e-10))
        mel = np.concatenate(self.mel)
        for start in range(0, len(mel), 1 << 15):
            part = slice(start, start + (1 << 15))
            mel[part] = at_level(mel[part].astype(np.float32), level)
        return Frames(mel, np.concatenate(self.pitch))


@dataclass
class _Pulse:
    """Collects tempo and facts."""

    tempo: TempoListener
    meter: SoundMeter

    def hear(self, segment: Samples) -> None:
        self.tempo.hear(segment)
        self.meter.hear(segment)


def hear(source: Path | str | Audio, reader: HarmonyReader, *, progress: Progress | None = None) -> Heard:
    """Listen to a sound once, in segments of 32 s.

    Args:
        source: an audio or video file, or decoded audio.
        reader: hears its harmony.
        progress: told the stage and the fraction heard.

    Returns:
        What was heard.

    Raises:
        AudioReadError: the sound cannot be read.
    """
    spectra = _Spectra(reader.listener())
    pulse = _Pulse(TempoListener(FACTS_RATE), SoundMeter(FACTS_RATE))
    with listen(source) as sound:
        listeners = [
            (Segments(sound.sample_rate, SAMPLE_RATE, SEGMENT_S * SAMPLE_RATE), spectra.hear),
            (Segments(sound.sample_rate, FACTS_RATE, SEGMENT_S * FACTS_RATE), pulse.hear),
        ]
        duration_s = distribute(sound, listeners, progress)
    return Heard(
        duration_s=duration_s,
        frames=spectra.frames(),
        harmony=spectra.harmony.harmony(),
        tempo_bpm=pulse.tempo.tempo_bpm(),
        facts=pulse.meter.facts(),
    )
