"""Renderings with chord and key labels, as the chord network meets them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.embedded.harmony import at_level
from emotion.embedded.harmony_network import NO_CHORD, QUALITIES
from emotion.embedded.mel import SAMPLE_RATE
from emotion.embedded.pitch import FRAME_RATE, pitch_spectrum
from emotion.errors import RefusalError
from emotion.training.embedded.rendering import Rendering, read_manifest

CORPUS = "pop909"
MANIFEST = "manifest.jsonl"
SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}
UNKNOWN_KEY = -1

NEAREST_QUALITY = {"sus4(b7)": "sus4", "min6": "min", "minmaj7": "min", "dim7": "dim"}
"""What rare qualities of the annotations count as."""

NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Label:
    """One annotated chord.

    Attributes:
        start_s: in the written piece.
        end_s: in the written piece.
        chord: chord class, 0..132.
        name: as annotated, with any seventh or bass the classes leave out.
    """

    start_s: float
    end_s: float
    chord: int
    name: str


@dataclass(frozen=True, eq=False)
class Example:
    """One rendering as the network meets it.

    Attributes:
        song: name of the song.
        rendering: how it was made to sound.
        spectrum: (frames, 252) half precision.
        chords: (frames,) chord classes.
        key: 0..11 major from C on, 12..23 minor; UNKNOWN_KEY where the song has several.
        labels: the chords with exact times in the rendering, transposed, as annotation files write them.
    """

    song: str
    rendering: Rendering
    spectrum: NDArray[np.float16]
    chords: NDArray[np.int64]
    key: int
    labels: tuple[tuple[float, float, str], ...]


def side_of(song: str, seed: int = 0) -> str:
    """Return "train", "validation" or "test"; it follows from the song's name alone."""
    digest = hashlib.sha256(f"{seed}/{song}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    for side, share in SHARES.items():
        if place < share:
            return side
        place -= share
    return side


def pitch_class(name: str) -> int:
    """Return the pitch class of a note name such as "Bb", 0 = C."""
    return (NATURALS[name[0]] + name.count("#") - name.count("b")) % 12


def chord_class(name: str) -> int:
    """Return the class of an annotated chord such as "F#:maj7/5"; the bass is left out."""
    if name == "N":
        return NO_CHORD
    root, _, rest = name.partition(":")
    quality = rest.split("/")[0]
    quality = NEAREST_QUALITY.get(quality, quality)
    return pitch_class(root) * len(QUALITIES) + QUALITIES.index(quality)


def transposed(chord: int, semitones: int) -> int:
    """Return a chord class some semitones higher."""
    return chord if chord == NO_CHORD else (chord + semitones * len(QUALITIES)) % NO_CHORD


def read_labels(file: Path) -> list[Label]:
    """Read a POP909 chord annotation: start, end and chord of each line.

    Args:
        file: chord_midi.txt.

    Returns:
        The chords in order.

    Raises:
        RefusalError: there is no such file, or a line that is none of these.
    """
    labels = []
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            start, end, name = line.split("\t")
            labels.append(Label(float(start), float(end), chord_class(name), name))
    except (OSError, ValueError, KeyError) as error:
        raise RefusalError(
            "The chord annotation cannot be read", where=file, remedy="Give the annotations of POP909"
        ) from error
    return labels


def read_key(file: Path) -> int:
    """Read a POP909 key annotation, UNKNOWN_KEY where the song changes its key."""
    lines = [line.split("\t")[2] for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    if len(set(lines)) != 1:
        return UNKNOWN_KEY
    tonic, _, mode = lines[0].partition(":")
    return pitch_class(tonic) + (12 if mode == "min" else 0)


def load_examples(
    renderings: Path,
    annotations: Path,
    sides: Sequence[str],
    *,
    without_fonts: Sequence[str] = (),
    only_fonts: Sequence[str] = (),
    progress: Callable[[str, float], None] | None = None,
) -> list[Example]:
    """Hear all renderings that are there.

    Args:
        renderings: holds the manifest and, in pop909, the sounds.
        annotations: holds a folder for each song.
        sides: of the songs that are wanted: "train", "validation", "test".
        without_fonts: sound fonts whose renderings are left out.
        only_fonts: when given, all other fonts are left out.
        progress: told stage and fraction.

    Returns:
        The examples in the order of the manifest.

    Raises:
        RefusalError: none are there.
    """
    wanted = [
        rendering
        for rendering in read_manifest(renderings / MANIFEST)
        if _belongs(rendering, sides, without_fonts, only_fonts) and (renderings / rendering.file).is_file()
    ]
    if not wanted:
        raise RefusalError("There are no renderings of POP909", where=renderings, remedy="Render them first")
    examples = []
    for number, rendering in enumerate(wanted):
        if progress:
            progress("hearing", number / len(wanted))
        examples.append(load_example(renderings / rendering.file, rendering, annotations))
    return examples


def _belongs(
    rendering: Rendering, sides: Sequence[str], without_fonts: Sequence[str], only_fonts: Sequence[str]
) -> bool:
    corpus, _, song = rendering.piece.partition("/")
    font = rendering.sound_font
    return (
        corpus == CORPUS
        and side_of(song) in sides
        and font not in without_fonts
        and (not only_fonts or font in only_fonts)
    )


def load_example(sound: Path, rendering: Rendering, annotations: Path) -> Example:
    """Hear one rendering.

    Args:
        sound: its file.
        rendering: how it was made.
        annotations: holds a folder for each song.

    Returns:
        Spectrum and labels; time outside the annotation is no chord.
    """
    import soundfile

    song = rendering.piece.partition("/")[2]
    samples, rate = soundfile.read(sound, dtype="float32")
    if rate != SAMPLE_RATE:
        raise RefusalError(f"The rendering has {rate} samples per second", where=sound, remedy="Render it again")
    spectrum = pitch_spectrum(at_level(samples)).astype(np.float16)
    labels = read_labels(annotations / song / "chord_midi.txt")
    middles = (np.arange(len(spectrum)) + 0.5) / FRAME_RATE * rendering.tempo_factor + rendering.start_s
    chords = np.full(len(spectrum), NO_CHORD, dtype=np.int64)
    for label in labels:
        chords[(middles >= label.start_s) & (middles < label.end_s)] = transposed(label.chord, rendering.transposition)
    key = read_key(annotations / song / "key_audio.txt")
    if key != UNKNOWN_KEY:
        key = (key + rendering.transposition) % 12 + key // 12 * 12
    heard = _heard_labels(labels, rendering, len(samples) / SAMPLE_RATE)
    return Example(song, rendering, spectrum, chords, key, heard)


def _heard_labels(
    labels: Sequence[Label], rendering: Rendering, duration_s: float
) -> tuple[tuple[float, float, str], ...]:
    """Return the labels with the times, and in the key, in which they are heard."""
    found = []
    for label in labels:
        start, end = (
            float(np.clip((time - rendering.start_s) / rendering.tempo_factor, 0, duration_s))
            for time in (label.start_s, label.end_s)
        )
        if end > start:
            found.append((start, end, _transposed_name(label.name, rendering.transposition)))
    return tuple(found)


def _transposed_name(name: str, semitones: int) -> str:
    from emotion.music2emo.vocabulary import ROOTS

    if name == "N":
        return name
    root, colon, rest = name.partition(":")
    return f"{ROOTS[(pitch_class(root) + semitones) % 12]}{colon}{rest}"
