"""How many scene cuts fall on a chord change or a strong beat once tempo and bar lines follow them; Markdown.

    python -m benchmarks.quality_cuts FOLDER [FOLDER ...] [--seed 0]

Every clip in the folders with at least five cuts is taken, at three tempos each. The chords are those of a stock
progression, since only their changes count. "Shifted" is the same music under the same cuts, all moved together by a
random time around the clip. Intervals are 95 % of a bootstrap over clips.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import commit, markdown
from emotion.errors import RefusalError
from video2music.evaluation.cuts import FEWEST_CUTS, cut_agreement
from video2music.features.extraction import SteadyWatcher
from video2music.music.cuts import align_cuts
from video2music.music.score import Score
from video2music.video.reader import VideoReader

TEMPOS = (84.0, 108.0, 132.0)
PROGRESSION = ("C", "C", "Am", "Am", "F", "F", "G", "G", "Em", "Em", "F", "C", "Dm", "Dm", "G7", "G7")
DENSITY, LOUDNESS = 12.0, 0.2
RESAMPLES = 10_000
SHIFTS = 300
COLUMNS = ("share", "shifted", "changes_share", "changes_shifted")


def watch(clip: Path) -> tuple[float, list[float]]:
    """Return a clip's length and the times of its cuts, in seconds."""
    watcher, end_s = SteadyWatcher(), 0.0
    with VideoReader(clip) as reader:
        for frame in reader:
            watcher.add(frame)
            end_s = frame.end_s
    return end_s, [cut for cut in watcher.cuts_s() if cut < end_s]


def stock_score(duration_s: float, tempo_bpm: float) -> Score:
    """Return a plain piece of a length at a tempo."""
    steps = int(np.ceil(duration_s * tempo_bpm / 120))
    chords = tuple(PROGRESSION[step % len(PROGRESSION)] for step in range(steps))
    density = np.full(steps, DENSITY, dtype=np.float32)
    loudness = np.full(steps, LOUDNESS, dtype=np.float32)
    return Score(chords, density, loudness, "C major", 0, duration_s, tempo_bpm)


def measure(folders: list[Path], seed: int) -> Iterator[tuple[bool, NDArray[np.float64]]]:
    """Yield for every clip and tempo whether it was aligned, and the columns."""
    for clip in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        try:
            duration_s, cuts = watch(clip)
        except RefusalError:
            continue
        if len(cuts) < FEWEST_CUTS:
            continue
        for tempo_bpm in TEMPOS:
            score = stock_score(duration_s, tempo_bpm)
            for aligned in (False, True):
                found = cut_agreement(align_cuts(score, cuts) if aligned else score, cuts, shifts=SHIFTS, seed=seed)
                yield aligned, np.array([getattr(found, column) for column in COLUMNS])


def with_interval(values: NDArray[np.float64], seed: int) -> str:
    """Return a mean over clips and its interval; the tempos of a clip are drawn together."""
    clips = values.reshape(-1, len(TEMPOS)).mean(axis=1)
    drawn = np.random.default_rng(seed).integers(len(clips), size=(RESAMPLES, len(clips)))
    low, high = np.percentile(clips[drawn].mean(axis=1), [2.5, 97.5])
    return f"{clips.mean():.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = list(measure(options.folders, options.seed))
    if not found:
        sys.exit(f"No clip there has {FEWEST_CUTS} cuts or more")
    rows = {}
    for name, chosen in (("as composed", False), ("aligned", True)):
        values = np.array([row for aligned, row in found if aligned == chosen])
        twice = float((values[:, 0] >= 2 * values[:, 1]).mean())
        rows[name] = [*(with_interval(column, options.seed) for column in values.T), f"{twice:.2f}"]
    print(f"{len(found) // (2 * len(TEMPOS))} clips at {len(TEMPOS)} tempos, commit {commit()}\n")
    print(markdown(["share of cuts", "shifted", "chord changes alone", "shifted", "at least twice"], rows))


if __name__ == "__main__":
    main()
