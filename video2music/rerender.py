"""Playing a stored composition again from its file: a result.json, a score as JSON, or notes as MIDI."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from video2music.direction import section_starts
from video2music.errors import OutputError, ScoreError
from video2music.features.video_features import EMOTIONS
from video2music.music.loudness import DEFAULT_LUFS, check_lufs, check_music_level
from video2music.music.melody_fitting import fit_melody
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.suggestion import AUTO, suggest_ensemble
from video2music.output import OutputFolder
from video2music.piece import FILE_NAMES, PROGRAM, versions, write_facts
from video2music.progress import Progress, StageTimer
from video2music.rendering import CHANGED, SAMPLE_RATE, Rendered, music_facts, render
from video2music.video.part import SHORTEST_S, Part

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.mastering import Mastered
    from video2music.music.synthesis import Synthesizer
    from video2music.video.mixing import Original

LONGEST_S = 3600.0
"""Longest piece that is rendered from a file, which may say anything about its length."""

LARGEST_FILE = 50_000_000
"""Bytes."""

SAME_LENGTH_S = 0.5
"""By which header and decoded length of one clip may differ."""

MIDI_SUFFIXES = frozenset({".mid", ".midi"})


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
        return suggest_ensemble(emotion, motion, eye=str(self.facts.get("engine")))


@dataclass(frozen=True)
class Target:
    """Where a rendering goes.

    Attributes:
        folder: is made if it does not exist.
        clip: the video that gets the music; None writes the music only.
        original: what happens to its own sound.
        music_level_db: loudness of the music relative to the original sound, where that is kept.
        lufs: integrated loudness, -14, -16 or -23; None keeps what the file says.
        stems: whether every part gets a file of its own.
    """

    folder: Path
    clip: Path | None = None
    original: "Original" = "replace"
    music_level_db: float = 0.0
    lufs: float | None = None
    stems: bool = False

    def __post_init__(self) -> None:
        check_music_level(self.music_level_db)
        if self.lufs is not None:
            check_lufs(self.lufs)


@dataclass(frozen=True)
class _Music:
    """What is to be written."""

    midi: "pretty_midi.PrettyMIDI"
    mastered: "Mastered"
    duration_s: float
    lufs: float
    facts: dict[str, Any]
    picture_s: float | None = None  # as decoded, where that is known
    part: Part | None = None  # of the clip; None is all of it
    score: Score | None = None  # as it sounds; None for notes alone, which get no lead sheet


def render_file(
    path: Path | str,
    target: Target,
    synthesizer: "Synthesizer",
    *,
    ensemble: str | None = None,
    melody: bool | None = None,
    tempo: float | None = None,
    transpose: int | None = None,
    density: float | None = None,
    loudness: float | None = None,
    chords: Mapping[float, str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Render a stored piece; the video it was composed for is not looked at.

    Args:
        path: a result.json, the "score" of one in a file of its own, or a MIDI file, whose notes are played as they
            are. All of them may have been edited by hand.
        target: where it goes, and what it is laid under.
        synthesizer: plays the notes.
        ensemble: see `Piece.render` for this and what follows; None keeps what the file says.
        melody: with or without the tune.
        tempo: beats per minute.
        transpose: semitones above the stored key.
        density: factor.
        loudness: factor.
        chords: symbol by second.
        progress: told stage and fraction.

    Returns:
        The new result.json.

    Raises:
        RefusalError: the file, a change or the folder cannot be used; the message says why.
    """
    path, timer = Path(path), StageTimer(progress)
    length_s = None if target.clip is None else _length_of(target.clip)
    changes: dict[str, Any] = {"ensemble": ensemble, "transpose": transpose, "density": density, "loudness": loudness}
    changes |= {"melody": melody, "tempo_bpm": tempo, "chords": chords or None}
    if path.suffix.lower() in MIDI_SUFFIXES:
        if any(value is not None for value in changes.values()):
            raise ScoreError("The notes of a MIDI file are played as they are", remedy="Change the score instead")
        return _write(_play_midi(path, length_s, target.lufs, synthesizer, timer), path, target, synthesizer, timer)
    stored = read_stored(path)
    rendition = stored.rendition.changed(**changes | {"ensemble": stored.ensemble(ensemble)})
    lufs = stored.lufs if target.lufs is None else target.lufs
    part = None if length_s is None else _part_in(stored, length_s)
    score = stored.score if length_s is None else _fitted(stored, part.length_s if part else length_s, path)
    rendered = render(score, rendition, synthesizer, timer, lufs=lufs)
    facts = _facts(stored, rendered, rendition)
    picture_s = score.duration_s if stored.facts else None
    music = _Music(
        rendered.midi, rendered.mastered, score.duration_s, lufs, facts, picture_s, part, score=rendered.score
    )
    return _write(music, path, target, synthesizer, timer)


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
    return Stored({} if alone else facts, score, Rendition.from_json(settings))


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise OutputError("There is no such file, or it cannot be read", where=path) from error
    if size > LARGEST_FILE:
        raise OutputError(f"The file has {size / 1e6:.0f} MB, which is too large for a piece", where=path)


