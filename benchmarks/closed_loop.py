"""Does music composed for a video carry the video's emotion? Rank correlations over 40 clips, by two judges; Markdown.

    python -m benchmarks.closed_loop --data FOLDER --judge FOLDER [--features CACHE] [--sound-font SF2 ...]
        [--seed 500] [--no-melody] [--ensemble NAME] [--as-published] [--pieces]

FOLDER holds `sample_videos` and `mved` (the real clips are listed in closed_loop_clips.txt: every sample video of four
seconds and more that is no copy of another one, and the first two of each mood of MVED, in the order of their names);
twelve synthetic clips, six moods still and lively, complete the forty. At most 30 s of each. The judges are the
recogniser that ships and, from `--judge`, the mood network of MTG-Jamendo, which never steers or ranks anything: its
tags, weighted by the tag lexicon. "Shuffled" pairs each video with the music of another one.
"""

import argparse
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata

import emotion
import video2music
from benchmarks.tables import commit, markdown
from emotion.training.embedded.teacher import lexicon_affect, load_mood_teacher
from video2music.features.image_encoder import expected_affect
from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, quality_of
from video2music.pipeline import SAMPLE_RATE, Composer
from video2music.wishes import Wishes

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.score import Score

CLIPS = Path(__file__).with_name("closed_loop_clips.txt")
LONGEST_S = 30
SYNTHETIC_S = 24
RESAMPLES = 10_000

DARK = frozenset({"min", "min6", "min7", "minmaj7", "dim", "dim7", "hdim7"})
AXES = ("valence", "arousal")

Judge = Callable[[NDArray[np.float32]], tuple[float, float]]
"""From finished music, (samples, 2) at SAMPLE_RATE, to valence and arousal."""


@dataclass(frozen=True)
class Composed:
    """One clip and its music.

    Attributes:
        name: of the clip.
        wanted: (2,) valence and arousal of the video.
        heard: (judges, 2) valence and arousal of the music.
        facts: what may carry them, by name.
    """

    name: str
    wanted: NDArray[np.float64]
    heard: NDArray[np.float64]
    facts: dict[str, float]


def main() -> None:
    """Compose for every clip and print the tables."""
    options = read_options()
    torch.set_num_threads(1)
    judges = load_judges(options.judge)
    clips = {**real_clips(options.data, options.features), **synthetic_clips()}
    real = sum(name not in synthetic_clips() for name in clips)
    sys.stdout.write(f"{real} real and {len(clips) - real} synthetic clips; commit {commit()}\n")
    for font in options.sound_font or [None]:
        model = video2music.load(sound_font=font)
        wishes = Wishes(
            match=False,
            as_published=options.as_published,
            ensemble=options.ensemble,
            melody=None if options.melody else False,
        )
        pieces = list(compose_all(model, clips, judges, options.seed, wishes))
        sys.stdout.write(f"\nsound font {model.synthesizer.sound_font.name}, seeds from {options.seed}\n\n")
        sys.stdout.write(markdown(COLUMNS, correlation_rows(pieces, list(judges), real)))
        sys.stdout.write("\nrank correlation of what may carry it\n\n" + markdown(*carriers(pieces, list(judges))))
        sys.stdout.write(f"\nrank correlation of valence with arousal: {between_axes(pieces, list(judges))}\n")
        if options.pieces:
            sys.stdout.write("\n" + piece_table(pieces, list(judges)))


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with sample_videos and mved")
    parser.add_argument("--judge", type=Path, required=True, help="folder with the mood network of MTG-Jamendo")
    parser.add_argument("--features", type=Path, help="folder in which features of clips are kept between runs")
    parser.add_argument("--sound-font", type=Path, action="append", help="may be given several times")
    parser.add_argument("--as-published", action="store_true", help="the published rendering, nothing steered")
    parser.add_argument("--no-melody", dest="melody", action="store_false")
    parser.add_argument("--ensemble", default="piano")
    parser.add_argument("--seed", type=int, default=500, help="of the first clip; the others count from there")
    parser.add_argument("--pieces", action="store_true", help="print every piece")
    return parser.parse_args()


