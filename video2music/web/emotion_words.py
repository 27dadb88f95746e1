"""What the recogniser found, in words: a headline, how sure it is, how it moves, and what stands out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emotion.moods import mood_tags
from emotion.prediction import HIGHEST, LOWEST, ChordSpan, Prediction
from video2music.errors import KeyParseError
from video2music.harmony.key import parse_key
from video2music.harmony.vocabulary import ROOTS, ROOTS_WITH_FLATS, chord_id, pitch_class
from video2music.web.words import chord_words

MIDDLE = (LOWEST + HIGHEST) / 2

DEGREES = ((0.35, None), (1.3, "rather "), (2.5, ""), (np.inf, "very "))
"""Distance from the middle up to which a value is called nothing, "rather pleasant", "pleasant" or "very pleasant"."""

TURN = 0.6
"""Points on the scale by which the last third must differ from the first before a movement is worth a sentence."""

NO_TAG = (
    "No mood tag stands out. A tag is shown only where it can be told apart reliably and is clearly likelier here "
    "than in any other piece."
)

ALL = 0.995
"""Share of the time from which a kind of chord counts as the only one."""

LITTLE_MORE = 1.25
"""A probability up to this many times the usual one counts as about the usual one."""


CHORD_KINDS = ("major", "minor", "other")
"""By the third of a chord; "other" are those without one."""


@dataclass(frozen=True)
class Axis:
    """One of the two scales.

    Attributes:
        name: what researchers call it.
        low: what its low end means.
        high: what its high end means.
    """

    name: str
    low: str
    high: str

    def words(self, value: float) -> str | None:
        """Say where a value lies, "rather pleasant"; None in the middle.

        Args:
            value: 1..9.
        """
        distance = value - MIDDLE
        degree = next(degree for most, degree in DEGREES if abs(distance) < most)
        return None if degree is None else degree + (self.high if distance > 0 else self.low)

    @property
    def neither(self) -> str:
        """The words for the middle."""
        return f"neither {self.high} nor {self.low}" if self is VALENCE else f"neither {self.low} nor {self.high}"


VALENCE = Axis("Valence", "unpleasant", "pleasant")
AROUSAL = Axis("Arousal", "calm", "excited")


def headline(valence: float, arousal: float) -> str:
    """Say both values in one line, for example "Calm and rather pleasant".

    Args:
        valence: 1..9.
        arousal: 1..9.
    """
    energy, pleasure = AROUSAL.words(arousal), VALENCE.words(valence)
    if energy and pleasure:
        line = f"{energy} and {pleasure}"
    elif energy or pleasure:
        line = f"{energy or pleasure}, {AROUSAL.neither if pleasure else VALENCE.neither}"
    else:
        line = f"{AROUSAL.neither}, {VALENCE.neither}"
    return line[0].upper() + line[1:]


def certainty(prediction: Prediction) -> str:
    """Say how far the true answer may lie from the headline, in one or two sentences."""
    ranges = (
        (AROUSAL, prediction.arousal, prediction.arousal_interval),
        (VALENCE, prediction.valence, prediction.valence_interval),
    )
    known = [(axis, value, interval) for axis, value, interval in ranges if interval is not None]
    if not known:
        return "There is no interval: how far this may be off was not measured for such sound."
    said = " and ".join(f"{ends_words(interval)} for {axis.name.lower()}" for axis, _, interval in known)
    sentence = f"The 80 % interval runs from {said}."
    open_ended = [
        axis.low if value > MIDDLE else axis.high
        for axis, value, (low, high) in known
        if low < MIDDLE - DEGREES[0][0] and high > MIDDLE + DEGREES[0][0] and axis.words(value)
    ]
    return f"{sentence} So listeners may also find it {' or '.join(open_ended)}." if open_ended else sentence


def ends_words(interval: tuple[float, float]) -> str:
    """Say the ends of an interval: "2.2 to 4.1"."""
    return f"{interval[0]:.1f} to {interval[1]:.1f}"


def movement(prediction: Prediction) -> str:
    """Say what is different in the end from the beginning; empty where nothing is."""
    curve = prediction.curve
    third = len(curve.time_s) // 3
    if not third:
        return ""
    changes = []
    for axis, values in ((AROUSAL, curve.arousal), (VALENCE, curve.valence)):
        change = float(values[-third:].mean() - values[:third].mean())
        if abs(change) >= TURN:
            changes.append(f"more {axis.high if change > 0 else axis.low}")
    return f"It grows {' and '.join(changes)} towards the end." if changes else ""


def path_words(prediction: Prediction) -> str:
    """Say in figures what the picture of the two scales shows, for those who cannot see it."""
    values = (
        (VALENCE, prediction.valence, prediction.valence_interval),
        (AROUSAL, prediction.arousal, prediction.arousal_interval),
    )
    parts = [
        f"{axis.name} {value:.1f} of 9" + (f", 80 % interval {ends_words(interval)}" if interval else "")
        for axis, value, interval in values
    ]
    curve = prediction.curve
    if len(curve.time_s) > 1:
        for name, at in (("beginning", 0), ("end", -1)):
            parts.append(f"at the {name} valence {curve.valence[at]:.1f} and arousal {curve.arousal[at]:.1f}")
    return "; ".join(parts) + "."


def range_words(axis: Axis, values: NDArray[np.float64]) -> str:
    """Say between which values a curve moves, for those who cannot see it."""
    return f"{axis.name} over time, between {values.min():.1f} and {values.max():.1f} of 9."


def usual_share(tag: str) -> float | None:
    """Return the share of all pieces that carry a tag, 0..1; None for a tag without a known share."""
    return next((known.prior for known in mood_tags() if known.name == tag), None)


def ratio_words(probability: float, usual: float | None) -> str:
    """Say how a tag's probability compares with how common the tag is.

    Args:
        probability: of the tag here, 0..1.
        usual: share of all pieces that carry it, 0..1.
    """
    if not usual:
        return ""
    ratio = probability / usual
    if ratio < 1 / LITTLE_MORE:
        return "less likely than in any piece"
    if ratio < LITTLE_MORE:
        return "about as likely as in any piece"
    times = f"{ratio:.1f}".removesuffix(".0") if ratio < 3 else f"{ratio:.0f}"
    return f"{times} times as likely as in any piece"


def key_words(key: str | None) -> str:
    """Write a key with real accidentals; say so where none was heard."""
    return "none heard" if key is None else key.replace("b ", "♭ ").replace("# ", "♯ ")


def tempo_words(tempo_bpm: float | None) -> str:
    """Say the tempo, or that there is no steady pulse."""
    return "no steady beat" if tempo_bpm is None else f"{tempo_bpm:.0f} beats per minute"


def heard_chord_words(chord: ChordSpan, key: str | None = None) -> str:
    """Write a recognised chord as musicians do, its root spelled as the key expects it: A# in B flat major is Bb.

    Args:
        chord: what was heard.
        key: of the piece, where one was heard.

    Returns:
        The symbol; "none" for no chord and "other" for one that has no name here.
    """
    root, colon, quality = chord.label.partition(":")
    if root in {"N", "X"}:
        return {"N": "none", "X": "other"}[root]
    named = replace(chord, label=spelled_root(root, quality, key) + colon + quality)
    return chord_words(named.symbol.replace("hdim7", "m7♭5"))


def spelled_root(root: str, quality: str, key: str | None) -> str:
    """Return the name that a root has in a key, unchanged where there is no key."""
    if key is None or root not in {*ROOTS, *ROOTS_WITH_FLATS}:
        return root
    try:
        expected = parse_key(key)
    except KeyParseError:
        return root
    leads_upwards = quality.startswith(("dim", "hdim"))
    return expected.spell(chord_id(pitch_class(root), "dim" if leads_upwards else "maj")).removesuffix("dim")


def chord_kind(chord: ChordSpan) -> str | None:
    """Return "major", "minor" or "other" by the third of a chord; None where there is no chord."""
    root, _, quality = chord.label.partition(":")
    if root in {"N", "X", ""}:
        return None
    if quality.startswith(("min", "dim", "hdim")):
        return "minor"
    return "other" if quality.startswith("sus") else "major"


def harmony_words(chords: Sequence[ChordSpan]) -> str:
    """Say which kind of chord holds most of the time, for example "mostly minor (71 %)"."""
    lengths = dict.fromkeys(CHORD_KINDS, 0.0)
    for chord in chords:
        if (kind := chord_kind(chord)) is not None:
            lengths[kind] += chord.duration_s
    total = sum(lengths.values())
    if not total:
        return "none heard"
    most = max(lengths, key=lengths.__getitem__)
    share = lengths[most] / total
    if share > ALL:
        return f"all {most}"
    return f"mostly {most} ({100 * share:.0f} %)" if share > 0.5 else "major and minor mixed"


def count_changes(symbols: list[str]) -> str:
    """Say how often the chord changes."""
    changes = sum(before != after for before, after in pairwise(symbols))
    return f"{changes} {'change' if changes == 1 else 'changes'}"
