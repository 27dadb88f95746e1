"""A finished piece: what was seen, what was composed, how it sounds, and how it is written to disk."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from video2music.direction import Direction, section_starts
from video2music.errors import OutputError
from video2music.features.video_features import VideoFeatures
from video2music.listening import AwaitedHearing, Hearing
from video2music.marks import Marks
from video2music.matching import Match
from video2music.music.loudness import DEFAULT_LUFS, check_lufs, reduction_db
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music_files import Music, write_music, write_parts
from video2music.output import OutputFolder
from video2music.progress import Progress, StageTimer
from video2music.rendering import CHANGED, chosen_ensemble, music_facts, render
from video2music.tables import write_features
from video2music.video.part import Part

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.synthesis import Synthesizer
    from video2music.steering import Steering
    from video2music.video.mixing import Original

FILE_NAMES = ("video.mp4", "music.wav", "music.mid", "music.musicxml", "result.json")
"""What a saved piece consists of."""

TABLE = "seconds.csv"
"""What was seen and what is heard, second by second; only where it is asked for."""

PROGRAM = "video2music"
"""Value of "program" in result.json, by which a folder is known to hold results of ours."""


@dataclass(frozen=True)
class SavedPiece:
    """Where the files of a piece lie."""

    video: Path
    music: Path
    midi: Path
    lead_sheet: Path
    result: Path
    stems: tuple[Path, ...] = ()
    table: Path | None = None


@dataclass(frozen=True)
class Piece:
    """Music composed for a clip.

    Attributes:
        source: the clip.
        features: what was seen in it.
        score: what is heard: tempo, key, chords, densities and loudness of the rendition.
        midi: the notes.
        audio: (samples, 2) float32, the mastered music, as long as the picture.
        sample_rate: of `audio`, in Hz.
        engine: name of the engine.
        primer: the chords that the person asked to begin with, as typed; None if there were none.
        loudness_lufs: integrated loudness of `audio`.
        true_peak_dbtp: true peak of `audio`.
        original: what happens to the clip's own sound, "replace", "mix" or "duck".
        music_level_lu: loudness of the music relative to the original sound, where that is kept.
        lufs: integrated loudness that was aimed at.
        part: what of the clip the piece is for; None is all of it.
        direction: what was wanted instead of what was seen.
        marks: what a person said about the cuts.
        steering: how the picture shaped the music; None where it did not.
        hearing: how far the music is from the picture, or why that is not known.
        timings_s: seconds that each stage took.
        weights: SHA-256 of every weight file used, by name.
        composed: the score that every rendition begins with; `score` where it is None.
        rendition: how it is played.
        synthesizer: played it, and plays it again; None for a piece made by hand.
        gain_db: of the mastering.
        limiting: (samples,) its further gain around peaks; None where it had none.
    """

    source: Path
    features: VideoFeatures
    score: Score
    midi: "pretty_midi.PrettyMIDI"
    audio: NDArray[np.float32]
    sample_rate: int
    engine: str
    primer: str | None
    loudness_lufs: float
    true_peak_dbtp: float
    original: "Original" = "replace"
    music_level_lu: float = 0.0
    lufs: float = DEFAULT_LUFS
    part: Part | None = None
    direction: Direction = field(default_factory=Direction)
    marks: Marks = field(default_factory=Marks)
    steering: "Steering | None" = None
    hearing: Hearing = field(default_factory=Hearing)
    timings_s: dict[str, float] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    composed: Score | None = None
    rendition: Rendition = field(default_factory=Rendition)
    synthesizer: "Synthesizer | None" = None
    gain_db: float = 0.0
    limiting: NDArray[np.float32] | None = None

    @property
    def match(self) -> Match | None:
        """How far the music is from the picture; None where that could not be told."""
        return self.hearing.match

    def without_sound(self) -> "Piece":
        """Return the piece without notes and samples, which `render` makes again; it is small to keep."""
        import pretty_midi

        return replace(self, midi=pretty_midi.PrettyMIDI(), audio=np.zeros((0, 2), np.float32), limiting=None)

    @property
    def range_s(self) -> tuple[float, float] | None:
        """From when to when in the clip the piece plays; None for all of it."""
        return None if self.part is None else (self.part.start_s, self.part.start_s + self.features.duration_s)

    def result(self) -> dict[str, Any]:
        """Return everything a person or a program may want to know about the run, ready for JSON."""
        return {
            "program": PROGRAM,
            "title": self.source.stem,
            "engine": self.engine,
            "primer": self.primer,
            **music_facts(self.composed or self.score, self.score, self.rendition),
            "range_s": self.range_s and [round(second, 3) for second in self.range_s],
            **self.features.to_json(),
            **({"sees": list(self.features.sights)} if self.features.sights else {}),
            "direction": self.direction.to_json(),
            "marks": self.marks.to_json(),
            "steering": None if self.steering is None else self.steering.to_json(),
            **self.hearing.to_json(),
            "original": self.original,
            "lufs": self.lufs,
            "loudness_lufs": round(self.loudness_lufs, 2),
            "true_peak_dbtp": round(self.true_peak_dbtp, 2),
            "gain_reduction_db": round(reduction_db(self.limiting), 2),
            "timings_s": {stage: round(seconds, 3) for stage, seconds in self.timings_s.items()},
            "versions": versions(),
            "weights": self.weights,
        }

    def save(
        self,
        folder: Path | str,
        *,
        stem: str | None = None,
        stems: bool = False,
        table: bool = False,
        progress: Progress | None = None,
    ) -> SavedPiece:
        """Write video, music, notes, lead sheet and result into a folder; all files or none.

        Args:
            folder: is made if it does not exist. Files of an earlier result there are replaced, anything else is not.
            stem: names the files "<stem>.mp4", "<stem>.wav" and so on; without it they are video.mp4, music.wav,
                music.mid, music.musicxml and result.json.
            stems: also write stems/<part>.wav for every part; they add up to the music.
            table: also write seconds.csv, what was seen and what is heard, second by second.
            progress: told how far the writing is.

        Returns:
            Their paths.

        Raises:
            OutputError: the folder cannot be written, or holds files that are not ours.
        """
        from video2music.music.stems import stem_names

        names = FILE_NAMES if stem is None else file_names(stem)
        also = (*([TABLE] if table else []), *(stem_names(self.midi) if stems else []))
        names = (*names[:-1], *also, names[-1])
        with OutputFolder(Path(folder), names, protect=(self.source,)) as out:
            self.write(out.temporary, names, progress=progress)
            video, music, midi, sheet, *others, result = out.publish()
            seconds = others.pop(0) if table else None
            return SavedPiece(video, music, midi, sheet, result, tuple(others), seconds)

    def render(
        self,
        *,
        ensemble: str | None = None,
        melody: bool | None = None,
        tempo: float | None = None,
        transpose: int | None = None,
        density: float | None = None,
        loudness: float | None = None,
        chords: Mapping[float, str] | None = None,
        lufs: float | None = None,
        progress: Progress | None = None,
    ) -> "Piece":
        """Play the same composition otherwise; the video is not looked at again. None keeps what was.

        Args:
            ensemble: one of `ensemble_names()`, or "auto".
            melody: with or without the tune.
            tempo: beats per minute, 60 to 180.
            transpose: semitones above the key in which it was composed, -12 to 12.
            density: 0.25 to 4, factor on the composed note density.
            loudness: 0.25 to 4, factor on the composed loudness: how hard notes are played.
            chords: replace the chords that sound at some seconds, for example {12.0: "Am7"}, as they shall sound.
            lufs: integrated loudness, -14, -16 or -23.
            progress: told stage and fraction.

        Returns:
            Another piece; this one stays as it is.

        Raises:
            RefusalError: something cannot be played; the message says why.
        """
        if ensemble is not None:
            ensemble = chosen_ensemble(ensemble, self.features.emotion, self.features.motion, engine=self.engine)
        rendition = self.rendition.changed(
            ensemble=ensemble,
            melody=melody,
            tempo_bpm=tempo,
            transpose=transpose,
            density=density,
            loudness=loudness,
            chords=chords,
        )
        timer, lufs = StageTimer(progress), self.lufs if lufs is None else lufs
        check_lufs(lufs)
        rendered = render(self.composed or self.score, rendition, self._player(), timer, lufs=lufs)
        steering = self.steering and replace(self.steering, tempo_bpm=rendered.score.tempo_bpm)
        return replace(
            self,
            **rendered.as_piece(),
            lufs=lufs,
            rendition=rendition,
            steering=steering,
            hearing=self.hearing if rendition == self.rendition else Hearing(reason=CHANGED),
            timings_s=timer.seconds,
        )

    def write(self, folder: Path, names: Sequence[str], *, progress: Progress | None = None) -> None:
        """Write the files into a folder that is ours alone, without any of the care that `save` takes.

        Args:
            folder: exists, and holds nothing of these names.
            names: of video, music, notes, lead sheet, of table and stems if they are wanted, and of the result.
            progress: told how far the writing is.
        """
        from video2music.video.mux import mux

        video, sound, midi, sheet, *others, result = (folder / name for name in names)
        timer, music = StageTimer(progress), self._music()
        write_music(music, sound, midi, sheet, timer)
        if TABLE in names:
            write_features(folder / TABLE, self.features, self.score)
        if any(path.name != TABLE for path in others):
            write_parts(music, folder, self._player(), timer)
        with timer.stage("mux", "Putting the music under the picture"):
            mixed = mux(
                self.source,
                sound,
                video,
                original=self.original,
                music_level_lu=self.music_level_lu,
                target_lufs=self.lufs,
                duration_s=self.features.duration_s,
                part=self.part,
            )
        if isinstance(self.hearing, AwaitedHearing):
            with timer.stage("listen", "Listening to the result") as tell:  # what is left of it
                self.hearing.finish(tell)
        facts = self.result() | {"mix": mixed}
        facts["timings_s"] |= {stage: round(seconds, 3) for stage, seconds in timer.seconds.items()}
        facts["files"] = list(names)
        write_facts(result, facts)

    def _music(self) -> Music:
        return Music(
            title=self.source.stem,
            midi=self.midi,
            audio=self.audio,
            sample_rate=self.sample_rate,
            gain_db=self.gain_db,
            limiting=self.limiting,
            score=self.score,
            moods=section_starts(self.direction.to_json()),
        )

    def _player(self) -> "Synthesizer":
        if self.synthesizer is None:
            raise OutputError("This piece was made without a synthesizer, so it cannot be played again")
        return self.synthesizer


def file_names(stem: str) -> tuple[str, ...]:
    """Return the names of the files of a piece that is called `stem`."""
    return tuple(stem + Path(name).suffix for name in FILE_NAMES)


def write_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Write what a person or a program may want to know as JSON."""
    path.write_text(json.dumps(facts, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of this program and of the libraries that shape its results."""
    from importlib.metadata import PackageNotFoundError, version

    from video2music import __version__

    found = {PROGRAM: __version__, "python": platform.python_version()}
    for package in ("torch", "av", "opencv-python-headless", "scenedetect-headless", "pretty_midi", "pyfluidsynth"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def read_result(path: Path) -> dict[str, Any]:
    """Read a result.json that this program wrote.

    Args:
        path: the file.

    Raises:
        OutputError: it is missing, or is not a result of this program.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError("This is not a readable result", where=path, remedy="Compose the clip again") from error
    if not isinstance(facts, dict) or facts.get("program") != PROGRAM:
        raise OutputError("This file was not written by video2music", where=path)
    return facts
