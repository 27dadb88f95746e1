"""Training of the dynamics network on a made-up data set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from video2music.models.dynamics import SPREAD_KNOTS, expected_dynamics
from video2music.models.loading import load_dynamics
from video2music.training import loop
from video2music.training.dataset import feature_batch, load_split
from video2music.training.dynamics import OURS, DynamicsTrainingOptions, song_targets, train_dynamics
from video2music.training.inputs import principal_directions
from video2music.training.losses import dynamics_loss

SMALL = DynamicsTrainingOptions(
    loop=loop.LoopOptions(epochs=12, learning_rate=2e-2, averaging=0.5, bfloat16=False, weight_decay=0.0),
    config=replace(OURS, hidden=6, semantic_components=3, dropout=0.0),
    batch_songs=3,
)


@pytest.fixture(scope="module")
def trained(data_set: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, loop.Run]:
    out = tmp_path_factory.mktemp("trained") / "dynamics.safetensors"
    return out, train_dynamics(data_set, out, SMALL)


def test_training_learns(trained: tuple[Path, loop.Run], data_set: Path) -> None:
    out, run = trained
    assert run.best < 0.8 * run.scores[0]
    network = load_dynamics(out)
    curve = expected_dynamics(network, feature_batch(load_split(data_set, "val")[:1]))
    assert curve[-1, 1] < curve[:-6, 1].mean()  # the made-up songs fade out


def test_played_values_have_the_spread_of_songs(trained: tuple[Path, loop.Run], data_set: Path) -> None:
    network = load_dynamics(trained[0])
    songs = load_split(data_set, "val")
    real = np.concatenate([song_targets(song) for song in songs])
    expected = np.concatenate([expected_dynamics(network, feature_batch([song])) for song in songs])
    played = network.played(expected)
    assert network.spread.shape == (2, 2, SPREAD_KNOTS)
    np.testing.assert_allclose(played.std(axis=0), real.std(axis=0), rtol=0.2)
    order = expected[:, 1].argsort()
    assert (np.diff(played[order, 1]) >= -1e-6).all()


def test_resume_continues_where_the_run_stopped(data_set: Path, tmp_path: Path, trained: tuple[Path, loop.Run]) -> None:
    out = tmp_path / "dynamics.safetensors"

    def interrupt(_stage: str, fraction: float) -> None:
        if fraction > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_dynamics(data_set, out, SMALL, progress=interrupt)
    assert train_dynamics(data_set, out, SMALL, resume=True).scores == trained[1].scores


def test_errors_count_valid_seconds_only() -> None:
    scaled, targets = torch.zeros(1, 3, 2), torch.tensor([[[1.0, 3.0], [0.0, 2.0], [9.0, 9.0]]])
    assert dynamics_loss(scaled, targets, torch.tensor([[True, True, False]])) == pytest.approx((5 + 2) / 2)


def test_directions_stay_inside_the_span_of_the_training_vectors() -> None:
    rng = np.random.default_rng(0)
    span = np.linalg.qr(rng.normal(size=(768, 5)))[0]
    vectors = [(rng.normal(size=(40, 5)) * [9, 5, 3, 2, 1] @ span.T).astype(np.float32) for _ in range(3)]
    mean, basis = principal_directions(vectors, 4)
    np.testing.assert_allclose(basis.T @ basis, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(span @ (span.T @ basis), basis, atol=1e-4)
    np.testing.assert_allclose(mean, np.concatenate(vectors).mean(axis=0), atol=1e-5)
