"""Whether time and memory of composing grow in a straight line with the length of the clip.

    python -m benchmarks.curve [--clip FILE] [--lengths 10 30 60 180 600 1800] [--engine embedded] [--json]

A real clip is repeated, or cut, without encoding it again. Each length is composed for and saved in a process of its
own, which first composes for the shortest, so that loading is not counted; its peak memory is that of the process. A
line is fitted to the points so that relative deviations are least; the table says how far each point is from it. Every
stage is also given in milliseconds for a second of the clip: one that is not straight shows there.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np

from benchmarks.compose import SEED, default_clip

LENGTHS_S = (10, 30, 60, 180, 600, 1800)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, help="is repeated (default: the clip of the gradio package at 720p)")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS_S, metavar="S")
    parser.add_argument("--engine", default="embedded")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, type=Path, metavar=("FIRST", "CLIP"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        first, clip = options.one
        print(json.dumps(measure(first, clip, options.engine)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = options.clip or default_clip(folder)
        clips = [repeated(clip, length_s, folder) for length_s in sorted(options.lengths)]
        points = [measured_apart(clips[0], clip, options.engine) for clip in clips]
    report = fitted(points)
    print(json.dumps(report) if options.json else table(report))


def repeated(clip: Path, length_s: int, folder: Path) -> Path:
    """Repeat a clip to a length, its streams copied.

    Args:
        clip: a video.
        length_s: of the result, in seconds.
        folder: where it goes.
    """
    path = folder / f"{length_s}{clip.suffix}"
    arguments = ["-stream_loop", "-1", "-i", str(clip), "-map", "0:v:0", "-c", "copy", "-t", str(length_s), str(path)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)
    return path


def measured_apart(first: Path, clip: Path, engine: str) -> dict[str, Any]:
    """Measure a clip in a process of its own; see `measure`."""
    command = [sys.executable, "-m", "benchmarks.curve", "--engine", engine, "--one", str(first), str(clip)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    point: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return point


def measure(first: Path, clip: Path, engine: str) -> dict[str, Any]:
    """Compose for a clip and save the piece.

    Args:
        first: is composed for before, not counted.
        clip: a video.
        engine: which networks compose.

    Returns:
        Its length, seconds of the wall clock and of the processor (with ffmpeg's), of each stage, and peak memory.
    """
    import video2music

    model = video2music.load(engine)
    with tempfile.TemporaryDirectory() as folder:
        model.compose(first, seed=SEED).save(Path(folder) / "first")
        begun, worked = time.perf_counter(), processor_s()
        piece = model.compose(clip, seed=SEED)
        saved = piece.save(Path(folder) / "measured")
        wall_s, cpu_s = time.perf_counter() - begun, processor_s() - worked
        facts = json.loads(saved.result.read_text(encoding="utf-8"))
    return {
        "length_s": facts["duration_s"],
        "wall_s": round(wall_s, 3),
        "processor_s": round(cpu_s, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "stages_s": facts["timings_s"],
    }


def processor_s() -> float:
    """Return the seconds that this process and those it started have computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def fitted(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Lay a line through time, work and memory.

    Args:
        points: at two lengths or more.

    Returns:
        The points, and for each quantity what it is at no length, what a second adds, and the relative deviation of
        every point.
    """
    lines = {}
    for name in ("wall_s", "processor_s", "memory_mb"):
        length = np.array([point["length_s"] for point in points], dtype=float)
        value = np.array([point[name] for point in points], dtype=float)
        # divided by what was measured, so that the shortest clip counts as much as the longest
        terms = np.stack([np.ones_like(length), length], axis=1) / value[:, np.newaxis]
        (start, slope), *_ = np.linalg.lstsq(terms, np.ones_like(value), rcond=None)
        deviation = value / (start + slope * length) - 1
        lines[name] = {
            "at_zero": round(float(start), 3),
            "per_second": round(float(slope), 5),
            "deviation": [round(float(share), 3) for share in deviation],
        }
    return {"points": points, "lines": lines}


def table(report: dict[str, Any]) -> str:
    """Lay a report out for reading."""
    points, lines = report["points"], report["lines"]
    rows = [
        f"{'length, s':>12} {'wall, s':>9} {'off line':>9} {'work, s':>9} {'off line':>9} {'MB':>6} {'off line':>9}"
    ]
    for number, point in enumerate(points):
        off = {name: f"{100 * line['deviation'][number]:+8.1f}%" for name, line in lines.items()}
        rows.append(
            f"{point['length_s']:12.1f} {point['wall_s']:9.2f} {off['wall_s']} {point['processor_s']:9.2f} "
            f"{off['processor_s']} {point['memory_mb']:6} {off['memory_mb']}"
        )
    for name, line in lines.items():
        rows.append(f"{name}: {line['at_zero']:.2f} + {line['per_second']:.4f} for each second")
    rows.append("ms of each stage for a second of clip:")
    for stage in points[-1]["stages_s"]:
        each = (1000 * point["stages_s"].get(stage, 0.0) / point["length_s"] for point in points)
        rows.append(f"{stage:12} " + " ".join(f"{value:8.2f}" for value in each))
    return "\n".join(rows)


if __name__ == "__main__":
    main()
