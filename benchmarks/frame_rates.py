"""How far motion and cuts of the embedded engine depend on the frame rate, and how they compare with published ones.

    python -m benchmarks.frame_rates CLIP [CLIP ...] [--seconds 30]

Each clip is encoded again at several frame rates. Printed: the ratio of mean motion to that of the clip itself, the
median relative difference of a second, and the cuts. The last line compares with the published definition at the clip's
own rate (only clips of 23 to 31 frames per second): the mean over clips of their ratio, and its spread.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from video2music.features.motion import SteadyMotion, difference
from video2music.features.scene import PublishedCuts, SteadyCuts
from video2music.video.probe import probe
from video2music.video.reader import VideoReader

RATES = (60, 30, 15, 10, 5)
SMALL_SIDE = 256
FLOOR = 0.3  # added to the motion of a second before dividing by it: still pictures differ by coding noise only

Floats = NDArray[np.float64]


def main() -> None:
    """Measure the clips named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    differences: dict[int, list[float]] = {rate: [] for rate in RATES}
    scales: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for clip in arguments.clips:
            own = encoded(clip, Path(folder) / "own.mp4", None, arguments.seconds)
            motion, cuts = steady(own)
            print(f"{clip.name}: motion {motion.mean():.2f}, cuts {cuts}")
            for rate in RATES:
                other, other_cuts = steady(encoded(clip, Path(folder) / f"{rate}.mp4", rate, arguments.seconds))
                length = min(len(motion), len(other))
                relative = np.abs(other[:length] - motion[:length]) / (motion[:length] + FLOOR)
                differences[rate] += relative.tolist()
                ratio = other[:length].mean() / max(motion[:length].mean(), 1e-9)
                print(f"  {rate:2d} fps: ratio {ratio:.3f}, median {np.median(relative):.3f}, cuts {other_cuts}")
            if 23 <= probe(own).frame_rate <= 31:
                scales += scale(own, motion)
    for rate, values in differences.items():
        print(
            f"{rate:2d} fps: median {np.median(values):.3f}, 90 % {np.quantile(values, 0.9):.3f}, max {max(values):.2f}"
        )
    if scales:
        logarithms = np.log(scales)
        print(f"published / steady motion: {np.exp(logarithms.mean()):.2f}, spread x/: {np.exp(logarithms.std()):.2f}")


def encoded(clip: Path, destination: Path, rate: int | None, seconds: float) -> Path:
    """Encode a clip at a frame rate; None keeps its own."""
    change = [] if rate is None else ["-vf", f"fps={rate}"]
    output = ["-t", str(seconds), "-an", "-c:v", "libx264", "-crf", "18", "-preset", "veryfast", str(destination)]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(clip), *change, *output]
    subprocess.run(command, check=True)
    return destination


def steady(path: Path) -> tuple[Floats, list[float]]:
    """Return motion per second and cuts as the embedded engine measures them."""
    motion, cuts = SteadyMotion(), SteadyCuts()
    with VideoReader(path) as reader:
        factor = min(1.0, SMALL_SIDE / max(reader.width, reader.height))
        for frame in reader:
            image = frame.pixels(round(reader.width * factor), round(reader.height * factor), order="bgr24")
            motion.add(frame.time_s, image)
            cuts.add(frame.time_s, image)
    seconds = int(frame.time_s) + 1
    return np.array([motion.take(second) for second in range(seconds)]), [round(cut, 2) for cut in cuts.finish()]


def scale(path: Path, motion: Floats) -> list[float]:
    """Divide the mean published motion, taken at every frame of seconds without a cut, by the steady one, if any."""
    cuts, sums, counts, previous = PublishedCuts(), np.zeros(len(motion)), np.zeros(len(motion)), None
    with VideoReader(path) as reader:
        for frame in reader:
            cuts.add(frame)
            image = frame.full()
            if previous is not None:
                sums[int(frame.time_s)] += difference(image, previous)
                counts[int(frame.time_s)] += 1
            previous = image
    whole = np.array([not any(second - 0.3 < cut < second + 1 for cut in cuts.cuts_s) for second in range(len(motion))])
    published = sums / np.maximum(counts, 1)
    return [float(published[whole].mean() / motion[whole].mean())] if motion[whole].sum() else []


if __name__ == "__main__":
    main()
