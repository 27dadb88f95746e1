"""Names of notes: a chord's tones as thirds above its root, others as near to the tonic as they can be."""

from video2music.harmony.key import Key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes, root_and_quality

_LETTERS = "FCGDAEB"  # a fifth apart, beginning one below C
_FIFTHS = {0: 0, 2: 2, 3: -3, 4: 4, 5: -1, 6: -6, 7: 1, 8: 8, 9: 3, 10: -2, 11: 5}
"""How far a chord tone lies from its root in the circle of fifths, by semitones above it."""
_DIMINISHED_SEVENTH = -9
_NEAREST = -5  # from the tonic: its lowered second, up to its raised fourth


def spell_pitch(pitch: int, key: Key, chord: str) -> tuple[str, int, int]:
    """Name a note as it is written in a key under a chord.

    Args:
        pitch: MIDI note.
        key: of the piece.
        chord: symbol of the chord that sounds, whose root is spelled as the symbol says; "N" for none.

    Returns:
        Letter, semitones by which an accidental raises it (-1 to 1), and octave: 60 is ("C", 0, 4).
    """
    position = _in_chord(pitch % 12, chord)
    if position is None:
        lowest = _position(key.tonic) + _NEAREST
        position = lowest + (7 * pitch - lowest) % 12
    letter, alter = spell_fifths(position)
    if abs(alter) > 1:  # nobody wants to read a double accidental here
        letter, alter = spell_fifths(position - 12 if alter > 0 else position + 12)
    return letter, alter, (pitch - alter) // 12 - 1


def spell_root(chord: str) -> tuple[str, int]:
    """Return letter and accidental of a chord's root, as its symbol says.

    Args:
        chord: a symbol with a root, such as "Bbmaj7".
    """
    return spell_fifths(_position(chord))


def _in_chord(sounding: int, chord: str) -> int | None:
    """Return where a chord tone lies in the circle of fifths, None for other notes."""
    number = parse_chord(chord)
    if number == NO_CHORD or sounding not in chord_pitch_classes(number):
        return None
    root, quality = root_and_quality(number)
    above = (sounding - root) % 12
    fifths = _DIMINISHED_SEVENTH if quality == "dim7" and above == 9 else _FIFTHS[above]
    return _position(chord) + fifths


def _position(symbol: str) -> int:
    """Return where the note that a symbol begins with lies in the circle of fifths, C being 0."""
    accidentals = symbol[1 : len(symbol) - len(symbol[1:].lstrip("#b"))]
    return _LETTERS.index(symbol[0]) - 1 + 7 * (accidentals.count("#") - accidentals.count("b"))


def spell_fifths(position: int) -> tuple[str, int]:
    """Return letter and accidental of the note so many fifths above C, or below."""
    return _LETTERS[(position + 1) % 7], (position + 1) // 7
