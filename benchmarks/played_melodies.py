"""Tunes over videos beside those of songs: the same facts of both, and how long a tune takes; as Markdown.

python -m benchmarks.played_melodies --data FOLDER --pop909 POP909 [--features CACHE] [--seed 500] [--tempo BPM]

FOLDER holds the clips of benchmarks.closed_loop. One piece each is composed; its tune is described as the tunes of the
songs of POP909's val are, of sections of at least sixteen bars. With --tempo the tunes are those of the pieces laid out
at that tempo, without being composed anew.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import video2music
from benchmarks.closed_loop import real_clips, synthetic_clips
from benchmarks.quality_melody import LONGEST_BARS, SHORTEST_BARS, cell, mean_with_interval
from benchmarks.tables import commit, markdown
from video2music.evaluation.melodies import tune_facts, tune_of_score
from video2music.features.video_features import VideoFeatures
from video2music.models.melody import STEPS_PER_BAR
from video2music.music.rendition import Rendition
from video2music.pipeline import Composer
from video2music.progress import StageTimer
from video2music.training.melodies import load_melodies, of_split, shortened
from video2music.wishes import Wishes

Facts = dict[str, float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with sample_videos and mved")
    parser.add_argument("--pop909", type=Path, required=True, help="POP909")
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    parser.add_argument("--seed", type=int, default=500, help="of the first clip; the others count from there")
    parser.add_argument("--tempo", type=float, help="lay every piece out at this tempo")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = {**real_clips(options.data, options.features), **synthetic_clips()}
    sung = list(of_clips(video2music.load(), clips, options.seed, options.tempo))
    songs = list(of_songs(options.pop909))
    columns = [f"over {len(sung)} clips", f"{len(songs)} tunes of songs, val"]
    rows = {
        name: [cell(mean_with_interval(np.array([facts[name] for facts in side]))) for side in (sung, songs)]
        for name in songs[0]
    }
    seconds = [facts["seconds"] for facts in sung]
    sys.stdout.write(f"commit {commit()}; seeds from {options.seed}\n\n" + markdown(columns, rows))
    sys.stdout.write(f"\nseconds per tune: median {np.median(seconds):.2f}, longest {max(seconds):.2f}\n")


def of_clips(model: Composer, clips: dict[str, VideoFeatures], seed: int, tempo_bpm: float | None) -> Iterator[Facts]:
    """Compose for every clip and describe the tune."""
    for number, features in enumerate(clips.values()):
        timer = StageTimer()
        score = model.write_score(features, Wishes(seed=seed + number), timer)
        laid = replace(Rendition(melody=True), tempo_bpm=tempo_bpm).lay_out(score)
        yield tune_facts(tune_of_score(laid)) | {"seconds": timer.seconds["melody"]}


def of_songs(folder: Path) -> Iterator[Facts]:
    """Describe the tunes of songs that no network was trained on."""
    for section in of_split(load_melodies(folder), "val"):
        if len(section.tokens) >= SHORTEST_BARS * STEPS_PER_BAR:
            yield tune_facts(shortened(section, LONGEST_BARS))


if __name__ == "__main__":
    main()
