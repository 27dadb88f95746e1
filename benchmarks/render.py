"""How long a composed piece takes to be rendered again, beside playing its notes alone.

    python -m benchmarks.render CLIP [--repeats 5]

The clip is composed for once. Printed per ensemble: median and range, in seconds, of `Piece.render`, of that with the
music and its notes written, of FluidSynth alone on the same notes, and of `python -m video2music render` as a new
process, all in the same run.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

import video2music
from video2music.music.ensemble import ensemble_names
from video2music.music.mastering import write_wav
from video2music.piece import Piece
from video2music.pipeline import Composer


def main() -> None:
    """Measure every ensemble."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = video2music.load()
    piece = model.compose(arguments.clip, seed=7, match=False)
    print(f"{arguments.clip.name}, {piece.score.duration_s:.1f} s, seconds as median [least, most]")
    print(f"{'':10} {'render':>20} {'and written':>20} {'FluidSynth alone':>20} {'new process':>20}")
    with tempfile.TemporaryDirectory() as folder:
        piece.save(Path(folder) / "base")
        for name in ensemble_names():
            print(f"{name:10} {measured(piece, name, model, Path(folder), arguments.repeats)}")


def measured(piece: Piece, name: str, model: Composer, folder: Path, repeats: int) -> str:
    """Return one row of the table."""
    rendered = piece.render(ensemble=name)

    def written() -> None:
        again = piece.render(ensemble=name)
        write_wav(folder / "music.wav", again.audio, again.sample_rate)
        again.midi.write(str(folder / "music.mid"))

    runs: tuple[Callable[[], object], ...] = (
        lambda: piece.render(ensemble=name),
        written,
        lambda: model.synthesizer.render(rendered.midi, duration_s=rendered.score.duration_s),
        lambda: in_new_process(folder / "base" / "result.json", name, folder / "out"),
    )
    return " ".join(f"{spread([seconds(run) for _ in range(repeats)]):>20}" for run in runs)


def in_new_process(result: Path, name: str, folder: Path) -> None:
    """Render a saved piece as a person does on the command line."""
    command = [sys.executable, "-m", "video2music", "render", str(result), "--ensemble", name, "-o", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def seconds(run: Callable[[], object]) -> float:
    """Return how long a run took."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def spread(values: list[float]) -> str:
    """Return median, least and most."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


if __name__ == "__main__":
    main()
