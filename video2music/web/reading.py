"""Listening to an upload: what was found, how loud it was over time, and the files to download."""

import json
from dataclasses import dataclass
from pathlib import Path

from emotion import Prediction, Recogniser
from video2music.progress import Progress
from video2music.tables import write_table
from video2music.web.lazy import Lazy
from video2music.web.waveform import Waveform, hear_waveform


@dataclass(frozen=True)
class ReadingFiles:
    """Where the downloads were written.

    Attributes:
        result: everything, json.
        curve: valence and arousal over time, csv with time_s, valence, arousal.
        chords: csv with time_s, duration_s, symbol.
    """

    result: Path
    curve: Path
    chords: Path


@dataclass(frozen=True, eq=False)
class Reading:
    """What the page knows about a piece of music.

    Attributes:
        prediction: what the recogniser said.
        waveform: how loud the sound is over time.
        files: the downloads.
    """

    prediction: Prediction
    waveform: Waveform
    files: ReadingFiles


def read_music(sound: Path, recogniser: Lazy[Recogniser], folder: Path, stem: str, progress: Progress) -> Reading:
    """Listen to a file and write the downloads.

    Args:
        sound: audio, or video with sound.
        recogniser: loaded only once the sound is known to be one.
        folder: where the files go.
        stem: begins their names.
        progress: told stage and fraction.

    Returns:
        What was found.

    Raises:
        RefusalError: the sound cannot be read, or the recogniser's weights are missing.
    """
    waveform = hear_waveform(sound, progress)

    def tell(stage: str, fraction: float) -> None:
        progress("Reading the emotion" if stage == "done" else stage[:1].upper() + stage[1:], fraction)

    prediction = recogniser.ready(progress).predict(sound, progress=tell)
    return Reading(prediction, waveform, write_files(prediction, folder, stem))


def write_files(prediction: Prediction, folder: Path, stem: str) -> ReadingFiles:
    """Write what was found as json, and its two tables as csv.

    Args:
        prediction: what the recogniser said.
        folder: an existing folder.
        stem: begins the names.
    """
    result = prediction.result()
    files = ReadingFiles(*(folder / f"{stem} - {kind}" for kind in ("emotion.json", "curve.csv", "chords.csv")))
    files.result.write_text(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    columns = ("time_s", "valence", "arousal")
    write_table(files.curve, columns, zip(*(result["curve"][column] for column in columns), strict=True))
    columns = ("time_s", "duration_s", "symbol")
    write_table(files.chords, columns, ([chord[column] for column in columns] for chord in result["chords"]))
    return files
