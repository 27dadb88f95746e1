"""A process that reads hostile files one after another and says how each ended; its parent watches it.

Every line of standard input is a job: {"reader": name, "path": file, "out": folder that may be written}. Every line of
standard output is its end: "result", "refusal" (one line of words for the person) or "fault".
"""

import json
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import readers

from emotion.errors import RefusalError
from emotion.hub import cache_folder

MOST_MEMORY = 6 << 30
"""Bytes of address space: the machine stays alive whatever a file does; the promise is checked by the parent."""
LONGEST_SENTENCE = 600

COMPILED = str(cache_folder() / "numba")


class Guard:
    """Notes what Python code does outside its folder; the parent looks for what libraries do behind its back."""

    def __init__(self) -> None:
        self.folder = "/nonexistent"
        self.broken: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at one audit event."""
        if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "os.system"):
            self.broken.append(f"{event} {arguments[1:]!r}"[:200])
        elif event == "open" and isinstance(arguments[0], str) and self._writes(arguments):
            path = os.path.abspath(arguments[0])  # noqa: PTH100 - no Path is made inside of an audit hook
            # Python and numba keep there what they have compiled
            if "__pycache__" not in path and not path.startswith((self.folder, COMPILED, "/dev/null", "/proc/self/")):
                self.broken.append(f"open {path}"[:200])

    @staticmethod
    def _writes(arguments: tuple[Any, ...]) -> bool:
        _, mode, flags = arguments
        if isinstance(mode, str):
            return any(letter in mode for letter in "wax+")
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def peak_bytes() -> int:
    """Return the most memory that this process has held since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget_peak() -> None:
    """Let the peak be what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def attempt(read: Callable[[Path, Path], object], path: Path, out: Path) -> tuple[str, str]:
    """Read one file and say how it ended.

    Args:
        read: takes the file and a folder for what it writes.
        path: the file.
        out: the folder.

    Returns:
        "result", "refusal" or "fault", and words about it.
    """
    try:
        return "result", str(read(path, out))[:2000]
    except RefusalError as refusal:
        words = str(refusal).replace(str(path), "")
        # the file of a study may have several faults, each in a line
        lines = words.splitlines() if type(refusal).__name__ == "StudyFileError" else [words]
        bad = [line for line in lines if not line.isprintable() or len(line) > LONGEST_SENTENCE]
        return ("fault" if bad else "refusal"), ascii(words)[:2000]
    except BaseException:  # noqa: BLE001 - whatever else comes out is what is looked for
        return "fault", traceback.format_exc()[-3000:]


def main() -> None:
    """Take jobs until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    readers.warm(os.environ["HOSTILE_READERS"].split())
    answers.write("ready\n")
    answers.flush()
    guard = Guard()
    sys.addaudithook(guard)
    for line in sys.stdin:
        job = json.loads(line)
        guard.folder, guard.broken = job["out"], []
        tempfile.tempdir = job["out"]
        forget_peak()
        wall, cpu = time.monotonic(), time.process_time()
        end, words = attempt(readers.READERS[job["reader"]], Path(job["path"]), Path(job["out"]))
        answer = {"end": end, "words": words, "wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu}
        answer |= {"peak": peak_bytes(), "broken": guard.broken}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
