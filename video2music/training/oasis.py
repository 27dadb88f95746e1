"""The OASIS photographs (Kurdi, Lozano and Banaji 2017) with their norms of valence and arousal."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from video2music.errors import DatasetError

NORMS = "OASIS.csv"
PICTURES = "images_320"


@dataclass(frozen=True)
class Photographs:
    """Photographs with the mean ratings that people gave them.

    Attributes:
        paths: n picture files.
        themes: n names of what is shown, "Acorns" for "Acorns 1"; photographs of a theme resemble each other.
        affect: (n, 2) float32 mean valence and arousal, moved from the raters' 1..7 to 1..9.
    """

    paths: tuple[Path, ...]
    themes: tuple[str, ...]
    affect: NDArray[np.float32]


def load_oasis(folder: Path) -> Photographs:
    """Read the norms and find the photographs that are there.

    Args:
        folder: holds OASIS.csv and the folder images_320.

    Returns:
        The photographs in the order of the table.

    Raises:
        DatasetError: the table or all pictures are missing, or the table has other columns.
    """
    try:
        with (folder / NORMS).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        listed = [
            (folder / PICTURES / f"{row['theme']}.jpg", (float(row["valence_mean"]), float(row["arousal_mean"])))
            for row in rows
        ]
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(
            f"The table {NORMS} of OASIS cannot be read", where=folder, remedy="Check the folder"
        ) from error
    present = [(path, norms) for path, norms in listed if path.is_file()]
    if not present:
        raise DatasetError(f"OASIS has no pictures in {PICTURES}", where=folder, remedy="Check the folder")
    affect = 1 + (np.array([norms for _, norms in present], dtype=np.float32) - 1) * (8 / 6)
    return Photographs(
        paths=tuple(path for path, _ in present),
        themes=tuple(re.sub(r"\s*\d+$", "", path.stem) for path, _ in present),
        affect=affect.astype(np.float32),
    )


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """Return a picture as (height, width, 3) uint8 RGB.

    Args:
        path: the file.

    Raises:
        DatasetError: the file is not a picture.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DatasetError("A photograph cannot be read", where=path, remedy="Copy it again") from error
