"""From a score to the notes of an ensemble: a plan of the form, then every part after the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pretty_midi

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import DEFAULT_ENSEMBLE, PAPER, Ensemble, Part, load_ensemble
from video2music.music.expression import expression_beats, expression_curve, settings_of, shape_of
from video2music.music.final_chord import play_final
from video2music.music.form import Step, plan
from video2music.music.midi import PlayedNote, PlayedPart, end_at_next_onset, to_midi
from video2music.music.performance import Performance, load_performance
from video2music.music.playing import Voiced, humanise, play
from video2music.music.published import published_notes
from video2music.music.score import Score
from video2music.music.strength import follow_loudness
from video2music.music.voices import voice_part

_STILL_PLAYS_BEATS = 8
_WORTH_A_NOTE_BEATS = 0.75


def arrange(score: Score, *, ensemble: str = DEFAULT_ENSEMBLE, as_published: bool = False) -> pretty_midi.PrettyMIDI:
    """Arrange a score for an ensemble.

    Note density chooses the figures, loudness the velocity and the expression of ringing notes. No note reaches into a
    chord it does not belong to, phrases repeat and turn, cuts are accented, and the piece comes to rest on the tonic
    before its duration is over.

    Args:
        score: chords in its key, one per step.
        ensemble: one of `ensemble_names()`.
        as_published: play what the published code plays, as the ensemble "paper" does: figures by loudness, four tones
            of a chord, wrong tones in some chords, every note two beats long, no expression, no ending.

    Returns:
        One track per part, named like it, with tempo, key and time signature, and the chord symbols as lyrics.

    Raises:
        EnsembleError: there is no such ensemble.
        KeyParseError: the key does not exist.
        ChordParseError: a chord is not in the vocabulary.
    """
    chosen = load_ensemble(PAPER if as_published else ensemble)
    score = score if chosen.as_published else resolve(score)
    return to_midi(score, parse_key(score.key), perform(score, chosen))


def perform(score: Score, ensemble: Ensemble) -> list[PlayedPart]:
    """Play a score with an ensemble, part by part, as notes in beats.

    Args:
        score: resolved, unless the ensemble plays as published.
        ensemble: parts and figures.

    Returns:
        One record per part of the ensemble, silent ones included.
    """
    performance, key = load_performance(), parse_key(score.key)
    chords = [parse_chord(symbol) for symbol in score.chords]
    if ensemble.as_published:
        return [_played(part, published_notes(part, score, chords, key, performance), ()) for part in ensemble.parts]
    scene = _Scene(score, key, chords, plan(score, chords, performance), performance, ensemble.swing)
    parts = [_perform_part(part, scene) for part in ensemble.parts]
    sections = ["harmony" if part.role == "bass" else part.role for part in ensemble.parts]
    return follow_loudness(parts, sections, score, performance.curve, until_beat=scene.closing_beat)


@dataclass(frozen=True)
class _Scene:
    """What all parts of a piece share."""

    score: Score
    key: Key
    chords: Sequence[int]
    steps: Sequence[Step]
    performance: Performance
    swing: float

    @property
    def closing(self) -> int:
        return closing_step(self.score.end_step)

    @property
    def closing_beat(self) -> float:
        return max(0.0, self.score.beat_of_step(self.closing))


def _perform_part(part: Part, scene: _Scene) -> PlayedPart:
    score = scene.score
    tones = voice_part(part, scene.chords, scene.key.shift, raised=score.register)
    accent = scene.performance.form.cut_accent
    notes = play(part, Voiced(score, scene.key, scene.steps, scene.chords, tones, scene.closing_beat, accent))
    final = list(_final(part, scene, tones[scene.closing])) if _still_plays(part, scene, notes) else []
    settings = scene.performance.expression
    shape = shape_of(
        part,
        scene.steps,
        expression_beats(score, settings),
        closing_beat=scene.closing_beat,
        fade_db=scene.performance.fade_db,
    )
    controls = (*settings_of(part), *expression_curve(score, settings, shape))
    return _played(part, [*humanise(part, notes, score, scene.swing), *final], controls, score.beat_of_step(1))


def _still_plays(part: Part, scene: _Scene, notes: Sequence[PlayedNote]) -> bool:
    """Tell whether a part takes part in the last chord: those that were just heard, or that play from the beginning."""
    if any(note.start >= scene.closing_beat - _STILL_PLAYS_BEATS for note in notes):
        return True
    return bool(part.figures[0].strokes) and part.role != "drums"


def _final(part: Part, scene: _Scene, tones: tuple[int, ...]) -> Iterator[PlayedNote]:
    return play_final(
        part,
        tones,
        start=scene.closing_beat,
        end=scene.score.duration_s / scene.score.beat_s,
        velocity=scene.performance.curve.velocity(float(scene.score.loudness[scene.closing])),
        level=max((step.level for step in scene.steps[-4:]), default=0),
        final=scene.performance.final,
    )


def _played(
    part: Part, notes: Iterable[PlayedNote], controls: tuple[tuple[float, int, int], ...], first_beat: float = 0.0
) -> PlayedPart:
    """Let the part enter with the clip, and no note overlap another."""
    inside = end_at_next_onset(_inside(part, notes, first_beat))
    return PlayedPart(part.name, part.program, part.role == "drums", tuple(inside), controls)


def _inside(part: Part, notes: Iterable[PlayedNote], first_beat: float) -> Iterator[PlayedNote]:
    """Play from the beginning of the clip what a step that began before it would still hold then.

    Args:
        part: drums wait for their next stroke.
        notes: some may begin before beat 0.
        first_beat: the first strong beat of the clip; if it comes at once, everybody waits for it.
    """
    entry = 0.0 if first_beat >= _WORTH_A_NOTE_BEATS else first_beat
    for note in notes:
        if note.start >= 0:
            yield note
        elif part.role != "drums" and note.end >= entry + _WORTH_A_NOTE_BEATS:
            yield replace(note, start=entry)
