"""The command line: compose, render, batch, dataset, analyze, train, evaluate, import-weights, study, doctor.

With --json the last line of standard output is one JSON object; progress goes to standard error. Exit codes: 0 done,
1 the input was refused, or problems were found in it (a line each, no traceback), 2 wrong usage.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from emotion.errors import RefusalError
from video2music import __version__
from video2music.commands import batch, compose, dataset, render
from video2music.commands.options import add_engine, finish
from video2music.study import commands as study_commands

INTERRUPTED = 130
"""What shells return for a program that was stopped with Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after the program's name; None takes them from the process.

    Returns:
        The exit code.
    """
    options = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        facts = options.run(options)
    except RefusalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 1
    if options.json:
        print(json.dumps(facts, allow_nan=False))
    return 1 if facts.get("problems") else 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m video2music", description="Composes music for a video.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    compose.add_arguments(commands.add_parser("compose", help="compose music for a clip"))
    render.add_arguments(
        commands.add_parser("render", help="play a composed piece otherwise, without composing it again")
    )
    batch.add_arguments(commands.add_parser("batch", help="compose for every clip of a folder"))
    dataset.add_arguments(commands.add_parser("dataset", help="measure a folder of music videos, to train on them"))
    _add_analyze(commands.add_parser("analyze", help="what is seen in a clip, without music"))
    _add_train(commands.add_parser("train", help="train the networks on your own machine"))
    _add_evaluate(commands.add_parser("evaluate", help="score the networks on a data set"))
    _add_import(commands.add_parser("import-weights", help="check and convert a checkpoint that the authors released"))
    study_commands.add_arguments(commands.add_parser("study", help="listening studies: prepare, check, export, report"))
    _add_doctor(commands.add_parser("doctor", help="what is installed, where weights and sound fonts are"))
    return parser


def _add_analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, help="the video")
    add_engine(parser)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row per second; FILE must not exist yet")
    finish(parser, run_analyze)


def run_analyze(options: argparse.Namespace) -> dict[str, Any]:
    """Read the features of one clip."""
    from video2music.engines import find_engine
    from video2music.features.extraction import extract_features
    from video2music.features.image_encoder import load_encoder
    from video2music.features.video_features import EMOTIONS
    from video2music.output import check_new_file, write_new_file
    from video2music.tables import write_features
    from video2music.terminal import StageBars
    from video2music.video.probe import probe

    engine = find_engine(options.engine)
    probe(options.clip)
    if options.csv is not None:
        check_new_file(options.csv)
    with StageBars() as bars:
        features = extract_features(options.clip, load_encoder(engine.name, device=options.device), progress=bars)
    if options.csv is not None:
        write_new_file(options.csv, partial(write_features, features=features))
    if not options.json:
        mean = features.emotion.mean(axis=0)
        mood = ", ".join(
            f"{name} {share:.0%}" for share, name in sorted(zip(mean, EMOTIONS, strict=True), reverse=True)
        )
        print(f"{features.duration_s:.1f} s, {len(features.cuts_s)} cuts, motion {features.motion.mean():.1f} of 255")
        print(f"valence {features.valence.mean():.1f}, arousal {features.arousal.mean():.1f} (1 to 9); {mood}")
    return features.to_json()


def _add_train(parser: argparse.ArgumentParser) -> None:
    from video2music.training import commands

    commands.add_arguments(parser)
    finish(parser, commands.run)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="MuVi-Sync in its published layout")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--engine", default="embedded", choices=("embedded", "paper"), help="whose weights")
    finish(parser, run_evaluate)


def run_evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Score the chord and dynamics networks beside their baselines."""
    from emotion.weights import find_weights
    from video2music.engines import find_engine
    from video2music.evaluation.report import evaluate, format_report
    from video2music.models.loading import load_amt, load_dynamics

    engine = find_engine(options.engine)
    report = evaluate(
        options.data,
        options.split,
        load_amt(find_weights(engine.amt_weights)),
        load_dynamics(find_weights(engine.dynamics_weights)),
    )
    if not options.json:
        print(format_report(report))
    return report


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the checkpoint that you downloaded")
    parser.add_argument("--kind", choices=("amt", "dynamics"), help="which network (default: found from its tensors)")
    finish(parser, run_import)


def run_import(options: argparse.Namespace) -> dict[str, Any]:
    """Convert a released checkpoint to safetensors in the cache, after a strict check of its tensors."""
    from video2music.models.published import import_weights

    path = import_weights(options.file, options.kind)
    if not options.json:
        print(path)
    return {"file": str(path)}


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    finish(parser, run_doctor)


def run_doctor(options: argparse.Namespace) -> dict[str, Any]:
    """Say what is installed and where weights and sound fonts are."""
    from video2music.doctor import examine

    report = examine()
    if not options.json:
        for section, rows in report.items():
            print(section)
            for name, value in rows.items():
                print(f"  {name:28} {value}")
    return report
