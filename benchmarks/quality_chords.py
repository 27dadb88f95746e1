"""Next-chord prediction of unseen songs: baselines, what each input adds, and songs that may be known; as Markdown.

    python -m benchmarks.quality_chords --data MUVI_SYNC [--corpora DIR] [--split val] [--weights FILE]

With --corpora the songs are also looked for in the chord corpora (some minutes longer).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import arguments, cell, heading, markdown
from video2music.evaluation.baselines import Bigram, RepeatLast, SongCache
from video2music.evaluation.conditions import chord_conditions, paired_difference
from video2music.evaluation.copying import Agreements
from video2music.evaluation.metrics import ChordScores, chord_scores
from video2music.evaluation.report import CHORD_INTERVALS, chord_report, emotion_of
from video2music.models.loading import load_amt
from video2music.training.commands import CORPORA_LAYOUT
from video2music.training.corpora import load_progressions, sample_grid
from video2music.training.dataset import Song, load_split

LIKELY_KNOWN = ("136", "272", "412", "551")
"""Val songs in the training data, found by title or by agreement and looked at: Backstreet Boys, I Want It That
Way (USPop); One Direction, One Way Or Another (Blondie's is in USPop); Chamillionaire, Ridin' (training song 753 is its
parody); and, uncertain, Guns N' Roses, Paradise City (alike a Billboard song without a title)."""

SUSPICIOUS = 0.70
"""Agreement of roots with a known song from which an unseen song may be the same one."""


def main() -> None:
    """Print the tables."""
    options, weights = arguments(__doc__ or "", "amt", seeds=5)
    known, songs = load_split(options.data, "train", semantic=False), load_split(options.data, options.split)
    scores = chord_conditions(load_amt(weights), songs, shuffles=options.seeds, seed=options.seed)
    counted: dict[str, SongCache | Bigram | RepeatLast]
    counted = {"song cache": SongCache(known), "bigram": Bigram(known), "repeat last": RepeatLast(known)}
    for name, model in counted.items():
        scores[name] = [chord_scores(model.predict(s.chords), s.chords, emotion_of(s)) for s in songs]
    sys.stdout.write(heading(options, songs, weights))
    sys.stdout.write(table(scores))
    sys.stdout.write("\nroots in agreement with the most similar known song, and scores without such songs\n\n")
    sys.stdout.write(known_table(songs, scores, agreements(songs, known, options.corpora)))


def table(scores: dict[str, list[ChordScores]]) -> str:
    """Return scores with intervals, and the paired difference of nats from the first row."""
    first = next(iter(scores.values()))
    rows = {}
    for name, songs in scores.items():
        report = chord_report(songs)
        change, low, high = paired_difference(first, songs)
        rows[name] = [*(cell(report, key) for key in CHORD_INTERVALS), f"{change:+.4f} [{low:+.4f}, {high:+.4f}]"]
    return markdown([*CHORD_INTERVALS, "nats more than the first row"], rows)


def agreements(songs: Sequence[Song], known: Sequence[Song], corpora: Path | None) -> dict[str, NDArray[np.float32]]:
    """Return for every song its best agreement with any training song, and with any song of the corpora."""
    others = {"training songs": [song.chords for song in known]}
    if corpora is not None:
        found = load_progressions([corpora / name for name in CORPORA_LAYOUT])
        others["corpora"] = [sample_grid(progression) for progression in found]
    result = {}
    for name, sequences in others.items():
        compare = Agreements(sequences)
        result[name] = np.array([compare.best(song.chords).max() for song in songs])
    return result


def known_table(
    songs: Sequence[Song], scores: dict[str, list[ChordScores]], agreement: dict[str, NDArray[np.float32]]
) -> str:
    """Return the scores of the network and of the song cache on the songs that are not known."""
    listed = np.array([float(song.name in LIKELY_KNOWN) for song in songs], dtype=np.float32)
    highest = np.max(list(agreement.values()), axis=0)
    rows = {}
    for name, values in {
        "all songs": 0 * listed,
        "without the likely known": listed,
        **agreement,
        "either": highest,
    }.items():
        kept = np.flatnonzero(values < SUSPICIOUS)
        row = [f"{np.median(values):.2f}", f"{values.max():.2f}", str(len(kept))]
        network, cache = ([scores[name][i] for i in kept] for name in ("all video inputs", "song cache"))
        for chosen in (network, cache):
            report = chord_report(chosen)
            row += [f"{report['hits@1']:.3f}", f"{report['nats']:.3f}"]
        change, low, high = paired_difference(network, cache)
        rows[name] = [*row, f"{change:.3f} [{low:.3f}, {high:.3f}]"]
    columns = ["median agreement", "largest", f"songs below {SUSPICIOUS:.2f}", "network hits@1", "network nats"]
    return markdown([*columns, "song cache hits@1", "song cache nats", "nats that the network gains"], rows)


if __name__ == "__main__":
    main()
