"""Where the voices lie once a progression is in its key: a bass with room above it, and no crowd below it."""

from collections.abc import Sequence
from statistics import mean

from video2music.harmony.voicing import chord_notes, voice_progression

LOWEST_BASS, HIGHEST_BASS = 36, 55  # C2 to G3
LOWEST_UPPER_VOICE = 52  # E3: thirds below it sound muddy on a piano
CENTRE = 65  # F4: mean of the upper voices of a piece in a key near C
_ROOM_ABOVE_BASS = 5  # semitones
_LARGEST_BASS_STEP = 7


def seat_voices(chords: Sequence[int], semitones: int, *, raised: float = 0.0) -> list[tuple[int, ...]]:
    """Voice a progression, move it into its key and keep every voice in a register where it sounds clear.

    The published voicing takes its register from the first chord and the key, so pieces lie up to two octaves apart. A
    bass that climbs by fifths ends among the upper voices, where another tone takes its place; thirds lie so low that
    they blur; a voice out of reach of its neighbour leaps away. Here notes move by octaves to mend that.

    Args:
        chords: chord numbers in C major or A minor.
        semitones: shift into the key.
        raised: semitones by which the middle of the upper voices is wanted above the usual one.

    Returns:
        Notes of every chord from low to high, the root first; empty for "no chord".
    """
    parted = [
        _part(chord, [note + semitones for note in voiced], semitones) if voiced else (0, [])
        for chord, voiced in zip(chords, voice_progression(chords), strict=True)
    ]
    octaves = _octaves_to_centre([note for _, upper in parted for note in upper], CENTRE + raised)
    seated: list[tuple[int, ...]] = []
    bass = None
    for published_bass, published_upper in parted:
        if not published_upper:
            seated.append(())
            continue
        upper = _draw_together([_lift(note + 12 * octaves) for note in published_upper])
        bass = _seat_bass(published_bass, published_bass if bass is None else bass, upper[0])
        seated.append((bass, *upper))
    return seated


def _part(chord: int, notes: list[int], semitones: int) -> tuple[int, list[int]]:
    """Part the bass, the lowest root, from the upper voices, which may lie below it."""
    root = (chord_notes(chord)[0] + semitones) % 12
    bass = next(note for note in notes if note % 12 == root)
    notes.remove(bass)
    return bass, notes


def _octaves_to_centre(upper_notes: list[int], centre: float) -> int:
    """Return the octaves that bring the upper voices of a piece nearest to where they are wanted."""
    return round((centre - mean(upper_notes)) / 12) if upper_notes else 0


def _lift(note: int) -> int:
    """Raise a note by octaves until it is no longer too low for an upper voice."""
    return note if note >= LOWEST_UPPER_VOICE else _lift(note + 12)


def _draw_together(upper: list[int]) -> list[int]:
    """Bring voices that strayed more than an octave above the lowest back to the others."""
    lowest = min(upper)
    return sorted(lowest + (note - lowest) % 12 if note - lowest > 12 else note for note in upper)


def _seat_bass(note: int, before: int, lowest_upper: int) -> int:
    """Keep the published bass where it fits, else the octave with room above it nearest to the last bass."""
    highest = min(HIGHEST_BASS, lowest_upper - _ROOM_ABOVE_BASS)
    if LOWEST_BASS <= note <= highest and abs(note - before) <= _LARGEST_BASS_STEP:
        return note
    lowest = LOWEST_BASS + (note - LOWEST_BASS) % 12
    return min(range(lowest, highest + 1, 12), key=lambda octave: abs(octave - before))
