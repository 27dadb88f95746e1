"""Note density and loudness: any length, smooth at joins, the spread of real songs."""

from collections.abc import Callable
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


def test_shipped_curves_fade_and_spread_like_songs(make_features: MakeFeatures) -> None:
    network = load_dynamics(find_weights("dynamics"))
    curves = [predict_dynamics(network, make_features(180, seed=seed)) for seed in range(4)]
    loudness = np.stack([curve.loudness for curve in curves])
    assert loudness[:, -1].mean() < 0.6 * loudness[:, 60:120].mean()
    assert loudness.std() > 0.02
    assert 4 < np.median([curve.note_density for curve in curves]) < 20
