"""`python -m video2music train amt|dynamics|emotion|melody`: from words on the command line to the training loops."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.errors import DatasetError

if TYPE_CHECKING:
    from video2music.training.loop import LoopOptions, Run

CORPORA_LAYOUT = ("pop909", "chord_corpora")
"""Folders looked for below --corpora; a folder with neither is read as a corpus itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the training commands.

    Args:
        parser: of `train`.
    """
    parser.add_argument(
        "network",
        choices=("amt", "dynamics", "emotion", "melody"),
        help="chords, density and loudness, emotion, or tunes",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="amt, dynamics: MuVi-Sync in its published layout; melody: POP909"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the weights, .safetensors")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is random (default 0)")
    parser.add_argument("--epochs", type=int, help="all but emotion: at most so many")
    parser.add_argument("--resume", action="store_true", help="all but emotion: go on after an interruption")
    parser.add_argument(
        "--emotion-loss",
        type=float,
        default=0.0,
        metavar="W",
        help="amt: share of the paper's emotion term in the loss, 0 to 1 (the paper: 0.6; the shipped weights: 0)",
    )
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="amt: chord corpora to learn harmony from as well")
    parser.add_argument("--oasis", type=Path, metavar="DIR", help="emotion: the OASIS photographs and norms")
    parser.add_argument("--mved", type=Path, metavar="DIR", help="emotion: the labelled music-video clips")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train one network.

    Args:
        options: as described by `add_arguments`.

    Returns:
        Scores and the path of the weights.

    Raises:
        DatasetError: the data was not named or does not have the expected layout.
    """
    commands = {"amt": _train_amt, "dynamics": _train_dynamics, "emotion": _train_emotion, "melody": _train_melody}
    facts = commands[options.network](options)
    if not options.json:
        print(json.dumps(facts, indent=1))  # noqa: T201 - this is a command
    return {"file": str(options.output), **facts}


def _need(options: argparse.Namespace, name: str) -> Path:
    folder: Path | None = getattr(options, name)
    if folder is None:
        raise DatasetError(f"This network learns from data that was not named (--{name})", remedy=f"Give --{name} DIR")
    return folder


def _train_amt(options: argparse.Namespace) -> dict[str, Any]:
    from video2music.training.amt import AmtTrainingOptions, train_amt

    data = _need(options, "data")
    chosen = AmtTrainingOptions(emotion_loss=options.emotion_loss, corpora=_corpora(options.corpora))
    chosen = replace(chosen, loop=_loop(chosen.loop, options))
    return _outcome(train_amt(data, options.output, chosen, resume=options.resume))


def _train_dynamics(options: argparse.Namespace) -> dict[str, Any]:
    from video2music.training.dynamics import DynamicsTrainingOptions, train_dynamics

    data = _need(options, "data")
    chosen = DynamicsTrainingOptions()
    chosen = replace(chosen, loop=_loop(chosen.loop, options))
    return _outcome(train_dynamics(data, options.output, chosen, resume=options.resume))


def _train_emotion(options: argparse.Namespace) -> dict[str, Any]:
    from video2music.training.emotion_head import tell, train

    oasis, mved = _need(options, "oasis"), _need(options, "mved")
    return train(oasis, mved, options.output, seed=options.seed, tell=tell)


def _train_melody(options: argparse.Namespace) -> dict[str, Any]:
    from video2music.training.melody import MelodyTrainingOptions, train_melody

    data = _need(options, "data")
    chosen = MelodyTrainingOptions()
    chosen = replace(chosen, loop=_loop(chosen.loop, options))
    return _outcome(train_melody(data, options.output, chosen, resume=options.resume))


def _loop(loop: "LoopOptions", options: argparse.Namespace) -> "LoopOptions":
    return replace(loop, seed=options.seed, epochs=loop.epochs if options.epochs is None else options.epochs)


def _outcome(run: "Run") -> dict[str, Any]:
    return {"epochs": run.epoch, "best_epoch": run.best_epoch, "validation_loss": run.best}


def _corpora(folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    known = tuple(folder / name for name in CORPORA_LAYOUT if (folder / name).is_dir())
    return known or (folder,)
