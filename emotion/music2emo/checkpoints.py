"""Reads the released checkpoints, whatever foreign objects they carry, without ever running code from them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.music2emo.networks import CHORD_SIZE, Student, Teacher
from emotion.weights import load_into, load_tensors

LIGHTNING_PREFIX = "model."
NUMPY_NUMBERS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")


class Inert:
    """Takes the place of every foreign object in a checkpoint: it keeps nothing and does nothing."""

    def __new__(cls, *_: object, **__: object) -> Inert:
        """Ignore whatever the file wants to build it from."""
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        """Ignore whatever the file wants to build it from."""

    def __setstate__(self, state: object) -> None:
        """Ignore the state."""


def read_released(path: Path) -> dict[str, Any]:
    """Read a released checkpoint without running code from it.

    PyTorch's own restricted reader is used; objects of libraries that it does not know (training configuration,
    schedules) become `Inert`, and the two numbers of the chord file are read as NumPy numbers.

    Args:
        path: a .ckpt or .pt file.

    Returns:
        The top level of the file.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it cannot be read, or its top level is no dictionary.
    """
    import torch

    if not path.is_file():
        raise WeightsNotFoundError("There is no such weight file", where=path, remedy="Check the path")
    try:
        with torch.serialization.safe_globals([*_numpy_numbers(), *_foreign(path)]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _damaged(path, "is not a checkpoint that can be opened safely") from error
    if not isinstance(content, dict):
        raise _damaged(path, "does not hold the weights of a network")
    return content


def emotion_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a student or teacher from a Lightning checkpoint or a plain state dict.

    Args:
        path: the file.

    Returns:
        Tensors under the names of `Student` or `Teacher`; what else Lightning stored, such as frozen teachers, is left.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it holds no network.
    """
    content = read_released(path)
    state = content.get("state_dict", content)
    if not isinstance(state, Mapping):
        raise _damaged(path, "does not hold the weights of a network")
    if any(str(name).startswith(LIGHTNING_PREFIX) for name in state):
        state = {
            str(name).removeprefix(LIGHTNING_PREFIX): tensor
            for name, tensor in state.items()
            if str(name).startswith(LIGHTNING_PREFIX)
        }
    return _only_tensors(state, path)


def chord_tensors(path: Path) -> tuple[dict[str, Tensor], float, float]:
    """Return the tensors of the chord network, and the mean and deviation its input is normalised with.

    Args:
        path: the released file, a dictionary of "mean", "std" and "model".

    Returns:
        Tensors by name, mean, deviation.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it holds something else.
    """
    content = read_released(path)
    try:
        mean, deviation = float(content["mean"]), float(content["std"])
        state = content["model"]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, "is not the released chord network (mean, std, model)") from error
    if not deviation > 0 or not isinstance(state, Mapping):
        raise _damaged(path, "is not the released chord network (mean, std, model)")
    return _only_tensors(state, path), mean, deviation


def load_network(path: Path) -> Student | Teacher:
    """Load a student or a teacher from a released checkpoint or from training here.

    Args:
        path: a .ckpt of the authors, or a .safetensors that `python -m emotion train` wrote.

    Returns:
        The network, ready to answer; its sizes follow from the file.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it holds neither a student nor a teacher.
    """
    metadata: dict[str, str] = {}
    if path.suffix == ".safetensors":
        tensors, metadata = load_tensors(path)
    else:
        tensors = emotion_tensors(path)
    trunk, tags, outputs = (
        tensors.get(name) for name in ("input_proj.0.weight", "classification_branch.2.bias", "output_proj.2.bias")
    )
    if trunk is None or (tags is None) == (outputs is None):
        raise _damaged(path, "holds neither a student nor a teacher")
    mert_size, masked = trunk.shape[1] - CHORD_SIZE - 1, metadata.get("padding_mask") == "true"
    network: Student | Teacher
    if tags is not None:
        network = Student(mert_size, len(tags), padding_mask=masked)
    else:
        assert outputs is not None  # noqa: S101  exactly one of the two is there
        network = Teacher(len(outputs), mert_size, padding_mask=masked)
    load_into(network, tensors, where=path)
    network.interval_reach = _numbers(metadata, "interval_reach", 2, path)
    network.tag_priors = _numbers(metadata, "tag_priors", 0 if tags is None else len(tags), path)
    return network.eval()


def _numbers(metadata: Mapping[str, str], name: str, count: int, path: Path) -> tuple[float, ...] | None:
    if name not in metadata:
        return None
    try:
        numbers = tuple(float(number) for number in json.loads(metadata[name]))
    except (TypeError, ValueError) as error:
        raise _damaged(path, f"carries a calibration that cannot be read ({name})") from error
    return numbers if len(numbers) == count else None


def load_student(path: Path) -> Student:
    """Load a network as `load_network` does and refuse a teacher."""
    network = load_network(path)
    if not isinstance(network, Student):
        raise _damaged(path, "holds a teacher and not a student")
    return network


def _numpy_numbers() -> list[Any]:
    import numpy as np
    from numpy._core import multiarray

    kinds = [np.dtype, type(np.dtype(np.float64)), type(np.dtype(np.float32))]
    return [*((multiarray.scalar, name) for name in NUMPY_NUMBERS), *kinds]


def _foreign(path: Path) -> list[tuple[Any, str]]:
    """Return stand-ins for all classes the file names and PyTorch does not trust (older files name none of them)."""
    import torch

    if not zipfile.is_zipfile(path):
        return []
    names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    return [(Inert, name) for name in names if not name.startswith(("numpy.", "_codecs."))]


def _only_tensors(state: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    tensors = {str(name): tensor for name, tensor in state.items() if isinstance(tensor, Tensor)}
    if not tensors or len(tensors) != len(state):
        raise _damaged(path, "does not hold the weights of a network")
    return tensors


def _damaged(path: Path, fault: str) -> WeightsDamagedError:
    return WeightsDamagedError(
        f"The weight file {path.name} {fault}", where=path, remedy="Replace it by the published file"
    )
