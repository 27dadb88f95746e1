"""How the tune of a score is played: in the register of its instrument, within its chords, with room among others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes
from video2music.music.ending import closing_step
from video2music.music.ensemble import Part
from video2music.music.form import Step
from video2music.music.melody import Melody, MelodyNote
from video2music.music.midi import PlayedNote
from video2music.music.performance import Performance
from video2music.music.score import Score

_NEAR = 3  # semitones below the tune from which on others are in its way
_SOFTER = 0.8  # factor on their velocity, about 4 dB
_STEP_BACK_DB = 2.0
_TOUCHING_BEATS = 0.2
_WORTH_A_NOTE_BEATS = 0.1


@dataclass(frozen=True)
class Sung:
    """A score whose tune is to be played.

    Attributes:
        score: with a tune.
        chords: its numbers.
        steps: the plan, up to the final chord.
        performance: touch and ending.
    """

    score: Score
    chords: Sequence[int]
    steps: Sequence[Step]
    performance: Performance

    @property
    def until(self) -> float:
        """The beat on which the last note is let go, with everybody else's final chord."""
        end = self.score.duration_s / self.score.beat_s
        left = end - max(0.0, self.score.beat_of_step(closing_step(self.score.end_step)))
        final = self.performance.final
        return end - min(final.longest_release_beats, final.release_share * left)

    def fits(self, step: int, pitch: int) -> bool:
        """Tell whether a pitch belongs to the chord of a step; where there is no chord, everything does."""
        chord = self.chords[step]
        return chord == NO_CHORD or pitch % 12 in chord_pitch_classes(chord)

    def velocity(self, step: int) -> float:
        """Return the velocity of a strong beat in a step."""
        if step < len(self.steps):
            return self.steps[step].velocity
        loudness = float(self.score.loudness[step])
        return self.performance.curve.velocity(loudness) * self.performance.final.softening[0]


def play_melody(part: Part, piece: Sung) -> list[PlayedNote]:
    """Play the tune of a score with one instrument.

    Args:
        part: its register and touch.
        piece: the score and its plan.

    Returns:
        Notes in order, one at a time but for the overlap of the part, all within the clip. No note reaches into a chord
        that it does not belong to; one that begins outside its chord is marked as passing.
    """
    tune = in_register(piece.score.melody or (), part.register)
    enters = part.enters if piece.steps and piece.steps[-1].bar >= 2 * part.enters else 0
    played = []
    for number, note in enumerate(tune):
        following = tune[number + 1].onset_beat if number + 1 < len(tune) else piece.until
        step = piece.score.step_at(note.onset_beat)
        end = _let_go(part, piece, note, following)
        late = step < len(piece.steps) and max(piece.steps[step].bar, 0) < enters
        if late or end - note.onset_beat < _WORTH_A_NOTE_BEATS:
            continue
        velocity = round(piece.velocity(step) * note.velocity_share * part.velocity)
        passing = not piece.fits(step, note.pitch)
        played.append(PlayedNote(note.pitch, note.onset_beat, end, max(1, min(127, velocity)), passing))
    return played


def _let_go(part: Part, piece: Sung, note: MelodyNote, following: float) -> float:
    """Return when a note ends: as written, the sooner the more detached the piece, and before any foreign chord."""
    score, length = piece.score, note.duration_beats
    if part.sustained:
        length += part.overlap if note.end_beat >= following - _TOUCHING_BEATS else 0.0
    else:
        length = max(length, part.ring) * (1 + score.note_length) / 2
    end = min(note.onset_beat + length, following + part.overlap, piece.until)
    first = score.step_at(note.onset_beat)
    for step in range(first + 1, len(piece.chords)):
        if score.beat_of_step(step) >= end:
            break
        if not piece.fits(step, note.pitch):
            return score.beat_of_step(step)
    return end


def in_register(melody: Melody, register: tuple[int, int]) -> Melody:
    """Move a tune by octaves to where most of it lies in a register and in its middle; single notes follow.

    Args:
        melody: notes in order.
        register: lowest and highest note, an octave or more.
    """
    if not melody:
        return ()
    low, high = register
    pitches = np.array([note.pitch for note in melody])
    octaves = range(-120, 121, 12)

    def awkwardness(octave: int) -> tuple[int, float]:
        outside = int(((pitches + octave < low) | (pitches + octave > high)).sum())
        return outside, abs(float(pitches.mean()) + octave - (low + high) / 2)

    octave = min(octaves, key=awkwardness)
    return tuple(replace(note, pitch=_folded(note.pitch + octave, low, high)) for note in melody)


def _folded(pitch: int, low: int, high: int) -> int:
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def under_tune(part: Part) -> Part:
    """Return a part as it accompanies a tune: harmony steps back.

    Args:
        part: of the ensemble.
    """
    return replace(part, level_db=part.level_db - _STEP_BACK_DB) if part.role == "harmony" else part


def make_room(notes: Sequence[PlayedNote], tune: Sequence[PlayedNote]) -> list[PlayedNote]:
    """Play more softly what sounds beside the tune or above it.

    Args:
        notes: of a part that accompanies.
        tune: what the melody plays.
    """
    if not notes or not tune:
        return list(notes)
    starts, ends, lowest = (
        np.array(values) for values in zip(*((note.start, note.end, note.pitch - _NEAR) for note in tune), strict=True)
    )

    def in_the_way(note: PlayedNote) -> bool:
        together = np.minimum(ends, note.end) - np.maximum(starts, note.start)
        return bool(((together >= _TOUCHING_BEATS) & (lowest <= note.pitch)).any())

    return [replace(note, velocity=round(note.velocity * _SOFTER)) if in_the_way(note) else note for note in notes]
