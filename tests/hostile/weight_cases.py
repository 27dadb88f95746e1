"""Files that pose as weights: pickles with code, archives that unpack to far more, headers that lie."""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

MADE = "pwned"
"""Name of the file that code from a pickle would make."""


class Code:
    """What runs a command when it is unpickled."""

    def __init__(self, function: Any, *arguments: object) -> None:  # noqa: ANN401 - any callable
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
        """Return what the unpickler shall call."""
        return self.call


def make_weights(folder: Path) -> None:
    """Write the files.

    Args:
        folder: of the corpus.
    """
    target = folder / MADE
    for name, content in _checkpoints(target):
        (folder / "weights" / name).write_bytes(content)
    for name, content in _networks():
        (folder / "network" / name).write_bytes(content)


def _saved(content: object, **options: Any) -> bytes:  # noqa: ANN401 - options of torch.save
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def _checkpoints(target: Path) -> Iterator[tuple[str, bytes]]:
    import os

    for name, code in (
        ("system", Code(os.system, f"touch {target}")),
        ("eval", Code(eval, f"open({str(target)!r}, 'w')")),
        ("open", Code(open, str(target), "w")),
    ):
        yield f"{name}.pickle", pickle.dumps({"Wout.weight": code})
        yield f"{name}.pt", _saved({"Wout.weight": code})
        yield f"{name}-old.pt", _saved({"Wout.weight": code}, _use_new_zipfile_serialization=False)
    plain = _saved({"Wout.weight": torch.zeros(2, 2)})
    yield "small.pt", plain
    yield "cut.pt", plain[: len(plain) // 2]
    yield "unpacked.pt", _unpacking_to(plain, 1 << 28)
    yield "stretched.pt", _saved({"Wout.weight": torch.zeros(1).expand(1 << 20, 1 << 20)})
    yield "stretched-dynamics.pt", _saved({"bifc.weight": torch.zeros(1).expand(1 << 30, 1 << 10)})
    yield "nested.pt", _saved({"state_dict": {"model": _nested(150)}})
    yield "deep.pickle", b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    yield "memo.pickle", b"\x80\x02" + b"]r" + struct.pack("<I", 0xFFFFFFFF) + b"."
    yield "long.pickle", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"x."
    yield (
        "laughs.pickle",
        b"\x80\x02X\x01\0\0\0aq\0" + b"".join(b"h%ch%c\x86q%c" % (n, n, n + 1) for n in range(60)) + b".",
    )
    yield "names.pt", _saved({"Wout.weight": torch.zeros(1), 5: torch.zeros(1), "x" * 100_000: torch.zeros(1)})
    yield "not-finite.pt", _saved({"bifc.weight": torch.full((3,), float("nan"))})
    yield "text.pt", b"hello"
    yield "empty.pt", b""
    for name, content in _tensor_files():
        yield name, content


def _nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"Wout.weight": torch.zeros(1)}
    for _ in range(depth):
        found = {"model": found}
    return found


def _unpacking_to(plain: bytes, size: int) -> bytes:
    """Return an archive that is small and holds a tensor of `size` bytes, all of them zero."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in source.namelist():
            if not entry.endswith("/data/0"):
                content = source.read(entry)
                if entry.endswith("data.pkl"):  # four elements become many
                    content = content.replace(b"K\x04tq", b"J" + struct.pack("<i", size // 4 - 1) + b"tq")
                packed.writestr(zipfile.ZipInfo(entry), content)
        data = zipfile.ZipInfo("archive/data/0")
        data.compress_type = zipfile.ZIP_DEFLATED
        with packed.open(data, "w", force_zip64=True) as stream:
            for _ in range(size >> 20):
                stream.write(bytes(1 << 20))
    return buffer.getvalue()


def _tensor_files() -> Iterator[tuple[str, bytes]]:
    """List safetensors files whose heads lie."""

    def packed(head: object, data: bytes = b"", size: int | None = None) -> bytes:
        text = head if isinstance(head, bytes) else json.dumps(head).encode()
        return struct.pack("<Q", len(text) if size is None else size) + text + data

    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    yield "head-long.safetensors", packed({}, size=1 << 62)
    yield "head-none.safetensors", packed(b"", size=0)
    yield "head-deep.safetensors", packed(b'{"a":' * 100_000)
    yield "head-large.safetensors", packed({f"t{n}": one for n in range(50_000)}, bytes(4))
    yield "shape.safetensors", packed({"Wout.weight": one | {"shape": [1 << 62, 1 << 62]}}, bytes(4))
    yield "zero.safetensors", packed({"Wout.weight": {"dtype": "F32", "shape": [0, 1 << 60], "data_offsets": [0, 0]}})
    yield "far.safetensors", packed({"Wout.weight": one | {"data_offsets": [1 << 60, (1 << 60) + 4]}}, bytes(4))
    yield "back.safetensors", packed({"Wout.weight": one | {"data_offsets": [4, 0]}}, bytes(4))
    yield "kind.safetensors", packed({"Wout.weight": one | {"dtype": "EVIL"}}, bytes(4))
    yield "notes.safetensors", packed({"__metadata__": {"format": 5}, "Wout.weight": one}, bytes(4))
    yield "same.safetensors", packed({"Wout.weight": one, "bifc.weight": one}, bytes(4))


def _networks() -> Iterator[tuple[str, bytes]]:
    """List files of this program's own format whose description of the network lies."""
    for name, config in (
        ("wide", {"d_model": 1 << 20, "feed_forward": 1 << 20}),
        ("deep", {"encoder_layers": 1 << 30}),
        ("long", {"max_length": 1 << 40}),
        ("none", {"d_model": 0, "heads": 0}),
        ("negative", {"d_model": -512}),
        ("words", {"d_model": "512"}),
        ("list", [1, 2]),
        ("number", 1e308),
        ("unknown", {"__class__": 1}),
        ("odd", {"heads": 7}),
        ("copy", {"copy_width": 1 << 40}),
        ("holds", {"hold_steps": 1 << 40}),
        ("components", {"semantic_components": 1 << 40}),
        ("not-finite", {"dropout": float("nan")}),
    ):
        notes = {"format": "video2music.amt", "config": json.dumps(config)}
        head = json.dumps({"__metadata__": notes, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        yield f"{name}.safetensors", struct.pack("<Q", len(head)) + head + bytes(4)
    deep = {"format": "video2music.amt", "config": "[" * 100_000}
    head = json.dumps({"__metadata__": deep, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    yield "deep-config.safetensors", struct.pack("<Q", len(head)) + head + bytes(4)
