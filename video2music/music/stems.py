"""One sound per part, which add up to the piece."""

import re
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pretty_midi

from video2music.errors import SynthesisError
from video2music.features.video_features import FloatArray
from video2music.music.mastering import write_wav

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer

FOLDER = "stems"


def stem_names(midi: pretty_midi.PrettyMIDI) -> tuple[str, ...]:
    """Return a file name below the folder of a result for every part that plays, such as "stems/bass.wav".

    Args:
        midi: the piece; parts without a name are called by their instrument, parts of one name are numbered.
    """
    names: list[str] = []
    for track in _playing(midi):
        instrument = "drums" if track.is_drum else pretty_midi.program_to_instrument_name(track.program)
        plain = name = _plain(track.name) or _plain(instrument)
        for number in range(2, len(names) + 3):
            if name not in names:
                break
            name = f"{plain}-{number}"
        names.append(name)
    return tuple(f"{FOLDER}/{name}.wav" for name in names)


def stems(
    midi: pretty_midi.PrettyMIDI, music: FloatArray, synthesizer: "Synthesizer", *, gain_db: float, sample_rate: int
) -> Iterator[tuple[str, FloatArray]]:
    """Play every part by itself, one after the other; they add up to the piece.

    FluidSynth's voices influence each other a little (about -50 dB, for a moment, when a note begins), so the part that
    sounds most is what the others leave of the piece.

    Args:
        midi: the piece.
        music: (samples, 2), how it sounds after mastering.
        synthesizer: the one that played it.
        gain_db: of the mastering, the same for every part.
        sample_rate: in Hz.

    Yields:
        File name, and (samples, 2).
    """
    tracks = _playing(midi)
    names = dict(zip(map(id, tracks), stem_names(midi), strict=True))
    tracks.sort(key=_amount)
    gain, rest = np.float32(10 ** (gain_db / 20)), music.copy()
    for track in tracks[:-1]:
        alone = copy(midi)
        alone.instruments = [track]
        try:
            sound = gain * synthesizer.render(alone, sample_rate=sample_rate, duration_s=len(music) / sample_rate)
        except SynthesisError:  # the whole piece could be played, so this part is only too soft to be heard
            sound = np.zeros_like(music)
        rest -= sound
        yield names[id(track)], sound
    for track in tracks[-1:]:
        yield names[id(track)], rest


def write_stems(
    folder: Path,
    midi: pretty_midi.PrettyMIDI,
    music: FloatArray,
    synthesizer: "Synthesizer",
    *,
    gain_db: float,
    sample_rate: int,
) -> None:
    """Write every part as a file of its own, named by `stem_names`; see `stems` for the arguments.

    Args:
        folder: of the result.
        midi: the piece.
        music: how it sounds.
        synthesizer: the one that played it.
        gain_db: of the mastering.
        sample_rate: in Hz.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, sound in stems(midi, music, synthesizer, gain_db=gain_db, sample_rate=sample_rate):
        write_wav(folder / name, sound, sample_rate)


def _amount(track: pretty_midi.Instrument) -> float:
    return float(sum((note.end - note.start) * note.velocity**2 for note in track.notes))


def _playing(midi: pretty_midi.PrettyMIDI) -> list[pretty_midi.Instrument]:
    return [track for track in midi.instruments if track.notes]


def _plain(name: str) -> str:
    """Return a name that every file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