def _read_json(path: Path) -> dict[str, Any]:
    _check_size(path)
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


def _length_of(clip: Path) -> float:
    from video2music.video.probe import probe

    return probe(clip).duration_s


def _part_in(stored: Stored, length_s: float) -> Part | None:
    """Return the part of a clip that the piece is for; None for a clip that was already cut to it."""
    part = stored.part
    cut = part is not None and length_s < part.end_s - SHORTEST_S
    if part is None or (cut and abs(stored.score.duration_s - length_s) <= SAME_LENGTH_S):
        return None
    return part.within(length_s)


def _fitted(stored: Stored, length_s: float, path: Path) -> Score:
    """Let a score last as long as the clip that gets it; a composed one must have been made for that length."""
    score = stored.score
    if abs(score.duration_s - length_s) <= SAME_LENGTH_S:
        return score
    if stored.facts:
        raise ScoreError(
            f"The clip lasts {length_s:.1f} s, but the music was composed for {score.duration_s:.1f} s",
            where=path,
            remedy="Compose for this clip",
        )
    longer = replace(score, duration_s=min(length_s, LONGEST_S))
    return replace(longer, melody=fit_melody(score, longer))


def _facts(stored: Stored, rendered: Rendered, rendition: Rendition) -> dict[str, Any]:
    score = rendered.composed
    facts = dict(stored.facts) | {"duration_s": round(score.duration_s, 3)}
    facts |= music_facts(score, rendered.score, rendition)
    if rendition != stored.rendition or "match" not in facts:
        facts |= {"match": None, "match_reason": CHANGED}
    if isinstance(facts.get("steering"), dict):
        facts["steering"] = facts["steering"] | {"tempo": round(rendered.score.tempo_bpm, 2)}
        if rendered.score.tempo_bpm != score.tempo_bpm:
            facts["steering"]["words"] = (
                f"It was rendered at {rendered.score.tempo_bpm:.0f} beats per minute by choice."
            )
    return facts


def _play_midi(
    path: Path, length_s: float | None, lufs: float | None, synthesizer: "Synthesizer", timer: StageTimer
) -> _Music:
    """Play the notes of a MIDI file as they are, cut or silent at the end of the clip."""
    from video2music.music.mastering import master
    from video2music.music.synthesis import TAIL_S

    midi = _read_midi(path)
    duration_s = midi.get_end_time() + TAIL_S if length_s is None else length_s
    if not math.isfinite(duration_s) or duration_s > LONGEST_S:
        raise ScoreError(f"The notes last {duration_s:g} s", where=path, remedy=f"They may last up to {LONGEST_S:g} s")
    with timer.stage("synthesize", "Playing the music"):
        sound = synthesizer.render(midi, sample_rate=SAMPLE_RATE, duration_s=duration_s)
    with timer.stage("master", "Setting the loudness"):
        lufs = DEFAULT_LUFS if lufs is None else lufs
        mastered = master(sound, SAMPLE_RATE, target_lufs=lufs)
    facts = {"duration_s": round(duration_s, 3), "match": None, "match_reason": CHANGED}
    return _Music(midi, mastered, duration_s, lufs, facts)


