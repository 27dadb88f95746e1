"""Weights are found in a stated order, checked before use, and refused in one sentence."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from emotion import weights
from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.weights import (
    file_sha256,
    find_weights,
    load_checkpoint,
    load_into,
    load_tensors,
    pin,
    save_tensors,
)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Give the search its own shipped folder, environment folder and cache."""
    places = {name: tmp_path / name for name in ("environment", "shipped", "cache")}
    for place in places.values():
        place.mkdir()
    monkeypatch.setenv("VIDEO2MUSIC_WEIGHTS", str(places["environment"]))
    monkeypatch.setenv("VIDEO2MUSIC_CACHE", str(places["cache"]))
    monkeypatch.setattr(weights, "models_folder", lambda: places["shipped"])
    return places


def write(folder: Path, name: str = "net.safetensors", value: float = 1.0) -> Path:
    path = folder / name
    save_tensors(path, {"weight": torch.full((2, 3), value)}, {"network": "test"})
    return path


def test_search_goes_from_environment_to_shipped_to_cache(folders: dict[str, Path]) -> None:
    written = [write(folders[name]) for name in ("environment", "shipped", "cache")]
    for expected in written:
        assert find_weights("net") == expected
        expected.unlink()
    with pytest.raises(WeightsNotFoundError):
        find_weights("net")


def test_explicit_path_is_the_only_place(folders: dict[str, Path], tmp_path: Path) -> None:
    write(folders["shipped"])
    own = write(tmp_path, "own.safetensors")
    assert find_weights("net", explicit=own) == own
    assert find_weights("own", explicit=tmp_path) == own
    with pytest.raises(WeightsNotFoundError, match="absent"):
        find_weights("net", explicit=tmp_path / "absent.safetensors")


def test_missing_weights_name_every_place_and_a_remedy(folders: dict[str, Path]) -> None:
    with pytest.raises(WeightsNotFoundError) as refusal:
        find_weights("net")
    sentence = str(refusal.value)
    assert all(str(folder / "net.safetensors") in sentence for folder in folders.values())
    assert "VIDEO2MUSIC_WEIGHTS" in sentence
    assert "\n" not in sentence


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "net.safetensors"
    wanted = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.tensor(2)}
    save_tensors(path, wanted, {"seed": "7"})
    tensors, metadata = load_tensors(path)
    assert metadata == {"seed": "7"}
    assert all(torch.equal(tensors[name], wanted[name]) for name in wanted)
    assert list(path.parent.iterdir()) == [path]


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path)
    pin(path)
    load_tensors(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsDamagedError, match=r"net\.safetensors has the hash"):
        load_tensors(path)


def test_a_given_hash_decides(tmp_path: Path) -> None:
    path = write(tmp_path)
    load_tensors(path, sha256=file_sha256(path))
    with pytest.raises(WeightsDamagedError):
        load_tensors(path, sha256="0" * 64)


def test_shipped_weights_must_be_pinned(folders: dict[str, Path]) -> None:
    path = write(folders["shipped"])
    with pytest.raises(WeightsDamagedError, match="not listed"):
        load_tensors(path)
    pin(path)
    load_tensors(path)


def test_pinning_keeps_other_entries(tmp_path: Path) -> None:
    first, second = write(tmp_path, "a.safetensors"), write(tmp_path, "b.safetensors", 2.0)
    pin(first)
    pin(second)
    listed = json.loads((tmp_path / "checksums.json").read_text())
    assert listed == {"a.safetensors": file_sha256(first), "b.safetensors": file_sha256(second)}


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_files_that_are_not_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsDamagedError, match="not a readable safetensors file"):
        load_tensors(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(WeightsDamagedError):
        load_tensors(path)


def test_a_damaged_list_of_checksums_is_said(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "checksums.json").write_text("{")
    with pytest.raises(WeightsDamagedError, match=r"checksums\.json"):
        load_tensors(path)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    path, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    path.write_bytes(pickle.dumps({"weight": Trap(sprung)}))
    with pytest.raises(WeightsDamagedError, match="safely"):
        load_checkpoint(path)
    assert not sprung.exists()


@pytest.mark.parametrize("key", [None, "state_dict", "model"])
def test_checkpoints_are_read_plain_or_wrapped(tmp_path: Path, key: str | None) -> None:
    state = {"weight": torch.ones(2)}
    torch.save(state if key is None else {key: state, "epoch": 3}, tmp_path / "net.pt")
    assert torch.equal(load_checkpoint(tmp_path / "net.pt")["weight"], torch.ones(2))


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}])
def test_checkpoints_without_tensors_are_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(WeightsDamagedError, match="weights of a network"):
        load_checkpoint(tmp_path / "net.pt")


def test_loading_into_a_network_is_strict() -> None:
    network = torch.nn.Linear(3, 2)
    good = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}
    load_into(network, good)
    assert torch.equal(network.weight, torch.ones(2, 3))
    bad = {"weight": torch.zeros(3, 2), "extra": torch.zeros(1)}
    with pytest.raises(WeightsDamagedError) as refusal:
        load_into(network, bad, where="net.pt")
    sentence = str(refusal.value)
    assert "missing: bias" in sentence
    assert "unexpected: extra" in sentence
    assert "weight (3, 2) instead of (2, 3)" in sentence
    assert "net.pt" in sentence
    assert "\n" not in sentence
    assert torch.equal(network.weight, torch.ones(2, 3))


def test_long_lists_of_names_are_cut_short() -> None:
    extra = {f"x{number}": torch.ones(1) for number in range(10)}
    with pytest.raises(WeightsDamagedError, match="and 6 more"):
        load_into(torch.nn.Linear(1, 1), {"weight": torch.ones(1, 1), "bias": torch.ones(1), **extra})


def test_shipped_files_match_their_pins() -> None:
    folder = weights.models_folder()
    for path in folder.glob("*.safetensors"):
        load_tensors(path)
