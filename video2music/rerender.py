"""Playing a stored composition again from its file: a result.json, a score as JSON, or notes as MIDI."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.direction import section_starts
from video2music.errors import OutputError, ScoreError
from video2music.music.loudness import DEFAULT_LUFS, check_lufs, check_music_level
from video2music.music.melody_fitting import fit_melody
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music_files import Music, write_music, write_parts
from video2music.output import OutputFolder
from video2music.piece import FILE_NAMES, PROGRAM, versions, write_facts
from video2music.progress import Progress, StageTimer
from video2music.rendering import CHANGED, SAMPLE_RATE, Rendered, music_facts, render
from video2music.stored import LONGEST_S, Stored, read_midi, read_stored
from video2music.video.part import SHORTEST_S, Part

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.mastering import Mastered
    from video2music.music.synthesis import Synthesizer
    from video2music.video.mixing import Original

SAME_LENGTH_S = 0.5
"""By which header and decoded length of one clip may differ."""

MIDI_SUFFIXES = frozenset({".mid", ".midi"})


@dataclass(frozen=True)
class Target:
    """Where a rendering goes.

    Attributes:
        folder: is made if it does not exist.
        clip: the video that gets the music; None writes the music only.
        original: what happens to its own sound.
        music_level_lu: loudness of the music relative to the original sound, where that is kept.
        lufs: integrated loudness, -14, -16 or -23; None keeps what the file says.
        stems: whether every part gets a file of its own.
    """

    folder: Path
    clip: Path | None = None
    original: "Original" = "replace"
    music_level_lu: float = 0.0
    lufs: float | None = None
    stems: bool = False

    def __post_init__(self) -> None:
        check_music_level(self.music_level_lu)
        if self.lufs is not None:
            check_lufs(self.lufs)


@dataclass(frozen=True)
class _Music:
    """What is to be written."""

    midi: "pretty_midi.PrettyMIDI"
    mastered: "Mastered"
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
    music = _Music(rendered.midi, rendered.mastered, lufs, facts, picture_s, part, score=rendered.score)
    return _write(music, path, target, synthesizer, timer)


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

    midi = read_midi(path)
    duration_s = midi.get_end_time() + TAIL_S if length_s is None else length_s
    if not math.isfinite(duration_s) or duration_s > LONGEST_S:
        raise ScoreError(f"The notes last {duration_s:g} s", where=path, remedy=f"They may last up to {LONGEST_S:g} s")
    with timer.stage("synthesize", "Playing the music"):
        sound = synthesizer.render(midi, sample_rate=SAMPLE_RATE, duration_s=duration_s)
    with timer.stage("master", "Setting the loudness"):
        lufs = DEFAULT_LUFS if lufs is None else lufs
        mastered = master(sound, SAMPLE_RATE, target_lufs=lufs)
    facts = {"duration_s": round(duration_s, 3), "match": None, "match_reason": CHANGED}
    return _Music(midi, mastered, lufs, facts)


def _write(
    music: _Music, source: Path, target: Target, synthesizer: "Synthesizer", timer: StageTimer
) -> dict[str, Any]:
    """Write sound, notes, lead sheet, stems, video and result; all files or none."""
    from video2music.music.stems import stem_names

    parts = stem_names(music.midi) if target.stems else ()
    video, sound, notes, sheet, result = FILE_NAMES
    if target.clip is None and (target.folder / video).exists():
        raise OutputError(
            "The video there would keep other music than its folder",
            where=target.folder / video,
            remedy="Name the clip with --video, or choose another folder with -o",
        )
    sheets, clips = [] if music.score is None else [sheet], [target.clip] if target.clip else []
    names = (*([video] if clips else []), sound, notes, *sheets, *parts, result)
    with OutputFolder(target.folder, names, protect=[source, *clips]) as out:
        written = _to_write(music, source)
        write_music(written, out.temporary / sound, out.temporary / notes, out.temporary / sheet, timer)
        if parts:
            write_parts(written, out.temporary, synthesizer, timer)
        mixed = _mux(music, target, out.temporary, timer)
        about = {"title": written.title, "original": target.original, "files": list(names), "mix": mixed}
        facts = {"program": PROGRAM, **music.facts, **about, **_measured(music)}
        facts |= {"timings_s": {stage: round(seconds, 3) for stage, seconds in timer.seconds.items()}}
        facts["versions"] = versions()
        write_facts(out.temporary / result, facts)
        out.publish()
    return facts


def _to_write(music: _Music, source: Path) -> Music:
    return Music(
        title=str(music.facts.get("title", source.stem)),
        midi=music.midi,
        audio=music.mastered.audio,
        sample_rate=SAMPLE_RATE,
        gain_db=music.mastered.gain_db,
        limiting=music.mastered.limiting,
        score=music.score,
        moods=section_starts(music.facts.get("direction")),
    )


def _mux(music: _Music, target: Target, folder: Path, timer: StageTimer) -> dict[str, Any] | None:
    """Put the music under the picture; return how it was mixed, None without a picture."""
    if target.clip is None:
        return None
    from video2music.video.mux import mux

    video, sound, *_ = FILE_NAMES
    with timer.stage("mux", "Putting the music under the picture"):
        return mux(
            target.clip,
            folder / sound,
            folder / video,
            original=target.original,
            music_level_lu=target.music_level_lu,
            target_lufs=music.lufs,
            duration_s=music.picture_s,
            part=music.part,
        )


def _measured(music: _Music) -> dict[str, float | None]:
    mastered = music.mastered
    return {
        "lufs": music.lufs,
        "loudness_lufs": _number(mastered.loudness_lufs),
        "true_peak_dbtp": _number(mastered.true_peak_dbtp),
        "gain_reduction_db": _number(mastered.reduction_db),
    }


def _number(decibels: float) -> float | None:
    """Return a rounded number, or null for silence, which JSON has no number for."""
    return round(decibels, 2) if math.isfinite(decibels) else None
