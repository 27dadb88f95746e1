"""Trained weights: where they are found, how they are checked, and how they enter a network."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.hub import HubFile, cache_folder, fetch, file_sha256

if TYPE_CHECKING:
    from torch import Tensor, nn

Module = TypeVar("Module", bound="nn.Module")

__all__ = [
    "HubFile", "build", "check_fit", "check_sizes", "file_sha256", "find_weights", "load_checkpoint", "load_into",
    "load_tensors", "models_folder", "own_format", "pin", "save_tensors",
]  # fmt: skip

CHECKSUMS = "checksums.json"
SUFFIX = ".safetensors"
NAMED_AT_ONCE = 4  # tensors a refusal lists before it only counts
LONGEST_NAME = 60  # letters of a tensor's name in it

LARGEST_SIZE, MOST_LAYERS = 1 << 16, 64
"""Of a network that a file describes."""
MOST_INSTRUCTIONS = 32_000_000
"""Bytes of a checkpoint that are not tensors; the released ones have less than one million."""


def models_folder() -> Path:
    """Return the folder of the weights that ship with the program."""
    return Path(__file__).resolve().parents[1] / "assets" / "models"


def find_weights(
    name: str,
    *,
    explicit: Path | None = None,
    environment: str = "VIDEO2MUSIC_WEIGHTS",
    hub: HubFile | None = None,
    remedy: str | None = None,
) -> Path:
    """Find a weight file: explicit path, folder in the environment, shipped folder, cache, hub.

    Args:
        name: file name; `.safetensors` is added where it has no ending.
        explicit: a file, or a folder that holds it; nothing else is tried when it is given.
        environment: name of the environment variable that may hold a folder.
        hub: the file on a model hub, downloaded when it is nowhere else.
        remedy: what to do when it is nowhere, for weights that a person has to fetch in a way of their own.

    Returns:
        Path of an existing file; `load_tensors` checks its content.

    Raises:
        WeightsNotFoundError: the file is in none of the places; the sentence lists them.
        DownloadError: the hub was needed and could not be reached.
        WeightsDamagedError: the hub gave another content than the published one.
    """
    filename = name if Path(name).suffix else name + SUFFIX
    if explicit is not None:
        candidate = Path(explicit).expanduser()
        places = [candidate / filename if candidate.is_dir() else candidate]
    else:
        chosen = os.environ.get(environment)
        folders = [*([Path(chosen).expanduser()] if chosen else []), models_folder(), cache_folder()]
        places = [folder / filename for folder in folders]
    for place in places:
        if place.is_file():
            return place
    if hub is not None and explicit is None:
        return fetch(hub)
    raise WeightsNotFoundError(
        f"The weights {filename} were not found",
        where="looked for " + ", ".join(str(place) for place in places),
        remedy=remedy
        or f"Give their path, or set {environment} to the folder that holds them, or install the program again",
    )


def load_tensors(path: Path, *, sha256: str | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file after checking its content.

    Args:
        path: the file.
        sha256: the SHA-256 it must have. Without it the `checksums.json` beside the file decides; a file in the
            shipped folder must be listed there, a person's own folder needs no such list.

    Returns:
        Tensors by name, on the CPU, and the metadata of the file.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: the hash differs or the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    _check_hash(path, sha256)
    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  safe_open is not iterable
            return tensors, dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, "is not a readable safetensors file") from error


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and metadata as safetensors, under a temporary name first so that a half file never counts.

    Args:
        path: destination; its folder is made when missing.
        tensors: tensors by name.
        metadata: texts that belong to them: configuration, scores, version.
    """
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, waiting, dict(metadata)
        )
        waiting.chmod(0o644)
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)


def load_checkpoint(path: Path, *, sha256: str | None = None) -> dict[str, Tensor]:
    """Read a released PyTorch checkpoint (.pt, .pth, .ckpt, .pickle) without running code from it.

    Args:
        path: the file: a state dict, or a dict that holds one under "state_dict" or "model".
        sha256: the SHA-256 it must have, where it is known.

    Returns:
        Tensors by name, on the CPU.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: the hash differs, the file cannot be read, holds code, or holds something else.
    """
    import torch

    _check_hash(path, sha256)
    _check_archive(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _damaged(path, "is not a checkpoint that can be opened safely (weights only)") from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if (
        not isinstance(content, Mapping)
        or not content
        or not all(isinstance(v, torch.Tensor) for v in content.values())
    ):
        raise _damaged(path, "does not hold the weights of a network")
    return {str(name): tensor for name, tensor in content.items()}


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], *, where: object = None) -> None:
    """Copy tensors into a network, refusing any that is missing, unexpected or of another shape.

    Args:
        module: the network.
        tensors: tensors by the names of the network's state dict.
        where: the file they came from, for the refusal.

    Raises:
        WeightsDamagedError: names and shapes do not agree; the sentence names them.
    """
    check_fit(module, tensors, where=where)
    module.load_state_dict(dict(tensors))


