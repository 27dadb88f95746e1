"""How every ensemble follows loudness and density on real clips, and what `auto` chooses; Markdown.

    python -m benchmarks.quality_ensembles --data FOLDER [--features CACHE] [--seed 500] [--tempos 60 120 150 180]

FOLDER holds `sample_videos` and `mved`; the clips are the real ones of closed_loop_clips.txt, at most 30 s of each. One
score per clip, composed at the tempo that its picture asks for, and laid out at the other tempos; every ensemble plays
it, at last with the melody too. Printed are rank correlations per step, as mean [5 % of the pieces lie below]: mean
velocity with loudness, and number of notes that sound with note density, of all parts ("all") and of those with pitches
and without the melody ("accompaniment"). Clips of fewer than twelve steps up to the final chord, or whose density moves
by less than four notes, are left out: what hardly moves cannot be followed; how many are left is said.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

import video2music
from benchmarks.closed_loop import CLIPS, LONGEST_S, beginning, seen_clips
from benchmarks.tables import commit, markdown
from video2music.evaluation.following import following
from video2music.features.video_features import VideoFeatures
from video2music.models.melody_for_score import with_melody
from video2music.music.arrangement import arrange
from video2music.music.ending import closing_step
from video2music.music.ensemble import ensemble_names, load_ensemble
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.suggestion import suggest_ensemble
from video2music.wishes import Wishes

FEWEST_STEPS, LEAST_RANGE = 12, 4.0
COLUMNS = ("velocity, all", "velocity, accompaniment", "density, all", "density, accompaniment")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with sample_videos and mved")
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    parser.add_argument("--seed", type=int, default=500, help="of the first clip; the others count from there")
    parser.add_argument("--tempos", type=float, nargs="*", default=[60, 120, 150, 180])
    options = parser.parse_args()
    torch.set_num_threads(1)
    seen = seen_clips(options.data, CLIPS.read_text(encoding="utf-8").split(), options.features)
    clips = {name: beginning(features, LONGEST_S) for name, features in seen.items()}
    scores = list(composed(clips, options.seed))
    moving = [score for score in scores if moves(score)]
    sys.stdout.write(f"{len(moving)} of {len(scores)} clips, seeds from {options.seed}; commit {commit()}\n")
    for tempo in (None, *options.tempos):
        sys.stdout.write(f"\n{'tempo of the picture' if tempo is None else f'{tempo:g} beats per minute'}\n\n")
        sys.stdout.write(
            markdown(COLUMNS, {name: measured(moving, Rendition(ensemble=name, tempo_bpm=tempo)) for name in ours()})
        )
    singing = [with_melody(score) for score in moving]
    sys.stdout.write("\ntempo of the picture, with the melody\n\n")
    sys.stdout.write(
        markdown(COLUMNS, {name: measured(singing, Rendition(ensemble=name, melody=True)) for name in ours()})
    )
    sys.stdout.write(f"\nauto: {counted(clips)}\n")


def ours() -> list[str]:
    """Return the ensembles that do not play as published."""
    return [name for name in ensemble_names() if not load_ensemble(name).as_published]


def composed(clips: Mapping[str, VideoFeatures], first_seed: int) -> Iterator[Score]:
    """Compose one score per clip."""
    model = video2music.load()
    for number, features in enumerate(clips.values()):
        yield model.write_score(features, Wishes(seed=first_seed + number, match=False))


def moves(score: Score) -> bool:
    """Tell whether a score is long enough and its density moves enough to be followed."""
    return closing_step(score.end_step) >= FEWEST_STEPS and float(np.ptp(score.note_density)) >= LEAST_RANGE


def measured(scores: Sequence[Score], rendition: Rendition) -> list[str]:
    """Return one row of the table."""
    pitched = [part.name for part in load_ensemble(rendition.ensemble).parts if part.role != "drums"]
    rows = []
    for score in scores:
        laid = rendition.lay_out(score)
        midi = arrange(laid, ensemble=rendition.ensemble)
        every, accompaniment = following(laid, midi), following(laid, midi, parts=pitched)
        rows.append((every.velocity, accompaniment.velocity, every.density, accompaniment.density))
    return [f"{column.mean():.2f} [{np.percentile(column, 5):.2f}]" for column in np.array(rows).T]


def counted(clips: Mapping[str, VideoFeatures]) -> str:
    """Say how often each ensemble is chosen."""
    chosen = Counter(suggest_ensemble(features.emotion, features.motion) for features in clips.values())
    return ", ".join(f"{name} {chosen[name]}" for name in ours())


if __name__ == "__main__":
    main()
