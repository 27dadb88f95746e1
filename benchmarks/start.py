"""How long the page takes from the start of the program to the first byte that a browser gets.

    python -m benchmarks.start [--runs 5] [--json]

Each run is a new process on a free port of the loopback address, ended as soon as the page has answered. The first run
may have to read libraries from the disk and is told apart from the others.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
AIM_S, PATIENCE_S, LOOK_EVERY_S = 5.0, 120.0, 0.02


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="2 or more")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = summarise([start_once() for _ in range(max(2, options.runs))])
    print(json.dumps(report) if options.json else sentence(report))


def start_once() -> dict[str, float]:
    """Start the page, wait for its first byte and end it.

    Returns:
        Wall-clock seconds, and seconds of processor time of the page's process until then.
    """
    port = free_port()
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port)]
    # without compiled modules every start compiles the program again, which nobody's second start does
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as page:
        try:
            wait_for_page(page, f"http://127.0.0.1:{port}/")
            return {"wall": time.perf_counter() - begun, "cpu": processor_s(page.pid)}
        finally:
            page.terminate()


def wait_for_page(page: "subprocess.Popen[bytes]", url: str) -> None:
    """Ask for the page until its first byte arrives."""
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until and page.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own page
                answer.read(1)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_EVERY_S)
    raise SystemExit("The page did not start; run app.py to see why")


def processor_s(process: int) -> float:
    """Return the seconds that a running process has computed (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of the loopback address that nobody uses."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def summarise(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Tell the first run from the others.

    Args:
        runs: in order.
    """
    later = [run["wall"] for run in runs[1:]]
    return {
        "first_s": round(runs[0]["wall"], 2),
        "later_s": {
            "median": round(statistics.median(later), 2),
            "least": round(min(later), 2),
            "most": round(max(later), 2),
        },
        "processor_s": round(statistics.median(run["cpu"] for run in runs[1:]), 2),
        "runs": len(runs),
        "within_aim": max(run["wall"] for run in runs) < AIM_S,
    }


def sentence(report: dict[str, Any]) -> str:
    """Say it in words."""
    later, verdict = report["later_s"], "met in every run" if report["within_aim"] else "missed"
    return (
        f"First byte of the page after {later['median']} s [{later['least']}, {later['most']}], in the first of "
        f"{report['runs']} runs {report['first_s']} s; {report['processor_s']} s of processor time. "
        f"Aim: under {AIM_S:g} s, {verdict}."
    )


if __name__ == "__main__":
    main()
