"""Where the voices lie once a progression is in its key: a bass with room above it, and no crowd below it."""

from collections.abc import Sequence

from video2music.harmony.voicing import chord_notes, voice_progression

LOWEST_BASS, HIGHEST_BASS = 36, 55  # C2 to G3
LOWEST_UPPER_VOICE = 52  # E3: thirds below it sound muddy on a piano
_ROOM_ABOVE_BASS = 5  # semitones
_LARGEST_BASS_STEP = 7


def seat_voices(chords: Sequence[int], semitones: int) -> list[tuple[int, ...]]:
    """Voice a progression, move it into its key and keep every voice in a register where it sounds clear.

    The published voicing has no floor or ceiling: a bass that climbs by fifths ends among the upper voices, and another
    tone takes its place; keys far below C put thirds where they blur; a voice out of reach of its neighbour leaps away.
    Voices move by an octave only if they must.

    Args:
        chords: chord numbers in C major or A minor.
        semitones: shift into the key.

    Returns:
        Notes of every chord from low to high, the root first; empty for "no chord".
    """
    seated: list[tuple[int, ...]] = []
    bass = None
    for chord, voiced in zip(chords, voice_progression(chords), strict=True):
        if not voiced:
            seated.append(())
            continue
        root = chord_notes(chord)[0] % 12
        published_bass = next(note for note in voiced if note % 12 == root)
        upper = list(voiced)
        upper.remove(published_bass)
        upper = _draw_together([_lift(note + semitones) for note in upper])
        published_bass += semitones
        bass = _seat_bass(published_bass, published_bass if bass is None else bass, upper[0])
        seated.append((bass, *upper))
    return seated


def _lift(note: int) -> int:
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
