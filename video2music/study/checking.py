"""Whether the stimuli of a study are all there, still what was frozen, and what they should be."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from emotion.errors import RefusalError
from emotion.hub import file_sha256
from video2music.music.sound_fonts import find_sound_font
from video2music.progress import Progress
from video2music.study.assembling import Measured, Scene, measure, scenes_of
from video2music.study.designs import cell_count
from video2music.study.fingerprints import Fingerprints
from video2music.study.length import Length, PageTimes, estimate_length
from video2music.study.plan import Study
from video2music.study.preparing import CLOSE_LU
from video2music.study.sources import partners
from video2music.study.stimuli import PREPARE, Entry, StimuliError, needed, read_manifest, stimulus_path

CLOSE_FRAMES_S = 0.1
"""By how much a picture and its sound, or a stimulus and its clip, may differ in length: frames and AAC blocks are
not divisible."""

LONG_SILENCE_S = 1.0
LONG_SESSION_MIN = 45.0
"""Our judgement: people tire, and leave."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Check:
    """What was found.

    Attributes:
        problems: a sentence for everything that forbids to begin.
        remarks: a sentence for what the researcher should know.
        length: estimate of a session.
        cells: participants of a full set.
        trials: of one participant.
    """

    problems: tuple[str, ...]
    remarks: tuple[str, ...]
    length: Length
    cells: int
    trials: int

    def to_json(self) -> dict[str, Any]:
        """Return everything for --json."""
        return {
            "ready": not self.problems,
            "problems": list(self.problems),
            "remarks": list(self.remarks),
            "minutes": round(self.length.minutes, 1),
            "playing_minutes": round(self.length.playing_minutes, 1),
            "minutes_from": self.length.source,
            "cells": self.cells,
            "trials": self.trials,
        }


def check_study(study: Study, *, measured: PageTimes | None = None, progress: Progress | None = None) -> Check:
    """Decode and measure every stimulus, and count what the design needs.

    Args:
        study: as read.
        measured: how long pages took those who have finished.
        progress: told how far the check is.
    """
    looked = _Looked.begin(study)
    try:
        entries = read_manifest(study).entries()
    except StimuliError as error:
        entries = {}
        looked.problems.append(str(error))
    wanted = [(clip.id, condition.id) for clip, condition in needed(study)]
    with tempfile.TemporaryDirectory() as workspace:
        for number, key in enumerate(wanted):
            if progress is not None:
                progress("Checking the stimuli", number / len(wanted))
            if entries:
                looked.at(key, entries.get(key), Path(workspace))
    looked.pictures()
    there = {key: entry.stimulus for key, entry in entries.items()}
    length = estimate_length(study, there, measured)
    remarks = (*looked.remarks, *_design_remarks(study, length))
    trials = study.design.clips_each or len(study.clips)
    return Check(tuple(looked.problems), remarks, length, cell_count(study), trials)


@dataclass
class _Looked:
    """What was found so far."""

    study: Study
    scenes: dict[str, Scene]
    fingerprints: Fingerprints
    remarks: list[str]
    problems: list[str] = field(default_factory=list)
    shown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def begin(cls, study: Study) -> "_Looked":
        """Look at the clips; where a study is only served, they need not be there."""
        scenes, unreadable = scenes_of(study)
        fingerprints = Fingerprints(study, scenes, partners(study, scenes), cache(find_sound_font))
        remarks = [f"{clip}: Its stimuli cannot be compared with it. {why}" for clip, why in unreadable.items()]
        return cls(study, scenes, fingerprints, remarks)

    def at(self, key: Key, entry: Entry | None, workspace: Path) -> None:
        """Look at one stimulus."""
        name = " with ".join(key)
        if entry is None:
            self.problems.append(f"{name}: It was not prepared. {PREPARE}.")
            return
        path = stimulus_path(self.study, entry.stimulus)
        if not path.is_file():
            self.problems.append(f"{name}: Its file {path.name} is gone. {PREPARE}.")
            return
        if file_sha256(path) != entry.sha256:
            self.problems.append(f"{name}: Its file {path.name} was changed after it was frozen. {PREPARE}.")
            return
        try:
            measured = measure(path, workspace)
        except RefusalError as error:
            self.problems.append(f"{name}: {error}")
            return
        self.shown[entry.clip].add(measured.picture_sha256)
        scene = self.scenes.get(entry.clip)
        self.problems += [f"{name}: {words}" for words in _mismatches(measured, self.study, scene)]
        silent_s = measured.duration_s - entry.music_ends_s
        if silent_s > LONG_SILENCE_S:
            self.remarks.append(f"{name}: The music ends {silent_s:.1f} s before the clip does.")
        if not self._is_of_today(entry):
            self.remarks.append(
                f"{name}: It was frozen from other inputs than those of today. Run study prepare FILE --replace, or "
                "leave it as it is."
            )

    def _is_of_today(self, entry: Entry) -> bool:
        """Return whether a stimulus would be made from the same again, where that can be said."""
        for clip, condition in needed(self.study):
            if (clip.id, condition.id) == (entry.clip, entry.condition) and clip.id in self.scenes:
                with suppress(RefusalError):
                    return self.fingerprints.of(clip, condition) == entry.fingerprint
        return True

    def pictures(self) -> None:
        """Say which clips do not look the same under all conditions."""
        for clip, pictures in self.shown.items():
            if len(pictures) > 1:
                self.problems.append(
                    f"{clip}: Its conditions do not show the same picture. Run study prepare FILE --replace."
                )


def _mismatches(measured: Measured, study: Study, scene: Scene | None) -> Iterator[str]:
    if scene is not None and abs(measured.duration_s - scene.length_s) > CLOSE_FRAMES_S:
        yield f"It lasts {measured.duration_s:.2f} s and its clip {scene.length_s:.2f} s. Prepare it with --replace."
    if abs(measured.sound_s - measured.duration_s) > CLOSE_FRAMES_S:
        yield f"Its sound lasts {measured.sound_s:.2f} s and its picture {measured.duration_s:.2f} s. Prepare it anew."
    if abs(measured.lufs - study.lufs) > CLOSE_LU:
        yield f"Its loudness is {measured.lufs:.1f} LUFS and not {study.lufs:g}. Prepare it with --replace."


def _design_remarks(study: Study, length: Length) -> Iterator[str]:
    cells, planned = cell_count(study), study.design.planned
    each, conditions = study.design.clips_each or len(study.clips), len(study.conditions)
    if planned % cells:
        yield (
            f"With {planned} participants the design is balanced but for the last {planned % cells}: "
            f"plan a multiple of {cells}."
        )
    if study.design.show == "one" and each < conditions:
        yield f"Nobody sees all {conditions} conditions in {each} trials: raise clips_each, or compare fewer."
    elif study.design.show == "one" and each % conditions:
        yield f"{each} trials are no multiple of {conditions} conditions: some are seen once more often by each person."
    if length.minutes > LONG_SESSION_MIN:
        yield f"A session of {length.minutes:.0f} minutes is long: lower clips_each."
