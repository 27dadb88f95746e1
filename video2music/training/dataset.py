"""MuVi-Sync in its published folder layout, song by song.

Streams of one song may differ by a second; they are cut to the shortest. Nothing else is changed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import PAD, from_harte
from video2music.models.inputs import GROUPS, FeatureBatch

FloatArray = NDArray[np.float32]
LIMIT_S = 300
"""Every score and the published network use the first 300 seconds of a song."""

FOLDERS = {
    "chords": "vevo_chord/lab_v2_norm/all",
    "emotion": "vevo_emotion/6c_l14p/all",
    "motion": "vevo_motion/all",
    "scene_offset": "vevo_scene_offset/all",
    "loudness": "vevo_loudness/all",
    "note_density": "vevo_note_density/all",
    "semantic": "vevo_semantic/all/2d/clip_l14p",
}

SPLITS = "vevo_meta/split/v1"


@dataclass(frozen=True)
class Song:
    """One song with its video, T seconds; streams that a set does not have are None.

    Attributes:
        name: number of the song, or the name of its file.
        minor: the piece is in A minor (True) or C major (False).
        chords: (T,) int64 ids 0 to 156, transposed to C major or A minor.
        total_s: seconds of the whole song, which may be longer than the T that are kept.
        emotion: (T, 6) probabilities.
        motion: (T,) mean absolute RGB difference.
        scene_offset: (T,) seconds since the last cut, from 0.
        loudness: (T,) root mean square, 0 to 1.
        note_density: (T,) notes that sound in each second.
        semantic: (T, 768) image embeddings, or fewer columns after projection.
    """

    name: str
    minor: bool
    chords: NDArray[np.int64]
    total_s: int
    emotion: FloatArray | None = None
    motion: FloatArray | None = None
    scene_offset: FloatArray | None = None
    loudness: FloatArray | None = None
    note_density: FloatArray | None = None
    semantic: FloatArray | None = None

    @property
    def seconds(self) -> int:
        """Number of seconds kept, T."""
        return len(self.chords)


def split_names(data: Path, split: str) -> list[str]:
    """Return the song numbers of a split.

    Args:
        data: folder in the published layout.
        split: "train" or "val" (or another file of the folder of splits).

    Raises:
        DatasetError: the folder has no such split.
    """
    path = data / SPLITS / f"{split}.txt"
    if not path.is_file():
        raise DatasetError(
            f"There is no {split} split", where=path, remedy="Give a folder in the published layout of MuVi-Sync"
        )
    return path.read_text(encoding="utf-8").split()


def read_chords(path: Path) -> tuple[bool, NDArray[np.int64]]:
    """Read a chord file: a line "key C major" or "key A minor", then "second label".

    Returns:
        Whether the key is minor, and (T,) ids.

    Raises:
        DatasetError: the file is missing or has another form.
    """
    lines = _lines(path)
    if not lines or not lines[0].startswith("key "):
        raise DatasetError("The chord file does not begin with its key", where=path, remedy="Unpack the data set again")
    labels = [line.split()[1] for line in lines[1:]]
    return lines[0].endswith("minor"), np.array([from_harte(label) for label in labels], dtype=np.int64)


def read_table(path: Path, columns: int) -> FloatArray:
    """Read lines of "second value ..." and return the values.

    Args:
        path: the file; a first line that begins with "time" is a heading.
        columns: values per line.

    Returns:
        (T, columns).

    Raises:
        DatasetError: the file is missing or has another form.
    """
    rows = [line.split()[1:] for line in _lines(path) if not line.startswith("time")]
    try:
        return np.array(rows, dtype=np.float32).reshape(len(rows), columns)
    except ValueError as error:
        raise DatasetError(f"The file does not hold {columns} numbers per second", where=path) from error


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise DatasetError(
            "A file of the data set is missing", where=path, remedy="Unpack the data set again"
        ) from error


def load_song(data: Path, name: str, *, semantic: bool = True, limit_s: int = LIMIT_S) -> Song:
    """Read one song and cut its streams to the shortest, at most `limit_s` seconds.

    Args:
        data: folder in the published layout.
        name: number of the song.
        semantic: read the image embeddings too (the largest files).
        limit_s: seconds kept.

    Raises:
        DatasetError: a stream is missing though others of its kind are there, or has another form. Note density may be
            missing from a whole data set; it takes a transcription to know it.
    """

    def table(stream: str, columns: int = 1) -> FloatArray:
        values = read_table(data / FOLDERS[stream] / f"{name}.lab", columns)
        return values[:, 0] if columns == 1 else values

    minor, chords = read_chords(data / FOLDERS["chords"] / f"{name}.lab")
    streams: dict[str, FloatArray] = {"emotion": table("emotion", 6)}
    streams |= {stream: table(stream) for stream in ("motion", "scene_offset", "loudness")}
    if (data / FOLDERS["note_density"]).is_dir():
        streams["note_density"] = table("note_density")
    path = data / FOLDERS["semantic"] / f"{name}.npy"
    if semantic and path.is_file():
        streams["semantic"] = np.load(path, allow_pickle=False).astype(np.float32)
    total = min(len(chords), *(len(values) for values in streams.values()))
    kept = min(total, limit_s)
    return Song(name, minor, chords[:kept], total, **{stream: values[:kept] for stream, values in streams.items()})


def load_split(data: Path, split: str, *, semantic: bool = True) -> list[Song]:
    """Read all songs of a split, in the order of its list."""
    return [load_song(data, name, semantic=semantic) for name in split_names(data, split)]


def feature_batch(songs: Sequence[Song]) -> FeatureBatch:
    """Pad the video features of songs to a batch; streams a song does not have are marked as missing.

    Args:
        songs: each from its first second on.
    """
    steps = max(song.seconds for song in songs)
    widths = [song.semantic.shape[1] for song in songs if song.semantic is not None]
    from_start = torch.zeros(len(songs), steps)
    to_end = torch.zeros(len(songs), steps)
    for row, song in enumerate(songs):
        from_start[row] = torch.arange(steps)
        to_end[row] = (song.total_s - 1 - from_start[row]).clamp(min=0)
    return FeatureBatch(
        emotion=_stack([song.emotion for song in songs], steps, 6),
        scene_offset=_stack([song.scene_offset for song in songs], steps),
        motion=_stack([song.motion for song in songs], steps),
        from_start=from_start,
        to_end=to_end,
        valid=torch.tensor([[second < song.seconds for second in range(steps)] for song in songs]),
        present=torch.tensor([[getattr(song, group) is not None for group in GROUPS] for song in songs]),
        semantic=_stack([song.semantic for song in songs], steps, widths[0]) if widths else None,
    )


def chord_batch(songs: Sequence[Song]) -> tuple[Tensor, Tensor]:
    """Return chords (batch, T) padded with the pad id, and (batch,) 1 for minor."""
    steps = max(song.seconds for song in songs)
    chords = torch.full((len(songs), steps), PAD, dtype=torch.int64)
    for row, song in enumerate(songs):
        chords[row, : song.seconds] = torch.from_numpy(song.chords)
    return chords, torch.tensor([float(song.minor) for song in songs])


def _stack(streams: Sequence[FloatArray | None], steps: int, columns: int = 0) -> Tensor:
    shape = (len(streams), steps, columns) if columns else (len(streams), steps)
    stacked = torch.zeros(shape)
    for row, values in enumerate(streams):
        if values is not None:
            stacked[row, : len(values)] = torch.from_numpy(values)
    return stacked
