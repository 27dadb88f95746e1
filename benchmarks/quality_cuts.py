"""How many scene cuts fall on a chord change or a strong beat of the music composed for them; Markdown.

    python -m benchmarks.quality_cuts FOLDER [FOLDER ...] [--features CACHE] [--ensemble NAME ...] [--seeds 2]

Every clip in the folders with at least five cuts; pieces as the program composes them by default, and with cuts left
alone. A cut counts within 100 ms of a chord change, or of a note on the first or third beat of a bar. "Shifted" is the
same music under the same cuts, all moved together by a random time around the clip. Intervals are 95 % of a bootstrap
over clips; "at least twice" is the share of clips whose share of cuts is at least twice the shifted one.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import video2music
from benchmarks.closed_loop import seen_clips
from benchmarks.tables import commit, markdown
from emotion.errors import RefusalError
from video2music.evaluation.cuts import FEWEST_CUTS, cut_agreement
from video2music.features.video_features import VideoFeatures
from video2music.pipeline import Composer
from video2music.rendering import chosen_ensemble
from video2music.wishes import Wishes

RESAMPLES = 10_000
SHIFTS = 300
COLUMNS = ("share", "shifted", "changes_share", "changes_shifted")
KINDS = {"cuts left alone": False, "default": True}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    parser.add_argument("--ensemble", action="append", help="may be given several times; piano if it is not")
    parser.add_argument("--seeds", type=int, default=2, help="pieces per clip")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = clips_with_cuts(options.folders, options.features)
    if not clips:
        sys.exit(f"No clip there has {FEWEST_CUTS} cuts or more")
    model = video2music.load()
    rows = {}
    for ensemble in options.ensemble or ["piano"]:
        for name, aligned in KINDS.items():
            values = np.array([of_clip(model, seen, ensemble, options.seeds, aligned=aligned) for seen in clips])
            twice = float((values[:, 0] >= 2 * values[:, 1]).mean())
            rows[f"{ensemble}, {name}"] = [*map(with_interval, values.T), f"{twice:.2f}"]
    sys.stdout.write(f"{len(clips)} clips, {options.seeds} pieces each, commit {commit()}\n\n")
    sys.stdout.write(markdown(["share of cuts", "shifted", "chord changes alone", "shifted", "at least twice"], rows))


def clips_with_cuts(folders: Sequence[Path], cache: Path | None) -> list[VideoFeatures]:
    """Return what is seen in every readable clip of the folders that has enough cuts."""
    return [seen for seen in readable_clips(folders, cache) if len(seen.cuts_s) >= FEWEST_CUTS]


def readable_clips(folders: Sequence[Path], cache: Path | None) -> Iterator[VideoFeatures]:
    """Yield what is seen in every clip of the folders that can be read."""
    for clip in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        try:
            yield seen_clips(clip.parent, [clip.name], cache)[clip.name]
        except RefusalError:
            continue


def of_clip(model: Composer, seen: VideoFeatures, ensemble: str, seeds: int, *, aligned: bool) -> NDArray[np.float64]:
    """Compose for a clip and return the columns, means over its pieces."""
    played = chosen_ensemble(ensemble, seen.emotion, seen.motion, engine="embedded")
    rows = []
    for seed in range(seeds):
        score = model.write_score(seen, Wishes(seed=seed, align_cuts=aligned))
        found = cut_agreement(score, seen.cuts_s.tolist(), ensemble=played, shifts=SHIFTS, seed=seed)
        rows.append([getattr(found, column) for column in COLUMNS])
    means: NDArray[np.float64] = np.mean(rows, axis=0, dtype=np.float64)
    return means


def with_interval(values: NDArray[np.float64]) -> str:
    """Return a mean over clips and its interval."""
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
