"""Released checkpoints open without running code from them, and wrong ones are refused in a sentence."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.music2emo.checkpoints import chord_tensors, emotion_tensors, load_network, load_student, read_released
from emotion.music2emo.mert import load_mert
from emotion.music2emo.networks import Student, Teacher
from emotion.weights import save_tensors


class Malicious:
    """Would make a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


def test_a_lightning_checkpoint_gives_the_student_alone(weights: Path) -> None:
    tensors = emotion_tensors(weights / "J_all.ckpt")
    assert tensors.keys() == Student(64).state_dict().keys()
    student = load_student(weights / "J_all.ckpt")
    assert torch.equal(student.input_proj[0].weight, tensors["input_proj.0.weight"])
    assert not student.training
    assert not student.padding_mask


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_never_runs(tmp_path: Path, zipped: bool) -> None:  # noqa: FBT001  a parameter of the test
    trap = tmp_path / "made"
    path = tmp_path / "trap.ckpt"
    torch.save({"state_dict": {}, "x": Malicious(trap)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsDamagedError):
        emotion_tensors(path)
    assert not trap.exists()


def test_the_old_chord_file_with_numpy_numbers(weights: Path) -> None:
    tensors, mean, deviation = chord_tensors(weights / "btc_model_large_voca.pt")
    assert (mean, deviation) == (-5.0, 3.0)
    assert len(tensors) == 221


@pytest.mark.parametrize(
    "content",
    [
        {"mean": 0.0, "std": 1.0},
        {"mean": 0.0, "std": 0.0, "model": {"x": torch.zeros(1)}},
        {"mean": 0.0, "std": float("nan"), "model": {"x": torch.zeros(1)}},
        {"mean": "none", "std": 1.0, "model": {"x": torch.zeros(1)}},
        {"mean": 0.0, "std": 1.0, "model": {"x": 1}},
        [1, 2],
    ],
)
def test_other_files_are_not_chord_networks(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "chords.pt")
    with pytest.raises(WeightsDamagedError, match=r"chords\.pt"):
        chord_tensors(tmp_path / "chords.pt")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 cut off"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ckpt").write_bytes(content)
    with pytest.raises(WeightsDamagedError, match="opened safely"):
        read_released(tmp_path / "a.ckpt")


def test_an_absent_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError):
        read_released(tmp_path / "absent.ckpt")


def test_sizes_follow_from_the_file(tmp_path: Path) -> None:
    save_tensors(tmp_path / "a.safetensors", Teacher(2, 16, padding_mask=True).state_dict(), {"padding_mask": "true"})
    teacher = load_network(tmp_path / "a.safetensors")
    assert isinstance(teacher, Teacher)
    assert (teacher.outputs, teacher.mert_size, teacher.padding_mask) == (2, 16, True)
    with pytest.raises(WeightsDamagedError, match="teacher and not a student"):
        load_student(tmp_path / "a.safetensors")


def test_neither_student_nor_teacher(tmp_path: Path) -> None:
    save_tensors(tmp_path / "a.safetensors", {"weight": torch.zeros(3)}, {})
    with pytest.raises(WeightsDamagedError, match="neither"):
        load_network(tmp_path / "a.safetensors")


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    state = Student(16).state_dict()
    state.pop("chord_root_embedding.weight")
    save_tensors(tmp_path / "a.safetensors", state, {})
    with pytest.raises(WeightsDamagedError, match=r"chord_root_embedding\.weight"):
        load_network(tmp_path / "a.safetensors")


def test_mert_is_never_loaded_in_part(weights: Path, tmp_path: Path) -> None:
    state = torch.load(weights / "mert-v1-95m.bin", weights_only=True)
    state.pop("encoder.layers.3.final_layer_norm.weight")
    torch.save(state, tmp_path / "cut.bin")
    with pytest.raises(WeightsDamagedError, match="do not fit"):
        load_mert(weights / "mert-v1-95m.json", tmp_path / "cut.bin")


@pytest.mark.parametrize(
    "change", [{"deepnorm": True}, {"attention_relax": 32.0}, {"feature_extractor_cqt": True}, {"num_hidden_layers": 6}]
)
def test_a_network_that_hubert_is_not_is_refused(weights: Path, tmp_path: Path, change: dict) -> None:
    settings = json.loads((weights / "mert-v1-95m.json").read_text(encoding="utf-8")) | change
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(WeightsDamagedError, match=next(iter(change))):
        load_mert(tmp_path / "config.json", weights / "mert-v1-95m.bin")


def test_mert_reads_weights_under_either_name_of_weight_norm(weights: Path, tmp_path: Path) -> None:
    state = torch.load(weights / "mert-v1-95m.bin", weights_only=True)
    old = {"original0": "weight_g", "original1": "weight_v"}
    renamed = {}
    for name, tensor in state.items():
        parts = name.split(".parametrizations.weight.")
        renamed[f"{parts[0]}.{old[parts[1]]}" if len(parts) == 2 else name] = tensor
    assert any(name.endswith("weight_g") for name in renamed)
    torch.save(renamed, tmp_path / "old.bin")
    wave = np.sin(np.arange(24_000) * 0.05).astype(np.float32)
    configuration = weights / "mert-v1-95m.json"
    new, old_style = (load_mert(configuration, path) for path in (weights / "mert-v1-95m.bin", tmp_path / "old.bin"))
    np.testing.assert_array_equal(new.encode(wave), old_style.encode(wave))
