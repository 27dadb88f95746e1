"""`python -m video2music train amt|dynamics|eye`: from words on the command line to the training loops."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the training commands.

    Args:
        parser: of `train`.
    """
    parser.add_argument("network", choices=("amt", "dynamics", "eye"), help="chords, density and loudness, or emotion")
    parser.add_argument("--data", type=Path, metavar="DIR", help="amt, dynamics: MuVi-Sync in its published layout")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the weights, .safetensors")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is random (default 0)")
    parser.add_argument("--epochs", type=int, help="amt, dynamics: at most so many")
    parser.add_argument("--resume", action="store_true", help="amt, dynamics: go on after an interruption")
    parser.add_argument(
        "--emotion-loss",
        type=float,
        metavar="W",
        help="amt: share of the paper's emotion term in the loss, 0 to 1 (published 0.6; ours 0)",
    )
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="amt: chord corpora to pre-train the decoder on")
    parser.add_argument("--oasis", type=Path, metavar="DIR", help="eye: the OASIS photographs and norms")
    parser.add_argument("--mved", type=Path, metavar="DIR", help="eye: the labelled music-video clips")
