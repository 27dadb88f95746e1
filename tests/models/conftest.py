"""Small networks and made-up videos for the tests of the models."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from video2music.features.video_features import VideoFeatures
from video2music.models.amt import AffectiveMultimodalTransformer, AmtConfig

MakeFeatures = Callable[..., VideoFeatures]

TINY = AmtConfig(
    d_model=16,
    heads=2,
    feed_forward=32,
    encoder_layers=1,
    decoder_layers=2,
    max_length=40,
    dropout=0.0,
    inner_dropout=0.0,
    semantic_components=4,
    always_full=False,
    absolute_positions=False,
    cross_attention=False,
    norm_first=True,
    hold_steps=6,
    copy_width=8,
    unused_tensors=False,
)


@pytest.fixture(scope="session")
def make_features() -> MakeFeatures:
    """Features of a made-up video: `make_features(30, seed=1, semantic=False, emotion="sad")`."""

    def make(seconds: int, *, seed: int = 0, semantic: bool = False, emotion: int | None = None) -> VideoFeatures:
        rng = np.random.default_rng(seed)
        felt = rng.dirichlet(np.full(6, 0.7), seconds).astype(np.float32)
        if emotion is not None:
            felt = np.eye(6, dtype=np.float32)[np.full(seconds, emotion)]
        return VideoFeatures(
            duration_s=float(seconds),
            emotion=felt,
            valence=rng.uniform(1, 9, seconds).astype(np.float32),
            arousal=rng.uniform(1, 9, seconds).astype(np.float32),
            scene_offset=(np.arange(seconds) % 7).astype(np.float32),
            motion=rng.gamma(2.0, 3.0, seconds).astype(np.float32),
            cuts_s=np.arange(7, seconds, 7).astype(np.float32),
            semantic=rng.normal(size=(seconds, 768)).astype(np.float32) if semantic else None,
        )

    return make


@pytest.fixture(scope="session")
def tiny_amt() -> AffectiveMultimodalTransformer:
    """Our modules in a small size with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return AffectiveMultimodalTransformer(TINY).eval()
