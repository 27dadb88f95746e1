"""Keys: their names, the shift from C major or A minor that the networks work in, and how their chords are spelled."""

import re
from dataclasses import dataclass
from typing import Literal

from video2music.errors import KeyParseError
from video2music.harmony.vocabulary import NO_CHORD, chord_id, pitch_class, root_and_quality, suffix

Mode = Literal["major", "minor"]

_FIFTHS = (  # the circle of fifths, without double accidentals
    "Fb", "Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B",
    "F#", "C#", "G#", "D#", "A#", "E#", "B#",
)  # fmt: skip
_SCALES: dict[Mode, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_POSITION_OF_C = _FIFTHS.index("C")
_LONGEST_QUOTE = 40
_GB, _A_SHARP = -6, 10  # outside a scale nobody wants to read Cb, Fb, E# or B#; counted in fifths from C
_MODES: dict[str, Mode] = {
    **dict.fromkeys(("", "M", "maj", "major", "dur"), "major"),
    **dict.fromkeys(("m", "min", "minor", "moll"), "minor"),
}
_ACCIDENTALS = {"#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}
_KEY = re.compile(
    r"(?P<letter>[A-Ga-g])[\s-]*(?P<accidental>#|♯|♭|b|(?i:sharp|flat))?[\s:_-]*"
    r"(?P<mode>M|m|(?i:maj|major|dur|min|minor|moll))?",
)


@dataclass(frozen=True)
class Key:
    """A major or minor key.

    Attributes:
        tonic: note name as the person spelled it, for example "Bb".
        mode: "major" or "minor".
    """

    tonic: str
    mode: Mode

    def __post_init__(self) -> None:
        if self.tonic not in _FIFTHS or self.mode not in ("major", "minor"):
            raise _unknown(f"{self.tonic} {self.mode}")

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"

    @property
    def pitch_class(self) -> int:
        """Pitch class of the tonic, 0 (C) to 11 (B)."""
        return pitch_class(self.tonic)

    @property
    def scale(self) -> frozenset[int]:
        """Pitch classes of the scale; in minor, the natural one."""
        return frozenset((self.pitch_class + degree) % 12 for degree in _SCALES[self.mode])

    @property
    def shift(self) -> int:
        """Semitones from C major or A minor to this key as published (-7 to 4): the nearest octave below or above."""
        relative_major = self.pitch_class + (0 if self.mode == "major" else 3)
        return (relative_major + 7) % 12 - 7

    @property
    def tonic_chord(self) -> int:
        """The number of the chord on which a piece in this key comes to rest."""
        return chord_id(self.pitch_class, "maj" if self.mode == "major" else "min")

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, -7 to 7, for rarer keys those of their twin."""
        position = _FIFTHS.index(self.tonic) - _POSITION_OF_C - (3 if self.mode == "minor" else 0)
        return position + 12 if position < -7 else position - 12 if position > 7 else position

    @property
    def prefers_flats(self) -> bool:
        """Whether the key signature has flats."""
        return self.fifths < 0

    def spell(self, chord: int) -> str:
        """Write a chord as this key expects it: "Bb" in F major, "Cb" in Gb major, "C#dim" in D minor.

        Roots of the scale take its letters. Of the others, diminished chords lead upwards and take the raised note, the
        rest take the spelling nearer to the tonic in the circle of fifths.

        Args:
            chord: 0 to 156, as it sounds in this key.

        Returns:
            A symbol that `parse_chord` reads back to the same chord.
        """
        if chord == NO_CHORD:
            return "N"
        root, quality = root_and_quality(chord)
        leads_upwards = quality in ("dim", "dim7", "hdim7")
        lowest = self.fifths - (2 if leads_upwards or self.mode == "minor" else 5)
        position = lowest + (7 * root - lowest) % 12
        if position not in range(self.fifths - 1, self.fifths + 6):
            position += 12 if position < _GB else -12 if position > _A_SHARP else 0
        return _FIFTHS[_POSITION_OF_C + position] + suffix(quality)


def parse_key(text: str) -> Key:
    """Read the name of a key.

    Args:
        text: a tonic with any accidental and, for minor keys, a mode: "C", "Bb minor", "F# major", "Am", "A:min",
            "e flat minor". A tonic alone is major. Rare spellings ("A# minor", "Cb major") are read too.

    Raises:
        KeyParseError: the text is not the name of a major or minor key.
    """
    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise _unknown(text.strip())
    mode = match["mode"] or ""
    tonic = match["letter"].upper() + _ACCIDENTALS.get((match["accidental"] or "").lower(), "")
    return Key(tonic, _MODES[mode if mode in ("M", "m") else mode.lower()])


def _unknown(text: str) -> KeyParseError:
    what = f"'{text[:_LONGEST_QUOTE]}' is not a key" if text else "The name of the key is empty"
    return KeyParseError(what, remedy="Keys look like C major, A minor, Bb major, F# minor or Ebm")
