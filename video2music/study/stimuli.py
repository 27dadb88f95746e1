"""The frozen stimuli of a study: `stimuli/manifest.json` says which file is which, and what each was made from."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from emotion.errors import RefusalError
from video2music.study.plan import Clip, Condition, Identifier, Part, Study
from video2music.study.trials import Stimulus

FOLDER, MANIFEST = "stimuli", "manifest.json"
PREPARE = "Run: python -m video2music study prepare FILE"

StimulusName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class StimuliError(RefusalError):
    """Stimuli that are not there, or do not belong to the study."""


class Entry(Part):
    """One stimulus in the manifest.

    Attributes:
        name: see `Stimulus` for this and what follows.
        clip: id of the clip.
        condition: id of the condition.
        sha256: of the file.
        duration_s: of the picture.
        lufs: integrated loudness as decoded from the file.
        true_peak_dbtp: highest peak as decoded from the file, in dB below full scale.
        picture_sha256: of the encoded picture, which all conditions of a clip share.
        scene: fingerprint of video and part.
        fingerprint: of everything the stimulus was made from.
        music: what is heard, for a person: engine and seed, file, other clip.
        music_ends_s: when the music ends; the rest of the clip is silent.
        fitted: what was done to the music's length; "" for nothing.
    """

    name: StimulusName
    clip: Identifier
    condition: Identifier
    sha256: Hash
    duration_s: float = Field(gt=0)
    lufs: float
    true_peak_dbtp: float
    picture_sha256: Hash
    scene: Hash
    fingerprint: Hash
    music: Mapping[str, str | int | float | bool | None] = {}
    music_ends_s: float
    fitted: str = ""

    @property
    def stimulus(self) -> Stimulus:
        """What sessions need to know of it."""
        return Stimulus(self.name, self.clip, self.condition, self.sha256, self.duration_s, self.lufs)


class Manifest(Part):
    """Everything that was prepared.

    Attributes:
        format: of this file.
        study: name of the study.
        stimuli: one entry for each clip and condition.
    """

    format: Literal[1] = 1
    study: Identifier
    stimuli: tuple[Entry, ...] = ()

    def entries(self) -> dict[tuple[str, str], Entry]:
        """Return the entries by clip and condition."""
        return {(entry.clip, entry.condition): entry for entry in self.stimuli}


def load_stimuli(study: Study) -> Mapping[tuple[str, str], Stimulus]:
    """Return what was prepared, by clip and condition; files are not looked at, `checking.check_study` does that.

    Args:
        study: as read.

    Raises:
        StimuliError: nothing was prepared, something that the study shows is missing, or the manifest is of another
            study or cannot be read.
    """
    entries = read_manifest(study).entries()
    missing = [
        f"{clip.id} with {condition.id}" for clip, condition in needed(study) if _key(clip, condition) not in entries
    ]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise StimuliError(f"A stimulus is missing: {missing[0]}{more}", remedy=PREPARE)
    return {key: entry.stimulus for key, entry in entries.items()}


def stimulus_path(study: Study, stimulus: Stimulus) -> Path:
    """Return the file of a stimulus.

    Args:
        study: as read.
        stimulus: one of `load_stimuli`.
    """
    return stimuli_folder(study) / f"{stimulus.name}.mp4"


def stimuli_folder(study: Study) -> Path:
    """Return the folder that holds stimuli and manifest."""
    return study.folder / FOLDER


def needed(study: Study) -> tuple[tuple[Clip, Condition], ...]:
    """Return everything that is shown: every clip with every condition, and what the training shows.

    Args:
        study: as read.
    """
    shown = [(clip, condition) for clip in study.clips for condition in study.conditions]
    clips = {clip.id: clip for clip in study.training_clips}
    conditions = {condition.id: condition for condition in study.conditions}
    trained = dict.fromkeys((item.clip, name) for item in study.training for name in item.conditions)
    return (*shown, *((clips[clip], conditions[name]) for clip, name in trained))


def read_manifest(study: Study) -> Manifest:
    """Return the manifest of a study.

    Args:
        study: as read.

    Raises:
        StimuliError: there is none, it cannot be read, or it belongs to another study.
    """
    path = stimuli_folder(study) / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise StimuliError("No stimuli were prepared yet", where=path, remedy=PREPARE) from error
    except (OSError, ValidationError) as error:
        raise StimuliError(
            "The list of the stimuli cannot be read", where=path, remedy="Remove it and prepare again"
        ) from error
    if manifest.study != study.name:
        raise StimuliError(
            f"These stimuli belong to the study {manifest.study}",
            where=path,
            remedy="Keep every study in a folder of its own",
        )
    return manifest


def write_manifest(study: Study, entries: Iterable[Entry]) -> None:
    """Replace the manifest of a study; a reader sees the old one or the new one.

    Args:
        study: as read.
        entries: of all stimuli.
    """
    manifest = Manifest(study=study.name, stimuli=tuple(sorted(entries, key=lambda entry: entry.name)))
    folder = stimuli_folder(study)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".manifest-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(manifest.model_dump(mode="json"), file, indent=1, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).chmod(0o644)
    Path(temporary).replace(folder / MANIFEST)


def _key(clip: Clip, condition: Condition) -> tuple[str, str]:
    return clip.id, condition.id
