"""Notes become sound in many ways: sound fonts, instruments, keys, tempi, bands, codecs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from emotion.audio import read_audio
from emotion.embedded.mel import SAMPLE_RATE
from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.effects import disturb

Samples = NDArray[np.float32]

SYNTHESIS_RATE = 44_100
PIANOS = (0, 1, 2, 3, 4, 5)
PITCHED = (
    *range(6, 9),
    10,
    *range(11, 14),
    *range(16, 28),
    *range(32, 39),
    *range(40, 54),
    *range(56, 96),
    104,
    105,
    106,
    107,
    108,
)
"""General MIDI programs that can play any of the pieces: no effects, no percussion."""

BASSES = tuple(range(32, 40))
DRUM_STYLES = ((36, 42, 38, 42), (36, 51, 40, 51), (35, 44, 37, 44), (36, 42, 36, 42))
"""What sounds on the four half-beats of two beats."""

LOUDEST = 0.9
ACCOMPANIED, ON_PIANO = 0.6, 0.3
"""Shares of the varied renderings."""


@dataclass(frozen=True)
class Rendering:
    """How one excerpt is made to sound; kept beside the sound.

    Attributes:
        piece: identifier of the piece.
        variant: number of the rendering among those of the piece.
        sound_font: file name of the font; empty for a recording.
        plain: played as written with the piano (or left as recorded), without effects.
        programs: General MIDI program of each track.
        transposition: semitones up.
        tempo_factor: 1.1 is a tenth faster.
        start_s: where the excerpt begins in the written piece.
        duration_s: its length in the written piece.
        accompanied: whether a bass and drums were added.
        seed: of the effects.
    """

    piece: str
    variant: int
    sound_font: str
    plain: bool
    programs: tuple[int, ...]
    transposition: int
    tempo_factor: float
    start_s: float
    duration_s: float
    accompanied: bool
    seed: int

    @property
    def file(self) -> str:
        """Path of the sound below the folder of renderings."""
        return f"{self.piece}~{self.variant}.flac"


def plain(piece: Piece, variant: int, font: Path, *, start_s: float, duration_s: float) -> Rendering:
    """Plan a rendering as written, on the piano."""
    return Rendering(
        piece=piece.identifier,
        variant=variant,
        sound_font=font.name,
        plain=True,
        programs=(0,),
        transposition=0,
        tempo_factor=1.0,
        start_s=start_s,
        duration_s=duration_s,
        accompanied=False,
        seed=variant,
    )


def varied(
    piece: Piece,
    variant: int,
    fonts: Sequence[Path],
    *,
    start_s: float,
    duration_s: float,
    generator: np.random.Generator,
) -> Rendering:
    """Plan a rendering with random font, instruments, key, tempo and effects."""
    family = PIANOS if generator.random() < ON_PIANO else PITCHED
    return Rendering(
        piece=piece.identifier,
        variant=variant,
        sound_font=fonts[int(generator.integers(len(fonts)))].name,
        plain=False,
        programs=tuple(int(program) for program in generator.choice(family, 3)),
        transposition=int(generator.integers(-3, 4)),
        tempo_factor=float(np.exp(generator.normal(0, 0.03))),
        start_s=start_s,
        duration_s=duration_s,
        accompanied=piece.corpus == "pop909" and bool(generator.random() < ACCOMPANIED),
        seed=int(generator.integers(2**31)),
    )


def perform(rendering: Rendering, piece: Piece, fonts: dict[str, Path]) -> Samples:
    """Make the sound of a rendering.

    Args:
        rendering: the plan.
        piece: its piece.
        fonts: paths by file name.

    Returns:
        (n,) mono at SAMPLE_RATE, within -0.9 to 0.9.
    """
    import soxr

    generator = np.random.default_rng(rendering.seed)
    if rendering.sound_font:
        sound, rate = _play(_excerpt(rendering, piece, generator), fonts[rendering.sound_font]), SYNTHESIS_RATE
    else:
        audio = read_audio(piece.path, sample_rate=SYNTHESIS_RATE, mono=True)
        rate, start = SYNTHESIS_RATE, int(rendering.start_s * SYNTHESIS_RATE)
        sound = audio.samples[start : start + int(rendering.duration_s * rate), 0]
    if not rendering.plain:
        sound = disturb(_shifted(sound, rate, rendering), rate, generator)
    sound = soxr.resample(sound, rate, SAMPLE_RATE)
    return np.asarray(sound / max(float(np.abs(sound).max()), 1e-6) * LOUDEST, dtype=np.float32)


def _shifted(sound: Samples, rate: int, rendering: Rendering) -> Samples:
    """Play a recording faster or slower, key and tempo together, as a tape does."""
    if rendering.sound_font or not rendering.transposition:
        return sound
    import soxr

    return np.asarray(soxr.resample(sound, rate * 2 ** (rendering.transposition / 12), rate), dtype=np.float32)


def _excerpt(rendering: Rendering, piece: Piece, generator: np.random.Generator) -> pretty_midi.PrettyMIDI:
    """Cut, transpose, re-time and re-orchestrate."""
    midi = pretty_midi.PrettyMIDI(str(piece.path))
    if rendering.accompanied:
        midi.instruments += _accompaniment(midi, generator)
    for index, instrument in enumerate(i for i in midi.instruments if not i.is_drum and i.name != "bass"):
        instrument.program = rendering.programs[index % len(rendering.programs)]
    for instrument in midi.instruments:
        _cut(instrument, rendering)
    return midi


def _cut(instrument: pretty_midi.Instrument, rendering: Rendering) -> None:
    start, end, factor = rendering.start_s, rendering.start_s + rendering.duration_s, rendering.tempo_factor
    kept = [note for note in instrument.notes if start <= note.start < end]
    for note in kept:
        note.start, note.end = (note.start - start) / factor, (min(note.end, end) - start) / factor
        if not instrument.is_drum:
            note.pitch = min(127, max(0, note.pitch + rendering.transposition))
    instrument.notes = kept
    controls = [change for change in instrument.control_changes if start <= change.time < end]
    for change in controls:
        change.time = (change.time - start) / factor
    instrument.control_changes = controls if instrument.program in PIANOS else []
    instrument.pitch_bends = []


def _accompaniment(midi: pretty_midi.PrettyMIDI, generator: np.random.Generator) -> list[pretty_midi.Instrument]:
    """Write a bass on the lowest notes and a plain beat."""
    beats = midi.get_beats()
    notes = sorted((note for instrument in midi.instruments for note in instrument.notes), key=lambda note: note.start)
    starts = np.array([note.start for note in notes])
    bass = pretty_midi.Instrument(int(generator.choice(BASSES)), name="bass")
    drums = pretty_midi.Instrument(0, is_drum=True, name="drums")
    style = DRUM_STYLES[generator.integers(len(DRUM_STYLES))]
    for index, (beat, following) in enumerate(pairwise(beats)):
        first, last = np.searchsorted(starts, (beat - 0.05, beat + 0.05))
        if last > first:
            pitch = 28 + (min(note.pitch for note in notes[first:last]) - 28) % 12
            bass.notes.append(pretty_midi.Note(96, pitch, beat, following))
        for half in range(2):
            time = beat + half * (following - beat) / 2
            drum = style[(2 * index + half) % len(style)]
            drums.notes.append(pretty_midi.Note(int(generator.integers(60, 110)), drum, time, time + 0.1))
    return [bass, drums]


@contextmanager
def _synthesizer(font: Path) -> Iterator[tuple[Any, int]]:
    """Open a synthesizer for one track: pedals, volumes and echoes of another must not sound into it."""
    import fluidsynth

    synth = fluidsynth.Synth(
        samplerate=float(SYNTHESIS_RATE),
        **{"synth.dynamic-sample-loading": 1, "synth.polyphony": 96, "synth.chorus.active": 0},
    )
    try:
        yield synth, synth.sfload(str(font))
    finally:
        synth.delete()


def _play(midi: pretty_midi.PrettyMIDI, font: Path) -> Samples:
    sounds = []
    for instrument in midi.instruments:
        if instrument.notes:
            with _synthesizer(font) as (synth, identifier):
                sounds.append(instrument.fluidsynth(fs=SYNTHESIS_RATE, synthesizer=synth, sfid=identifier))
    if not sounds:
        return np.zeros(SYNTHESIS_RATE, np.float32)
    mixed = np.zeros(max(map(len, sounds)))
    for sound in sounds:
        mixed[: len(sound)] += sound
    return (mixed / 2**15).astype(np.float32)


def write_manifest(path: Path, renderings: Iterable[Rendering]) -> None:
    """Write one line of JSON for each rendering."""
    path.write_text("".join(json.dumps(asdict(rendering)) + "\n" for rendering in renderings), encoding="utf-8")


def read_manifest(path: Path) -> list[Rendering]:
    """Read what `write_manifest` wrote."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Rendering(**{**row, "programs": tuple(row["programs"])}) for row in rows]
