"""The published vocabulary: 157 chords as numbers, as symbols people write, and as labels of the data set."""

from video2music.errors import ChordParseError

ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Published root names in the order of their pitch classes."""

ROOTS_WITH_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

QUALITIES = ("maj", "dim", "sus4", "min7", "min", "sus2", "aug", "dim7", "maj6", "hdim7", "7", "min6", "maj7")
"""The 13 chord qualities in published order."""

NO_CHORD = 0
CHORD_COUNT = 157
END = 157
PAD = 158

END_ROOT, PAD_ROOT = 13, 14
END_ATTRIBUTE, PAD_ATTRIBUTE = 14, 15

INTERVALS: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "min7": (0, 3, 7, 10),
    "min": (0, 3, 7),
    "sus2": (0, 2, 7),
    "aug": (0, 4, 8),
    "dim7": (0, 3, 6, 9),
    "maj6": (0, 4, 7, 9),
    "hdim7": (0, 3, 6, 10),
    "7": (0, 4, 7, 10),
    "min6": (0, 3, 7, 9),
    "maj7": (0, 4, 7, 11),
}
"""Semitones above the root of every quality: what the chord should sound."""

_SUFFIXES = {"maj": "", "min": "m", "min7": "m7", "min6": "m6"}
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch_class(note: str) -> int:
    """Return the pitch class of a note name.

    Args:
        note: a capital letter A to G and any number of "#" or "b", for example "Bb".

    Returns:
        0 (C) to 11 (B).

    Raises:
        KeyError: the letter is none of A to G.
    """
    return (_NATURALS[note[0]] + note.count("#") - note.count("b")) % 12


def chord_id(root_pitch_class: int, quality: str) -> int:
    """Return the number of a chord.

    Args:
        root_pitch_class: 0 (C) to 11 (B).
        quality: one of `QUALITIES`.

    Returns:
        1 + 13 * root + quality, 1 to 156.

    Raises:
        ValueError: the root or the quality does not exist.
    """
    if not 0 <= root_pitch_class < len(ROOTS):
        raise ValueError(f"a root is a pitch class from 0 to 11, not {root_pitch_class}")
    return 1 + len(QUALITIES) * root_pitch_class + QUALITIES.index(quality)


def _is_sounding(chord: int) -> bool:
    """Tell whether the number names a chord with a root; refuse numbers outside the vocabulary."""
    if not 0 <= chord <= PAD:
        raise ValueError(f"a chord is a number from 0 to {PAD}, not {chord}")
    return NO_CHORD < chord < END


def root_and_quality(chord: int) -> tuple[int, str]:
    """Return pitch class of the root and the quality of a chord.

    Args:
        chord: 1 to 156.

    Returns:
        Pitch class 0 to 11, and one of `QUALITIES`.

    Raises:
        ValueError: the number is "no chord", end or padding, which have no root, or outside the vocabulary.
    """
    if not _is_sounding(chord):
        raise ValueError(f"chord number {chord} has no root")
    root, quality = divmod(chord - 1, len(QUALITIES))
    return root, QUALITIES[quality]


def quality_of(chord: int) -> str | None:
    """Return the quality of a chord, or None for "no chord", end and padding.

    Args:
        chord: 0 to 158.
    """
    return root_and_quality(chord)[1] if _is_sounding(chord) else None


def root_id(chord: int) -> int:
    """Return the row of the root embedding (N 0, C 1 to B 12, end 13, padding 14).

    Args:
        chord: 0 to 158.
    """
    if _is_sounding(chord):
        return 1 + root_and_quality(chord)[0]
    return {NO_CHORD: 0, END: END_ROOT, PAD: PAD_ROOT}[chord]


def attribute_id(chord: int) -> int:
    """Return the row of the attribute embedding (N 0, the qualities 1 to 13, end 14, padding 15).

    Args:
        chord: 0 to 158.
    """
    if _is_sounding(chord):
        return 1 + QUALITIES.index(root_and_quality(chord)[1])
    return {NO_CHORD: 0, END: END_ATTRIBUTE, PAD: PAD_ATTRIBUTE}[chord]


def chord_pitch_classes(chord: int) -> frozenset[int]:
    """Return the pitch classes a chord consists of; empty for "no chord".

    Args:
        chord: 0 to 156.
    """
    if chord == NO_CHORD:
        return frozenset()
    root, quality = root_and_quality(chord)
    return frozenset((root + interval) % 12 for interval in INTERVALS[quality])


def transpose(chord: int, semitones: int) -> int:
    """Return the chord of the same quality some semitones higher; "no chord", end and padding stay.

    Args:
        chord: 0 to 158.
        semitones: any whole number, negative for down.
    """
    if not _is_sounding(chord):
        return chord
    root, quality = root_and_quality(chord)
    return chord_id((root + semitones) % 12, quality)


def suffix(quality: str) -> str:
    """Return what people write after the root: "" for major, "m" for minor, else the published name.

    Args:
        quality: one of `QUALITIES`.
    """
    return _SUFFIXES.get(quality, quality)


def symbol(chord: int, flats: bool = False) -> str:  # noqa: FBT001, FBT002 - part of the agreed surface
    """Return the chord as people write it, for example "Am7", "F#dim7", "N".

    `Key.spell` chooses between flats and sharps by the key; this function takes one choice for all roots.

    Args:
        chord: 0 to 156.
        flats: write the black keys as flats ("Bb") instead of sharps ("A#").

    Raises:
        ValueError: end and padding, which nobody writes.
    """
    if chord == NO_CHORD:
        return "N"
    root, quality = root_and_quality(chord)
    return (ROOTS_WITH_FLATS if flats else ROOTS)[root] + suffix(quality)


def harte(chord: int) -> str:
    """Return the label of the data set's chord files: "A:min7", a bare root for major, "N".

    Args:
        chord: 0 to 156.

    Raises:
        ValueError: end and padding, which the files do not contain.
    """
    if chord == NO_CHORD:
        return "N"
    root, quality = root_and_quality(chord)
    return ROOTS[root] if quality == "maj" else f"{ROOTS[root]}:{quality}"


def from_harte(text: str) -> int:
    """Return the number of a label as the data set's chord files write it.

    Args:
        text: "N", a root ("C#", also "Db"), or root and quality with a colon ("A:min7").

    Returns:
        0 to 156.

    Raises:
        ChordParseError: the label is not in the vocabulary.
    """
    label = text.strip()
    if label == "N":
        return NO_CHORD
    root, _, quality = label.partition(":")
    if not root or root[0] not in _NATURALS or root[1:].strip("#b") or (quality or "maj") not in QUALITIES:
        raise ChordParseError(
            f"'{label}' is not a chord label of the data set", remedy="Labels look like N, C, F#:min7 or A:sus4"
        )
    return chord_id(pitch_class(root), quality or "maj")
