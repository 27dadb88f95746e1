"""Released checkpoints become checked safetensors files."""

from pathlib import Path

import pytest
import torch

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from video2music.models.dynamics import DynamicsConfig, DynamicsNetwork
from video2music.models.loading import load_dynamics
from video2music.models.published import import_weights


def test_a_released_checkpoint_is_converted(tmp_path: Path) -> None:
    network = DynamicsNetwork(DynamicsConfig())
    torch.save({f"module.{name}": tensor for name, tensor in network.state_dict().items()}, tmp_path / "best.pickle")
    path = import_weights(tmp_path / "best.pickle", "dynamics", folder=tmp_path / "cache")
    loaded = load_dynamics(path)
    assert loaded.config == DynamicsConfig()
    torch.testing.assert_close(loaded.bifc.weight, network.bifc.weight)


def test_the_network_is_found_from_the_tensors(tmp_path: Path) -> None:
    torch.save(DynamicsNetwork(DynamicsConfig()).state_dict(), tmp_path / "w.pt")
    assert import_weights(tmp_path / "w.pt", None, folder=tmp_path).name == "paper_dynamics.safetensors"
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(WeightsDamagedError, match="neither"):
        import_weights(tmp_path / "other.pt", None, folder=tmp_path)


def test_other_tensors_are_refused_by_name(tmp_path: Path) -> None:
    tensors = DynamicsNetwork(DynamicsConfig()).state_dict()
    tensors["colour"] = tensors.pop("bifc.bias")
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(WeightsDamagedError, match=r"bifc\.bias.*colour"):
        import_weights(tmp_path / "w.pt", "dynamics", folder=tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError):
        import_weights(tmp_path / "none.pt", "amt", folder=tmp_path)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"bifc.weight": Path("x")}, tmp_path / "w.pt")
    with pytest.raises(WeightsDamagedError):
        import_weights(tmp_path / "w.pt", "dynamics", folder=tmp_path)
