"""What a reader must never do: done here on purpose, to see that the watch notices it."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path


def crash(_path: Path, _out: Path) -> str:
    """End the process as a broken decoder does."""
    os.abort()


def hang(_path: Path, _out: Path) -> str:
    """Never come back."""
    while True:
        time.sleep(0.01)


def eat(_path: Path, _out: Path) -> str:
    """Hold more memory than is allowed."""
    return str(len(bytearray(b"x" * 2_100_000_000)))


def write(path: Path, _out: Path) -> str:
    """Write beside the file."""
    (path.parent / "written").touch()
    return ""


def ask(path: Path, _out: Path) -> str:
    """Ask the server whose address stands in the file."""
    host, _, port = path.read_text(encoding="ascii").partition(":")
    socket.create_connection((host, int(port)), timeout=2).close()
    return ""


def fail(_path: Path, _out: Path) -> str:
    """Raise what is no refusal."""
    raise ValueError("two\nlines")


MISCHIEF: dict[str, Callable[[Path, Path], str]] = {
    "crash": crash,
    "hang": hang,
    "eat": eat,
    "write": write,
    "ask": ask,
    "fail": fail,
}
