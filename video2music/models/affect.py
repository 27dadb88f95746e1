"""Which chord qualities carry which emotion: the table of the paper, section 3.3, as ids."""

import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import EMOTIONS
from video2music.harmony.vocabulary import CHORD_COUNT, END, PAD, QUALITIES, quality_of

EMOTION_QUALITIES: dict[str, tuple[str, ...]] = {
    "exciting": ("maj", "sus4", "7"),
    "fearful": ("dim", "min7", "dim7", "hdim7"),
    "tense": ("dim", "sus4", "min7", "7"),
    "sad": ("min7", "min", "sus2"),
    "relaxing": ("maj", "maj6", "maj7"),
    "neutral": (),
}
"""Chord qualities that the paper allows for the strongest emotion of a second, on every root."""


BRIGHTNESS: dict[str, float] = {
    "maj": 1.0, "maj6": 1.0, "maj7": 0.5, "sus2": 0.0, "sus4": 0.0, "7": 0.0, "aug": 0.0,
    "min": -1.0, "min6": -1.0, "min7": -0.5, "minmaj7": -1.0, "hdim7": -1.0, "dim": -1.0, "dim7": -1.0,
}  # fmt: skip
"""How bright a quality sounds: a major third is heard as happy, a minor one as sad (Crowder 1984); a seventh that a
major and a minor triad share softens it."""


def chord_brightness() -> NDArray[np.float32]:
    """Return how bright every chord sounds, (157,), -1 to 1; "no chord" is 0."""
    bright = [0.0, *(BRIGHTNESS[str(quality_of(chord))] for chord in range(1, CHORD_COUNT))]
    return np.array(bright, dtype=np.float32)


def allowed_chords() -> NDArray[np.bool_]:
    """Return which of the 159 ids carry each emotion.

    Returns:
        (6, 159) bool, rows in the order of EMOTIONS; the neutral row, N, end and pad are False.
    """
    table = np.zeros((len(EMOTIONS), PAD + 1), dtype=np.bool_)
    for row, emotion in enumerate(EMOTIONS):
        unknown = set(EMOTION_QUALITIES[emotion]) - set(QUALITIES)
        if unknown:
            raise ValueError(f"qualities outside the vocabulary: {sorted(unknown)}")
        for chord in range(1, CHORD_COUNT):
            table[row, chord] = quality_of(chord) in EMOTION_QUALITIES[emotion]
    return table


def emotion_targets(emotion: NDArray[np.float32], chords: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the multi-hot target of the paper's emotion loss (section 3.3).

    Args:
        emotion: (T, 6), probabilities of the second in which each chord sounds.
        chords: (T,), ids 0 to 158; only the end and pad ids are looked at.

    Returns:
        (T, 159), 1 where a chord is allowed for the strongest emotion; end and pad mark only themselves.
    """
    targets: NDArray[np.float32] = allowed_chords()[emotion.argmax(axis=1)].astype(np.float32)
    for marker in (END, PAD):
        rows = chords == marker
        targets[rows] = 0.0
        targets[rows, marker] = 1.0
    return targets
