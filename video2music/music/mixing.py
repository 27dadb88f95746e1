"""Lays music under or over the clip's own sound: levels in loudness units, and lower while somebody speaks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.music.loudness import DEFAULT_LUFS
from video2music.music.mastering import Mastered, integrated_loudness, master

SILENCE_LUFS = -60.0
"""An original that is softer counts as silent."""
STRONGEST_CHANGE_DB = 20.0
"""The original is made neither louder nor softer by more than this: a quiet room does not become a roaring one."""
UNDER_VOICE_LU = 15.0
"""By how much the music lies below a voice."""
LEAST_DIP_DB, DEEPEST_DIP_DB = 6.0, 24.0
ATTACK_S, AHEAD_S = 0.25, 0.05
"""The music falls within the one and is down the other before the first word."""
HOLD_S, RELEASE_S = 0.2, 0.7
"""It stays down for the one after the last word and rises within the other."""
SHORTEST_RISE_S = 1.5
"""In a shorter pause between words it stays down."""
_CURVE_HZ = 100
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Mix:
    """Music and original sound together.

    Attributes:
        mastered: the sum at its final loudness.
        original_lufs: integrated loudness that the original sound had; -inf for silence.
        dips: beginning, end and depth in decibels of each passage under which the music was lowered.
    """

    mastered: Mastered
    original_lufs: float
    dips: tuple[tuple[float, float, float], ...] = ()


def mix(
    music: NDArray[np.float32],
    original: NDArray[np.float32],
    sample_rate: int,
    *,
    music_level_lu: float,
    speech: Sequence[tuple[float, float]] = (),
    target_lufs: float = DEFAULT_LUFS,
) -> Mix:
    """Bring music to a level relative to the original sound, lower it under speech, and master the sum.

    Args:
        music: (samples, 2).
        original: (samples, 2) at the same rate; it is cut, or silent after its end.
        sample_rate: of both, in Hz.
        music_level_lu: loudness of the music relative to that of the original, both integrated over their length; 0 is
            as loud. Under speech the music lies UNDER_VOICE_LU or more below the voice, whatever its level.
        speech: beginning and end of each passage in seconds, in order.
        target_lufs: integrated loudness of the sum.

    Returns:
        The sum, as long as the music, and how the music was lowered. Where the original is silent, the music alone.
    """
    kept = np.zeros_like(music)
    length = min(len(music), len(original))
    kept[:length] = original[:length]
    original_lufs, music_lufs = (integrated_loudness(sound, sample_rate) for sound in (kept, music))
    if original_lufs < SILENCE_LUFS or not math.isfinite(music_lufs):
        alone = music if original_lufs < SILENCE_LUFS else kept
        return Mix(master(alone, sample_rate, target_lufs=target_lufs), original_lufs)
    change_db = min(max(target_lufs - original_lufs, -STRONGEST_CHANGE_DB), STRONGEST_CHANGE_DB)
    kept *= _factor(change_db)
    level = music * _factor(target_lufs + music_level_lu - music_lufs)
    dips = tuple(_dips(kept, level, sample_rate, speech))
    lower(level, dips, sample_rate)
    kept += level
    return Mix(master(kept, sample_rate, target_lufs=target_lufs), original_lufs, dips)


def lower(music: NDArray[np.float32], dips: Sequence[tuple[float, float, float]], sample_rate: int) -> None:
    """Lower music in place, in slopes that begin before each passage and end after it.

    Args:
        music: (samples, 2).
        original_lufs: integrated loudness that the original sound had; -inf for silence.
        dips: beginning, end and depth in decibels of each passage.
        sample_rate: in Hz.
    """
    time_s = np.arange(math.ceil(len(music) / sample_rate * _CURVE_HZ) + 1) / _CURVE_HZ
    change_db = np.zeros_like(time_s)
    for start_s, end_s, depth_db in dips:
        corners_s = [start_s - AHEAD_S - ATTACK_S, start_s - AHEAD_S, end_s + HOLD_S, end_s + HOLD_S + RELEASE_S]
        change_db = np.minimum(change_db, np.interp(time_s, corners_s, [0, -depth_db, -depth_db, 0]))
    for start in range(0, len(music), _BLOCK):
        block = music[start : start + _BLOCK]
        at_s = np.arange(start, start + len(block)) / sample_rate
        block *= (10 ** (np.interp(at_s, time_s, change_db) / 20)).astype(np.float32)[:, np.newaxis]


def _dips(
    original: NDArray[np.float32], music: NDArray[np.float32], sample_rate: int, speech: Sequence[tuple[float, float]]
) -> list[tuple[float, float, float]]:
    """Return how deep the music goes under each passage, from the loudness of voice and music in it."""
    dips = []
    for start_s, end_s in _without_short_pauses(speech):
        heard = slice(round(start_s * sample_rate), max(round(end_s * sample_rate), round(start_s * sample_rate) + 1))
        voice, under = (integrated_loudness(sound[heard], sample_rate) for sound in (original, music))
        if math.isfinite(voice) and math.isfinite(under):
            depth_db = min(max(under - (voice - UNDER_VOICE_LU), LEAST_DIP_DB), DEEPEST_DIP_DB)
            dips.append((start_s, end_s, depth_db))
    return dips


def _without_short_pauses(speech: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start_s, end_s in speech:
        if joined and start_s - joined[-1][1] < SHORTEST_RISE_S:
            joined[-1] = joined[-1][0], end_s
        else:
            joined.append((start_s, end_s))
    return joined


def _factor(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))
