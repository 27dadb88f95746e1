"""Chord vocabulary and parsing, keys, voicing."""

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord, parse_primer
from video2music.harmony.vocabulary import from_harte, harte, symbol, transpose
from video2music.harmony.voicing import chord_notes, voice_progression

__all__ = [
    "Key",
    "chord_notes",
    "from_harte",
    "harte",
    "parse_chord",
    "parse_key",
    "parse_primer",
    "symbol",
    "transpose",
    "voice_progression",
]
