"""Does music follow a directed mood? Six moods on ten clips, and how well judges part them; Markdown.

python -m benchmarks.direction --data DATA --judge MTG_JAMENDO [--features CACHE] [--sound-font FILE] [--ensemble NAME]

Exciting, tense and fearful music must sound more aroused than relaxing and sad music, relaxing and exciting music more
pleasant than sad, fearful and tense music: areas under the ROC curve, with 95 % of a bootstrap over clips.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

import video2music
from benchmarks.closed_loop import CLIPS, LONGEST_S, beginning, load_judges, seen_clips
from benchmarks.tables import commit, markdown
from video2music.direction import Direction
from video2music.features.video_features import EMOTIONS
from video2music.wishes import Wishes

FIRST_SEED = 900
COUNT = 10
HIGH_AROUSAL, LOW_AROUSAL = ("exciting", "tense", "fearful"), ("relaxing", "sad")
HIGH_VALENCE, LOW_VALENCE = ("relaxing", "exciting"), ("sad", "fearful", "tense")
AXES = {"valence": (HIGH_VALENCE, LOW_VALENCE), "arousal": (HIGH_AROUSAL, LOW_AROUSAL)}
DRAWS = 1000


def main() -> None:
    """Compose every mood for every clip and print the areas."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--sound-font", type=Path)
    parser.add_argument("--ensemble", default="piano")
    options = parser.parse_args()
    torch.set_num_threads(1)
    judges = load_judges(options.judge)
    model = video2music.load(sound_font=options.sound_font)
    names = CLIPS.read_text(encoding="utf-8").split()
    names = [names[index] for index in np.linspace(0, len(names) - 1, COUNT).round().astype(int)]
    heard = np.zeros((len(names), len(EMOTIONS), len(judges), 2))
    for number, (name, seen) in enumerate(seen_clips(options.data, names, options.features).items()):
        features = beginning(seen, LONGEST_S)
        for index, mood in enumerate(EMOTIONS):
            wishes = Wishes(
                seed=FIRST_SEED + number, ensemble=options.ensemble, match=False, direction=Direction(mood=mood)
            )
            audio = model.compose_seen(name, features, wishes).audio
            heard[number, index] = [judge(audio) for judge in judges.values()]
    sys.stdout.write(f"{len(names)} clips x {len(EMOTIONS)} moods, {options.ensemble}; commit {commit()}\n\n")
    sys.stdout.write(markdown(("ROC-AUC [95 %]", *EMOTIONS), rows(heard, list(judges))))


def rows(heard: NDArray[np.float64], judges: list[str]) -> dict[str, tuple[str, ...]]:
    """Return a row for each judge and axis: the area, and the mean for each mood.

    Args:
        heard: (clips, moods, judges, 2).
        judges: their names.
    """
    table = {}
    for judge, name in enumerate(judges):
        for axis, (title, (high, low)) in enumerate(AXES.items()):
            said = heard[:, :, judge, axis]
            draws = np.random.default_rng(0).integers(0, len(said), (DRAWS, len(said)))
            edges = np.quantile([area(said[draw], high, low) for draw in draws], (0.025, 0.975))
            shown = f"{area(said, high, low):.2f} [{edges[0]:.2f}, {edges[1]:.2f}]"
            table[f"{title}, {name}"] = (shown, *(f"{mean:.2f}" for mean in said.mean(axis=0)))
    return table


def area(said: NDArray[np.float64], high: tuple[str, ...], low: tuple[str, ...]) -> float:
    """Return how often a mood that should lie above does, over all pairs of pieces.

    Args:
        said: (clips, moods).
        high: moods that should lie above.
        low: moods that should lie below.
    """
    above, below = (said[:, [EMOTIONS.index(mood) for mood in moods]].ravel() for moods in (high, low))
    truth = np.repeat([1, 0], [len(above), len(below)])
    return float(roc_auc_score(truth, np.concatenate([above, below])))


if __name__ == "__main__":
    main()
