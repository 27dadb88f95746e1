"""The released checkpoints: their configuration, and their conversion to checked safetensors files."""

from pathlib import Path
from typing import Literal

from torch import Tensor

from emotion.errors import WeightsDamagedError
from emotion.hub import cache_folder
from emotion.weights import file_sha256, load_checkpoint, load_into, load_tensors
from video2music.models.amt import AffectiveMultimodalTransformer, AmtConfig
from video2music.models.dynamics import DynamicsConfig, DynamicsNetwork
from video2music.models.loading import save_amt, save_dynamics

Kind = Literal["amt", "dynamics"]

AMT_FILE = "paper_amt.safetensors"
DYNAMICS_FILE = "paper_dynamics.safetensors"
"""Names under which the `paper` engine looks for converted checkpoints."""


def import_weights(file: Path, kind: Kind | None = None, *, folder: Path | None = None) -> Path:
    """Check a released checkpoint that a person downloaded and store it as safetensors.

    Args:
        file: .pt, .pth or .pickle checkpoint, or safetensors, with the published names and shapes; no code from it
            is run.
        kind: "amt" for the chord network, "dynamics" for note density and loudness; found from the tensors if None.
        folder: where it goes; the cache folder if not given.

    Returns:
        Path of the new file, where the `paper` engine finds it.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it cannot be read, or its tensors are not the published ones; the sentence names them.
    """
    tensors = _tensors(file)
    kind = kind or _kind(tensors, file)
    notes = {"source": file.name, "source_sha256": file_sha256(file)}
    folder = cache_folder() if folder is None else folder
    if kind == "amt":
        network = AffectiveMultimodalTransformer(AmtConfig())
        load_into(network, tensors, where=file)
        save_amt(folder / AMT_FILE, network, notes)
        return folder / AMT_FILE
    dynamics = DynamicsNetwork(DynamicsConfig())
    load_into(dynamics, tensors, where=file)
    save_dynamics(folder / DYNAMICS_FILE, dynamics, notes)
    return folder / DYNAMICS_FILE


def _kind(tensors: dict[str, Tensor], file: Path) -> Kind:
    """Tell which network a released checkpoint belongs to by the names of its tensors."""
    if "Wout.weight" in tensors:
        return "amt"
    if "bifc.weight" in tensors:
        return "dynamics"
    raise WeightsDamagedError(
        "The checkpoint is neither the published chord network nor the published dynamics network", where=file
    )


def _tensors(file: Path) -> dict[str, Tensor]:
    tensors = load_tensors(file)[0] if file.suffix == ".safetensors" else load_checkpoint(file)
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
