"""Where the recogniser puts pieces of which listeners said how they feel; Markdown.

    python -m benchmarks.recogniser_scale --vgmidi FOLDER --sound-font FILE [--seconds 30]

The beginnings of VGMIDI's rated pieces on the piano. An estimate of a rating is nearer to the mean than the rating: it
says as much as can be heard, and no more. The spread of the answers, which is the recogniser's scale in
`video2music/scales.py`, is therefore narrower than that of the ratings. The recogniser learned from these pieces;
`assets/models/affect.md` says how well it tells pieces that it never heard.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

import emotion
from benchmarks.closed_loop import AXES
from benchmarks.tables import commit, markdown
from emotion.audio import Audio
from emotion.embedded.affect import CENTRES, SPREADS
from emotion.embedded.mel import SAMPLE_RATE
from emotion.training.embedded.corpora import load_vgmidi
from emotion.training.embedded.rendering import perform, plain


def main() -> None:
    """Print mean and spread of ratings and answers, and how well they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vgmidi", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--sound-font", type=Path, required=True, help="plays the pieces")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each beginning")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recogniser = emotion.load("embedded")
    rated, heard = [], []
    for piece in load_vgmidi(options.vgmidi):
        rendering = plain(piece, 0, options.sound_font, start_s=0.0, duration_s=options.seconds)
        sound = perform(rendering, piece, {options.sound_font.name: options.sound_font})
        answer = recogniser.predict(Audio(sound[:, None], SAMPLE_RATE))
        heard.append((answer.valence, answer.arousal))
        rated.append((piece.valence, piece.arousal))
    ratings, answers = np.array(rated, dtype=np.float64), np.array(heard)
    scaled = np.array(CENTRES) + (ratings - ratings.mean(0)) / ratings.std(0) * np.array(SPREADS)
    rows = {}
    for i, axis in enumerate(AXES):
        slope, _ = np.polyfit(answers[:, i], scaled[:, i], 1)
        agreement = np.corrcoef(answers[:, i], scaled[:, i])[0, 1]
        figures = scaled[:, i].mean(), scaled[:, i].std(), answers[:, i].mean(), answers[:, i].std(), agreement, slope
        rows[axis] = [f"{figure:.2f}" for figure in figures]
    head = ("ratings: mean", "spread", "answers: mean", "spread", "correlation", "rating per point of answer")
    sys.stdout.write(f"{len(rated)} pieces; commit {commit()}\n\n{markdown(head, rows)}")


if __name__ == "__main__":
    main()
