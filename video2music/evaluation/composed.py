"""What is composed rather than predicted: chords drawn for unseen videos beside the chords of their songs.

The defaults of `Sampling` were chosen from this table: the network's own chords feed back, so a good likelihood alone
does not make a good piece.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray

from video2music.evaluation.copying import SharedRuns, changes
from video2music.evaluation.metrics import emotion_affinity, emotion_correspondence, jensen_shannon
from video2music.evaluation.together import compose_together
from video2music.features.video_features import VideoFeatures
from video2music.harmony.vocabulary import NO_CHORD, attribute_id, from_harte, root_id, symbol
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.generation import Mode
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling, outside_key
from video2music.training.dataset import FloatArray, Song

LONGEST_RUN = 16
PATTERNS = (4, 8)
"""Chords of the patterns whose returns are counted."""

LIMIT_S = 250
"""Seconds of each video that are composed for: with the lead-in they fit one window of the network."""

TONICS = frozenset({from_harte("C"), from_harte("A:min")})

FREE = Sampling(
    temperature=1.0,
    top_p=1.0,
    hold_limit_s=300,
    swing_limit=0,
    hold_bias=0.0,
    no_chord_limit_s=300,
    no_chord_bias=0.0,
    affect=0.0,
    outside_key_bias=0.0,
    lead_in_s=0,
)
CHOICES: dict[str, Sampling] = {
    "as the network says": FREE,
    "as published": PUBLISHED_SAMPLING,
    "default, affect 0": replace(Sampling(), affect=0.0),
    "default": Sampling(),
    "default, affect .25": replace(Sampling(), affect=0.25),
    "default, affect .5": replace(Sampling(), affect=0.5),
    "default, affect 1": replace(Sampling(), affect=1.0),
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


def repetition(chords: Sequence[int], pattern: int) -> float:
    """Return the share of patterns of so many changing chords that were already heard in the piece."""
    heard = changes(chords)
    patterns = [heard[i : i + pattern] for i in range(len(heard) - pattern + 1)]
    return 1 - len(set(patterns)) / len(patterns) if patterns else 0.0


def ping_pong(chords: Sequence[int]) -> float:
    """Return the share of changes that go on swinging between two chords: the third and later of A B A B."""
    heard = changes(chords)
    if len(heard) < 4:
        return 0.0
    return float(np.mean([heard[i] == heard[i - 2] and heard[i - 1] == heard[i - 3] for i in range(3, len(heard))]))


def diatonic(chords: NDArray[np.int64]) -> float:
    """Return the share of sounding seconds whose chord has tones of C major (A minor) alone."""
    return float(1 - outside_key()[chords[chords != NO_CHORD]].mean()) if (chords != NO_CHORD).any() else 0.0


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


def describe(
    pieces: Sequence[NDArray[np.int64]], songs: Sequence[Song], known: SharedRuns | None = None
) -> dict[str, float]:
    """Describe pieces and how far they are from the songs of the same videos.

    Args:
        pieces: (T,) ids per video, no longer than the songs.
        songs: of the same videos.
        known: finds runs shared with the training songs.

    Returns:
        Figures by name: change rate per second, share of "no chord", repeated patterns, swinging between two chords,
        different chords per piece, chords inside the key, pieces that end on their tonic, Jensen-Shannon distances of
        qualities, roots and run lengths, the longest run shared with a training song (mean and largest), emotion
        affinity over all seconds, and the paper's emotion correspondence.
    """
    songs = [cut(song, len(piece)) for song, piece in zip(songs, pieces, strict=True)]
    ours, real = histograms(pieces), histograms([song.chords for song in songs])
    emotions = [features_of(song).emotion for song in songs]
    counted = [emotion_correspondence(piece, emotion) for piece, emotion in zip(pieces, emotions, strict=True)]
    suits = np.concatenate([good[certain] for certain, good in counted])
    affinities = [emotion_affinity(piece, emotion) for piece, emotion in zip(pieces, emotions, strict=True)]
    shared = [known.longest(changes(piece.tolist())) for piece in pieces] if known else [0]
    return {
        "changes/s": _mean(float(np.mean(piece[1:] != piece[:-1])) for piece in pieces),
        "no chord": float((np.concatenate(pieces) == NO_CHORD).mean()),
        **{f"repeats of {n}": _mean(repetition(piece.tolist(), n) for piece in pieces) for n in PATTERNS},
        "swinging": _mean(ping_pong(piece.tolist()) for piece in pieces),
        "different": _mean(len(set(piece.tolist())) for piece in pieces),
        "in key": diatonic(np.concatenate(pieces)),
        "ends on tonic": _mean(_last(piece) in TONICS for piece in pieces),
        **{f"{name} distance": jensen_shannon(ours[name], real[name]) for name in ours},
        "shared run": _mean(shared),
        "longest shared run": float(max(shared)),
        "affinity": float(np.concatenate(affinities).mean()),
        "correspondence": float(suits.mean()) if len(suits) else float("nan"),
    }


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _last(piece: NDArray[np.int64]) -> int:
    heard = changes(piece.tolist())
    return heard[-1] if heard else NO_CHORD


def cut(song: Song, seconds: int) -> Song:
    """Return the first seconds of a song as a song of that length."""

    def first(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else values[:seconds]

    return replace(
        song,
        chords=song.chords[:seconds],
        total_s=min(song.total_s, seconds),
        emotion=first(song.emotion),
        motion=first(song.motion),
        scene_offset=first(song.scene_offset),
    )


def compose_all(
    amt: AffectiveMultimodalTransformer, songs: Sequence[Song], sampling: Sampling, *, seed: int
) -> list[NDArray[np.int64]]:
    """Compose one piece per video, at most LIMIT_S seconds, in the song's own mode and without a primer."""
    modes: list[Mode] = ["minor" if song.minor else "major" for song in songs]
    videos = [(features_of(cut(song, LIMIT_S)), mode) for song, mode in zip(songs, modes, strict=True)]
    generators = [torch.Generator().manual_seed(seed * 1000 + number) for number in range(len(songs))]
    return compose_together(amt, videos, sampling, generators)


