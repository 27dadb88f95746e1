"""Scores of the networks beside their baselines, in one run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from video2music.evaluation.baselines import Bigram, RepeatLast, Ridge, SongCache, TrainingMean
from video2music.evaluation.metrics import (
    ChordScores,
    bootstrap_interval,
    chord_scores,
    summarise_chords,
    summarise_curves,
)
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.dynamics import TARGETS, DynamicsNetwork, expected_dynamics
from video2music.models.inputs import GROUPS, FeatureBatch
from video2music.training.dataset import FloatArray, Song, chord_batch, feature_batch, load_split
from video2music.training.dynamics import song_targets

Progress = Callable[[str, float], None]

CONDITIONS: dict[str, tuple[str, ...]] = {"clip": (), "embedded": ("semantic",), "no_video": GROUPS}
"""Input groups that are missing: none, the image embeddings as in the embedded engine, everything but both ends."""

CHORD_INTERVALS = ("hits@1", "hits@3", "hits@5", "nats")


def evaluate(
    data: Path,
    split: str,
    amt: AffectiveMultimodalTransformer,
    dynamics: DynamicsNetwork,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score both networks on a split of MuVi-Sync, beside baselines fitted on its train split.

    Args:
        data: MuVi-Sync in its published layout.
        split: "val", "train" or "test" where the folder has it.
        amt: the chord network.
        dynamics: the dynamics network.
        progress: told the stage and the fraction done.

    Returns:
        "split", "songs", "steps"; "amt" and "dynamics" with all inputs, each with "interval_95" (bootstrap over songs)
        and the same scores for the "embedded" inputs and with "no_video"; "baselines" by name.

    Raises:
        DatasetError: the folder does not have the layout or the split.
    """
    report: Progress = progress or (lambda _stage, _fraction: None)
    report("reading songs", 0.0)
    known, songs = load_split(data, "train", semantic=False), load_split(data, split)
    chords, curves = {}, {}
    for number, (name, missing) in enumerate(CONDITIONS.items()):
        report("scoring", number / len(CONDITIONS))
        chords[name] = [chord_scores(predict_chords(amt, s, missing), s.chords, emotion_of(s)) for s in songs]
        curves[name] = [expected_dynamics(dynamics, inputs_of(s, missing)) for s in songs]
    return {
        "split": split,
        "songs": len(songs),
        "steps": sum(song.seconds - 1 for song in songs),
        "amt": _nested({name: chord_report(scores) for name, scores in chords.items()}),
        "dynamics": _nested({name: dynamics_report(c, songs) for name, c in curves.items()}),
        "baselines": baseline_report(known, songs),
    }


@torch.inference_mode()
def predict_chords(amt: AffectiveMultimodalTransformer, song: Song, missing: Sequence[str] = ()) -> NDArray[np.float32]:
    """Return (T - 1, 157) logits of the chords of seconds 1 to T - 1 of a song, with input groups missing."""
    amt.eval()
    chords, minor = chord_batch([song])
    logits: NDArray[np.float32] = amt(chords[:, :-1], minor, inputs_of(song, missing))[0].float().numpy()
    return logits


def chord_report(scores: Sequence[ChordScores]) -> dict[str, Any]:
    """Return the summary of songs with its intervals."""
    summary: dict[str, Any] = dict(summarise_chords(scores))

    def drawn(index: NDArray[np.int64]) -> dict[str, float]:
        again = summarise_chords([scores[k] for k in index])
        return {key: again[key] for key in CHORD_INTERVALS}

    summary["interval_95"] = bootstrap_interval(len(scores), drawn)
    return summary


def dynamics_report(curves: Sequence[FloatArray], songs: Sequence[Song]) -> dict[str, Any]:
    """Return the summary of both curves, each (T, 2) per song, with intervals of R2."""
    real = [song_targets(song) for song in songs]

    def summary(index: Sequence[int]) -> dict[str, float]:
        parts: dict[str, float] = {}
        for column, name in enumerate(TARGETS):
            parts |= summarise_curves([curves[i][:, column] for i in index], [real[i][:, column] for i in index], name)
        return parts

    result: dict[str, Any] = dict(summary(range(len(songs))))
    result["interval_95"] = bootstrap_interval(len(songs), lambda index: summary(index.tolist()))
    return result


def baseline_report(known: Sequence[Song], songs: Sequence[Song]) -> dict[str, Any]:
    """Return the scores of all baselines, fitted on `known`."""
    result: dict[str, Any] = {}
    counted: dict[str, RepeatLast | Bigram | SongCache]
    counted = {"repeat_last": RepeatLast(known), "bigram": Bigram(known), "song_cache": SongCache(known)}
    for name, chord_model in counted.items():
        result[name] = chord_report(
            [chord_scores(chord_model.predict(s.chords), s.chords, emotion_of(s)) for s in songs]
        )
    for name, curve_model in (("training_mean", TrainingMean(known)), ("ridge", Ridge(known))):
        result[name] = dynamics_report([curve_model.predict(song) for song in songs], songs)
    return result


def format_report(report: dict[str, Any]) -> str:
    """Return the report as two aligned tables for people."""
    amt, dynamics, baselines = report["amt"], report["dynamics"], report["baselines"]
    heading = f"{report['split']}: {report['songs']} songs, {report['steps']} predicted chords"
    chord_rows = {"all video inputs": amt, "without CLIP": amt["embedded"], "without video": amt["no_video"]}
    chord_rows |= {name.replace("_", " "): baselines[name] for name in ("song_cache", "bigram", "repeat_last")}
    curve_rows = {"all video inputs": dynamics, "without CLIP": dynamics["embedded"]}
    curve_rows |= {name.replace("_", " "): baselines[name] for name in ("ridge", "training_mean")}
    chord_keys = (*CHORD_INTERVALS, "emotion_correspondence")
    curve_keys = tuple(f"{name}_{key}" for name in TARGETS for key in ("r2", "r2_centred", "rmse"))
    return "\n".join([heading, *_table(chord_rows, chord_keys), *_table(curve_rows, curve_keys)])


def _table(rows: dict[str, Any], keys: Sequence[str]) -> list[str]:
    lines = [" " * 18 + "".join(f"{key:>26}" for key in keys)]
    for name, scores in rows.items():
        lines.append(f"{name:18}" + "".join(f"{_cell(scores, key):>26}" for key in keys))
    return lines


def _cell(scores: dict[str, Any], key: str) -> str:
    low_high = scores["interval_95"].get(key)
    spread = "" if low_high is None else f" [{low_high[0]:.3f}, {low_high[1]:.3f}]"
    return f"{scores[key]:.3f}{spread}"


def _nested(by_condition: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Put the scores with all inputs on top and the other conditions below them by name."""
    return {**by_condition["clip"], **{name: scores for name, scores in by_condition.items() if name != "clip"}}


def inputs_of(song: Song, missing: Sequence[str]) -> FeatureBatch:
    """Return a song's video as a batch of one with input groups missing."""
    return feature_batch([song]).without(*missing)


def emotion_of(song: Song) -> FloatArray:
    """Return the emotion of a song's video, (T, 6)."""
    if song.emotion is None:
        raise ValueError(f"song {song.name} has no emotion")
    return song.emotion
