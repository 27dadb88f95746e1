"""One sound per part, which add up to the piece."""

import math
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pretty_midi
import soundfile
from numpy.typing import NDArray

from video2music.errors import OutputError

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer

FOLDER = "stems"


def stem_names(midi: pretty_midi.PrettyMIDI) -> tuple[str, ...]:
    """Return a file name below the folder of a result for every part that plays, such as "stems/bass.wav".

    Args:
        midi: the piece; parts without a name are called by their instrument, parts of one name are numbered.
    """
    names: list[str] = []
    for track in midi.instruments:
        if not track.notes:
            continue
        instrument = "drums" if track.is_drum else pretty_midi.program_to_instrument_name(track.program)
        plain = name = _plain(track.name) or _plain(instrument)
        for number in range(2, len(names) + 3):
            if name not in names:
                break
            name = f"{plain}-{number}"
        names.append(name)
    return tuple(f"{FOLDER}/{name}.wav" for name in names)


def write_stems(
    folder: Path,
    midi: pretty_midi.PrettyMIDI,
    synthesizer: "Synthesizer",
    *,
    gain_db: float,
    sample_rate: int,
    duration_s: float,
    limiting: NDArray[np.float32] | None = None,
) -> None:
    """Write every part as a file of its own, named by `stem_names`; they add up to the piece.

    Args:
        folder: exists; files of these names are replaced.
        midi: the piece.
        synthesizer: the one that played it.
        gain_db: of the mastering, the same for every part.
        sample_rate: in Hz.
        duration_s: length of the piece.
        limiting: (samples,) the further gain of the mastering around peaks; None where it had none.

    Raises:
        SynthesisError: there are too many parts to keep apart.
        OutputError: a file cannot be written.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    samples = math.ceil(duration_s * sample_rate - 1e-6)
    gains = np.full((samples, 1), 10 ** (gain_db / 20), dtype=np.float32)
    gains[:, 0] *= 1.0 if limiting is None else limiting
    playing = [number for number, track in enumerate(midi.instruments) if track.notes]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(_opened(folder / name, sample_rate)) for name in stem_names(midi)]
            first = 0
            for block in synthesizer.render_parts(midi, sample_rate=sample_rate, duration_s=duration_s):
                after = first + block.shape[1]
                for number, file in zip(playing, files, strict=True):
                    file.write(gains[first:after] * block[number])
                first = after
    except soundfile.LibsndfileError as error:
        raise OutputError(f"The stems cannot be written ({error})", where=folder / FOLDER) from error


def _opened(path: Path, sample_rate: int) -> soundfile.SoundFile:
    return soundfile.SoundFile(path, "w", sample_rate, channels=2, subtype="PCM_24", format="WAV")


def _plain(name: str) -> str:
    """Return a name that every file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
