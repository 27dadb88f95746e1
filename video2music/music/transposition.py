"""The same piece higher or lower: every pitched note moves, drums stay."""

from copy import deepcopy
from dataclasses import replace

import pretty_midi

from video2music.errors import ScoreError
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import ROOTS, ROOTS_WITH_FLATS, transpose
from video2music.music.score import Score

WIDEST_TRANSPOSITION = 12
"""Semitones up or down that a person may choose."""

_HIGHEST_NOTE = 127


def check_transposition(semitones: int) -> int:
    """Return a transposition that a person chose, or refuse it.

    Args:
        semitones: up, or down if negative.

    Raises:
        ScoreError: it is more than an octave.
    """
    if not -WIDEST_TRANSPOSITION <= semitones <= WIDEST_TRANSPOSITION:
        limits = f"Choose from {-WIDEST_TRANSPOSITION} to {WIDEST_TRANSPOSITION} semitones"
        raise ScoreError(f"The music cannot be transposed by {semitones} semitones", remedy=limits)
    return semitones


def transposed_key(key: Key, semitones: int) -> Key:
    """Return the key so many semitones higher, of its two names the one with fewer accidentals.

    Args:
        key: major or minor.
        semitones: any whole number.
    """
    if semitones % 12 == 0:
        return key
    pitch_class = (key.pitch_class + semitones) % 12
    names = (Key(roots[pitch_class], key.mode) for roots in (ROOTS_WITH_FLATS, ROOTS))
    # a rare key, such as Db minor, counts the accidentals of its twin, which is then the better name
    return min(names, key=lambda name: (abs(name.fifths), name.prefers_flats != ("b" in name.tonic)))


def transposition_to(wanted: Key, key: Key, near: int = 0) -> int:
    """Return how far to transpose from one key to another of the same mode.

    Args:
        wanted: the key that shall sound.
        key: the key of the score.
        near: semitones; of the transpositions that lead to `wanted`, the one that is nearest to this is taken.

    Returns:
        Semitones, an octave up or down at most.

    Raises:
        ScoreError: the keys differ in mode.
    """
    if wanted.mode != key.mode:
        raise ScoreError(f"Transposing does not lead from {key} to {wanted}", remedy=f"Choose a {key.mode} key")
    reached = range(-WIDEST_TRANSPOSITION, WIDEST_TRANSPOSITION + 1)
    leading = (semitones for semitones in reached if (key.pitch_class + semitones - wanted.pitch_class) % 12 == 0)
    return min(leading, key=lambda semitones: abs(semitones - near))


def transposed_score(score: Score, semitones: int) -> Score:
    """Return a score whose key and chords are named as they sound after transposing.

    Args:
        score: any score; it is arranged before it is transposed, so that every voice keeps its lines.
        semitones: up, or down if negative.
    """
    if semitones % 12 == 0:
        return score
    key = transposed_key(parse_key(score.key), semitones)
    chords = tuple(key.spell(transpose(parse_chord(symbol), semitones)) for symbol in score.chords)
    melody = [
        replace(note, pitch=note.pitch + semitones)
        for note in score.melody or ()
        if 0 <= note.pitch + semitones <= _HIGHEST_NOTE
    ]
    return replace(score, key=str(key), chords=chords, melody=None if score.melody is None else tuple(melody))


def transposed_midi(midi: pretty_midi.PrettyMIDI, score: Score, semitones: int) -> pretty_midi.PrettyMIDI:
    """Return a piece so many semitones higher; drums stay as they are.

    Args:
        midi: as arranged.
        score: what it was arranged from.
        semitones: up, or down if negative; 0 returns the same piece.
    """
    if semitones == 0:
        return midi
    moved, named = deepcopy(midi), transposed_score(score, semitones)
    for track in moved.instruments:
        for note in track.notes:
            note.pitch += 0 if track.is_drum else semitones
        track.notes = [note for note in track.notes if 0 <= note.pitch <= _HIGHEST_NOTE]
    for signature in moved.key_signature_changes:
        signature.key_number = signature.key_number // 12 * 12 + (signature.key_number + semitones) % 12
    moved.lyrics = [pretty_midi.Lyric(event["symbol"], event["time_s"]) for event in named.chord_events()]
    return moved
