"""Makes and freezes the stimuli of a study: for each clip one picture, and under it the music of every condition."""

import math
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from emotion.errors import RefusalError
from emotion.hub import file_sha256
from video2music.music.mastering import master
from video2music.music.sound_fonts import find_sound_font
from video2music.output import output_error
from video2music.progress import Progress
from video2music.rendering import SAMPLE_RATE
from video2music.study.assembling import Scene, assemble, measure, scenes_of, write_picture
from video2music.study.fingerprints import Fingerprints
from video2music.study.fitting import fit
from video2music.study.plan import Clip, Condition, Study
from video2music.study.sources import Composing, Sources, partners
from video2music.study.stimuli import (
    MANIFEST,
    Entry,
    StimuliError,
    needed,
    read_manifest,
    stimuli_folder,
    stimulus_path,
    write_manifest,
)
from video2music.video.probe import probe

CLOSE_LU = 0.5
"""By how much the loudness of a stimulus may differ from what was asked for."""

QUIETEST_LUFS = -70.0
"""The absolute gate of ITU-R BS.1770: what is softer counts as silence."""

Key = tuple[str, str]


@dataclass
class Preparation:
    """What became of the stimuli.

    Attributes:
        made: clip and condition of those that are new.
        kept: of those that were there already, made from the same.
        problems: a sentence for each that could not be made.
        remarks: a sentence for each whose music does not last as long as its clip.
    """

    made: list[Key] = field(default_factory=list)
    kept: list[Key] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def prepare_study(
    study: Study,
    *,
    replace: bool = False,
    load: Callable[[str], Composing] | None = None,
    sound_font: Path | None = None,
    progress: Progress | None = None,
) -> Preparation:
    """Make every stimulus that is not there yet; what was made before from the same inputs stays as it is.

    A clip or a condition that cannot be used costs its own stimuli only. After each stimulus the manifest is written,
    so a run that was stopped goes on where it was.

    Args:
        study: as read.
        replace: also make those anew that were frozen from other inputs.
        load: loads an engine; `pipeline.load` by default.
        sound_font: instrument sounds; None takes the first found.
        progress: told how far the preparation is.

    Returns:
        What was made and kept, and what could not be made.

    Raises:
        StimuliError: the folder holds stimuli of another study.
        OutputError: the folder cannot be written.
    """
    folder = stimuli_folder(study)
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".preparing-", dir=folder) as workspace:
            work = _Work.begin(study, Path(workspace), load, sound_font)
            wanted = needed(study)
            for number, (clip, condition) in enumerate(wanted):
                if progress is not None:
                    progress("Preparing the stimuli", number / len(wanted))
                work.prepare(clip, condition, replace=replace)
            if progress is not None:
                progress("Preparing the stimuli", 1.0)
    except OSError as error:
        raise output_error(error, folder) from error
    return work.done


