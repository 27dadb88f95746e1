"""Work for tests of the workers: what a file may do to a process, without a file."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion.errors import RefusalError


@dataclass(frozen=True)
class OddJobs:
    """Does what the item says."""

    loads: bool = True

    def open(self) -> Callable[[str], dict[str, Any]]:
        if not self.loads:
            raise RefusalError("The weights are missing", remedy="Bring them")
        return do


def do(item: str) -> dict[str, Any]:
    match item.partition(":")[0]:
        case "bad":
            raise RefusalError("This is no video", where=item)
        case "odd":
            raise ValueError("the library met something odd")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            threading.Event().wait()
        case "give":
            Path(item.partition(":")[2]).open("w").close()  # waits until somebody takes
        case "take":
            Path(item.partition(":")[2]).open().close()  # waits until somebody gives
    return {"pid": os.getpid()}