def load_judges(folder: Path) -> dict[str, Judge]:
    """Load the recogniser that ships and the mood network."""
    recogniser, teacher = emotion.load("embedded"), load_mood_teacher(folder)

    def embedded(audio: NDArray[np.float32]) -> tuple[float, float]:
        heard = recogniser.predict(emotion.Audio(audio, SAMPLE_RATE))
        return heard.valence, heard.arousal

    def mood_network(audio: NDArray[np.float32]) -> tuple[float, float]:
        return lexicon_affect(teacher.probabilities(audio.mean(axis=1), SAMPLE_RATE))

    return {"embedded": embedded, "mood network": mood_network}


def real_clips(data: Path, cache: Path | None) -> dict[str, VideoFeatures]:
    """Return what the embedded encoder sees in the beginning of the listed clips."""
    seen = seen_clips(data, CLIPS.read_text(encoding="utf-8").split(), cache)
    return {name: beginning(features, LONGEST_S) for name, features in seen.items()}


def seen_clips(folder: Path, names: Sequence[str], cache: Path | None) -> dict[str, VideoFeatures]:
    """Return what the embedded encoder sees in clips.

    Args:
        folder: holds the clips.
        names: of the clips.
        cache: where features are kept between runs; only this program should write there, for they are pickled.
    """
    from video2music.features.extraction import extract_features
    from video2music.features.image_encoder import load_encoder

    encoder, seen = load_encoder("embedded"), {}
    for name in names:
        kept = None if cache is None else cache / (Path(name).name + ".pkl")
        if kept is not None and kept.exists():
            seen[name] = pickle.loads(kept.read_bytes())  # noqa: S301 - written by the lines below
            continue
        seen[name] = extract_features(folder / name, encoder)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps(seen[name]))
    return seen


def beginning(features: VideoFeatures, seconds: int) -> VideoFeatures:
    """Return the first seconds of a video."""
    if features.duration_s <= seconds:
        return features
    cuts = features.cuts_s[features.cuts_s < seconds]
    return replace(features.at(np.arange(seconds)), duration_s=float(seconds), cuts_s=cuts)


def synthetic_clips() -> dict[str, VideoFeatures]:
    """Return six moods, each still (no cuts, little motion) and lively (a cut every four seconds)."""
    return {
        f"{emotion} {'lively' if lively else 'still'}": synthetic_clip(emotion, lively=lively)
        for emotion in EMOTIONS
        for lively in (False, True)
    }


def synthetic_clip(emotion: str, *, lively: bool) -> VideoFeatures:
    """Return an even emotion track: half of the probability on one mood, half a point of arousal for the motion."""
    second = np.arange(SYNTHETIC_S)
    row = np.full((SYNTHETIC_S, len(EMOTIONS)), 0.1, np.float32)
    row[:, EMOTIONS.index(emotion)] = 0.5
    valence, arousal = expected_affect(row)
    period = 4 if lively else SYNTHETIC_S
    return VideoFeatures(
        duration_s=float(SYNTHETIC_S),
        emotion=row,
        valence=valence,
        arousal=(arousal + (0.5 if lively else -0.5)).astype(np.float32),
        scene_offset=(second % period).astype(np.float32),
        motion=((10 if lively else 1) * (1 + 0.3 * np.sin(second / 3))).astype(np.float32),
        cuts_s=np.arange(period, SYNTHETIC_S, period).astype(np.float32),
    )


def compose_all(
    model: Composer, clips: dict[str, VideoFeatures], judges: dict[str, Judge], first_seed: int, wishes: Wishes
) -> Iterator[Composed]:
    """Compose one piece per clip, with seeds counted from the first, and let every judge hear it."""
    for number, (name, features) in enumerate(clips.items()):
        piece = model.compose_seen(name, features, replace(wishes, seed=first_seed + number))
        heard = np.array([judge(piece.audio) for judge in judges.values()])
        wanted = np.array([features.valence.mean(), features.arousal.mean()], dtype=np.float64)
        yield Composed(name, wanted, heard, facts(piece.score, piece.midi))


def facts(score: "Score", midi: "pretty_midi.PrettyMIDI") -> dict[str, float]:
    """Return what may carry emotion in a piece."""
    notes = [note for part in midi.instruments if not part.is_drum for note in part.notes]
    chords = [chord for chord in map(parse_chord, score.chords) if chord != NO_CHORD]
    return {
        "tempo": score.tempo_bpm,
        "onsets/s": len({round(note.start, 2) for note in notes}) / score.duration_s,
        "velocity": float(np.mean([note.velocity for note in notes])),
        "loudness": float(score.loudness.mean()),
        "register": float(np.mean([note.pitch for note in notes])),
        "note length": float(np.mean([note.end - note.start for note in notes])),
        "minor key": float(score.key.endswith("minor")),
        "dark chords": float(np.mean([quality_of(chord) in DARK for chord in chords])),
    }


