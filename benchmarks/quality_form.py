"""Do composed pieces repeat and move on like songs? Self-similarity, chord changes, chords outside the key; Markdown.

    python -m benchmarks.quality_form --data MUVI_SYNC --pop909 FOLDER [--split val] [--seeds 2]

The middle minute of every video of the split that lasts so long. Chords are compared with those of the same videos'
songs; notes, of which MuVi-Sync has none, with the middle minutes of POP909's songs, every ninth one. "Inside" is the
share of pieces between the quartiles of the songs, which half of the songs are.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pretty_midi
import torch

import video2music
from benchmarks.tables import commit, markdown
from video2music.evaluation.composed import middle_of
from video2music.evaluation.form import (
    LAGS_S,
    change_rate,
    chroma_of_chords,
    chroma_of_notes,
    inside_quartiles,
    self_similarity,
    share_outside_key,
)
from video2music.harmony.parsing import parse_chord
from video2music.music.arrangement import arrange
from video2music.music.score import Score
from video2music.training.dataset import Song, load_split
from video2music.wishes import Wishes

SECONDS = 60
EVERY = 9
WHITE_KEYS = frozenset({0, 2, 4, 5, 7, 9, 11})
KINDS: Mapping[str, Wishes] = {
    "default": Wishes(),
    "no cuts": Wishes(align_cuts=False),
    "as published": Wishes(as_published=True),
}

Figures = dict[str, list[float]]


class Row(NamedTuple):
    """One figure of one kind of pieces beside the songs."""

    figure: str
    ours: Sequence[float]
    songs: Sequence[float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="MuVi-Sync in its published layout")
    parser.add_argument("--pop909", type=Path, required=True, help="folder with midi/NNN.mid")
    parser.add_argument("--split", default="val")
    parser.add_argument("--seeds", type=int, default=2, help="pieces per video")
    options = parser.parse_args()
    torch.set_num_threads(1)
    videos = [song for song in load_split(options.data, options.split, semantic=False) if song.seconds >= SECONDS]
    songs, played = figures_of_songs(videos), figures_of_notes(sorted((options.pop909 / "midi").glob("*.mid"))[::EVERY])
    model = video2music.load()
    sys.stdout.write(
        f"{options.split}: {len(videos)} videos, {options.seeds} pieces each; {len(played['notes, 4 s'])} songs of "
        f"POP909; {SECONDS} s of each; commit {commit()}\n\n"
    )
    rows = {}
    for kind, wishes in KINDS.items():
        ours = figures_of_pieces(model, videos, wishes, options.seeds)
        for row in compared(ours, songs | played):
            found = inside_quartiles(row.ours, row.songs)
            rows[f"{row.figure}, {kind}"] = [
                f"{found[name]:.3f}" for name in ("median", "songs", "low", "high", "inside")
            ]
    sys.stdout.write(markdown(["median", "songs' median", "lower quartile", "upper quartile", "inside"], rows))


def compared(ours: Figures, songs: Figures) -> Iterator[Row]:
    """Yield every figure of the pieces beside that of the songs."""
    for figure, values in ours.items():
        yield Row(figure, values, songs[figure])


def figures_of_songs(videos: Sequence[Song]) -> Figures:
    """Describe the chords of the songs themselves."""
    figures: Figures = defaultdict(list)
    for video in videos:
        start = (video.seconds - SECONDS) // 2
        add_chords(figures, video.chords[start : start + SECONDS].tolist())
    return dict(figures)


def figures_of_notes(files: Sequence[Path]) -> Figures:
    """Describe the notes of songs that were arranged by people."""
    figures: Figures = defaultdict(list)
    for file in files:
        midi = pretty_midi.PrettyMIDI(str(file))
        add_notes(figures, midi, (midi.get_end_time() - SECONDS) / 2)
    return dict(figures)


def figures_of_pieces(model: video2music.Composer, videos: Sequence[Song], wishes: Wishes, seeds: int) -> Figures:
    """Compose for every video, in C major or A minor as its song is, and describe chords and notes."""
    figures: Figures = defaultdict(list)
    for number, video in enumerate(videos):
        features = middle_of(video, SECONDS)
        for draw in range(seeds):
            asked = replace(wishes, seed=number * seeds + draw, key="A minor" if video.minor else "C major")
            score = model.write_score(features, asked)
            add_chords(figures, chords_by_second(score))
            add_notes(figures, arrange(score, as_published=wishes.as_published), 0.0)
    return dict(figures)


def chords_by_second(score: Score) -> list[int]:
    """Return the chord that sounds in the middle of every second."""
    events = score.chord_events()
    ends = np.array([event["time_s"] + event["duration_s"] for event in events])
    sounding = np.searchsorted(ends, np.arange(SECONDS) + 0.5, side="right").clip(max=len(events) - 1)
    return [parse_chord(events[index]["symbol"]) for index in sounding]


def add_chords(figures: Figures, chords: list[int]) -> None:
    """Add what the chords of one piece tell."""
    chroma = chroma_of_chords(chords)
    for lag in LAGS_S:
        figures[f"chords, {lag} s"].append(self_similarity(chroma, lag))
    figures["changes a second"].append(change_rate(chords))
    figures["outside the key"].append(share_outside_key(chords, WHITE_KEYS))


def add_notes(figures: Figures, midi: pretty_midi.PrettyMIDI, start_s: float) -> None:
    """Add what the notes of one piece tell."""
    chroma = chroma_of_notes(midi, start_s, SECONDS)
    for lag in LAGS_S:
        figures[f"notes, {lag} s"].append(self_similarity(chroma, lag))


if __name__ == "__main__":
    main()
