"""The interface of the encoders, without any network."""

import subprocess
import sys

import numpy as np
import pytest

from video2music.errors import UnknownEngineError
from video2music.features.image_encoder import AFFECT_OF_EMOTION, ENGINES, expected_affect, load_encoder
from video2music.features.video_features import EMOTIONS


def test_certain_emotions_have_the_affect_of_their_word() -> None:
    valence, arousal = expected_affect(np.eye(6, dtype=np.float32))
    assert [tuple(pair) for pair in zip(valence, arousal, strict=True)] == [
        AFFECT_OF_EMOTION[name] for name in EMOTIONS
    ]


def test_mixed_emotions_lie_between() -> None:
    valence, arousal = expected_affect(np.array([[0.5, 0, 0, 0.5, 0, 0]], np.float32))
    assert (valence[0], arousal[0]) == (5.0, 5.0)


def test_words_lie_where_the_circumplex_has_them() -> None:
    valence, arousal = expected_affect(np.eye(6, dtype=np.float32))
    by_name = {name: (valence[row], arousal[row]) for row, name in enumerate(EMOTIONS)}
    assert min(by_name["exciting"][0], by_name["relaxing"][0]) > 5
    assert max(by_name[name][0] for name in ("fearful", "tense", "sad")) < 5
    assert min(by_name[name][1] for name in ("exciting", "fearful", "tense")) > 5
    assert max(by_name[name][1] for name in ("sad", "relaxing")) < 5


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownEngineError) as refusal:
        load_encoder("telescope")
    assert all(name in str(refusal.value) for name in ENGINES)


def test_the_interface_loads_no_heavy_library() -> None:
    heavy = ("torch", "cv2", "av", "open_clip")
    code = f"import sys, video2music.features.image_encoder; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
