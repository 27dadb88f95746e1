"""From a score to the notes of an ensemble: a plan of the form, then every part after the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pretty_midi

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import DEFAULT_ENSEMBLE, LEVELS, PAPER, Ensemble, Part, load_ensemble
from video2music.music.expression import expression_beats, expression_curve, settings_of, shape_of
from video2music.music.final_chord import play_final
from video2music.music.form import Step, plan
from video2music.music.melody_part import Sung, make_room, play_melody, under_tune
from video2music.music.midi import PlayedNote, PlayedPart, end_at_next_onset, to_midi
from video2music.music.performance import Performance, load_performance
from video2music.music.playing import Voiced, humanise, play
from video2music.music.published import published_notes
from video2music.music.score import Score
from video2music.music.strength import follow_loudness
from video2music.music.thinning import dense_enough, sounding_notes, thin
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
        One record per part of the ensemble, silent ones included, and then one of the tune if the score has one.
    """
    scene = _scene(score, ensemble)
    if all(chord == NO_CHORD for chord in scene.chords):
        return [_played(part, (), ()) for part in ensemble.parts]
    singers = [ensemble.melody] if score.melody and ensemble.melody else []
    tune = [_sing(part, scene) for part in singers]
    if ensemble.as_published:
        return [*(_published(part, score, scene) for part in ensemble.parts), *tune]
    accompaniment = _accompany(ensemble.parts, scene, [note for heard in tune for note in heard.notes])
    sections = ["harmony" if part.role == "bass" else part.role for part in (*ensemble.parts, *singers)]
    curve = scene.performance.curve
    return follow_loudness([*accompaniment, *tune], sections, scene.score, curve, until_beat=scene.closing_beat)


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


def _scene(score: Score, ensemble: Ensemble) -> _Scene:
    """Plan a piece; one that plays as published keeps its chords, but gets as many as its length needs."""
    whole, performance = resolve(score), load_performance()
    symbols = (*score.chords, *whole.chords[len(score.chords) :])[: len(whole.chords)]
    chords = [parse_chord(symbol) for symbol in symbols]
    return _Scene(whole, parse_key(score.key), chords, plan(whole, chords, performance), performance, ensemble.swing)


def _accompany(parts: Sequence[Part], scene: _Scene, tune: Sequence[PlayedNote]) -> list[PlayedPart]:
    """Play all parts of an ensemble, under the tune if there is one."""
    parts = [under_tune(part) for part in parts] if tune else parts
    voiced = [_voiced(part, scene) for part in parts]
    written = _as_dense_as_wanted(parts, voiced, scene, tune)
    played = [_perform_part(*one, scene) for one in zip(parts, voiced, written, strict=True)]
    return [
        replace(heard, notes=tuple(make_room(heard.notes, tune))) if part.role == "harmony" else heard
        for part, heard in zip(parts, played, strict=True)
    ]


def _voiced(part: Part, scene: _Scene) -> Voiced:
    tones = voice_part(part, scene.chords, scene.key.shift, raised=scene.score.register)
    form = scene.performance.form
    return Voiced(
        score=scene.score,
        key=scene.key,
        steps=scene.steps,
        chords=scene.chords,
        tones=tones,
        closing_beat=scene.closing_beat,
        cut_accent=form.cut_accent,
        full_level=form.full_level,
        shortest_stroke_s=scene.performance.shortest_stroke_s,
    )


def _as_dense_as_wanted(
    parts: Sequence[Part], voiced: Sequence[Voiced], scene: _Scene, tune: Sequence[PlayedNote]
) -> list[list[PlayedNote]]:
    """Play all parts, and leave notes out where the density lies between two levels of the figures.

    Where the tune has more notes than it has on average, the others have fewer.
    """
    if not scene.steps:
        return [[] for _ in parts]

    def at(steps: Sequence[Step]) -> list[list[PlayedNote]]:
        return [play(part, replace(piece, steps=steps)) for part, piece in zip(parts, voiced, strict=True)]

    levels = [[replace(step, level=level) for step in scene.steps] for level in range(LEVELS)]
    counts = np.array([sounding_notes(at(steps), scene.score, len(steps)) for steps in levels])
    densities = np.array([step.density for step in scene.steps])
    wanted = scene.performance.notes_for(densities, counts.mean(axis=1).tolist())
    sung = sounding_notes([tune], scene.score, len(scene.steps))
    wanted = np.maximum(wanted - np.maximum(sung - sung.mean(), 0.0), 1.0)
    steps = dense_enough(scene.steps, counts, wanted)
    return thin(parts, at(steps), scene.score, steps, wanted)


def _perform_part(part: Part, piece: Voiced, notes: Sequence[PlayedNote], scene: _Scene) -> PlayedPart:
    score = scene.score
    final = list(_final(part, scene, piece.tones[scene.closing])) if _still_plays(part, scene, notes) else []
    played = [*humanise(part, notes, score, scene.swing), *final]
    return _played(part, played, _controls(part, scene), score.beat_of_step(1))


def _controls(part: Part, scene: _Scene) -> tuple[tuple[float, int, int], ...]:
    """Place a part in the room, and let it swell and fade."""
    score, settings = scene.score, scene.performance.expression
    shape = shape_of(
        part,
        scene.steps,
        expression_beats(score, settings),
        closing_beat=scene.closing_beat,
        fade_db=scene.performance.fade_db,
    )
    return (*settings_of(part), *expression_curve(score, settings, shape))


def _published(part: Part, score: Score, scene: _Scene) -> PlayedPart:
    chords = [parse_chord(symbol) for symbol in score.chords]
    return _played(part, published_notes(part, score, chords, scene.key, scene.performance), ())


def _sing(part: Part, scene: _Scene) -> PlayedPart:
    notes = play_melody(part, Sung(scene.score, scene.chords, scene.steps, scene.performance))
    return _played(part, humanise(part, notes, scene.score, scene.swing), _controls(part, scene))


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
