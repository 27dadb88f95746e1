"""The files of a piece that hold its music: the sound, the notes, the lead sheet, and one sound per part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from video2music.errors import OutputError, SynthesisError
from video2music.music.score import Score
from video2music.progress import StageTimer

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.synthesis import Synthesizer

SILENCE = 1e-5
"""100 dB below full scale: nothing that is meant to be heard is so soft."""


@dataclass(frozen=True)
class Music:
    """Music that can be written.

    Attributes:
        title: of the piece.
        midi: the notes.
        audio: (samples, 2) as mastered.
        sample_rate: in Hz.
        gain_db: of the mastering.
        limiting: (samples,) its further gain around peaks; None where it had none.
        score: as it sounds; None for notes alone, which get no lead sheet.
        moods: seconds and names of the moods that were wanted.
    """

    title: str
    midi: "pretty_midi.PrettyMIDI"
    audio: NDArray[np.float32]
    sample_rate: int
    gain_db: float
    limiting: NDArray[np.float32] | None = None
    score: Score | None = None
    moods: Sequence[tuple[float, str]] = ()


def write_music(music: Music, sound: Path, notes: Path, sheet: Path, timer: StageTimer) -> None:
    """Write sound, notes and lead sheet.

    Args:
        music: what is written.
        sound: path of the wav file.
        notes: path of the MIDI file.
        sheet: path of the MusicXML file; nothing is written there where there is no score.
        timer: collects the seconds that it takes.

    Raises:
        OutputError: a file cannot be written, or is not whole.
        SynthesisError: notes were played and nothing is heard.
    """
    from video2music.music.lead_sheet import write_lead_sheet
    from video2music.music.mastering import write_wav
    from video2music.music.midi import write_midi

    check_sound(music)
    with timer.stage("save", "Saving the music"):
        write_wav(sound, music.audio, music.sample_rate)
        check_wav(sound, len(music.audio), music.sample_rate)
        write_midi(music.midi, notes, score=music.score, title=music.title, moods=music.moods)
        if music.score is not None:
            write_lead_sheet(music.score, sheet, title=music.title)


def check_sound(music: Music) -> None:
    """Refuse music that is silent although it has notes, or that is no sound at all.

    Args:
        music: what is to be written.

    Raises:
        SynthesisError: it is.
    """
    plays = any(track.notes for track in music.midi.instruments)
    loudest = float(np.abs(music.audio).max(initial=0.0))
    if not np.isfinite(loudest) or (plays and loudest < SILENCE):
        raise SynthesisError(
            "The music came out silent", remedy="Try again; if it stays so, python -m video2music doctor may say why"
        )


def check_wav(path: Path, samples: int, sample_rate: int) -> None:
    """Refuse a written sound that is not as long as it was meant to be; only its header is read.

    Args:
        path: of the file.
        samples: that it should hold.
        sample_rate: in Hz.

    Raises:
        OutputError: it holds fewer or others, or cannot be read again.
    """
    import soundfile

    try:
        about = soundfile.info(path)
        whole = (about.frames, about.samplerate) == (samples, sample_rate) and path.stat().st_size > 6 * samples
    except (OSError, soundfile.LibsndfileError):
        whole = False
    if not whole:
        raise OutputError("The written music is not whole", where=path, remedy="Check the disk and try again")


def write_parts(music: Music, folder: Path, synthesizer: "Synthesizer", timer: StageTimer) -> None:
    """Write one sound per part; they add up to the music.

    Args:
        music: what is written.
        folder: of the result, in which they get one of their own.
        synthesizer: the one that played the music.
        timer: collects the seconds that it takes.

    Raises:
        OutputError: a file cannot be written.
        SynthesisError: there are too many parts to keep apart.
    """
    from video2music.music.stems import write_stems

    with timer.stage("stems", "Playing every part by itself"):
        write_stems(
            folder,
            music.midi,
            synthesizer,
            gain_db=music.gain_db,
            limiting=music.limiting,
            sample_rate=music.sample_rate,
            duration_s=len(music.audio) / music.sample_rate,
        )