@dataclass
class _Work:
    """One run."""

    study: Study
    workspace: Path
    scenes: dict[str, Scene]
    sources: Sources
    fingerprints: Fingerprints
    entries: dict[Key, Entry]
    done: Preparation
    _picture: tuple[str, Path] | None = None

    @classmethod
    def begin(
        cls, study: Study, workspace: Path, load: Callable[[str], Composing] | None, sound_font: Path | None
    ) -> "_Work":
        scenes, unreadable = scenes_of(study)
        done = Preparation(problems=[f"{clip}: {words}" for clip, words in unreadable.items()])
        font = cache(lambda: find_sound_font(sound_font))
        dealt = partners(study, scenes)
        sources = Sources(study, workspace, load or (lambda name: _load(name, font())), font, dealt)
        fingerprints = Fingerprints(study, scenes, dealt, font)
        return cls(study, workspace, scenes, sources, fingerprints, _earlier(study), done)

    def prepare(self, clip: Clip, condition: Condition, *, replace: bool) -> None:
        if clip.id not in self.scenes:
            return  # said once for the clip
        key = clip.id, condition.id
        try:
            fingerprint = self.fingerprints.of(clip, condition)
            earlier = self._whole(key)
            if earlier is not None and earlier.fingerprint == fingerprint:
                self.done.kept.append(key)
                entry = earlier
            elif earlier is not None and not replace:
                raise StimuliError(
                    "It was frozen from other inputs", remedy="Make it anew with --replace, before anybody took part"
                )
            else:
                entry = self._make(clip, condition, fingerprint)
                self._store(key, entry)
                self.done.made.append(key)
        except RefusalError as error:
            self.done.problems.append(f"{clip.id} with {condition.id}: {error}")
            return
        if entry.fitted:
            self.done.remarks.append(f"{clip.id} with {condition.id}: {entry.fitted}")

    def _whole(self, key: Key) -> Entry | None:
        """Return an earlier stimulus whose file is still what was frozen."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        path = stimulus_path(self.study, entry.stimulus)
        return entry if path.is_file() and file_sha256(path) == entry.sha256 else None

    def _make(self, clip: Clip, condition: Condition, fingerprint: str) -> Entry:
        picture = self._picture_of(clip)
        music = self.sources.music(clip, condition)
        fitted = fit(music.audio, SAMPLE_RATE, probe(picture).duration_s)
        mastered = master(fitted.audio, SAMPLE_RATE, target_lufs=self.study.lufs)
        name = secrets.token_hex(8)
        path = self.workspace / f"{name}.mp4"
        assemble(picture, mastered.audio, path)
        measured = measure(path, self.workspace)
        _check_loudness(measured.lufs, self.study)
        entry = Entry(
            name=name,
            clip=clip.id,
            condition=condition.id,
            sha256=file_sha256(path),
            duration_s=round(measured.duration_s, 6),
            lufs=round(measured.lufs, 2),
            true_peak_dbtp=round(measured.true_peak_dbtp, 2),
            picture_sha256=measured.picture_sha256,
            scene=self.fingerprints.scene(clip),
            fingerprint=fingerprint,
            music=music.about,
            music_ends_s=round(fitted.ends_s, 3),
            fitted=fitted.words,
        )
        path.replace(stimulus_path(self.study, entry.stimulus))
        return entry

    def _picture_of(self, clip: Clip) -> Path:
        """Return a file with the picture that all conditions of a clip share."""
        if self._picture is None or self._picture[0] != clip.id:
            path, earlier = self.workspace / f"{clip.id}.mp4", self._earlier_picture(clip)
            if earlier is None:
                write_picture(self.scenes[clip.id], path)
            else:
                shutil.copyfile(earlier, path)  # the stimulus itself may be replaced meanwhile
            self._picture = clip.id, path
        return self._picture[1]

    def _earlier_picture(self, clip: Clip) -> Path | None:
        """Return an earlier stimulus that shows the same; encoding again need not give the same bytes."""
        scene = self.fingerprints.scene(clip)
        same = [key for key, entry in self.entries.items() if key[0] == clip.id and entry.scene == scene]
        whole = next((entry for key in same if (entry := self._whole(key))), None)
        return None if whole is None else stimulus_path(self.study, whole.stimulus)

    def _store(self, key: Key, entry: Entry) -> None:
        self.entries |= _earlier(self.study)  # another run may have added some
        replaced = self.entries.get(key)
        self.entries[key] = entry
        write_manifest(self.study, self.entries.values())
        if replaced is not None:
            stimulus_path(self.study, replaced.stimulus).unlink(missing_ok=True)


def _earlier(study: Study) -> dict[Key, Entry]:
    return read_manifest(study).entries() if (stimuli_folder(study) / MANIFEST).exists() else {}


def _check_loudness(lufs: float, study: Study) -> None:
    if lufs < QUIETEST_LUFS:
        raise StimuliError("The music is silent", remedy="Look at its file")
    if abs(lufs - study.lufs) > CLOSE_LU:
        raise StimuliError(
            f"The music reaches {lufs:.1f} LUFS and not {study.lufs:g}",
            remedy=f"Its peaks leave no more room: set lufs of the study to {math.floor(lufs)} or less",
        )


def _load(engine: str, sound_font: Path) -> Composing:
    from video2music.pipeline import load

    return load(engine, sound_font=sound_font)
