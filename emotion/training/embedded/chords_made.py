"""Chord progressions made from formulas, with the sevenths and altered chords that pop songs hardly use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion.embedded.harmony import at_level
from emotion.embedded.harmony_network import NO_CHORD, QUALITIES
from emotion.embedded.mel import SAMPLE_RATE
from emotion.embedded.pitch import FRAME_RATE, pitch_spectrum
from emotion.music2emo.vocabulary import INTERVALS
from emotion.training.embedded.chords_negatives import drums, untuned_sounds

Sound = NDArray[np.float64]

QUALITY_SHARES = {
    "maj": 0.2, "min": 0.18, "dim": 0.05, "aug": 0.03, "sus2": 0.03, "sus4": 0.05, "maj6": 0.04, "7": 0.14,
    "maj7": 0.1, "min7": 0.14, "hdim7": 0.04,
}  # fmt: skip
ROOT_STEPS = (5, 7, 9, 2, 10, 3, 8, 4, 1, 11)
"""Semitones from one root to the next, the first ones oftener."""

DURATIONS_S = (0.6, 3.0)
ATTACK_S = 0.01
BROKEN_SHARE, PASSING_SHARE, DRUM_SHARE = 0.35, 0.3, 0.4
HIGHEST_HZ = 5500.0


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Something to learn from.

    Attributes:
        spectrum: (frames, 252) of `pitch_spectrum`.
        chords: (frames,) chord classes.
    """

    spectrum: NDArray[np.float16]
    chords: NDArray[np.int64]


def made_excerpts(untuned: int, progressions: int, seconds: float, generator: np.random.Generator) -> list[Excerpt]:
    """Make sounds without chords, and progressions.

    Args:
        untuned: how many sounds without chords.
        progressions: how many with chords.
        seconds: length of each.
        generator: decides.

    Returns:
        The excerpts, sounds without chords first.
    """
    excerpts = []
    for sound in untuned_sounds(untuned, int(seconds * SAMPLE_RATE), generator):
        spectrum = pitch_spectrum(at_level(sound)).astype(np.float16)
        excerpts.append(Excerpt(spectrum, np.full(len(spectrum), NO_CHORD)))
    for _ in range(progressions):
        played, chords = progression(seconds, generator)
        spectrum = pitch_spectrum(at_level(played.astype(np.float32))).astype(np.float16)
        excerpts.append(Excerpt(spectrum, chords[: len(spectrum)]))
    return excerpts


def progression(seconds: float, generator: np.random.Generator) -> tuple[Sound, NDArray[np.int64]]:
    """Make one progression of random chords in random voicings.

    Args:
        seconds: its length.
        generator: decides.

    Returns:
        (n,) samples and (frames,) chord classes.
    """
    player = Player(seconds, generator)
    chords = np.full(round(seconds * FRAME_RATE), NO_CHORD)
    middles = (np.arange(len(chords)) + 0.5) / FRAME_RATE
    likely = 1 / np.arange(2, len(ROOT_STEPS) + 2)
    names, shares = list(QUALITY_SHARES), np.array(list(QUALITY_SHARES.values()))
    start, root = generator.choice((0.0, generator.uniform(0, 2))), int(generator.integers(12))
    while start < seconds:
        end = start + player.pulse_s * int(generator.integers(1, 4))
        quality = names[int(generator.choice(len(names), p=shares / shares.sum()))]
        player.play(start, end, voicing(root, quality, generator))
        chords[(middles >= start) & (middles < end)] = root * len(QUALITIES) + QUALITIES.index(quality)
        root = (root + int(generator.choice(ROOT_STEPS, p=likely / likely.sum()))) % 12
        start = end
    sound = player.sound
    if generator.random() < DRUM_SHARE:
        sound += generator.uniform(0.05, 0.4) * sound.std() / 0.1 * drums(len(sound), generator)
    return sound, chords


def voicing(root: int, quality: str, generator: np.random.Generator) -> list[int]:
    """Return MIDI notes of a chord: a bass, mostly the root, and every tone at least once around middle C."""
    tones = [(root + step) % 12 for step in INTERVALS[quality]]
    low = tones[0] if generator.random() < 0.85 else tones[int(generator.integers(len(tones)))]
    notes = [36 + low + 12 * int(generator.random() < 0.3)]
    centre = generator.uniform(55, 70)
    for tone in tones:
        nearest = tone + 12 * round((centre - tone) / 12)
        notes.append(nearest + 12 * int(generator.random() < 0.2))
    if generator.random() < 0.6:
        notes.append(72 + tones[int(generator.integers(len(tones)))])
    return notes


class Player:
    """An instrument with a timbre and a pulse of its own.

    Args:
        seconds: length of the sound.
        generator: decides.
    """

    def __init__(self, seconds: float, generator: np.random.Generator) -> None:
        self.sound: Sound = np.zeros(int(seconds * SAMPLE_RATE))
        self.pulse_s = generator.uniform(*DURATIONS_S) / 2
        self._generator = generator
        self._slope = generator.uniform(0.6, 2.2)
        self._fading = generator.uniform(0.1, 4.0)
        self._even = generator.uniform(0.2, 1.0)

    def play(self, start_s: float, end_s: float, notes: list[int]) -> None:
        """Add a chord: struck at once on every pulse, or note by note; sometimes with a passing tone."""
        broken = self._generator.random() < BROKEN_SHARE
        time = start_s
        while time < end_s - 0.05:
            for place, note in enumerate(notes):
                late = self.pulse_s * place / len(notes) if broken else self._generator.uniform(0, 0.02)
                self._tone(time + late, min(end_s, time + self.pulse_s * (2 if broken else 1)), note)
            if self._generator.random() < PASSING_SHARE:
                passing = notes[-1] + int(self._generator.choice((-2, -1, 1, 2)))
                self._tone(time + self.pulse_s / 2, time + 0.75 * self.pulse_s, passing)
            time += self.pulse_s

    def _tone(self, start_s: float, end_s: float, note: int) -> None:
        first, last = int(start_s * SAMPLE_RATE), min(len(self.sound), int(end_s * SAMPLE_RATE))
        if last <= first:
            return
        time = np.arange(last - first) / SAMPLE_RATE
        hertz = 440 * 2 ** ((note - 69 + self._generator.normal(0, 0.03)) / 12)
        wave = np.zeros(len(time))
        for partial in range(1, min(10, int(HIGHEST_HZ / hertz)) + 1):
            weight = partial**-self._slope * (self._even if partial % 2 == 0 else 1.0)
            wave += weight * np.sin(2 * np.pi * partial * hertz * time + partial)
        ends = np.minimum(1.0, np.minimum(time, time[::-1]) / ATTACK_S)
        self.sound[first:last] += self._generator.uniform(0.4, 1.0) * wave * np.exp(-self._fading * time) * ends
