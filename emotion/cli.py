"""The command line: predict, train, evaluate. Exit codes: 0 done, 1 the input was refused, 2 wrong usage."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emotion import ENGINES, load
from emotion.errors import RefusalError

SHOWN_TAGS = 8
MUSIC2EMO_STAGES = ("features", "teacher", "student")
EMBEDDED_STAGES = ("renderings", "lessons", "mood", "affect", "harmony")
STAGE_HELP = (
    f"for Music2Emo: {', '.join(MUSIC2EMO_STAGES)}; for the embedded engine, one after the other: "
    f"{', '.join(EMBEDDED_STAGES)}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words of the command line; those of the process by default.

    Returns:
        The exit code.
    """
    chosen = build_parser().parse_args(arguments)
    try:
        report, lines = chosen.run(chosen)
    except RefusalError as error:
        print(f"python -m emotion: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    for line in [] if chosen.json else lines:
        print(line)
    if chosen.json:
        print(json.dumps(plain(report), ensure_ascii=False))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m emotion", description="Says what emotion a piece of music carries."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_predict(commands)
    _add_train(commands)
    _add_evaluate(commands)
    return parser


def _add_predict(commands: Any) -> None:  # noqa: ANN401  argparse names its class privately
    predict = commands.add_parser("predict", help="valence, arousal, tags, key, tempo and chords of an audio file")
    predict.add_argument("audio", type=Path, metavar="AUDIO", help="audio file, or video with sound")
    predict.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    predict.add_argument("--weights", type=Path, metavar="DIR", help="folder with the engine's files; no download then")
    predict.add_argument("--students", type=Path, metavar="DIR", help="folder of a student trained here")
    predict.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    predict.add_argument("--as-published", action="store_true", help="answer as the published program, errors included")
    _add_json(predict, run_predict)


def _add_train(commands: Any) -> None:  # noqa: ANN401  argparse names its class privately
    train = commands.add_parser("train", help="the stages of Music2Emo, or those of the embedded engine")
    train.add_argument("stage", choices=(*MUSIC2EMO_STAGES, *EMBEDDED_STAGES), metavar="STAGE", help=STAGE_HELP)
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds one folder per data set")
    train.add_argument("--features", type=Path, metavar="DIR", help="where features are kept; DIR/features by default")
    train.add_argument("-o", "--output", type=Path, metavar="DIR", help="where the networks go")
    train.add_argument("--set", dest="data_set", metavar="NAME", help="data set of the teacher")
    train.add_argument("--teachers", type=Path, metavar="DIR", help="holds NAME/TASK.safetensors of each teacher")
    train.add_argument("--split", choices=("grouped", "published"), default="grouped")
    train.add_argument("--distillation", choices=("regression", "paper"), default="regression")
    train.add_argument("--epochs", type=_positive, default=500)
    train.add_argument("--batch", type=_positive, default=8)
    train.add_argument("--learning-rate", type=float, default=1e-4)
    train.add_argument("--patience", type=_positive, default=10)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in the output folder")
    train.add_argument("--weights", type=Path, metavar="DIR", help="folder with MERT and the chord network")
    train.add_argument("--as-published", action="store_true", help="labels, losses and order as published")
    _add_json(train, run_train)


def _add_evaluate(commands: Any) -> None:  # noqa: ANN401  argparse names its class privately
    evaluate = commands.add_parser("evaluate", help="scores on held-out songs, published results beside them")
    evaluate.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds one folder per data set")
    evaluate.add_argument(
        "--features", type=Path, metavar="DIR", help="where features are kept; DIR/features by default"
    )
    evaluate.add_argument(
        "--network", action="append", required=True, metavar="[NAME=]FILE", help="a student or teacher; may be repeated"
    )
    evaluate.add_argument("--split", choices=("grouped", "published"), default="grouped")
    evaluate.add_argument("--part", choices=("validation", "test"), default="test")
    evaluate.add_argument("--seed", type=int, default=0, help="of the grouped split")
    evaluate.add_argument("--as-published", action="store_true", help="leave exchanged labels as they are")
    _add_json(evaluate, run_evaluate)


def _add_json(parser: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401  one of the functions below
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run_predict(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Listen to one file."""
    from emotion.listening import listen

    with listen(chosen.audio):
        pass  # a file that cannot be heard is refused before anything is downloaded for it
    recogniser = load(
        chosen.engine,
        weights=chosen.weights,
        students=chosen.students,
        device=chosen.device,
        as_published=chosen.as_published,
        notify=_tell,
    )
    prediction = recogniser.predict(chosen.audio, progress=_Progress().show)
    shown = [(name, prediction.tags[name]) for name in prediction.shown_tags[:SHOWN_TAGS]]
    tempo = "no pulse" if prediction.tempo_bpm is None else f"{prediction.tempo_bpm:.0f} bpm"
    lines = [
        f"valence {prediction.valence:.2f}{_interval(prediction.valence_interval)} on a scale of 1 to 9",
        f"arousal {prediction.arousal:.2f}{_interval(prediction.arousal_interval)} on a scale of 1 to 9",
        f"{prediction.key or 'no key'}, {tempo}, {len(prediction.chords)} chords",
        "tags: " + (", ".join(f"{name} {probability:.0%}" for name, probability in shown) or "none stands out"),
        *prediction.doubts,
    ]
    return prediction.result(), lines


def run_train(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Run one stage of the training of either engine."""
    if chosen.stage in EMBEDDED_STAGES:
        from emotion.training.embedded.commands import run as run_embedded

        return run_embedded(chosen, _Progress().show)
    from emotion.training import commands

    return commands.run(chosen, _Progress().show, _tell)


def run_evaluate(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Score networks on held-out songs."""
    from emotion.evaluation import commands

    return commands.run(chosen)


def plain(value: Any) -> Any:  # noqa: ANN401  any part of a report
    """Replace what JSON cannot hold: figures that are not numbers become null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Progress:
    """Writes progress to standard error, one line per stage and tenth."""

    def __init__(self) -> None:
        self._last: tuple[str, int] = ("", -1)

    def show(self, stage: str, fraction: float) -> None:
        """Write the stage when it or the tenth is new."""
        if (stage, int(10 * fraction)) != self._last:
            self._last = (stage, int(10 * fraction))
            _tell(f"{fraction:4.0%} {stage}")


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.1f} to {interval[1]:.1f})"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
