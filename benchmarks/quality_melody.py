"""Melodies: likelihood of unseen songs beside n-grams, and composed tunes beside the songs' own; as Markdown.

python -m benchmarks.quality_melody --data POP909 [--split test] [--tunes 60] [--weights FILE]
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.tables import commit, markdown
from emotion.weights import file_sha256, find_weights
from video2music.evaluation.melodies import composed_over, likelihoods, per_unit, tune_facts
from video2music.evaluation.metrics import bootstrap_interval
from video2music.models.melody import STEPS_PER_BAR, MelodyNetwork, load_melody
from video2music.training.melodies import MelodySection, load_melodies, of_split, shortened

LONGEST_BARS = 33
"""Of a tune that is composed: eight phrases of four bars after the bar of the pickup."""

FIRST_BARS = 5
"""The bar of the pickup and one phrase."""

SHORTEST_BARS = 17
"""Of songs over which tunes are composed, so that phrases can return after eight bars."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="POP909")
    parser.add_argument("--split", default="test", choices=("val", "test"))
    parser.add_argument("--tunes", type=int, default=60, help="tunes to compose")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, help="another file than the one that ships")
    options = parser.parse_args()
    torch.set_num_threads(1)
    weights = find_weights("melody", explicit=options.weights)
    network = load_melody(weights)
    sections = load_melodies(options.data)
    unseen = of_split(sections, options.split)
    songs = len({section.song for section in unseen})
    sys.stdout.write(
        f"{options.split}: {songs} songs, {len(unseen)} sections; seed {options.seed}; "
        f"{weights.name} {file_sha256(weights)[:12]}; commit {commit()}\n\n"
    )
    sys.stdout.write(likelihood_table(network, of_split(sections, "train"), unseen) + "\n")
    first = [shortened(section, FIRST_BARS) for section in unseen]
    sys.stdout.write("First phrase of each section, where nothing can return:\n\n")
    sys.stdout.write(likelihood_table(network, of_split(sections, "train"), first) + "\n")
    sys.stdout.write(tune_table(network, unseen, options.tunes, options.seed))


def likelihood_table(network: MelodyNetwork, known: Sequence[MelodySection], unseen: Sequence[MelodySection]) -> str:
    """Return nats per step and per note of every model, and the network's lead over the best n-gram."""
    nats = likelihoods(network, known, unseen)
    best = min((name for name in nats if not name.startswith("network")), key=lambda name: float(nats[name].sum()))
    nats[f"lead over {best}"] = nats[best] - nats["network"]
    steps, notes = (per_unit(nats, unseen, notes=notes) for notes in (False, True))
    rows = {name: [cell(steps[name]), cell(notes[name])] for name in nats}
    return markdown(["nats per step", "nats per note"], rows)


def tune_table(network: MelodyNetwork, unseen: Sequence[MelodySection], tunes: int, seed: int) -> str:
    """Return what composed tunes and the songs' own are like, with 95 % intervals over tunes."""
    long = [section for section in unseen if len(section.tokens) >= SHORTEST_BARS * STEPS_PER_BAR]
    chosen = [shortened(section, LONGEST_BARS) for section in long[:: max(1, len(long) // tunes)][:tunes]]
    own = [tune_facts(section) for section in chosen]
    made = [tune_facts(composed_over(network, section, seed=seed + i)) for i, section in enumerate(chosen)]
    table: dict[str, list[str]] = {}
    for name in own[0]:
        columns = [np.array([facts[name] for facts in side]) for side in (own, made)]
        quartiles = np.nanpercentile(columns[0], [25, 75])
        table[name] = [
            *(cell(mean_with_interval(column)) for column in columns),
            f"{quartiles[0]:.3f} to {quartiles[1]:.3f}",
        ]
    return markdown([f"songs ({len(chosen)} tunes)", "composed", "songs' quartiles"], table)


def mean_with_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a mean and its 95 % interval; what is not known of a tune is left out."""

    def score(chosen: NDArray[np.int64]) -> dict[str, float]:
        return {"mean": float(np.nanmean(values[chosen]))}

    low, high = bootstrap_interval(len(values), score)["mean"]
    return float(np.nanmean(values)), low, high


def cell(value: tuple[float, float, float]) -> str:
    """Write a value and its interval."""
    return f"{value[0]:.3f} [{value[1]:.3f}, {value[2]:.3f}]"


if __name__ == "__main__":
    main()
