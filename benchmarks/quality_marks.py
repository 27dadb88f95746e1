"""How many cuts that a person sets are met by the music that is composed for them; Markdown.

    python -m benchmarks.quality_marks FOLDER [FOLDER ...] [--features CACHE] [--draws 4]

Every readable clip in the folders of at least ten seconds. Cuts are set at random from one second after the beginning
to three seconds before the end, at least 1.5 s apart, on top of those that are found. A cut is met where a chord
changes within 100 ms of it. "Not asked for" is the share of the same moments in music with the same seed that was
composed without them. Intervals are 95 % of a bootstrap over clips.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import video2music
from benchmarks.quality_cuts import readable_clips, with_interval
from benchmarks.tables import commit, markdown
from video2music.evaluation.cuts import share_near
from video2music.features.video_features import VideoFeatures
from video2music.marks import Marks
from video2music.music.score import Score
from video2music.pipeline import Composer
from video2music.wishes import Wishes

SHORTEST_S = 10.0
FIRST_S, LAST_S = 1.0, 3.0
"""From the beginning and from the end of a clip."""
APART_S = 1.5
COUNTS = (1, 2, 3)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    parser.add_argument("--draws", type=int, default=4, help="pieces per clip and number of cuts")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = long_clips(options.folders, options.features)
    if not clips:
        sys.exit(f"No clip there lasts {SHORTEST_S:g} s or more")
    model, rows = video2music.load(), {}
    for count in COUNTS:
        values = np.array([of_clip(model, seen, count, options.draws) for seen in clips])
        rows[f"{count} set"] = [*map(with_interval, values.T[:2]), f"{values[:, 2].mean():.1%}"]
    sys.stdout.write(f"{len(clips)} clips, {options.draws} pieces each, commit {commit()}\n\n")
    sys.stdout.write(markdown(["share met", "not asked for", "change of the tempo"], rows))


def long_clips(folders: Sequence[Path], cache: Path | None) -> list[VideoFeatures]:
    """Return what is seen in every readable clip of the folders that is long enough."""
    return [seen for seen in readable_clips(folders, cache) if seen.duration_s >= SHORTEST_S]


def of_clip(model: Composer, seen: VideoFeatures, count: int, draws: int) -> NDArray[np.float64]:
    """Return the share of cuts that is met, that by chance, and the mean change of the tempo, for one clip."""
    generator = np.random.default_rng(count)
    rows = []
    for seed in range(draws):
        moments = drawn_moments(generator, seen.duration_s, count)
        asked = model.write_score(seen, Wishes(seed=seed, marks=Marks(tuple(moments.tolist()))))
        plain = model.write_score(seen, Wishes(seed=seed))
        tempo = abs(asked.tempo_bpm / plain.tempo_bpm - 1)
        rows.append([share_near(moments, changes(asked)), share_near(moments, changes(plain)), tempo])
    means: NDArray[np.float64] = np.mean(rows, axis=0, dtype=np.float64)
    return means


def drawn_moments(generator: np.random.Generator, duration_s: float, count: int) -> NDArray[np.float64]:
    """Draw moments of a clip that are not too near to each other, to a hundredth of a second."""
    while True:
        moments: NDArray[np.float64] = np.sort(generator.uniform(FIRST_S, duration_s - LAST_S, count)).round(2)
        if count == 1 or np.diff(moments).min() >= APART_S:
            return moments


def changes(score: Score) -> NDArray[np.float64]:
    """Return when another chord begins, in seconds."""
    return np.array([event["time_s"] for event in score.chord_events()])


if __name__ == "__main__":
    main()
