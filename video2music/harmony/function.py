"""What a chord does in its key: rest (tonic), move away (subdominant), or pull back (dominant)."""

from typing import Literal

from video2music.harmony.key import Key, Mode
from video2music.harmony.vocabulary import NO_CHORD, chord_pitch_classes, root_and_quality

Function = Literal["tonic", "subdominant", "dominant", "outside"]

FUNCTIONS: tuple[Function, ...] = ("tonic", "subdominant", "dominant", "outside")
"""From rest to tension; "outside" are chords with tones that the key does not have."""

_OF_DEGREE: dict[Mode, dict[int, Function]] = {
    "major": {
        0: "tonic",
        2: "subdominant",
        4: "tonic",
        5: "subdominant",
        7: "dominant",
        9: "tonic",
        11: "dominant",
    },
    "minor": {
        0: "tonic",
        2: "subdominant",
        3: "tonic",
        5: "subdominant",
        7: "dominant",
        8: "subdominant",
        10: "dominant",
        11: "dominant",
    },
}
"""By semitones from the tonic to the root, as in functional harmony (D. de la Motte, Harmonielehre, 1976): parallels
share the function of the chord that they stand for. The sixth degree of minor is taken for the subdominant's parallel,
not the tonic's counter-chord; it can be either."""

_LEADING_TONE = 11


def function_of(chord: int, key: Key) -> Function | None:
    """Return what a chord does in a key.

    Args:
        chord: 0 to 156, as it sounds.
        key: what it sounds in; minor also knows the raised leading tone.

    Returns:
        None for a step without a chord.
    """
    if chord == NO_CHORD:
        return None
    root, _ = root_and_quality(chord)
    known = key.scale | {(key.pitch_class + _LEADING_TONE) % 12}
    if not chord_pitch_classes(chord) <= known:
        return "outside"
    return _OF_DEGREE[key.mode].get((root - key.pitch_class) % 12, "outside")
