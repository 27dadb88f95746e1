"""What is composed rather than predicted: chords drawn for unseen videos beside the chords of their songs.

`python -m video2music.evaluation.composed --data DIR` prints the table from which the defaults of `Sampling` were
chosen: the network's own chords feed back, so a good likelihood alone does not make a good piece.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.weights import find_weights
from video2music.evaluation.metrics import emotion_affinity, emotion_correspondence, jensen_shannon
from video2music.features.video_features import VideoFeatures
from video2music.harmony.vocabulary import NO_CHORD, attribute_id, root_id
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.generation import generate_chords
from video2music.models.loading import load_amt
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling
from video2music.training.dataset import Song, load_split

LONGEST_RUN = 16
PATTERN = 4
"""Chords of a pattern whose returns are counted."""

FREE = Sampling(
    temperature=1.0, top_p=1.0, hold_limit_s=300, hold_bias=0.0, no_chord_limit_s=300, no_chord_bias=0.0, affect=0.0
)
CHOICES: dict[str, Sampling] = {
    "as the network says": FREE,
    "top-p .90": replace(FREE, top_p=0.9, no_chord_bias=-2.0, no_chord_limit_s=2, hold_limit_s=8),
    "default, affect 0": replace(Sampling(), affect=0.0),
    "default": Sampling(),
    "default, affect .5": replace(Sampling(), affect=0.5),
    "default, affect 1": replace(Sampling(), affect=1.0),
    "as published": PUBLISHED_SAMPLING,
}


def features_of(song: Song) -> VideoFeatures:
    """Return a song's video as the embedded engine would hand it over: without image embeddings."""
    if song.emotion is None or song.motion is None or song.scene_offset is None:
        raise ValueError(f"song {song.name} has no video")
    middle = np.full(song.seconds, 5.0, dtype=np.float32)
    cuts = np.flatnonzero(song.scene_offset[1:] == 0).astype(np.float32) + 1
    return VideoFeatures(
        float(song.seconds), song.emotion, middle, middle, song.scene_offset, song.motion, cuts, semantic=None
    )


def repetition(chords: Sequence[int]) -> float:
    """Return the share of patterns of four changing chords that were already heard in the piece."""
    changes = [chord for chord, _ in groupby(chords) if chord != NO_CHORD]
    patterns = [tuple(changes[i : i + PATTERN]) for i in range(len(changes) - PATTERN + 1)]
    return 1 - len(set(patterns)) / len(patterns) if patterns else 0.0


def histograms(pieces: Iterable[NDArray[np.int64]]) -> dict[str, NDArray[np.float64]]:
    """Count qualities, roots and run lengths over all pieces, "no chord" left out."""
    counts = {"quality": np.full(14, 1e-9), "root": np.full(13, 1e-9), "run": np.full(LONGEST_RUN + 1, 1e-9)}
    for piece in pieces:
        for chord, group in groupby(piece.tolist()):
            if chord == NO_CHORD:
                continue
            length = len(list(group))
            counts["quality"][attribute_id(chord)] += length
            counts["root"][root_id(chord)] += length
            counts["run"][min(length, LONGEST_RUN)] += 1
    return counts


def describe(pieces: Sequence[NDArray[np.int64]], songs: Sequence[Song]) -> dict[str, float]:
    """Describe pieces and how far they are from the songs of the same videos.

    Args:
        pieces: (T,) ids per video.
        songs: of the same videos.

    Returns:
        change_rate per second, no_chord share, repetition of patterns, different chords per piece, Jensen-Shannon
        distances of qualities, roots and run lengths, emotion affinity, and the paper's emotion correspondence.
    """
    ours, real = histograms(pieces), histograms([song.chords for song in songs])
    emotions = [features_of(song).emotion for song in songs]
    counted = [emotion_correspondence(piece, emotion) for piece, emotion in zip(pieces, emotions, strict=True)]
    suits = np.concatenate([good[certain] for certain, good in counted])
    return {
        "change_rate": float(np.mean([np.mean(piece[1:] != piece[:-1]) for piece in pieces])),
        "no_chord": float((np.concatenate(pieces) == NO_CHORD).mean()),
        "repetition": float(np.mean([repetition(piece.tolist()) for piece in pieces])),
        "different": float(np.mean([len(set(piece.tolist())) for piece in pieces])),
        **{f"{name}_distance": jensen_shannon(ours[name], real[name]) for name in ours},
        "affinity": float(
            np.mean([emotion_affinity(piece, emotion).mean() for piece, emotion in zip(pieces, emotions, strict=True)])
        ),
        "correspondence": float(suits.mean()) if len(suits) else float("nan"),
    }


def compose_all(
    amt: AffectiveMultimodalTransformer, songs: Sequence[Song], sampling: Sampling, *, seed: int
) -> list[NDArray[np.int64]]:
    """Compose one piece per video in the song's own mode, without a primer."""
    pieces = []
    for number, song in enumerate(songs):
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        chords = generate_chords(
            amt,
            features_of(song),
            mode="minor" if song.minor else "major",
            primer=(),
            generator=generator,
            sampling=sampling,
        )
        pieces.append(np.array(chords, dtype=np.int64))
    return pieces


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="MuVi-Sync in its published layout")
    parser.add_argument("--split", default="val")
    parser.add_argument("--every", type=int, default=1, help="take every so-many-th song")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    songs = load_split(options.data, options.split, semantic=False)[:: options.every]
    amt = load_amt(find_weights("amt"))
    rows = {"the songs themselves": describe([song.chords for song in songs], songs)}
    sys.stdout.write(f"{len(songs)} videos of {options.split}, {options.seeds} seeds\n")
    sys.stdout.write(" " * 22 + "".join(f"{key:>18}" for key in rows["the songs themselves"]) + "\n")
    for name in ["the songs themselves", *CHOICES]:
        if name in CHOICES:
            pieces = [p for seed in range(options.seeds) for p in compose_all(amt, songs, CHOICES[name], seed=seed)]
            rows[name] = describe(pieces, songs * options.seeds)
        sys.stdout.write(f"{name:22}" + "".join(f"{value:18.3f}" for value in rows[name].values()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
