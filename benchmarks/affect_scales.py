"""Where the encoder and the recogniser put music videos, and whether their pictures and sounds agree; Markdown.

    python -m benchmarks.affect_scales --mved FOLDER [--features CACHE]

Over whole clips: the embedded encoder sees the pictures, the embedded recogniser hears the sounds of the same files.
The encoder's scale in `video2music/scales.py` is from here; both networks were trained on these clips.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import emotion
from benchmarks.closed_loop import AXES, rank_correlation, seen_clips
from benchmarks.tables import commit, markdown


def main() -> None:
    """Print mean and spread of both, and whether pictures and sounds of the same clip agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mved", type=Path, required=True, help="folder with the clips")
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = sorted(path.name for path in options.mved.glob("*.mp4"))
    features = seen_clips(options.mved, names, options.features).values()
    seen = np.array([(clip.valence.mean(), clip.arousal.mean()) for clip in features], dtype=np.float64)
    recogniser = emotion.load("embedded")
    predictions = [recogniser.predict(options.mved / name) for name in names]
    heard = np.array([(prediction.valence, prediction.arousal) for prediction in predictions])
    sys.stdout.write(f"{len(names)} clips; commit {commit()}\n\n")
    sys.stdout.write(markdown(("mean", "spread"), {**scale_rows("picture", seen), **scale_rows("sound", heard)}))
    agreement = [f"{axis} {rank_correlation(seen[:, i], heard[:, i]):+.2f}" for i, axis in enumerate(AXES)]
    sys.stdout.write(f"\nrank correlation of picture and sound: {', '.join(agreement)}\n")


def scale_rows(name: str, values: NDArray[np.float64]) -> dict[str, list[str]]:
    """Return mean and standard deviation of both axes as rows of a table."""
    return {
        f"{name}, {axis}": [f"{values[:, i].mean():.2f}", f"{values[:, i].std():.2f}"] for i, axis in enumerate(AXES)
    }


if __name__ == "__main__":
    main()
