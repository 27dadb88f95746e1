"""Reading what an earlier run stored, and what a person may have edited since: results, scores, notes."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from video2music.errors import OutputError, ScoreError
from video2music.features.video_features import EMOTIONS
from video2music.music.loudness import DEFAULT_LUFS, check_lufs
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.suggestion import AUTO, suggest_ensemble
from video2music.piece import PROGRAM
from video2music.video.part import Part

if TYPE_CHECKING:
    import pretty_midi

LONGEST_S = 3600.0
"""Longest piece that is rendered from a file, which may say anything about its length."""

LARGEST_FILE = 10_000_000
"""Bytes; the result of an hour has two million."""

LARGEST_MIDI = 800_000
"""Bytes; every three of them may be an event, and an hour of music has half a million."""

FEW_EVENTS, MOST_EVENTS_A_SECOND = 20_000, 300
"""Notes and controllers of a MIDI file: that are always played, and further ones for each second."""


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Attributes:
        facts: the earlier result.json; empty for a score that stands alone.
        score: as it was composed or edited.
        rendition: how it was played last.
    """

    facts: Mapping[str, Any]
    score: Score
    rendition: Rendition

    @property
    def part(self) -> Part | None:
        """What of the clip the piece was composed for; None for all of it.

        Raises:
            RefusalError: the file says something that is no part of a clip.
        """
        fields = self.facts.get("range_s")
        if fields is None:
            return None
        try:
            start_s, end_s = map(float, fields)
        except (TypeError, ValueError, OverflowError) as error:
            raise ScoreError("The file names no part of a clip in range_s", remedy="Compose the clip again") from error
        return Part(start_s, end_s)

    @property
    def lufs(self) -> float:
        """Integrated loudness that was aimed at.

        Raises:
            RefusalError: the file names one that is not offered.
        """
        try:
            lufs = float(self.facts.get("lufs", DEFAULT_LUFS))
        except (TypeError, ValueError, OverflowError) as error:
            raise ScoreError("The file names no loudness in lufs", remedy="Choose one with --lufs") from error
        check_lufs(lufs)
        return lufs

    def ensemble(self, name: str | None) -> str | None:
        """Return a wished ensemble, where "auto" is decided by what was seen when the piece was composed.

        Args:
            name: an ensemble, "auto" or None.

        Raises:
            ScoreError: "auto", and the file does not say what was seen.
        """
        if name != AUTO:
            return name
        try:
            emotion = np.asarray(self.facts["emotion"], dtype=np.float32).reshape(-1, len(EMOTIONS))
            motion = np.asarray(self.facts["motion"], dtype=np.float32).reshape(len(emotion))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ScoreError(
                "The file does not say what was seen in the video", remedy="Choose an ensemble by name"
            ) from error
        return suggest_ensemble(emotion, motion, engine=str(self.facts.get("engine")))


def read_stored(path: Path) -> Stored:
    """Read a result.json or a score.

    Args:
        path: a JSON file.

    Raises:
        OutputError: it cannot be read, or is neither.
        RefusalError: what it holds cannot be played.
    """
    facts = _read_json(path)
    alone = facts.get("program") != PROGRAM
    fields, settings = (facts, {}) if alone else (facts.get("score"), facts.get("rendition", {}))
    if not isinstance(fields, dict) or not isinstance(settings, dict) or "chords" not in fields:
        raise OutputError(
            "There is no score in this file", where=path, remedy="Compose the clip again, and render its result.json"
        )
    score = Score.from_json(fields)
    if score.duration_s > LONGEST_S:
        raise ScoreError(f"The score lasts {score.duration_s:g} s", remedy=f"It may last up to {LONGEST_S:g} s")
    return Stored({} if alone else facts, score, Rendition.from_json({"melody": score.melody is not None} | settings))


def _check_size(path: Path, most: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise OutputError("There is no such file, or it cannot be read", where=path) from error
    if size > most:
        raise OutputError(f"The file has {size / 1e6:.1f} MB, which is too large for a piece", where=path)


def _read_json(path: Path) -> dict[str, Any]:
    _check_size(path, LARGEST_FILE)
    try:
        facts = json.loads(path.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError("This is not a readable result or score", where=path) from error
    if not isinstance(facts, dict):
        raise OutputError("This is neither a result nor a score", where=path)
    return facts


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number that can be played")
    return number


def read_midi(path: Path) -> "pretty_midi.PrettyMIDI":
    """Read the notes of a MIDI file.

    Args:
        path: the file.

    Raises:
        OutputError: it cannot be read, is no MIDI file or holds no notes.
    """
    import pretty_midi

    _check_size(path, LARGEST_MIDI)
    try:
        midi = pretty_midi.PrettyMIDI(str(path))
    except Exception as error:  # the reader lets through whatever a damaged file leads it to
        raise OutputError("This is not a readable MIDI file", where=path) from error
    if not any(track.notes for track in midi.instruments):
        raise OutputError("There are no notes in this MIDI file", where=path)
    _check_density(midi, path)
    return midi


def _check_density(midi: "pretty_midi.PrettyMIDI", path: Path) -> None:
    """Refuse more events than a piece of its length has: playing them would take longer than hearing them."""
    events = sum(len(track.notes) + len(track.control_changes) + len(track.pitch_bends) for track in midi.instruments)
    length_s = midi.get_end_time()
    if events > FEW_EVENTS + MOST_EVENTS_A_SECOND * length_s:
        raise ScoreError(f"The file has {events} events in {length_s:.0f} s", where=path, remedy="Thin it out")
