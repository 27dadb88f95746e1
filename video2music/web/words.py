"""Moods, chords, times and refusals in the words of the page."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError
from video2music.features.video_features import EMOTIONS, VideoFeatures

SECOND_MOOD_SHARE = 0.2
"""A second mood is named when it holds at least this share of the video."""

UNEXPECTED = "Something went wrong that should not have. Nothing of yours is lost; please try again."


def mood_words(features: VideoFeatures) -> str:
    """Say which moods the picture carried, strongest first, for example "mostly tense, partly sad"."""
    shares = features.emotion.mean(axis=0)
    first, second = np.argsort(-shares)[:2]
    words = f"mostly {EMOTIONS[first]}"
    return f"{words}, partly {EMOTIONS[second]}" if shares[second] >= SECOND_MOOD_SHARE else words


def mood_shares(shares: NDArray[np.floating], most: int = 2, least: float = 0.1) -> str:
    """Say how strong the strongest emotions are, for example "tense 45 %, sad 25 %".

    Args:
        shares: (6,) in the order of EMOTIONS.
        most: how many are named.
        least: share below which one is not named, unless it is the strongest.
    """
    strongest = np.argsort(-shares, kind="stable")[:most]
    named = [index for place, index in enumerate(strongest) if place == 0 or shares[index] >= least]
    return ", ".join(f"{EMOTIONS[index]} {100 * shares[index]:.0f} %" for index in named)


def seconds_words(seconds: float) -> str:
    """Say a length of time as a person would: "0.4 s", "12 s", "3 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def chord_words(symbol: str) -> str:
    """Write a chord symbol with real accidentals; "N", a step without a chord, becomes a rest."""
    if symbol == "N":
        return "rest"
    return symbol[0] + symbol[1:].replace("#", "♯", 1).replace("b", "♭", 1) if symbol[1:2] in {"#", "b"} else symbol


def key_words(key: str) -> str:
    """Write a key with real accidentals: "B♭ major"."""
    return key.replace("b ", "♭ ").replace("# ", "♯ ")


def clock(seconds: float) -> str:
    """Write a moment as minutes and seconds, "1:05", or with hours, "1:02:05"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}:{minutes_left:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def moment_words(seconds: float) -> str:
    """Write a moment to a tenth of a second: "0:12", "1:05.5"."""
    tenths = round(10 * seconds)
    return clock(tenths // 10) + (f".{tenths % 10}" if tenths % 10 else "")


def length_words(seconds: float) -> str:
    """Write how long a recording is: "1:05", or "0.4 s" where a clock would show next to nothing."""
    return seconds_words(seconds) if seconds < 9.95 else clock(seconds)


def refusal_sentence(error: RefusalError, clip_name: str, root: Path) -> str:
    """Say a refusal without the paths of the server.

    Args:
        error: what was refused.
        clip_name: the clip's name as the person knows it.
        root: folder of the page, where that clip is known by another name.

    Returns:
        What, where if it is the person's own file or word, and the remedy.
    """
    where = error.where
    if where is not None and Path(where).is_relative_to(root):
        where = clip_name
    elif where is not None and any(word.startswith("/") for word in where.split()):
        where = None
    return str(RefusalError(error.what, where=where, remedy=error.remedy))


def loudness_words(level: float) -> str:
    """Say a root mean square as decibels below full scale: "-26 dB"; "silent" where there is nothing to hear.

    Args:
        level: 0..1.
    """
    return f"{20 * np.log10(level):.0f} dB".replace("-", "\u2212") if level > 1e-4 else "silent"
