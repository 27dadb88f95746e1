"""Clips to try the page with, and the music that the program composed for them once."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from video2music.piece import FILE_NAMES, Piece, SavedPiece, file_names
from video2music.video.ffmpeg import local, run_ffmpeg

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.synthesis import Synthesizer

FOLDER = Path(__file__).parents[2] / "assets" / "examples"

KEPT_AS = {Path(name).suffix: name for name in FILE_NAMES}


@dataclass(frozen=True)
class LazySynthesizer:
    """Plays with the first sound font, which is looked for when the first note is to be heard."""

    def render(
        self, midi: "pretty_midi.PrettyMIDI", *, sample_rate: int = 44100, duration_s: float | None = None
    ) -> NDArray[np.float32]:
        """Play notes; see `Synthesizer.render`."""
        return self._player().render(midi, sample_rate=sample_rate, duration_s=duration_s)

    def render_parts(
        self, midi: "pretty_midi.PrettyMIDI", *, sample_rate: int = 44100, duration_s: float
    ) -> Iterator[NDArray[np.float32]]:
        """Play every part by itself; see `Synthesizer.render_parts`."""
        yield from self._player().render_parts(midi, sample_rate=sample_rate, duration_s=duration_s)

    def _player(self) -> "Synthesizer":
        from video2music.music.synthesis import Synthesizer, find_sound_font

        return Synthesizer(find_sound_font())


@dataclass(frozen=True)
class Example:
    """A clip that is drawn by assets/examples/make.py, with its music, composed by assets/examples/compose.py.

    Attributes:
        name: of its folder.
        title: what is seen.
        mood: one word.
    """

    name: str
    title: str
    mood: str

    @property
    def folder(self) -> Path:
        """Holds clip, picture and what was composed."""
        return FOLDER / self.name

    @property
    def clip(self) -> Path:
        """The clip, without music."""
        return self.folder / "clip.mp4"

    @property
    def sound(self) -> Path:
        """The music, as the sound track of the video with music."""
        return self.folder / "music.m4a"

    @property
    def picture(self) -> Path:
        """A still of it."""
        return self.folder / "picture.jpg"

    def bring(self, folder: Path) -> Path:
        """Put a copy of the clip into a folder, under its title.

        Args:
            folder: exists.
        """
        return Path(shutil.copyfile(self.clip, folder / f"{self.title}.mp4"))

    def revive(self, clip: Path) -> Piece:
        """Return the piece that was composed, without sound.

        Args:
            clip: a copy of its clip.

        Raises:
            RefusalError: what is stored cannot be read.
        """
        from video2music.revival import revive  # brings PyTorch along, which a page that starts must not wait for

        return revive(self.folder / KEPT_AS[".json"], clip, cast("Synthesizer", LazySynthesizer()))

    def write(self, folder: Path) -> SavedPiece:
        """Write the files that a person can take; nothing is composed or played for it.

        Args:
            folder: exists.

        Returns:
            The paths, named after the title.
        """
        video, music, midi, sheet, result = (folder / name for name in file_names(f"{self.title} - music"))
        files = SavedPiece(video, music, midi, sheet, result)
        for path in (files.midi, files.lead_sheet, files.result):
            shutil.copyfile(self.folder / KEPT_AS[path.suffix], path)
        join(self.clip, self.sound, files.video)
        write_wav_of(self.sound, files.music)
        return files


EXAMPLES = (
    Example("calm", "Evening by the sea", "Calm"),
    Example("tense", "Wood at night", "Tense"),
    Example("exciting", "Fast ride", "Exciting"),
)


def join(clip: Path, sound: Path, destination: Path) -> None:
    """Put a sound track under a picture; both are copied as they are.

    Args:
        clip: a video without sound.
        sound: an audio file that mp4 can carry.
        destination: of the mp4 file.
    """
    both = [
        "-i",
        local(clip),
        "-i",
        local(sound),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c",
        "copy",
        "-movflags",
        "+faststart",
    ]
    run_ffmpeg([*both, local(destination)], destination)


def write_wav_of(sound: Path, destination: Path) -> None:
    """Write an audio file as wav.

    Args:
        sound: has one sound track.
        destination: of the wav file.
    """
    run_ffmpeg(["-i", local(sound), "-c:a", "pcm_s16le", local(destination)], destination)