def _read_midi(path: Path) -> "pretty_midi.PrettyMIDI":
    import pretty_midi

    _check_size(path)
    try:
        midi = pretty_midi.PrettyMIDI(str(path))
    except Exception as error:  # the reader lets through whatever a damaged file leads it to
        raise OutputError("This is not a readable MIDI file", where=path) from error
    if not any(track.notes for track in midi.instruments):
        raise OutputError("There are no notes in this MIDI file", where=path)
    return midi


def _write(
    music: _Music, source: Path, target: Target, synthesizer: "Synthesizer", timer: StageTimer
) -> dict[str, Any]:
    """Write sound, notes, stems, video and result; all files or none."""
    from video2music.music.lead_sheet import write_lead_sheet
    from video2music.music.mastering import write_wav
    from video2music.music.midi import write_midi
    from video2music.music.stems import stem_names, write_stems

    mastered, title = music.mastered, str(music.facts.get("title", source.stem))
    parts = stem_names(music.midi) if target.stems else ()
    video, sound, notes, sheet, result = FILE_NAMES
    if target.clip is None and (target.folder / video).exists():
        raise OutputError(
            "The video there would keep other music than its folder",
            where=target.folder / video,
            remedy="Name the clip with --video, or choose another folder with -o",
        )
    sheets = [] if music.score is None else [sheet]
    names = (*([video] if target.clip else []), sound, notes, *sheets, *parts, result)
    with OutputFolder(target.folder, names, protect=[source, *([target.clip] if target.clip else [])]) as out:
        with timer.stage("save", "Writing the music"):
            write_wav(out.temporary / sound, mastered.audio, SAMPLE_RATE)
            moods = section_starts(music.facts.get("direction"))
            write_midi(music.midi, out.temporary / notes, score=music.score, title=title, moods=moods)
            if music.score is not None:
                write_lead_sheet(music.score, out.temporary / sheet, title=title)
        if parts:
            with timer.stage("stems", "Playing every part by itself"):
                write_stems(
                    out.temporary,
                    music.midi,
                    synthesizer,
                    gain_db=mastered.gain_db,
                    limiting=mastered.limiting,
                    sample_rate=SAMPLE_RATE,
                    duration_s=len(mastered.audio) / SAMPLE_RATE,
                )
        mixed = None
        if target.clip is not None:
            from video2music.video.mux import mux

            with timer.stage("mux", "Putting the music under the picture"):
                mixed = mux(
                    target.clip,
                    out.temporary / sound,
                    out.temporary / video,
                    original=target.original,
                    music_level_lu=target.music_level_db,
                    target_lufs=music.lufs,
                    duration_s=music.picture_s,
                    part=music.part,
                )
        facts = {"program": PROGRAM, "title": title, **music.facts, "original": target.original, "files": list(names)}
        facts |= {"lufs": music.lufs, "loudness_lufs": _number(mastered.loudness_lufs)}
        facts |= {
            "true_peak_dbtp": _number(mastered.true_peak_dbtp),
            "gain_reduction_db": _number(mastered.reduction_db),
        }
        facts["mix"] = mixed
        facts |= {"timings_s": {stage: round(seconds, 3) for stage, seconds in timer.seconds.items()}}
        facts["versions"] = versions()
        write_facts(out.temporary / result, facts)
        out.publish()
    return facts


def _number(decibels: float) -> float | None:
    """Return a rounded number, or null for silence, which JSON has no number for."""
    return round(decibels, 2) if math.isfinite(decibels) else None
