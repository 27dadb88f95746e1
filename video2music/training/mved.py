"""Labelled music-video clips of 30 s (MVED, Pandeya and Lee): the six emotions of MuVi-Sync, one label per clip."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video2music.errors import DatasetError
from video2music.features.video_features import EMOTIONS

LABELS = {
    "excited": "exciting",
    "fear": "fearful",
    "tension": "tense",
    "sad": "sad",
    "relaxation": "relaxing",
    "neutral": "neutral",
}
"""First word of a file name, and the emotion it stands for."""

SAME_SOURCE = (
    ("TENSMM_2_", "TENSMM_3_"),
    ("FEARR_4_", "FEARR_5_", "FEARR_6_"),
    ("HR_42_", "HR_43_", "HR_44_"),
    ("EXT_36_", "EXT_37_"),
    ("LLT_TENS_10_",),
)
"""Parts of file names of clips that were cut from one video."""


@dataclass(frozen=True)
class LabelledClips:
    """Clips with one emotion each.

    Attributes:
        paths: n video files.
        labels: (n,) int64, index in EMOTIONS.
        sources: n names of the video that a clip was cut from; clips of one source must not be separated.
    """

    paths: tuple[Path, ...]
    labels: NDArray[np.int64]
    sources: tuple[str, ...]


def load_mved(folder: Path) -> LabelledClips:
    """Find the clips of a folder and read their labels from their names.

    Args:
        folder: holds files such as excited_train_35.mp4.

    Returns:
        The clips in alphabetical order.

    Raises:
        DatasetError: there are no clips, or a name does not begin with one of the six labels.
    """
    paths = tuple(sorted(folder.glob("*.mp4")))
    if not paths:
        raise DatasetError("There are no labelled clips", where=folder, remedy="Check the folder")
    return LabelledClips(
        paths=paths,
        labels=np.array([_label(path) for path in paths], dtype=np.int64),
        sources=tuple(_source(path) for path in paths),
    )


def _label(path: Path) -> int:
    word = path.name.split("_")[0]
    if word not in LABELS:
        raise DatasetError(
            f"The name of a clip must begin with one of {', '.join(LABELS)}", where=path, remedy="Rename or remove it"
        )
    return EMOTIONS.index(LABELS[word])


def _source(path: Path) -> str:
    for parts in SAME_SOURCE:
        if any(part in path.name for part in parts):
            return parts[0]
    return path.stem