COLUMNS = ("clips", "rank correlation [95 %]", "shuffled, mean", "p")


def correlation_rows(pieces: Sequence[Composed], judges: Sequence[str], real: int) -> dict[str, list[str]]:
    """Return the rank correlations of all clips and of the real ones, by axis and judge."""
    rows = {}
    for judge, judge_name in enumerate(judges):
        for axis, axis_name in enumerate(AXES):
            for label, chosen in (("all", pieces), ("real", pieces[:real])):
                wanted = np.array([piece.wanted[axis] for piece in chosen])
                heard = np.array([piece.heard[judge, axis] for piece in chosen])
                rows[f"{axis_name}, {judge_name}, {label}"] = correlation_row(wanted, heard)
    return rows


def correlation_row(wanted: NDArray[np.float64], heard: NDArray[np.float64]) -> list[str]:
    """Return the number of clips, rank correlation with its bootstrap interval, and what shuffled pairs reach."""
    random, count = np.random.default_rng(0), len(wanted)
    found = rank_correlation(wanted, heard)
    draws = random.integers(count, size=(RESAMPLES, count))
    low, high = np.percentile(rank_correlations(wanted[draws], heard[draws]), [2.5, 97.5])
    shuffled = rank_correlations(
        np.tile(wanted, (RESAMPLES, 1)), random.permuted(np.tile(heard, (RESAMPLES, 1)), axis=1)
    )
    p = (1 + np.sum(shuffled >= found)) / (1 + RESAMPLES)
    return [str(count), f"{found:.2f} [{low:.2f}, {high:.2f}]", f"{shuffled.mean():+.2f}", f"{p:.4f}"]


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation; 0 where one of them does not vary."""
    return float(rank_correlations(first[None], second[None])[0])


def rank_correlations(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of every row, (rows,); 0 where one of the two does not vary."""
    ranks = [rankdata(values, axis=1) - (values.shape[1] + 1) / 2 for values in (first, second)]
    scale = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    products: NDArray[np.float64] = (ranks[0] * ranks[1]).sum(axis=1) / np.where(scale > 0, scale, np.inf)
    return products


def carriers(pieces: Sequence[Composed], judges: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return how every fact goes with what is wanted and with what is heard: columns and rows of a table."""
    columns = ["lowest", "highest"]
    columns += [f"{who} {axis}" for axis in AXES for who in ("wanted", *judges)]
    rows = {}
    for name in pieces[0].facts:
        values = np.array([piece.facts[name] for piece in pieces])
        cells = [f"{values.min():.2f}", f"{values.max():.2f}"]
        for axis in range(len(AXES)):
            sources = [[piece.wanted[axis] for piece in pieces]]
            sources += [[piece.heard[judge, axis] for piece in pieces] for judge in range(len(judges))]
            cells += [f"{rank_correlation(values, np.array(source)):+.2f}" for source in sources]
        rows[name] = cells
    return columns, rows


def between_axes(pieces: Sequence[Composed], judges: Sequence[str]) -> str:
    """Say how far valence and arousal go together in what is wanted and in what each judge hears."""
    pairs = {"wanted": np.array([piece.wanted for piece in pieces])}
    pairs |= {name: np.array([piece.heard[judge] for piece in pieces]) for judge, name in enumerate(judges)}
    return ", ".join(f"{name} {rank_correlation(pair[:, 0], pair[:, 1]):+.2f}" for name, pair in pairs.items())


def piece_table(pieces: Sequence[Composed], judges: Sequence[str]) -> str:
    """Return one row per piece."""
    columns = [f"{who} {axis}" for who in ("wanted", *judges) for axis in AXES] + list(pieces[0].facts)
    rows = {
        piece.name.rsplit("/", 1)[-1]: [f"{value:.2f}" for value in (*piece.wanted, *piece.heard.ravel())]
        + [f"{value:.2f}" for value in piece.facts.values()]
        for piece in pieces
    }
    return markdown(columns, rows)


if __name__ == "__main__":
    main()