def generation_table(
    amt: AffectiveMultimodalTransformer,
    known: Sequence[Song],
    songs: Sequence[Song],
    *,
    seeds: int,
    choices: dict[str, Sampling] = CHOICES,
) -> Iterator[tuple[str, dict[str, float]]]:
    """Describe the songs themselves and then what is composed for their videos under each choice.

    Args:
        amt: the chord network.
        known: training songs, in which runs of chords are looked up.
        songs: unseen songs with their videos.
        seeds: pieces per video.
        choices: by name.

    Yields:
        Name and figures, as soon as each is known.
    """
    runs = SharedRuns([changes(song.chords.tolist()) for song in known])
    yield "the songs themselves", describe([song.chords[:LIMIT_S] for song in songs], songs, runs)
    for name, sampling in choices.items():
        pieces = [piece for seed in range(seeds) for piece in compose_all(amt, songs, sampling, seed=seed)]
        yield name, describe(pieces, list(songs) * seeds, runs)


def short_clips(
    amt: AffectiveMultimodalTransformer, songs: Sequence[Song], seconds: int, *, seeds: int
) -> tuple[dict[str, float], list[str]]:
    """Compose for clips from the middle of videos, one per seed, each from another song.

    Args:
        amt: the chord network.
        songs: their videos are cut; those that are too short are not used.
        seconds: length of a clip.
        seeds: number of clips.

    Returns:
        Mean number of chords, the fewest, changes per second, longest hold in seconds, share of clips with "no chord",
        swinging, chords in the key, clips that end on their tonic; and each progression as text.
    """
    long = [song for song in songs if song.seconds >= 2 * seconds]
    chosen = [long[seed % len(long)] for seed in range(seeds)]
    modes: list[Mode] = ["minor" if song.minor else "major" for song in chosen]
    videos = [(middle_of(song, seconds), mode) for song, mode in zip(chosen, modes, strict=True)]
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    pieces = compose_together(amt, videos, Sampling(), generators)
    heard = [len(changes(piece.tolist())) for piece in pieces]
    figures = {
        "chords": _mean(heard),
        "fewest": float(min(heard)),
        "changes/s": _mean(float(np.mean(piece[1:] != piece[:-1])) for piece in pieces),
        "longest hold": float(max(len(list(group)) for piece in pieces for _, group in groupby(piece.tolist()))),
        "no chord": _mean(NO_CHORD in piece for piece in pieces),
        "swinging": _mean(ping_pong(piece.tolist()) for piece in pieces),
        "in key": diatonic(np.concatenate(pieces)),
        "ends on tonic": _mean(_last(piece) in TONICS for piece in pieces),
    }
    return figures, [written(piece.tolist()) for piece in pieces]


def middle_of(song: Song, seconds: int) -> VideoFeatures:
    """Return seconds from the middle of a song's video as a clip of its own."""
    whole, start = features_of(song), (song.seconds - seconds) // 2
    part = slice(start, start + seconds)
    cuts = whole.cuts_s[(whole.cuts_s > start) & (whole.cuts_s < start + seconds)] - start
    return replace(
        whole,
        duration_s=float(seconds),
        emotion=whole.emotion[part],
        valence=whole.valence[part],
        arousal=whole.arousal[part],
        scene_offset=whole.scene_offset[part],
        motion=whole.motion[part],
        cuts_s=cuts,
    )


def written(chords: Sequence[int]) -> str:
    """Return chords as text, "C*2 Am F": each with the seconds it is held."""
    runs = [(chord, len(list(group))) for chord, group in groupby(chords)]
    return " ".join(symbol(chord) + (f"*{length}" if length > 1 else "") for chord, length in runs)
