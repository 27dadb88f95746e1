"""MERT-v1-95M without foreign code: its network is transformers' HuBERT, loaded strictly under conditions checked here.

MERT: Li et al., "MERT: Acoustic Music Understanding Model with Large-Scale Self-supervised Training", ICLR 2024.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emotion.errors import WeightsDamagedError
from emotion.listening import Samples

SAMPLE_RATE = 24_000
SEGMENT_SAMPLES = 30 * SAMPLE_RATE
SHORTEST_SAMPLES = 720
"""Two frames; less is filled up with zeros."""
FRAMES_PER_SECOND = 75
LAYERS = (6, 7)
"""Outputs of the 6th and 7th transformer layer; the paper counts them from 0 as 5 and 6."""

REQUIRED = {
    "feature_extractor_cqt": False, "deepnorm": False, "attention_relax": -1.0, "do_stable_layer_norm": False,
    "feat_extract_norm": "group", "feat_proj_layer_norm": True, "conv_bias": False, "sample_rate": SAMPLE_RATE,
}  # fmt: skip
"""Under these settings MERT computes what HuBERT computes; each other value is a different network."""

FOREIGN = frozenset(
    {"auto_map", "model_type", "architectures", "_name_or_path", "transformers_version", "torch_dtype", "dtype"}
)


class MertEncoder:
    """Embeds music, frame by frame.

    Args:
        network: a HuBERT whose weights are MERT's.
        device: where it runs.
    """

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self.network = network.to(device).eval()
        self.device = device

    @property
    def width(self) -> int:
        """Numbers per frame."""
        return len(LAYERS) * self.network.get_parameter("encoder.layer_norm.weight").numel()

    @torch.inference_mode()
    def encode(self, samples: Samples) -> NDArray[np.float32]:
        """Embed one segment.

        Args:
            samples: (n,) mono at 24 000 Hz, at most 30 s as in training; normalised here to mean 0 and variance 1.

        Returns:
            (frames, 2 * width): outputs of layers 6 and 7 side by side, about 75 frames per second.
        """
        wave = np.pad(samples, (0, max(0, SHORTEST_SAMPLES - len(samples)))).astype(np.float32)
        wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
        answer = self.network(torch.from_numpy(wave)[None].to(self.device), output_hidden_states=True)
        states = answer.hidden_states
        return torch.cat([states[layer][0] for layer in LAYERS], dim=1).float().cpu().numpy()


def load_mert(configuration: Path, weights: Path, *, device: torch.device | None = None) -> MertEncoder:
    """Load MERT from the two files of its repository.

    Args:
        configuration: its config.json.
        weights: its pytorch_model.bin, or the same as safetensors.
        device: where it runs; the processor by default.

    Returns:
        The encoder.

    Raises:
        WeightsDamagedError: the configuration is another network's, or a single tensor is missing or left over.
    """
    network = build_network(read_configuration(configuration))
    state = _read_state(weights)
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsDamagedError(
            "The weights do not fit MERT's network",
            where=weights,
            remedy="Replace them by the file published with its config.json",
        ) from error
    return MertEncoder(network, device or torch.device("cpu"))


def read_configuration(path: Path) -> dict[str, Any]:
    """Read MERT's configuration and refuse one under which HuBERT would compute something else.

    Args:
        path: config.json.

    Returns:
        The settings.

    Raises:
        WeightsDamagedError: it cannot be read, or names another kind of network.
    """
    try:
        settings = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise WeightsDamagedError("The configuration of MERT cannot be read", where=path) from error
    wrong = [f"{name} is {settings.get(name)!r}" for name, value in REQUIRED.items() if settings.get(name) != value]
    if settings.get("num_hidden_layers", 0) < max(LAYERS):
        wrong.append(f"num_hidden_layers is {settings.get('num_hidden_layers')!r}")
    if wrong:
        raise WeightsDamagedError(
            f"The configuration is not one of MERT-v1-95M ({', '.join(wrong)})",
            where=path,
            remedy="Use m-a-p/MERT-v1-95M",
        )
    return settings


def build_network(settings: dict[str, Any]) -> nn.Module:
    """Build the network that MERT's settings describe, with random weights."""
    from emotion.torchvision_compat import import_torchvision

    import_torchvision()  # transformers imports it for every model
    from transformers import HubertConfig, HubertModel

    known = {name: value for name, value in settings.items() if name not in FOREIGN and name not in REQUIRED}
    kept = ("do_stable_layer_norm", "feat_extract_norm", "feat_proj_layer_norm", "conv_bias")
    config = HubertConfig(**known, **{name: settings[name] for name in kept}, conv_pos_batch_norm=False)
    config.apply_spec_augment = False
    network: nn.Module = HubertModel(config)
    return network


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    from emotion.weights import load_checkpoint, load_tensors

    return load_tensors(path)[0] if path.suffix == ".safetensors" else load_checkpoint(path)
