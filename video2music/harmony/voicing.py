"""From chord numbers to notes: the tones of a chord, and progressions in which every voice moves little."""

from collections.abc import Iterable

from video2music.harmony.vocabulary import INTERVALS, NO_CHORD, root_and_quality

PUBLISHED_TONES: dict[str, tuple[int, ...]] = {
    **INTERVALS,
    "dim7": (0, 3, 6, 10),
    "hdim7": (0, 4, 7, 10),
    "sus2": (0, 2, 7, 2),
    "sus4": (0, 5, 7, 5),
}
"""What the published system sounds: two sevenths are wrong, and suspended chords double the tone that hangs."""

_LARGEST_BASS_STEP = 7
_REACH = 8  # semitones that an upper voice may leave the centre
_CLOSE = 2  # semitones between pitch classes up to which the reach is watched


def chord_notes(chord: int, *, as_published: bool = False) -> tuple[int, ...]:
    """Return the notes of a chord in root position around middle C, the root doubled an octave below.

    Args:
        chord: 0 to 156.
        as_published: sound the wrong tones of the published system.

    Returns:
        MIDI notes: bass, root, third, fifth and, for four-part chords, the fourth tone; empty for "no chord".
    """
    if chord == NO_CHORD:
        return ()
    root, quality = root_and_quality(chord)
    lowest_root = 60 + root if root <= 8 else 48 + root  # A, A# and B lie below middle C
    tones = PUBLISHED_TONES if as_published else INTERVALS
    return (lowest_root - 12, *(lowest_root + interval for interval in tones[quality]))


def voice_progression(chords: Iterable[int], *, as_published: bool = False) -> list[tuple[int, ...]]:
    """Voice a progression as published: the bass stays near, every upper note goes to the nearest voice before it.

    Args:
        chords: chord numbers, 0 to 156.
        as_published: sound the wrong tones of the published system.

    Returns:
        For every chord its MIDI notes from low to high; empty for "no chord", across which the voices remember.
    """
    voiced: list[tuple[int, ...]] = []
    previous: tuple[int, ...] = ()
    centre = 0
    for chord in chords:
        notes = chord_notes(chord, as_published=as_published)
        if notes and not previous:
            centre = notes[1] + 3
        elif notes:
            upper = (_lead(note, previous[1:], centre) for note in notes[1:])
            notes = tuple(sorted((_lead_bass(notes[0], previous[0]), *upper)))
        previous = notes or previous
        voiced.append(notes)
    return voiced


def _lead_bass(note: int, before: int) -> int:
    """Move a bass that would leap more than a fifth by one octave, if that brings it nearer."""
    if abs(note - before) <= _LARGEST_BASS_STEP:
        return note
    moved = note + 12 if note < before else note - 12
    return moved if abs(moved - before) < abs(note - before) else note


def _lead(note: int, voices: tuple[int, ...], centre: int) -> int:
    """Move an upper note to the octave next to the voice before it that is nearest in pitch class."""

    def pitch_class_distance(voice: int) -> int:
        around = abs(note - voice) % 12
        return min(around, 12 - around)

    nearest = min(voices, key=pitch_class_distance)  # the lowest of several
    octaves = (abs(nearest - note) + 6) // 12
    moved = note + 12 * (octaves if nearest > note else -octaves)
    out_of_reach = abs(moved - centre) > _REACH and pitch_class_distance(nearest) <= _CLOSE
    return note if out_of_reach else moved
