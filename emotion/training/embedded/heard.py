"""What was heard in each rendering: the networks' inputs and the teacher's lesson, kept as small files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emotion.embedded.mel import FRAME_RATE, LEVEL_DB, at_level, level_db, mel_decibels, network_picture
from emotion.embedded.pitch import pitch_spectrum
from emotion.embedded.traits import Frames, musical_traits
from emotion.errors import RefusalError
from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.rendering import Rendering
from emotion.training.embedded.teacher import MoodTeacher

EXCERPT_S = 30.0
PART_S, SHORTEST_PART_S = 15.0, 10.0
PARTS = 2


@dataclass(frozen=True, eq=False)
class Lessons:
    """All renderings that were heard, row by row.

    Attributes:
        renderings: n plans.
        pieces: n pieces.
        pictures: n pictures (2, steps, 96) float16.
        traits: (n, 2, traits) of the first and second 15 s; the second repeats the first where there is none.
        teacher: (n, 56) probabilities that the teacher gave the tags.
    """

    renderings: list[Rendering]
    pieces: list[Piece]
    pictures: list[NDArray[np.float16]]
    traits: NDArray[np.float32]
    teacher: NDArray[np.float64]


def listen_to(path: Path, target: Path, teacher: MoodTeacher) -> None:
    """Hear one rendering and keep what was heard.

    Args:
        path: mono sound at 12 kHz.
        target: .npz file to write.
        teacher: names its moods.
    """
    samples, rate = soundfile.read(path, dtype="float32")
    samples *= np.float32(10 ** ((LEVEL_DB - level_db(samples)) / 20))
    mel = at_level(mel_decibels(samples), level_db(samples))
    frames, duration_s = Frames(mel, pitch_spectrum(samples)), len(samples) / rate
    traits = [
        list(musical_traits(frames.between(start, start + PART_S)).values())
        for start in (PART_S * part for part in range(PARTS))
        if not start or start + SHORTEST_PART_S <= duration_s
    ]
    excerpt = samples[: int(EXCERPT_S * rate)]
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}")
    with unfinished.open("wb") as stream:
        np.savez(
            stream,
            picture=network_picture(mel[: round(EXCERPT_S * FRAME_RATE)]).astype(np.float16),
            traits=np.array([traits[0], traits[-1]], dtype=np.float32),
            teacher=teacher.probabilities(excerpt, int(rate)).astype(np.float32),
        )
    unfinished.rename(target)


def read_lessons(folder: Path, renderings: Sequence[Rendering], pieces: Sequence[Piece]) -> Lessons:
    """Read what was heard.

    Args:
        folder: holds the files of `listen_to`.
        renderings: the plan; renderings without a file are left out.
        pieces: all pieces of the plan.

    Returns:
        The lessons, in the order of the plan.

    Raises:
        RefusalError: there are none.
    """
    known = {piece.identifier: piece for piece in pieces}
    kept, arrays = [], []
    for rendering in renderings:
        path = folder / heard_file(rendering)
        if rendering.piece in known and path.is_file():
            with np.load(path) as stored:
                arrays.append({name: stored[name] for name in stored.files})
            kept.append(rendering)
    if not kept:
        raise RefusalError("There are no lessons", where=folder, remedy="Run `python -m emotion train lessons` first")
    return Lessons(
        kept,
        [known[rendering.piece] for rendering in kept],
        [array["picture"] for array in arrays],
        np.stack([array["traits"] for array in arrays]),
        np.stack([array["teacher"] for array in arrays]).astype(np.float64),
    )


def heard_file(rendering: Rendering) -> str:
    """Return the path of a rendering's file below the folder of what was heard."""
    return rendering.file.removesuffix(".flac") + ".npz"
