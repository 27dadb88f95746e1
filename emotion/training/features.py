"""What the networks read of each song, computed once and kept in a folder: <folder>/<data set>/<song>.npz."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError
from emotion.music2emo.chords import ChordRecogniser
from emotion.music2emo.hearing import Heard, hear
from emotion.music2emo.key import find_key
from emotion.music2emo.mert import MertEncoder
from emotion.music2emo.vocabulary import chord_tokens
from emotion.training.songs import Song

Progress = Callable[[str, float], None]


class FeaturesError(RefusalError):
    """Features of a song that are missing or cannot be read."""


@dataclass(frozen=True, eq=False)
class SongFeatures:
    """What the networks read of one song.

    Attributes:
        segments: (S, 1536) float32, mean embedding of each 30 s.
        chords: (n, 2) int64, root and quality token of each chord change, in C major or A minor.
        mode: 0 major or no key, 1 minor.
    """

    segments: NDArray[np.float32]
    chords: NDArray[np.int64]
    mode: int


def features_of(heard: Heard) -> SongFeatures:
    """Keep of a hearing what training needs."""
    key = find_key(heard.chords)
    labels = [chord.label for chord in heard.chords]
    tokens = chord_tokens(labels, 0 if key is None else key.shift)
    return SongFeatures(heard.segments, tokens, int(key is not None and key.minor))


def features_path(folder: Path, song: Song) -> Path:
    """Return where the features of a song are kept."""
    return folder / song.data_set / f"{song.song_id}.npz"


def write_features(path: Path, features: SongFeatures) -> None:
    """Write the features of a song, under a temporary name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with waiting.open("wb") as file:
            np.savez(file, segments=features.segments, chords=features.chords, mode=np.int64(features.mode))
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)


def read_features(path: Path) -> SongFeatures:
    """Read the features of a song.

    Args:
        path: as `features_path` gives it.

    Returns:
        The features.

    Raises:
        FeaturesError: the file is missing, damaged or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            features = SongFeatures(
                file["segments"].astype(np.float32), file["chords"].astype(np.int64), int(file["mode"])
            )
    except FileNotFoundError:
        raise FeaturesError(
            "The features of a song are missing", where=path, remedy="Make them with: python -m emotion train features"
        ) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FeaturesError("The features of a song cannot be read", where=path, remedy="Delete the file") from error
    if features.segments.ndim != 2 or not len(features.segments) or not np.isfinite(features.segments).all():
        raise FeaturesError("The features of a song are not embeddings", where=path, remedy="Delete the file")
    return features


def extract(
    songs: Iterable[tuple[Song, Path]],
    folder: Path,
    encoder: MertEncoder,
    recogniser: ChordRecogniser,
    *,
    progress: Progress | None = None,
) -> list[str]:
    """Listen to songs and keep their features; songs that have them are passed over, so it can be stopped at any time.

    Args:
        songs: songs and their sound.
        folder: where features are kept.
        encoder: MERT.
        recogniser: the chord network.
        progress: told the song and the fraction done.

    Returns:
        One sentence for each song whose sound could not be read.
    """
    failures = []
    listed = list(songs)
    for index, (song, sound) in enumerate(listed):
        path = features_path(folder, song)
        if progress is not None:
            progress(f"{song.data_set} {song.song_id}", index / len(listed))
        if path.is_file():
            continue
        try:
            write_features(path, features_of(hear(sound, encoder, recogniser)))
        except RefusalError as error:
            failures.append(str(error))
    return failures
