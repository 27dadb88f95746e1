"""The music of a condition for a clip: composed, played from notes, read from files, or that of another clip."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from emotion.errors import RefusalError
from emotion.media import open_media
from video2music.rendering import SAMPLE_RATE
from video2music.rerender import MIDI_SUFFIXES
from video2music.study.assembling import Scene, scene_of
from video2music.study.plan import Clip, Condition, Study
from video2music.study.wishes import composer_wishes
from video2music.video.probe import picture_offset_s
from video2music.video.sound import read_sound

if TYPE_CHECKING:
    from video2music.features.video_features import VideoFeatures
    from video2music.piece import Piece
    from video2music.wishes import Wishes

LARGEST_SEED = 2**31


class Composing(Protocol):
    """What a composer must do for a study; `pipeline.Composer` does."""

    def analyze(self, clip: Path, *, part: Any) -> "VideoFeatures":  # noqa: ANN401 - a Part or None
        """Watch a clip."""

    def compose_seen(self, clip: Path, features: "VideoFeatures", wishes: "Wishes") -> "Piece":
        """Compose for a clip that was watched."""


class SourceError(RefusalError):
    """Music that a condition does not have for a clip."""


@dataclass(frozen=True)
class Music:
    """The music of one condition for one clip, before its length and loudness are set.

    Attributes:
        audio: (samples, 2) float32 at SAMPLE_RATE.
        about: what it is, for the manifest.
    """

    audio: NDArray[np.float32]
    about: dict[str, Any]


@dataclass
class Sources:
    """Finds the music of every condition; what is composed or played once is kept for the conditions that shuffle it.

    Attributes:
        study: as read.
        workspace: a folder that is removed afterwards.
        load: loads an engine by its name.
        sound_font: finds the font that plays note files.
        partners: for each clip the one whose music it has where music is shuffled.
    """

    study: Study
    workspace: Path
    load: Callable[[str], Composing]
    sound_font: Callable[[], Path]
    partners: dict[str, str]
    _composers: dict[str, Composing] = field(default_factory=dict)
    _features: dict[tuple[str, str], "VideoFeatures"] = field(default_factory=dict)
    _kept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def music(self, clip: Clip, condition: Condition) -> Music:
        """Return the music of a condition for a clip.

        Args:
            clip: one of the study's.
            condition: one of the study's.

        Raises:
            RefusalError: it has none, or it cannot be read.
        """
        if condition.source == "shuffled":
            other, of = self._partner(clip), condition_of(self.study, condition)
            music = self.music(other, of)
            return Music(music.audio, {"of": of.id, "clip": other.id})
        key = clip.id, condition.id
        if key not in self._kept:
            make = {"engine": self._composed, "midi": self._played, "files": self._read, "original": self._original}
            music = make[condition.source](clip, condition)
            if not any(other.of == condition.id for other in self.study.conditions):
                return music
            np.save(self._file(key), music.audio)
            self._kept[key] = music.about
        return Music(np.load(self._file(key)), self._kept[key])

    def _file(self, key: tuple[str, str]) -> Path:
        return self.workspace / f"{'.'.join(key)}.npy"

    def _partner(self, clip: Clip) -> Clip:
        if clip.id not in self.partners:
            raise SourceError("Music cannot be shuffled until every clip can be read", remedy="Correct the other clips")
        clips = (*self.study.clips, *self.study.training_clips)
        return next(other for other in clips if other.id == self.partners[clip.id])

    def _composed(self, clip: Clip, condition: Condition) -> Music:
        name, scene = condition.engine, scene_of(self.study, clip)
        composer = self._composers.get(name)
        if composer is None:
            composer = self._composers[name] = self.load(name)
        if (clip.id, name) not in self._features:
            self._features[clip.id, name] = composer.analyze(scene.info.path, part=scene.part)
        wishes = composer_wishes(condition, clip_seed(self.study, clip))
        piece = composer.compose_seen(scene.info.path, self._features[clip.id, name], wishes)
        about = {"engine": name, "seed": wishes.seed, "ensemble": piece.rendition.ensemble, "key": piece.score.key}
        return Music(piece.audio, about | {"tempo": round(piece.score.tempo_bpm, 2)})

    def _played(self, clip: Clip, condition: Condition) -> Music:
        from video2music.music.synthesis import synthesize
        from video2music.stored import LONGEST_S, read_midi

        path = find_file(self.study, clip, condition)
        midi = read_midi(path)
        if midi.get_end_time() > LONGEST_S:
            raise SourceError(f"The notes last longer than {LONGEST_S:g} s", where=path, remedy="Shorten them")
        return Music(synthesize(midi, self.sound_font(), sample_rate=SAMPLE_RATE), {"file": path.name})

    def _read(self, clip: Clip, condition: Condition) -> Music:
        path, scene = find_file(self.study, clip, condition), scene_of(self.study, clip)
        start_s = _sound_start_s(path)
        return Music(self._sound(path, start_s, scene.length_s + 1), {"file": path.name})

    def _original(self, clip: Clip, _: Condition) -> Music:
        scene = scene_of(self.study, clip)
        start_s = _sound_start_s(scene.info.path) + (scene.part.start_s if scene.part else 0.0)
        return Music(self._sound(scene.info.path, start_s, scene.length_s), {"file": scene.info.path.name})

    def _sound(self, path: Path, start_s: float, length_s: float) -> NDArray[np.float32]:
        sound = read_sound(path, SAMPLE_RATE, self.workspace, start_s=start_s, length_s=length_s)
        if sound is None:
            raise SourceError("The file is silent", where=path, remedy="Leave the clip or the condition out")
        return sound


def condition_of(study: Study, condition: Condition) -> Condition:
    """Return the condition whose music is shuffled."""
    return next(other for other in study.conditions if other.id == condition.of)


def clip_seed(study: Study, clip: Clip) -> int:
    """Return the seed of what is composed for a clip where nobody wishes for one; every condition has the same."""
    digest = hashlib.sha256(f"{study.design.seed} {clip.id}".encode()).digest()
    return int.from_bytes(digest[:8]) % LARGEST_SEED


def find_file(study: Study, clip: Clip, condition: Condition) -> Path:
    """Return the file that a condition has for a clip: the one whose name without its ending is the clip's id.

    Args:
        study: as read.
        clip: one of its clips.
        condition: of the source "midi" or "files".

    Raises:
        SourceError: there is none, or more than one.
    """
    folder = study.folder / (condition.folder or Path())
    notes = condition.source == "midi"
    found = [
        path for path in _files(folder) if path.stem == clip.id and (path.suffix.lower() in MIDI_SUFFIXES) == notes
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise SourceError(f"Several files could be meant ({names})", where=folder, remedy="Keep one of them")
    endings = ".mid" if notes else ".wav, .mp3 or .mp4"
    raise SourceError(f"There is no file for the clip {clip.id}", where=folder, remedy=f"Name it {clip.id}{endings}")


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def _sound_start_s(path: Path) -> float:
    """Return where the sound that goes with the picture begins, in seconds after the file begins."""
    with open_media(path, SourceError, "a video or a sound") as container:
        if not container.streams.audio:
            raise SourceError("The file has no sound", where=path, remedy="Leave the clip or the condition out")
        pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
        return picture_offset_s(container, pictures[0]) if pictures else 0.0


def partners(study: Study, scenes: dict[str, Scene]) -> dict[str, str]:
    """Deal out music to other clips: each gives and gets once, nobody keeps its own, little is too short.

    Args:
        study: as read.
        scenes: of the clips that can be read.

    Returns:
        For each clip the one whose music it gets; clips of the training among themselves. A group of which a clip
        cannot be read is left out.
    """
    from scipy.optimize import linear_sum_assignment

    dealt: dict[str, str] = {}
    for group in (study.clips, study.training_clips):
        if len(group) < 2 or any(clip.id not in scenes for clip in group):
            continue
        length_s = np.array([scenes[clip.id].length_s for clip in group])
        short_s = np.maximum(0, length_s[:, np.newaxis] - length_s)
        lot = np.random.default_rng(study.design.seed).uniform(0, 1e-3, short_s.shape)  # decides among equals
        cost = short_s + lot + np.diag(np.full(len(group), 1e9))
        for getting, giving in zip(*linear_sum_assignment(cost), strict=True):
            dealt[group[getting].id] = group[giving].id
    return dealt
