"""Tables as csv; above all what was seen and what is heard, second by second."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.music.score import Score

COLUMNS = (
    "second",
    *EMOTIONS,
    "valence",
    "arousal",
    "motion",
    "scene_offset",
    "chord",
    "note_density",
    "loudness",
    "sees",
)
"""Valence and arousal 1 to 9; motion 0 to 255; scene_offset in seconds; note_density in notes per two beats; loudness
as root mean square. The music's columns are empty where there is none."""


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as csv in the form that spreadsheets and programs read alike.

    Args:
        path: the file.
        columns: its first line.
        rows: as long as `columns` each.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def write_features(path: Path, features: VideoFeatures, score: Score | None = None) -> None:
    """Write one row per second of the clip as csv; `COLUMNS` says what stands in it.

    Args:
        path: the file.
        features: what was seen.
        score: what is heard; of each second the step that sounds at its beginning. None where there is no music.
    """
    write_table(path, COLUMNS, feature_rows(features, score))


def feature_rows(features: VideoFeatures, score: Score | None) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the table in the order of COLUMNS."""
    sights = features.sights or ("",) * features.seconds
    for second in range(features.seconds):
        yield (
            second,
            *(round(float(share), 4) for share in features.emotion[second]),
            round(float(features.valence[second]), 3),
            round(float(features.arousal[second]), 3),
            round(float(features.motion[second]), 4),
            int(features.scene_offset[second]),
            *music_cells(score, second),
            sights[second],
        )


def music_cells(score: Score | None, second: int) -> tuple[object, object, object]:
    """Return chord, note density and loudness of the step that sounds when a second begins."""
    if score is None:
        return "", "", ""
    step = score.step_at(second / score.beat_s)
    return score.chords[step], round(float(score.note_density[step]), 3), round(float(score.loudness[step]), 5)
