"""Chord symbols that people type, read into the vocabulary or refused with the nearest chord that exists."""

import difflib
import re

from video2music.errors import ChordParseError
from video2music.harmony.key import Key
from video2music.harmony.vocabulary import NO_CHORD, QUALITIES, chord_id, pitch_class, suffix, transpose

_SPELLINGS = {
    "maj": ("", "M", "maj", "major"),
    "dim": ("dim", "o", "°", "mb5", "m-5"),
    "sus4": ("sus4", "sus"),
    "min7": ("m7", "min7", "mi7", "-7"),
    "min": ("m", "min", "mi", "-", "minor"),
    "sus2": ("sus2",),
    "aug": ("aug", "+", "#5", "+5"),
    "dim7": ("dim7", "o7", "°7"),
    "maj6": ("6", "M6", "maj6", "add6"),
    "hdim7": ("hdim7", "hdim", "m7b5", "m7-5", "min7b5", "-7b5", "ø", "ø7", "h7"),
    "7": ("7", "dom7", "dom"),
    "min6": ("m6", "min6", "mi6", "-6"),
    "maj7": ("maj7", "M7", "ma7", "major7", "Δ", "Δ7", "^7", "^"),
}
"""Every way of writing a quality that is read, by quality."""

_RICHER = {
    "maj": ("5", "add9", "add2", "add4", "add11"),
    "min": ("madd9", "madd11", "mmaj7", "mM7", "minmaj7", "-maj7", "mΔ7", "mΔ"),
    "aug": ("aug7", "+7", "7#5", "maj7#5", "augmaj7"),
    "sus4": ("4", "7sus4", "7sus", "9sus4", "9sus", "13sus4", "sus2sus4"),
    "sus2": ("2", "7sus2"),
    "maj6": ("69", "6/9", "maj69"),
    "min6": ("m69", "m6/9"),
    "maj7": ("maj9", "maj11", "maj13", "M9", "M11", "M13", "maj7#11"),
    "min7": ("m9", "m11", "m13", "min9", "min11", "min13"),
    "7": ("9", "11", "13", "7b9", "7#9", "7#11", "7b5", "7alt", "alt"),
    "hdim7": ("m9b5", "m11b5"),
}
"""Chords outside the vocabulary and the quality that keeps most of their sound."""

_KNOWN = {spelling: quality for quality, spellings in _SPELLINGS.items() for spelling in spellings}
_NEAREST = {spelling: quality for quality, spellings in _RICHER.items() for spelling in spellings}
_NO_CHORD_SPELLINGS = frozenset({"N", "NC", "N.C.", "N.C"})
_SYMBOL = re.compile(r"(?P<letter>[A-Ga-g])(?P<accidental>##|bb|#|b)?:?(?P<rest>.*)", re.DOTALL)
_LONGEST_SYMBOL = 20
_EXAMPLES = "C Am F G7 Bbmaj7 F#m7 Dm6 CM7 Gsus4 Bdim Ehdim7"


def parse_chord(text: str) -> int:
    """Read one chord symbol.

    Args:
        text: for example "C", "Am", "Bbmaj7", "F#m7b5", "Gsus4", "E+", "A:min7", "N" for no chord. Flats and
            sharps, also as ♭ and ♯; roots in either case.

    Returns:
        Chord number, 0 to 156.

    Raises:
        ChordParseError: the chord is not in the vocabulary; the sentence names the nearest one that is.
    """
    symbol = text.strip()
    if len(symbol) > _LONGEST_SYMBOL:
        raise ChordParseError(
            f"'{symbol[:_LONGEST_SYMBOL]}...' is too long for a chord", remedy=f"Chords look like {_EXAMPLES}"
        )
    plain = symbol.replace("♯", "#").replace("♭", "b").replace("(", "").replace(")", "")
    plain = plain.replace("△", "Δ").replace("º", "°").replace("Ø", "ø")
    if plain.upper() in _NO_CHORD_SPELLINGS:
        return NO_CHORD
    match = _SYMBOL.fullmatch(plain)
    if match is None:
        raise _unreadable(symbol)
    root = match["letter"].upper() + (match["accidental"] or "")
    quality = _read_quality(match["rest"])
    if quality is None:
        raise _not_in_vocabulary(symbol, root, match["rest"])
    return chord_id(pitch_class(root), quality)


def parse_primer(text: str, key: Key) -> tuple[int, ...]:
    """Read the chords a piece shall begin with, typed in the key the person chose.

    Args:
        text: chord symbols separated by spaces, commas, bars or hyphens that stand alone; may be empty.
        key: the key the symbols are meant in.

    Returns:
        Chord numbers transposed to C major or A minor, in which the networks work.

    Raises:
        ChordParseError: a symbol is not in the vocabulary.
    """
    symbols = [symbol for symbol in re.split(r"[\s,;|]+", text) if symbol.strip("-\u2013\u2014")]
    return tuple(transpose(parse_chord(symbol), -key.shift) for symbol in symbols)


def _read_quality(rest: str) -> str | None:
    """Look a quality up as written, then without regard to case where case carries no meaning ("MAJ7", "Dim")."""
    if rest in _KNOWN:
        return _KNOWN[rest]
    if re.match(r"[mM](?![aAiI])", rest):
        return None
    return _KNOWN.get(rest.lower())


def _not_in_vocabulary(symbol: str, root: str, rest: str) -> ChordParseError:
    body, slash, bass = rest.partition("/")
    without_bass = _read_quality(body)
    if slash and without_bass is not None and bass[:1].upper() in tuple("ABCDEFG"):
        return ChordParseError(
            f"'{symbol}' asks for {bass} in the bass, but the vocabulary has chords without a chosen bass only",
            remedy=f"{root}{suffix(without_bass)} is the nearest",
        )
    nearest = root + suffix(_nearest_quality(rest))
    return ChordParseError(f"'{symbol}' is not in the vocabulary of 157 chords", remedy=f"{nearest} is the nearest")


def _nearest_quality(rest: str) -> str:
    """Find the quality that sounds closest: a known richer chord, else the longest beginning that can be read."""
    if rest in _NEAREST:
        return _NEAREST[rest]
    readings = {**_KNOWN, **_NEAREST}
    for length in range(len(rest), 0, -1):
        beginning = rest[:length]
        if beginning in readings:
            return readings[beginning]
    similar = difflib.get_close_matches(rest.lower(), QUALITIES, n=1, cutoff=0.5)
    return similar[0] if similar else "maj"


def _unreadable(symbol: str) -> ChordParseError:
    if not symbol:
        return ChordParseError("The chord symbol is empty", remedy=f"Chords look like {_EXAMPLES}")
    if symbol[0] in "Hh":
        return ChordParseError(
            f"'{symbol}' is not in the vocabulary of 157 chords", remedy=f"B{symbol[1:]} is the nearest"
        )
    return ChordParseError(
        f"'{symbol}' is not a chord: a chord begins with a letter from A to G", remedy=f"Chords look like {_EXAMPLES}"
    )