def build(make: Callable[[], Module], tensors: Mapping[str, Tensor], path: Path) -> Module:
    """Build the network that a file describes, after a look at whether its tensors are those of such a network.

    Args:
        make: builds the network from the description.
        tensors: of the file.
        path: the file.

    Returns:
        The network with its weights. A description of a network that the file does not hold costs no memory.

    Raises:
        WeightsDamagedError: the description is none, or the tensors do not fit it.
    """
    import torch

    with own_format(path), torch.device("meta"):
        check_fit(make(), tensors, where=path)
    network = make()
    load_into(network, tensors, where=path)
    return network


def check_sizes(description: Mapping[str, object]) -> None:
    """Refuse sizes that no network has.

    Args:
        description: of a network, from a file.

    Raises:
        ValueError: a number is too large, or none.
    """
    for name, size in description.items():
        most = MOST_LAYERS if name.endswith("layers") else LARGEST_SIZE
        if not isinstance(size, bool | int | float) or not 0 <= size <= most:
            raise ValueError(f"{name} is {size}")


def check_fit(module: nn.Module, tensors: Mapping[str, Tensor], *, where: object = None) -> None:
    """Refuse tensors that are missing in a network, unexpected or of another shape; see `load_into`."""
    wanted = module.state_dict()
    missing = sorted(wanted.keys() - tensors.keys())
    unexpected = sorted(tensors.keys() - wanted.keys())
    shapes = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in sorted(wanted.keys() & tensors.keys())
        if tensors[name].shape != wanted[name].shape
    ]
    faults = [("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)]
    if any(names for _, names in faults):
        listed = "; ".join(f"{kind}: {_enumerate(names)}" for kind, names in faults if names)
        remedy = "Use weights made for this network"
        raise WeightsDamagedError(f"The weights do not fit the network ({listed})", where=where, remedy=remedy)


@contextmanager
def own_format(path: Path) -> Iterator[None]:
    """Refuse a file whose description of its network cannot be understood, wherever that shows inside the block.

    Args:
        path: the weight file.

    Raises:
        WeightsDamagedError: something that the description must say is missing or of another kind.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError) as error:
        raise _damaged(path, "does not say what network it holds") from error


def pin(path: Path) -> str:
    """Enter a file's SHA-256 in the `checksums.json` beside it, as `python -m emotion.weights FILE` does.

    Args:
        path: the weight file.

    Returns:
        Its SHA-256.
    """
    digest = file_sha256(path)
    listed = {**_listed(path.parent), path.name: digest}
    waiting = path.with_name(f"{CHECKSUMS}.{os.getpid()}")
    waiting.write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    waiting.replace(path.parent / CHECKSUMS)
    return digest


def _listed(folder: Path) -> dict[str, str]:
    try:
        return dict(json.loads((folder / CHECKSUMS).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(folder / CHECKSUMS, "cannot be read") from error


def _check_hash(path: Path, sha256: str | None) -> None:
    if not path.is_file():
        raise WeightsNotFoundError("There is no such weight file", where=path, remedy="Check the path")
    expected = sha256 or _listed(path.parent).get(path.name)
    if expected is None:
        if path.resolve().parent == models_folder():
            raise _damaged(path, f"is not listed in {CHECKSUMS}", f"Pin it with: python -m emotion.weights {path}")
        return
    found = file_sha256(path)
    if found != expected:
        raise _damaged(path, f"has the hash {found[:12]} instead of {expected[:12]}")


def _check_archive(path: Path) -> None:
    """Refuse a checkpoint that unpacks to more than it is; those that PyTorch writes are not compressed."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, "is not a readable archive") from error
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise _damaged(path, "unpacks to more than it is")
    if any(entry.file_size > MOST_INSTRUCTIONS for entry in entries if entry.filename.endswith(".pkl")):
        raise _damaged(path, "is not a checkpoint that can be opened safely (too many instructions)")


def _damaged(path: Path, fault: str, remedy: str = "Replace it by the published file") -> WeightsDamagedError:
    return WeightsDamagedError(f"The weight file {path.name} {fault}", where=path, remedy=remedy)


def _enumerate(names: list[str]) -> str:
    more = len(names) - NAMED_AT_ONCE
    short = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..." for name in names[:NAMED_AT_ONCE]]
    return ", ".join(short) + (f" and {more} more" if more > 0 else "")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(f"{pin(Path(argument))}  {argument}\n")
