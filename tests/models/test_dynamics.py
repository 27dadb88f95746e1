"""Note density and loudness: any length, smooth at joins, the spread of real songs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.weights import find_weights
from video2music.features.video_features import VideoFeatures
from video2music.models.dynamics import DynamicsConfig, DynamicsNetwork, expected_dynamics, predict_dynamics
from video2music.models.inputs import batch_of
from video2music.models.loading import load_dynamics, save_dynamics
from video2music.models.windows import cover

MakeFeatures = Callable[..., VideoFeatures]
OURS = DynamicsConfig(hidden=6, layers=2, semantic_components=4, always_full=False, unused_tensors=False)


@pytest.fixture(scope="module")
def small() -> DynamicsNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DynamicsNetwork(OURS).eval()


@pytest.mark.parametrize("seconds", [1, 30, 301, 650])
@pytest.mark.parametrize("published", [True, False])
def test_one_value_per_second_in_range(make_features: MakeFeatures, seconds: int, *, published: bool) -> None:
    config = DynamicsConfig(hidden=4) if published else OURS
    dynamics = predict_dynamics(DynamicsNetwork(config), make_features(seconds))
    assert dynamics.note_density.shape == dynamics.loudness.shape == (seconds,)
    assert dynamics.note_density.dtype == dynamics.loudness.dtype == np.float32
    assert (dynamics.note_density >= 0).all()
    assert ((dynamics.loudness >= 0) & (dynamics.loudness <= 1)).all()


def test_published_windows_join_without_a_step(make_features: MakeFeatures) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = DynamicsNetwork(DynamicsConfig(hidden=8, max_length=50))
    features = make_features(400)
    curve = expected_dynamics(network, batch_of(features))
    steps = np.abs(np.diff(curve, axis=0))
    edges = {edge for window in cover(400, 50, overlap=10) for edge in window} - {0, 400}
    at_joins = steps[[edge - 1 for edge in edges]]
    assert at_joins.mean() <= 1.5 * steps.mean()


def test_played_values_keep_their_order_and_get_the_stored_spread(small: DynamicsNetwork) -> None:
    small.spread.copy_(torch.stack([torch.stack([torch.linspace(4, 6, 41), torch.linspace(0, 20, 41)])] * 2))
    expected = np.array([[3.0, 4.2], [4.5, 5.0], [5.5, 5.1], [9.0, 7.0]], dtype=np.float32)
    played = small.played(expected)
    np.testing.assert_allclose(played[:, 0], [0, 5, 15, 20], atol=1e-4)
    assert (np.diff(played[:, 1]) >= 0).all()
    assert played[:, 1].max() <= 1


def test_padded_videos_are_refused(small: DynamicsNetwork, make_features: MakeFeatures) -> None:
    with pytest.raises(ValueError, match="equal length"):
        small(batch_of(make_features(10)).padded(12))


def test_a_file_holds_its_own_configuration(
    tmp_path: Path, small: DynamicsNetwork, make_features: MakeFeatures
) -> None:
    save_dynamics(tmp_path / "d.safetensors", small, {})
    loaded = load_dynamics(tmp_path / "d.safetensors")
    batch = batch_of(make_features(20))
    np.testing.assert_array_equal(expected_dynamics(loaded, batch), expected_dynamics(small, batch))


@pytest.fixture(scope="module")
def shipped() -> DynamicsNetwork:
    return load_dynamics(find_weights("dynamics"))


@pytest.mark.parametrize("seconds", [1, 5, 15, 60, 240])
def test_shipped_curves_are_loud_enough_at_any_length(
    shipped: DynamicsNetwork, make_features: MakeFeatures, seconds: int
) -> None:
    curves = [predict_dynamics(shipped, make_features(seconds, seed=seed)) for seed in range(3)]
    assert 0.08 < np.mean([curve.loudness for curve in curves]) < 0.35
    assert 6 < np.mean([curve.note_density for curve in curves]) < 20


def test_shipped_curves_spread_like_songs(shipped: DynamicsNetwork, make_features: MakeFeatures) -> None:
    curves = [predict_dynamics(shipped, make_features(180, seed=seed)) for seed in range(4)]
    assert np.mean([curve.loudness.std() for curve in curves]) > 0.025
    assert np.mean([curve.note_density.std() for curve in curves]) > 1.0


def test_what_moves_more_is_played_louder_and_denser(shipped: DynamicsNetwork, make_features: MakeFeatures) -> None:
    features = make_features(90)
    motion = np.full(90, 3.0, dtype=np.float32)
    motion[40:60] = 20.0
    lively = predict_dynamics(shipped, replace(features, motion=motion))
    for curve in (lively.loudness, lively.note_density):
        assert curve[44:56].mean() > 1.1 * np.concatenate([curve[20:36], curve[64:80]]).mean()


def test_a_still_video_gives_a_smooth_curve(shipped: DynamicsNetwork, make_features: MakeFeatures) -> None:
    features = make_features(90)
    same = replace(
        features,
        motion=np.full(90, 2.0, dtype=np.float32),
        emotion=np.full((90, 6), 1 / 6, dtype=np.float32),
        scene_offset=np.arange(90, dtype=np.float32),
    )
    assert np.abs(np.diff(predict_dynamics(shipped, same).loudness)).max() < 0.03
