"""The ensemble that is chosen follows what a video has more of than others, and no ensemble is forgotten."""

from collections import Counter

import numpy as np
import pytest

from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import ensemble_names
from video2music.music.suggestion import USUAL, suggest_ensemble

STILL, USUAL_MOTION, LIVELY = 1.0, 6.3, 20.0


def suggested(motion: float = USUAL_MOTION, *, engine: str = "embedded", **emotions: float) -> str:
    """Ask with the named emotions, the rest shared among the others."""
    rest = (1 - sum(emotions.values())) / max(1, len(EMOTIONS) - len(emotions))
    row = np.array([emotions.get(name, rest) for name in EMOTIONS], np.float32)
    return suggest_ensemble(np.tile(row, (8, 1)), np.full(8, motion, np.float32), engine=engine)


@pytest.mark.parametrize("share", [0.5, 0.7])
@pytest.mark.parametrize(
    ("emotion", "motion", "ensembles"),
    [
        ("exciting", LIVELY, {"band"}), ("exciting", USUAL_MOTION, {"band"}),
        ("fearful", LIVELY, {"cinematic"}), ("fearful", USUAL_MOTION, {"cinematic"}),
        ("tense", LIVELY, {"cinematic"}), ("tense", USUAL_MOTION, {"cinematic"}),
        ("sad", STILL, {"strings"}), ("sad", USUAL_MOTION, {"strings"}),
        ("relaxing", STILL, {"ambient"}), ("relaxing", USUAL_MOTION, {"musicbox", "ambient"}),
        ("neutral", STILL, {"piano"}), ("neutral", LIVELY, {"lofi"}),
    ],
)  # fmt: skip
def test_clear_cases(emotion: str, motion: float, ensembles: set[str], share: float) -> None:
    assert suggested(motion, **{emotion: share}) in ensembles


def test_gentle_movement_gets_a_music_box() -> None:
    assert suggested(5.0, relaxing=0.42, exciting=0.24, neutral=0.1) == "musicbox"


def test_what_an_encoder_sees_everywhere_decides_nothing() -> None:
    for engine, usual in USUAL.items():
        seen = dict(zip(EMOTIONS, usual.emotion, strict=True))
        less_tense = seen | {"tense": seen["tense"] - 0.1, "sad": seen["sad"] + 0.1}
        assert suggested(usual.motion, engine=engine, **less_tense) == "strings", engine
        assert max(seen, key=lambda name: seen[name]) == "tense", "which would have called for a cinematic ensemble"


def test_every_ensemble_is_chosen_for_some_videos_and_the_published_one_never() -> None:
    generator = np.random.default_rng(0)
    usual = USUAL["embedded"]
    chosen: Counter[str] = Counter()
    for _ in range(600):
        row = generator.dirichlet(8 * np.array(usual.emotion)).astype(np.float32)
        motion = np.float32(usual.motion * np.exp(generator.normal(0, 0.7)))
        chosen[suggest_ensemble(row[None], motion[None])] += 1
    assert set(chosen) == set(ensemble_names()) - {"paper"}
    assert max(chosen.values()) < 0.35 * 600, chosen


def test_an_unknown_engine_is_taken_for_the_usual_one() -> None:
    assert suggested(engine="another", sad=0.7) == "strings"
