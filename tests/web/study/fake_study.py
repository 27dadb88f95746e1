"""A whole study made in a moment: its file, its stimuli (all the same small clip) and its store."""

import hashlib
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from video2music.study.plan import Study
from video2music.study.reading import read_study
from video2music.study.stimuli import Entry, needed, stimuli_folder, write_manifest

CONSENT = {
    "version": "2026-11",
    "text": {"en": "You will rate music.\n\nYou may stop at any time.", "de": "Sie bewerten."},
}

QUESTIONS = [
    {
        "id": "match",
        "text": {"en": "How well does the music match?", "de": "Wie gut passt die Musik?"},
        "low": {"en": "extremely poorly", "de": "sehr schlecht"},
        "high": {"en": "excellently", "de": "ausgezeichnet"},
    },
    {
        "id": "tension",
        "kind": "slider",
        "text": {"en": "How tense is it?", "de": "Wie gespannt ist sie?"},
        "low": {"en": "calm", "de": "ruhig"},
        "high": {"en": "tense", "de": "gespannt"},
    },
    {"id": "remark", "kind": "text", "text": {"en": "Any remark?", "de": "Anmerkung?"}, "required": False},
]

PREFERENCE = {
    "id": "better",
    "kind": "preference",
    "ties": True,
    "text": {"en": "Which one fits better?", "de": "Welche passt besser?"},
}

BACKGROUND = [
    {
        "id": "training",
        "kind": "choice",
        "text": {"en": "Do you play an instrument?", "de": "Spielen Sie ein Instrument?"},
        "options": [
            {"id": "none", "text": {"en": "No", "de": "Nein"}},
            {"id": "some", "text": {"en": "Yes", "de": "Ja"}},
        ],
    },
    {
        "id": "styles",
        "kind": "choice",
        "several": True,
        "text": {"en": "What do you listen to?", "de": "Was hören Sie?"},
        "options": [
            {"id": "jazz", "text": {"en": "Jazz", "de": "Jazz"}},
            {"id": "pop", "text": {"en": "Pop", "de": "Pop"}},
        ],
    },
]

CHECK = {
    "id": "third",
    "after": 1,
    "expect": 3,
    "question": {
        "id": "point",
        "text": {"en": "Please choose 3 here.", "de": "Bitte wählen Sie hier 3."},
        "low": {"en": "low", "de": "niedrig"},
        "high": {"en": "high", "de": "hoch"},
    },
}

STUDY: dict[str, Any] = {
    "name": "small",
    "title": {"en": "Music for films", "de": "Musik zu Filmen"},
    "languages": ["en", "de"],
    "consent": CONSENT,
    "questions": QUESTIONS,
    "conditions": [
        {"id": "secret-ours", "source": "files", "folder": "ours"},
        {"id": "secret-theirs", "source": "files", "folder": "theirs"},
    ],
    "clips": [{"id": "beach", "file": "beach.mp4"}, {"id": "night", "file": "night.mp4"}],
    "training_clips": [{"id": "warm", "file": "warm.mp4"}],
    "training": [{"clip": "warm", "conditions": ["secret-ours"]}],
    "attention": [CHECK],
    "background": BACKGROUND,
    "session": {"headphones": "told", "contact": "study@example.org"},
}


def make_study(folder: Path, clip: Path, seconds: float, **changes: Any) -> Study:  # noqa: ANN401 - parts of a file
    """Write a study with its stimuli and read it again.

    Args:
        folder: for the file; made if it is not there.
        clip: that stands for every stimulus.
        seconds: how long it lasts.
        changes: parts of the file that are not as usual; None leaves a part out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: part for name, part in {**deepcopy(STUDY), **changes}.items() if part is not None}
    with (folder / "study.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(parts, file)
    study = read_study(folder / "study.yaml")
    prepare(study, clip, seconds)
    return study


def as_pairs() -> dict[str, Any]:
    """Return what turns the usual study into one that compares pairs."""
    return {
        "design": {"show": "pair"},
        "questions": [deepcopy(PREFERENCE), deepcopy(QUESTIONS[2])],
        "training": [{"clip": "warm", "conditions": ["secret-ours", "secret-theirs"]}],
    }


def prepare(study: Study, clip: Path, seconds: float) -> None:
    """Write the stimuli of a study and their manifest."""
    folder = stimuli_folder(study)
    folder.mkdir(exist_ok=True)
    written = hashlib.sha256(clip.read_bytes()).hexdigest()
    entries = []
    for place, condition in needed(study):
        name = hashlib.sha256(f"{place.id} {condition.id}".encode()).hexdigest()[:16]
        shutil.copyfile(clip, folder / f"{name}.mp4")
        entries.append(
            Entry(
                name=name,
                clip=place.id,
                condition=condition.id,
                scene=written,
                sha256=written,
                duration_s=seconds,
                lufs=-23,
                true_peak_dbtp=-3,
                picture_sha256=written,
                fingerprint=written,
                music_ends_s=seconds,
            )
        )
    write_manifest(study, entries)
