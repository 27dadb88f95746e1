"""Pieces composed for the videos of unseen songs, under several choices of the draw, and short clips; as Markdown.

    python -m benchmarks.quality_generation --data MUVI_SYNC [--split val] [--seeds 5] [--weights FILE]

Inputs are those of the embedded engine: no image embeddings.
"""

import sys

from benchmarks.tables import arguments, heading, markdown
from video2music.evaluation.composed import generation_table, short_clips
from video2music.models.loading import load_amt
from video2music.training.dataset import load_split

SHORT_S = (8, 10, 15)


def main() -> None:
    """Print both tables."""
    options, weights = arguments(__doc__ or "", "amt", seeds=5)
    amt = load_amt(weights)
    known, songs = (load_split(options.data, split, semantic=False) for split in ("train", options.split))
    sys.stdout.write(heading(options, songs, weights))
    described = dict(generation_table(amt, known, songs, seeds=options.seeds))
    names = list(described["the songs themselves"])
    sys.stdout.write(
        markdown(list(described), {name: [f"{row[name]:.3f}" for row in described.values()] for name in names})
    )
    sys.stdout.write("\nshort clips out of the same videos\n\n")
    rows = {f"{seconds} s": short_clips(amt, songs, seconds, seeds=20)[0] for seconds in SHORT_S}
    sys.stdout.write(
        markdown(list(rows["8 s"]), {name: [f"{v:.2f}" for v in row.values()] for name, row in rows.items()})
    )
    sys.stdout.write("\nprogressions of twenty clips of ten seconds\n\n")
    sys.stdout.write("".join(f"    {line}\n" for line in short_clips(amt, songs, 10, seeds=20)[1]))


if __name__ == "__main__":
    main()
