"""How long composing takes, beside the least that the work could take, measured in the same run.

    python benchmarks/compose.py [--clip FILE] [--runs 5] [--engine embedded] [--json]

The lower bound is what no program can avoid: decode the clip once and take one small frame per second out of it, play
the same notes with FluidSynth, encode that sound as AAC and copy the picture into a new mp4. The default clip is the
real one that the gradio package carries (30 s), enlarged to 1280 x 720 at 30 frames per second. `warm` is a second and
later clip in a running program, `cold` is a new process from its start to its end.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

import video2music
from video2music.pipeline import SAMPLE_RATE, Composer

SEED = 7


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, help="a video (default: the clip of the gradio package at 720p)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", default="embedded")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = options.clip or default_clip(Path(folder))
        model = video2music.load(options.engine)
        warm_run(model, clip, Path(folder) / "first")  # loads fonts and pages in weights; not counted
        bounds, stages = [], []
        for run in range(options.runs):  # in turn, so that a slow minute of the machine hits both
            bounds.append(bound_run(model, clip, Path(folder)))
            stages.append(warm_run(model, clip, Path(folder) / str(run)))
        warm_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cold, cold_peak = cold_run(clip, Path(folder) / "cold", options.engine)
    report = summarise(bounds, stages) | {
        "clip": describe(clip) if options.clip else "gradio world.mp4 at 1280x720",
        "runs": options.runs,
        "cold_s": round(cold, 2),
        "peak_memory_mb": {"warm": round(warm_peak), "cold": round(cold_peak)},
    }
    print(json.dumps(report) if options.json else table(report))


def default_clip(folder: Path) -> Path:
    """Enlarge the clip of the gradio package.

    Args:
        folder: where the enlarged clip goes.
    """
    source = files("gradio") / "media_assets" / "videos" / "world.mp4"
    path = folder / "world720.mp4"
    arguments = ["-i", str(source), "-vf", "scale=1280:720", "-r", "30", "-t", "30", "-preset", "fast", str(path)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)
    return path


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bound_run(model: Composer, clip: Path, folder: Path) -> dict[str, float]:
    """Time the unavoidable work once.

    Args:
        model: whose notes are played.
        clip: the video.
        folder: for the file that is written.
    """
    piece = model.compose(clip, seed=SEED)
    return {
        "decode": timed(lambda: decode_once(clip)),
        "synthesis": timed(
            lambda: model.synthesizer.render(piece.midi, sample_rate=SAMPLE_RATE, duration_s=piece.features.duration_s)
        ),
        "mux": timed(lambda: copy_mux(clip, piece.audio, folder / "bound.mp4")),
    }


def decode_once(clip: Path) -> None:
    """Decode every frame and take one per second out at 597 x 336, as the published encoder would want it."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        due = 0.0
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= due:
                frame.to_ndarray(format="rgb24", width=597, height=336)
                due += 1.0


def copy_mux(clip: Path, audio: Any, path: Path) -> None:  # noqa: ANN401 - an array
    """Copy the picture stream and encode the sound as AAC."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", bit_rate=192_000)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                target.mux(packet)
        frame = av.AudioFrame.from_ndarray(audio.T.copy(), format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        target.mux(sound.encode(frame))
        target.mux(sound.encode(None))


def warm_run(model: Composer, clip: Path, folder: Path) -> dict[str, float]:
    """Compose and save once in this process.

    Returns:
        Seconds per stage, and of the whole under "total".
    """
    start = time.perf_counter()
    piece = model.compose(clip, seed=SEED)
    saved = piece.save(folder)
    total = time.perf_counter() - start
    stages: dict[str, float] = json.loads(saved.result.read_text())["timings_s"]
    return stages | {"total": total}


def cold_run(clip: Path, folder: Path, engine: str) -> tuple[float, float]:
    """Compose once in a new process.

    Returns:
        Seconds, and the peak memory in MiB.
    """
    command = [sys.executable, "-m", "video2music", "compose", str(clip), "-o", str(folder), "--engine", engine]
    seconds = timed(lambda: subprocess.run(command, check=True, capture_output=True))
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def summarise(bounds: list[dict[str, float]], stages: list[dict[str, float]]) -> dict[str, Any]:
    """Return medians, the range of the totals and the ratio of warm total to bound."""
    totals = [sum(run.values()) for run in bounds]
    warm = [run["total"] for run in stages]
    ratios = [mine / least for mine, least in zip(warm, totals, strict=True)]
    return {
        "bound_s": {name: round(statistics.median(run[name] for run in bounds), 3) for name in bounds[0]},
        "bound_total_s": round(statistics.median(totals), 3),
        "stages_s": {name: round(statistics.median(run[name] for run in stages), 3) for name in stages[0]},
        "warm_total_s": round(statistics.median(warm), 3),
        "warm_range_s": [round(min(warm), 3), round(max(warm), 3)],
        "ratio": round(statistics.median(ratios), 2),
        "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
    }


def describe(clip: Path) -> str:
    """Return name, size and length of a clip."""
    from video2music.video.probe import probe

    info = probe(clip)
    return f"{clip.name}, {info.width}x{info.height}, {info.duration_s:.1f} s"


COUNTERPARTS = {"analyze": "decode", "synthesize": "synthesis", "mux": "mux"}
"""Which bound a stage is held against."""


def table(report: dict[str, Any]) -> str:
    """Lay a report out for reading."""
    lines = [
        f"clip: {report['clip']}, median of {report['runs']} runs",
        f"{'stage':12} {'s':>7} {'bound':>7} {'ratio':>6}",
    ]
    for stage, seconds in report["stages_s"].items():
        if stage == "total":
            continue
        least = report["bound_s"].get(COUNTERPARTS.get(stage, ""))
        beside = "" if least is None else f"{least:7.2f} {seconds / least:6.2f}"
        lines.append(f"{stage:12} {seconds:7.2f} {beside}")
    low, high = report["ratio_range"]
    lines += [
        f"{'total':12} {report['warm_total_s']:7.2f} {report['bound_total_s']:7.2f} {report['ratio']:6.2f}",
        f"ratio of warm total to bound, run by run: {low} to {high}",
        f"cold process {report['cold_s']} s; peak memory {report['peak_memory_mb']} MiB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
