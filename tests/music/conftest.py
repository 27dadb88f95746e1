"""Scores for the tests of this folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from video2music.music.score import Score
from video2music.music.sound_fonts import find_sound_font

MakeScore = Callable[..., Score]


def build_score(
    chords: str | Sequence[str],
    *,
    density: float | Sequence[float] = 10.0,
    loudness: float | Sequence[float] = 0.2,
    key: str = "C major",
    duration_s: float | None = None,
    tempo_bpm: float = 120.0,
    pickup_beats: float = 0.0,
    cuts_s: Sequence[float] = (),
    seed: int = 0,
) -> Score:
    symbols = tuple(chords.split() if isinstance(chords, str) else chords)
    steps = len(symbols)
    return Score(
        chords=symbols,
        note_density=np.broadcast_to(np.asarray(density, dtype=np.float32), (steps,)).copy(),
        loudness=np.broadcast_to(np.asarray(loudness, dtype=np.float32), (steps,)).copy(),
        key=key,
        seed=seed,
        duration_s=duration_s if duration_s is not None else steps * 120.0 / tempo_bpm,
        tempo_bpm=tempo_bpm,
        pickup_beats=pickup_beats,
        cuts_s=tuple(cuts_s),
    )


@pytest.fixture(scope="session")
def make_score() -> MakeScore:
    """Build a score from chord symbols: `make_score("C Am F", density=10, loudness=.2, key="C major")`."""
    return build_score


@pytest.fixture(scope="session")
def sound_font() -> Path:
    """Find a sound font that loads quickly."""
    return find_sound_font()
