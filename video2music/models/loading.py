"""Networks as files: a configuration as JSON in the metadata of a safetensors file, tensors beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from emotion.errors import WeightsDamagedError
from emotion.weights import build, check_sizes, load_tensors, save_tensors
from video2music.models.amt import AffectiveMultimodalTransformer, AmtConfig
from video2music.models.dynamics import DynamicsConfig, DynamicsNetwork

FORMAT = "video2music"

Config = TypeVar("Config", AmtConfig, DynamicsConfig)


def save_amt(path: Path, network: AffectiveMultimodalTransformer, notes: Mapping[str, str]) -> None:
    """Write a chord network.

    Args:
        path: destination.
        network: its configuration goes into the metadata.
        notes: further metadata, for example seed and score.
    """
    save_tensors(path, network.state_dict(), _metadata("amt", asdict(network.config), notes))


def save_dynamics(path: Path, network: DynamicsNetwork, notes: Mapping[str, str]) -> None:
    """Write a dynamics network; see `save_amt`."""
    save_tensors(path, network.state_dict(), _metadata("dynamics", asdict(network.config), notes))


def load_amt(path: Path, *, sha256: str | None = None) -> AffectiveMultimodalTransformer:
    """Build the chord network that a file describes, with its weights, ready to use.

    Args:
        path: written by `save_amt` or `import_weights`.
        sha256: the hash it must have, where known.

    Raises:
        WeightsDamagedError: the file is no chord network, or its tensors do not fit its configuration.
    """
    tensors, config = _read(path, "amt", sha256)
    chosen = _configure(AmtConfig, config, path)
    return build(lambda: AffectiveMultimodalTransformer(chosen), tensors, path).eval()


def load_dynamics(path: Path, *, sha256: str | None = None) -> DynamicsNetwork:
    """Build the dynamics network that a file describes; see `load_amt`."""
    tensors, config = _read(path, "dynamics", sha256)
    chosen = _configure(DynamicsConfig, config, path)
    return build(lambda: DynamicsNetwork(chosen), tensors, path).eval()


def _metadata(kind: str, config: dict[str, Any], notes: Mapping[str, str]) -> dict[str, str]:
    return {**notes, "format": f"{FORMAT}.{kind}", "config": json.dumps(config, sort_keys=True)}


def _read(path: Path, kind: str, sha256: str | None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors, metadata = load_tensors(path, sha256=sha256)
    if metadata.get("format") != f"{FORMAT}.{kind}":
        raise WeightsDamagedError(
            f"The file does not hold a {kind} network",
            where=path,
            remedy="Convert a released checkpoint with import-weights first",
        )
    try:
        config: dict[str, Any] = dict(json.loads(metadata["config"]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise WeightsDamagedError("The configuration in the file cannot be read", where=path) from error
    return tensors, config


def _configure(kind: type[Config], config: dict[str, Any], path: Path) -> Config:
    try:
        check_sizes(config)
        return kind(**config)
    except (TypeError, ValueError) as error:
        raise WeightsDamagedError("The configuration in the file does not fit this version", where=path) from error
