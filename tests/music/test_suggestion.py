"""The ensemble that is chosen follows emotion and motion."""

import numpy as np
import pytest

from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import ensemble_names
from video2music.music.suggestion import suggest_ensemble


def suggested(motion: float = 7.5, **emotions: float) -> str:
    row = [emotions.get(name, 0.0) for name in EMOTIONS]
    rest = (1 - sum(row)) / len(row)
    return suggest_ensemble(np.full((8, 6), np.array(row) + rest, np.float32), np.full(8, motion, np.float32))


@pytest.mark.parametrize(
    ("emotion", "ensemble"),
    [
        ("exciting", "band"), ("fearful", "cinematic"), ("tense", "cinematic"), ("sad", "strings"),
        ("relaxing", "ambient"), ("neutral", "piano"),
    ],
)  # fmt: skip
def test_each_emotion_has_its_ensemble(emotion: str, ensemble: str) -> None:
    assert suggested(**{emotion: 0.7}) == ensemble


def test_movement_asks_for_livelier_instruments() -> None:
    assert suggested(1.0, relaxing=0.6) == "ambient"
    assert suggested(20.0, relaxing=0.6) == "lofi"
    assert suggested(60.0, neutral=0.6) == "band"


def test_every_choice_exists_and_the_published_one_is_never_chosen() -> None:
    generator = np.random.default_rng(0)
    chosen = {
        suggest_ensemble(
            generator.dirichlet(np.full(6, 0.3), 1).astype(np.float32),
            np.array([generator.gamma(2, 5)], dtype=np.float32),
        )
        for _ in range(300)
    }
    assert chosen <= set(ensemble_names()) - {"paper"}
    assert len(chosen) >= 5
