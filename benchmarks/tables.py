"""What the quality tables share: arguments, a heading with everything that the figures depend on, Markdown."""

import argparse
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from emotion.weights import file_sha256, find_weights
from video2music.training.dataset import Song


def arguments(description: str, network: str, *, seeds: int = 1) -> tuple[argparse.Namespace, Path]:
    """Read the command line.

    Args:
        description: the script's documentation.
        network: name of the weights.
        seeds: default of --seeds.

    Returns:
        data, split, seed, seeds; and the file of the weights.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="MuVi-Sync in its published layout")
    parser.add_argument("--corpora", type=Path, help="folder with pop909 and chord_corpora, to look for songs in")
    parser.add_argument("--split", default="val")
    parser.add_argument("--weights", type=Path, help="another file than the one that ships")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=seeds, help="pieces per video, or shuffles of the videos")
    options = parser.parse_args()
    torch.set_num_threads(1)
    return options, find_weights(network, explicit=options.weights)


def heading(options: argparse.Namespace, songs: Sequence[Song], weights: Path) -> str:
    """Return a line that names split, songs, seeds, weights and commit."""
    return (
        f"{options.split}: {len(songs)} songs; seed {options.seed}, {options.seeds} of each; "
        f"{weights.name} {file_sha256(weights)[:12]}; commit {commit()}\n\n"
    )


def commit() -> str:
    """Return the short name of the commit that runs."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def markdown(columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Return a table with the rows' names in the first column."""
    lines = ["| | " + " | ".join(name.replace("_", " ") for name in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    lines += [f"| {name} | " + " | ".join(values) + " |" for name, values in rows.items()]
    return "\n".join(lines) + "\n"


def cell(scores: Mapping[str, Any], key: str) -> str:
    """Return a score with its 95 % interval over songs, where it has one."""
    bounds = scores["interval_95"].get(key)
    return f"{scores[key]:.3f}" + ("" if bounds is None else f" [{bounds[0]:.3f}, {bounds[1]:.3f}]")
