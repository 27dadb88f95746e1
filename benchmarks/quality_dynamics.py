"""Note density and loudness of unseen songs beside baselines, and what is played, as Markdown.

python -m benchmarks.quality_dynamics --data MUVI_SYNC [--split val] [--weights FILE]
"""

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.tables import arguments, cell, heading, markdown
from video2music.evaluation.played import played_report
from video2music.evaluation.report import CONDITIONS, baseline_report, dynamics_report, inputs_of
from video2music.models.dynamics import TARGETS, expected_dynamics
from video2music.models.loading import load_dynamics
from video2music.training.dataset import load_split

SCORES = ("r2", "r2_centred", "correlation")
NAMES = {"clip": "all video inputs", "embedded": "without CLIP", "no_video": "both ends alone"}


def main() -> None:
    """Print both tables."""
    options, weights = arguments(__doc__ or "", "dynamics")
    network = load_dynamics(weights)
    known, songs = load_split(options.data, "train", semantic=False), load_split(options.data, options.split)
    rows: dict[str, dict[str, Any]] = {}
    for name, missing in CONDITIONS.items():
        curves = [expected_dynamics(network, inputs_of(song, missing)) for song in songs]
        rows[NAMES[name]] = dynamics_report(curves, songs)
    baselines = baseline_report(known, songs)
    rows |= {name.replace("_", " "): baselines[name] for name in ("ridge", "training_mean")}
    sys.stdout.write(heading(options, songs, weights))
    keys = [f"{target}_{score}" for target in TARGETS for score in SCORES]
    sys.stdout.write(markdown(keys, {name: [cell(row, key) for key in keys] for name, row in rows.items()}))
    for target, described in played_report(network, songs).items():
        columns = next(iter(described.values())).keys()
        sys.stdout.write(f"\n{target}, as played without CLIP\n\n")
        sys.stdout.write(markdown(list(columns), {name: _numbers(list(r.values())) for name, r in described.items()}))


def _numbers(values: Sequence[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


if __name__ == "__main__":
    main()
