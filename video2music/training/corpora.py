"""Chord corpora without video: songs with exact chord times, for learning harmony before and beside MuVi-Sync.

POP909, Billboard, Isophonics and the labels of RWC and USPop hold "start end chord" in the original key. Their keys are
estimated, since most files name none, by comparing chord durations with those of MuVi-Sync's pieces.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, QUALITIES, chord_id, pitch_class, transpose
from video2music.training.dataset import LIMIT_S, Song

REDUCED = {
    "": "maj",
    "9": "7",
    "11": "7",
    "13": "7",
    "maj9": "maj7",
    "maj11": "maj7",
    "maj13": "maj7",
    "min9": "min7",
    "min11": "min7",
    "min13": "min7",
    "minmaj7": "min",
    "1": "maj",
    "5": "maj",
}
"""Qualities outside the vocabulary and what they reduce to; others are found by their longest known beginning."""


@dataclass(frozen=True)
class Progression:
    """Chords with exact times, in the original key.

    Attributes:
        name: file it came from.
        ends_s: (n,) end of each chord in seconds, ascending; the first begins at 0.
        chords: (n,) ids.
    """

    name: str
    ends_s: NDArray[np.float64]
    chords: NDArray[np.int64]


def reduce_chord(label: str) -> int:
    """Return the id of a Harte label of any corpus: extensions reduce, basses and added tones drop, X is N."""
    text = label.split("/", maxsplit=1)[0]
    match = re.match(r"^([A-G][#b]*)(?::?(.*))?$", text)
    if match is None:
        return NO_CHORD
    quality = re.sub(r"\(.*\)", "", match.group(2) or "")
    quality = REDUCED.get(quality, quality)
    while quality not in QUALITIES:
        quality = quality[:-1]
        quality = REDUCED.get(quality, quality)
    return chord_id(pitch_class(match.group(1)), quality)


def read_progression(path: Path) -> Progression:
    """Read a file of "start end chord" lines.

    Raises:
        DatasetError: the file has another form.
    """
    rows = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    try:
        ends = np.array([float(row[1]) for row in rows])
        return Progression(str(path), ends, np.array([reduce_chord(row[2]) for row in rows], dtype=np.int64))
    except (IndexError, ValueError) as error:
        raise DatasetError("The chord file does not hold start, end and chord", where=path) from error


def load_progressions(folders: Sequence[Path]) -> list[Progression]:
    """Read all chord files below the folders, without those that hold under 20 seconds."""
    paths = sorted(
        {path for folder in folders for pattern in ("*.lab", "chord_midi.txt") for path in folder.rglob(pattern)}
    )
    if not paths:
        raise DatasetError("There are no chord files", where=", ".join(map(str, folders)))
    return [p for p in map(read_progression, paths) if len(p.ends_s) and p.ends_s[-1] >= 20]


def sample_grid(progression: Progression, *, tempo: float = 1.0, phase_s: float = 0.0) -> NDArray[np.int64]:
    """Return one chord per second of the piece played `tempo` times as fast, read from `phase_s` on, at most 300."""
    times = (np.arange(LIMIT_S) + phase_s) * tempo
    index = np.searchsorted(progression.ends_s, times, side="right")
    chords: NDArray[np.int64] = progression.chords[index[index < len(progression.chords)]]
    return chords


def chord_profile(songs: Sequence[Song], *, minor: bool) -> NDArray[np.float64]:
    """Return the log probability of every chord in the pieces of one mode, smoothed, (157,); N counts for nothing."""
    counts = np.full(CHORD_COUNT, 5.0)
    for song in songs:
        if song.minor == minor:
            counts += np.bincount(song.chords, minlength=CHORD_COUNT)[:CHORD_COUNT]
    profile: NDArray[np.float64] = np.log(counts / counts.sum())
    profile[NO_CHORD] = 0.0
    return profile


class KeyFinder:
    """Finds the transposition to C major or A minor under which a piece looks most like the training songs.

    Args:
        songs: pieces that are in C major or A minor.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        shifts = np.array([[transpose(c, s) for c in range(CHORD_COUNT)] for s in range(12)])
        self.shifts = shifts
        profiles = [chord_profile(songs, minor=minor) for minor in (False, True)]
        share = [np.mean([song.minor == minor for song in songs]) for minor in (False, True)]
        self.tables = np.stack([profile[shifts] for profile in profiles])
        self.prior = np.log(np.clip(share, 1e-3, 1))

    def normalise(self, progression: Progression) -> tuple[Progression, bool]:
        """Return the piece in C major or A minor and whether it is minor."""
        lengths = np.diff(progression.ends_s, prepend=0.0)
        weight = np.bincount(progression.chords, weights=lengths, minlength=CHORD_COUNT)[:CHORD_COUNT]
        scores = self.tables @ weight + self.prior[:, None]
        minor, shift = np.unravel_index(scores.argmax(), scores.shape)
        chords = self.shifts[shift][progression.chords]
        return Progression(progression.name, progression.ends_s, chords), bool(minor)
