"""How soon a cancelled piece makes room for the next person.

    python -m benchmarks.cancel [--rounds 20] [--seconds 28] [--json FILE]

Starts `app.py` on a free port of 127.0.0.1. In each round one client sends a long clip; when that piece is being made,
a second client sends a short one and waits behind it; at a random moment of the work the first one cancels. Printed is
how long it takes from there until the second one hears that its own work has begun; its answer is checked.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gradio_client import Client, handle_file
from gradio_client.client import Job

from benchmarks.load import fault_of, make_clips, serve

LOOK_EVERY_S = 0.02
LONGEST_S = 120.0
WAITING = ("before you", "Getting ready")


def main() -> None:
    """Run the rounds and print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=28, help="length of the clip whose piece is cancelled")
    parser.add_argument("--json", type=Path, help="write every time there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (long, _), (short, length_s) = make_clips(Path(folder), options.seconds)[0], make_clips(Path(folder), 8)[1]
        with serve(Path(folder)) as (url, _):
            freed = [freed_after_s(url, long, short, length_s, number) for number in range(options.rounds)]
    middle, late = np.percentile(freed, [50, 95])
    print(
        f"{len(freed)} cancels, next piece begun after p50 {middle:.2f} s, p95 {late:.2f} s, {max(freed):.2f} s at most"
    )
    if options.json:
        options.json.write_text(json.dumps(freed), encoding="utf-8")


def freed_after_s(url: str, long: Path, short: Path, length_s: float, number: int) -> float:
    """Cancel one piece and return the seconds until the next person's began.

    Args:
        url: of the server.
        long: clip of the piece that is cancelled.
        short: clip of who waits.
        length_s: of that clip.
        number: of the round.
    """
    first, second = Client(url, verbose=False), Client(url, verbose=False)
    tempo = 90 + number
    cancelled = first.submit(clip=handle_file(long), seed=number, api_name="/compose")
    wait_until(lambda: began(cancelled))
    waits = second.submit(clip=handle_file(short), seed=number, tempo=tempo, api_name="/compose")
    wait_until(lambda: bool(heard(waits)))
    threading.Event().wait(random.uniform(0.0, 1.0))  # noqa: S311 - another moment of the work in each round
    if cancelled.done():
        raise SystemExit("the first piece was finished before it was cancelled: give a larger --seconds")
    cancelled.cancel()
    asked = time.monotonic()
    wait_until(lambda: began(waits))
    freed_s = time.monotonic() - asked
    fault = fault_of(Path(waits.result(timeout=LONGEST_S)[3]), number, tempo, length_s)
    if fault:
        raise SystemExit(f"round {number}: {fault}")
    return freed_s


def heard(job: Job) -> str:
    """Return the stage that a call was told last."""
    news = job.status().progress_data
    return (news[0].desc or "") if news else ""


def began(job: Job) -> bool:
    """Return whether the work for a call has begun."""
    stage = heard(job)
    return job.done() or (bool(stage) and not any(word in stage for word in WAITING))


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so.

    Args:
        condition: asked a few times a second.
    """
    until = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("waited too long")
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    main()
