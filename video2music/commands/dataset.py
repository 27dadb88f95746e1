"""`python -m video2music dataset`: a data set to train on, from a folder of one's own music videos."""

import argparse
import json
from pathlib import Path
from typing import Any

from video2music.commands.batch import Batch, add_folders, add_workers, chosen_workers
from video2music.commands.options import add_engine, finish

ABOUT = "dataset.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `dataset`.
    """
    add_folders(parser)
    add_engine(parser)
    parser.add_argument("--seed", type=int, default=1, help="of the division into train, val and test (default: 1)")
    parser.add_argument(
        "--notes",
        action=argparse.BooleanOptionalAction,
        help="note density by basic-pitch (default: where it is installed)",
    )
    add_workers(parser)
    finish(parser, run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every clip that is not measured yet, and divide the songs.

    Args:
        options: as described by `add_arguments`.

    Returns:
        What came of it, and the number of songs in each split.

    Raises:
        RefusalError: a folder or the cluster cannot be used, or no clip could.
    """
    from video2music.batch.folder import find_clips
    from video2music.batch.measuring import Measuring
    from video2music.batch.transcription import can_transcribe
    from video2music.engines import find_engine
    from video2music.training.layout import song_name, write_splits

    find_engine(options.engine)
    notes = can_transcribe() if options.notes is None else options.notes
    clips = find_clips(options.folder, options.output)
    work = Measuring(
        clips=tuple((name, str(clip.resolve())) for name, clip in clips.items()),
        output=str(options.output.resolve()),
        engine=options.engine,
        device=options.device,
        notes=notes,
    )
    wished = {"engine": options.engine, "notes": notes}
    outcome = Batch(work, clips, wished, options.output).run(chosen_workers(options), quiet=options.json)
    songs = write_splits(options.output, map(song_name, outcome["done"] + outcome["kept"]), options.seed)
    _say_how(options.output, options.engine, notes=notes, seed=options.seed)
    if not options.json:
        print(", ".join(f"{count} songs to {split}" for split, count in songs.items()))
    return {**outcome, "songs": songs}


def _say_how(output: Path, engine: str, *, notes: bool, seed: int) -> None:
    """Write beside the songs how they were measured."""
    from video2music import __version__
    from video2music.output import output_error

    facts = {
        "program": f"video2music {__version__}",
        "layout": "MuVi-Sync, as published; chords in C major or A minor",
        "emotion": f"engine {engine}",
        "semantic": "CLIP ViT-L/14@336" if engine != "embedded" else "none",
        "chords": "embedded recogniser; the chord that sounds longest in each second",
        "loudness": "root mean square of each second, mono, 0 to 1",
        "note_density": "notes that sound in each second, by basic-pitch" if notes else "none",
        "splits": f"by a hash of the name with seed {seed}; clips of one source are not kept together",
    }
    unfinished = output / f".{ABOUT}"
    try:
        unfinished.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(output / ABOUT)
    except OSError as error:
        raise output_error(error, output) from error
