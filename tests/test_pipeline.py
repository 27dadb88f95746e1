"""Choices that the way from clip to piece makes by itself."""

import numpy as np
import pytest

from emotion.errors import RefusalError
from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling
from video2music.steering import key_for
from video2music.wishes import Wishes


def seen(emotion: str, valence: float = 5.0) -> VideoFeatures:
    row = np.full(len(EMOTIONS), 0.1, np.float32)
    row[EMOTIONS.index(emotion)] = 0.5
    zeros = np.zeros(3, np.float32)
    return VideoFeatures(3.0, np.tile(row, (3, 1)), zeros + valence, zeros + 5, zeros, zeros, zeros)


@pytest.mark.parametrize(
    ("emotion", "key"),
    [
        ("exciting", "C major"),
        ("relaxing", "C major"),
        ("fearful", "A minor"),
        ("tense", "A minor"),
        ("sad", "A minor"),
    ],
)
@pytest.mark.parametrize("valence", [3.0, 7.0])
def test_the_strongest_emotion_chooses_the_mode(emotion: str, key: str, valence: float) -> None:
    assert str(key_for(seen(emotion, valence))) == key


@pytest.mark.parametrize(("valence", "key"), [(4.0, "A minor"), (6.0, "C major")])
def test_valence_chooses_where_the_video_is_neutral(valence: float, key: str) -> None:
    assert str(key_for(seen("neutral", valence))) == key


def test_affect_changes_nothing_else_of_the_draw() -> None:
    assert Wishes().sampling == Sampling()
    assert Wishes(as_published=True).sampling == PUBLISHED_SAMPLING
    assert Wishes(affect=0.5).sampling == Sampling(affect=0.5)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_affect_outside_its_range_is_refused(strength: float) -> None:
    with pytest.raises(RefusalError, match="0 to 1"):
        Wishes(affect=strength)
