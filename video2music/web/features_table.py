"""What was seen and what is heard, second by second, as a table that spreadsheets and programs read."""

from collections.abc import Iterator
from pathlib import Path

from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.music.score import Score
from video2music.web.reading import write_table

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
as root mean square."""


def write_features(path: Path, features: VideoFeatures, score: Score) -> None:
    """Write one row per second of the clip as csv; `COLUMNS` says what stands in it.

    Args:
        path: the file.
        features: what was seen.
        score: what is heard; of each second the step that sounds at its beginning.
    """
    write_table(path, COLUMNS, feature_rows(features, score))


def feature_rows(features: VideoFeatures, score: Score) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the table in the order of COLUMNS."""
    sights = features.sights or ("",) * features.seconds
    for second in range(features.seconds):
        step = score.step_at(second / score.beat_s)
        yield (
            second,
            *(round(float(share), 4) for share in features.emotion[second]),
            round(float(features.valence[second]), 3),
            round(float(features.arousal[second]), 3),
            round(float(features.motion[second]), 4),
            int(features.scene_offset[second]),
            score.chords[step],
            round(float(score.note_density[step]), 3),
            round(float(score.loudness[step]), 5),
            sights[second],
        )
