"""Trains the head of the encoder: `python -m video2music.training.emotion_head --oasis DIR --mved DIR -o FILE`.

Valence and arousal are learned from photographs, the six emotions from clips of music videos: once from single seconds,
each with the label of its clip, and once from the mean and spread of whole clips. All is scored on groups that were
left out: themes of photographs, sources of clips. The logits of left-out clips also set the sharpness, the shares and
the liveliness of the six emotions, so that over those clips they have the entropy and nearly the mean and the changes
of the tracks in MuVi-Sync, on which the composing networks were trained.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.weights import save_tensors
from video2music.features.embedded import EMBEDDING, LAST, load_network
from video2music.features.emotion_head import BESIDES, smoothed, surroundings
from video2music.features.image_encoder import expected_affect
from video2music.training.embeddings import Seconds, embed_clips, embed_photographs
from video2music.training.emotion_scores import (
    affect_scores,
    emotion_scores,
    emotions_of_affect,
    separation,
    temperature,
)
from video2music.training.linear import Linear, Scaling, fit_ridge, fit_softmax, principal_directions
from video2music.training.liveliness import Evidence, Liveliness, changes, combined, match_changes, runs
from video2music.training.mood import fit_mood, windows_of
from video2music.training.mved import LabelledClips, load_mved
from video2music.training.oasis import Photographs, load_oasis
from video2music.training.splits import held_out, single_threaded

FloatArray = NDArray[np.float32]

AFFECT_PENALTY = 1.0  # for each input; best of .5, 1, 2 with themes held out
THINGS_GAIN = 50.0  # the affect of the things named counts as much as all other values of an embedding together
BESIDES_GAIN = 20.0  # of motion and cuts in the mood, against 1 of each value of an embedding
EMOTION_PENALTY = 0.03  # best of .003 to .2 with sources held out
DIRECTIONS = 256  # principal directions in which the six emotions are learned
PICTURE_GAIN = 6.0  # share of the picture, all directions together ...
MOTION_GAIN = 3.0  # ... and of motion under the penalty
PHOTOGRAPH_WEIGHT = 2.0  # of a photograph, where a second of video has 1; 0 costs .02 of accuracy
MIXING = (0.5, 0.75)  # share of the six emotions in valence and arousal; still pictures say little about arousal
AFFECT_FOLDS, EMOTION_FOLDS, REPEATS = 10, 8, 3


def fit_affect(inputs: FloatArray, affect: FloatArray) -> Linear:
    """Fit valence and arousal (n, 2) on embeddings or colours of photographs."""
    gain = np.ones(inputs.shape[1], np.float32)
    if len(gain) == EMBEDDING:
        gain[LAST.stop :] = THINGS_GAIN
    return fit_ridge(inputs, affect, AFFECT_PENALTY * len(gain), gain)


def predict_affect(inputs: FloatArray, photographs: Photographs, seed: int) -> FloatArray:
    """Predict valence and arousal of every photograph from photographs of other themes: (n, 2)."""
    predicted = np.zeros_like(photographs.affect)
    for train, test in held_out(photographs.themes, None, AFFECT_FOLDS, seed):
        predicted[test] = fit_affect(inputs[train], photographs.affect[train])(inputs[test])
    return predicted


@dataclass(frozen=True)
class Examples:
    """What the six emotions are learned from.

    Attributes:
        inputs: (n, D) embeddings or colours.
        motion: (n,) 0 to 255; all zero leaves motion out.
        targets: (n, 6) probabilities.
    """

    inputs: FloatArray
    motion: FloatArray
    targets: FloatArray

    def chosen(self, rows: NDArray[np.bool_]) -> "Examples":
        """Return some of the rows."""
        return Examples(self.inputs[rows], self.motion[rows], self.targets[rows])


def fit_emotions(seconds: Examples, photographs: Examples) -> Linear:
    """Fit the six emotions on labelled seconds of video, and on photographs through their valence and arousal.

    Args:
        seconds: of clips.
        photographs: they have no motion, which is taken as the mean of the clips.

    Returns:
        Read-out of [inputs, log(1 + motion)] to (n, 6) logits.
    """
    pictures = Scaling.of(seconds.inputs, PICTURE_GAIN / np.sqrt(seconds.inputs.shape[1]))
    scaled, photographed = pictures(seconds.inputs), pictures(photographs.inputs)
    basis = principal_directions(scaled, DIRECTIONS)
    moving = np.log1p(seconds.motion)[:, None]
    motions = Scaling.of(moving, MOTION_GAIN)
    rows = np.concatenate(
        [
            np.concatenate([scaled @ basis, motions(moving)], axis=1),
            np.concatenate([photographed @ basis, np.zeros((len(photographed), 1), np.float32)], axis=1),
        ]
    )
    weights = np.repeat(np.array([1, PHOTOGRAPH_WEIGHT], np.float32), [len(scaled), len(photographed)])
    targets = np.concatenate([seconds.targets, photographs.targets])
    fitted = fit_softmax(rows, targets, weights, EMOTION_PENALTY)
    size = basis.shape[1]
    picture = pictures.fold(Linear(basis @ fitted.weight[:size], fitted.bias))
    move = motions.fold(Linear(fitted.weight[size:], np.zeros_like(fitted.bias)))
    return Linear(np.concatenate([picture.weight, move.weight]), picture.bias + move.bias)


def joined(inputs: FloatArray, motion: FloatArray) -> FloatArray:
    """Return the rows that the read-out of the emotions takes: [inputs, log(1 + motion)]."""
    return np.concatenate([inputs, np.log1p(motion)[:, None]], axis=1).astype(np.float32)


def mood_gain(width: int) -> FloatArray:
    """Return how cheap each of the (2 width,) values of the surroundings is to use."""
    gain = np.ones(width, np.float32)
    gain[-BESIDES:] = BESIDES_GAIN
    return np.tile(gain, 2)


def predict_emotions(seconds: Seconds, learned: tuple[Examples, Examples], clips: LabelledClips, seed: int) -> Evidence:
    """Return the logits of every second, learned from clips of other sources and from the photographs."""
    now, mood = np.zeros((2, len(seconds.clip), 6), np.float32)
    (examples_of_clips, photographs), seen = learned, seconds.seen
    windows = windows_of(seen, seconds.clip)
    for train, test in held_out(clips.sources, clips.labels, EMOTION_FOLDS, seed):
        learn, apply = np.isin(seconds.clip, train), np.isin(seconds.clip, test)
        fitted = fit_emotions(examples_of_clips.chosen(learn), photographs)
        now[apply] = fitted(seen[apply, :-1])
        moods = fit_mood(windows.of(train), clips.labels, np.array(clips.sources), mood_gain(seen.shape[1]))
        for number in test:
            own = seconds.clip == number
            mood[own] = moods(surroundings(seen[own]))
    return Evidence(now, mood)


def plain_logits(seconds: Seconds, clips: LabelledClips, seed: int) -> FloatArray:
    """Return logits (n, 6) of a logistic regression on mean and spread of whole clips alone."""
    logits = np.zeros((len(seconds.clip), 6), np.float32)
    windows = windows_of(seconds.seen, seconds.clip).of(np.unique(seconds.clip), whole=True)
    gain = np.ones(windows.rows.shape[1], np.float32)
    for train, test in held_out(clips.sources, clips.labels, EMOTION_FOLDS, seed):
        fitted = fit_mood(windows.of(train), clips.labels, np.array(clips.sources), gain)
        for number in test:
            logits[seconds.clip == number] = fitted(windows.of(np.array([number])).rows)
    return logits


def unit_scales(evidence: Evidence, clip: NDArray[np.int64]) -> tuple[np.float32, np.float32]:
    """Return the factors that give both kinds of logits a spread of 1 over clips."""
    means = [np.stack([kind[clip == each].mean(axis=0) for each in np.unique(clip)]) for kind in _kinds(evidence)]
    return np.float32(1 / means[0].std()), np.float32(1 / means[1].std())


def _kinds(evidence: Evidence) -> tuple[FloatArray, FloatArray]:
    return evidence.now, evidence.mood


@single_threaded
def train(oasis: Path, mved: Path, output: Path, *, seed: int = 0, tell: Callable[[str], None]) -> dict[str, Any]:
    """Score by cross-validation, fit on everything, write the head.

    Args:
        oasis: folder of the OASIS photographs.
        mved: folder of the labelled clips.
        output: safetensors file to write.
        seed: of the folds and the bootstrap.
        tell: told what is being done.

    Returns:
        The scores.

    Raises:
        DatasetError: a folder does not have the expected layout.
    """
    photographs, clips, network = load_oasis(oasis), load_mved(mved), load_network()
    pictures, colours = embed_photographs(photographs, network, tell)
    seconds = embed_clips(clips, network, tell)
    tell("scoring with themes and sources held out")
    scores, evidence, scales, lively = cross_validate(photographs, pictures, clips, seconds, seed)
    scores["baseline"] = cross_validate(photographs, colours, clips, seconds.of_colour(), seed)[0]
    last = seconds.of_last_layer()
    plain = [plain_logits(last, clips, seed + repeat) for repeat in range(REPEATS)]
    scores["plain"] = emotion_scores(plain, last.clip, clips, seed)
    tell("fitting on everything")
    affect = fit_affect(pictures, photographs.affect)
    tracks = lively.tracks(evidence, seconds.clip, seconds.scene_offset)
    logits = combined(evidence, seconds.clip, seconds.scene_offset, lively.gain, lively.smoothing_s)
    scores["calibration"] = {
        "temperature_of_least_log_loss": temperature(logits, clips.labels[seconds.clip]),
        "sharpness": lively.sharpness,
        "shift": lively.shift.tolist(),
        "mean": tracks.mean(axis=0).tolist(),
        **movement(tracks, seconds, lively),
    }
    scores["separation"] = separations(affect, tracks, seconds, clips, lively)
    now = fit_emotions(*examples(photographs, pictures, clips, seconds))
    windows = windows_of(seconds.seen, seconds.clip)
    mood = fit_mood(windows, clips.labels, np.array(clips.sources), mood_gain(seconds.seen.shape[1]))
    facts = {"seed": str(seed), "scores": json.dumps(scores)}
    write_head(output, (folded(now, mood, scales, lively), affect), lively.smoothing_s, facts)
    return scores


def movement(tracks: FloatArray, seconds: Seconds, lively: Liveliness) -> dict[str, Any]:
    """Tell how the tracks of left-out clips move."""
    within, at_cut = changes(tracks, seconds.clip, seconds.scene_offset)
    lengths = runs(tracks, seconds.clip)
    return {
        "gain": lively.gain,
        "smoothing_s": lively.smoothing_s,
        "change_within_scene": round(within, 3),
        "change_at_cut": round(at_cut, 3),
        "run_s": {"mean": round(float(lengths.mean()), 2), "median": float(np.median(lengths))},
    }


def folded(now: Linear, mood: Linear, scales: tuple[np.float32, np.float32], lively: Liveliness) -> Linear:
    """Return the one read-out of [glance, mean, spread] that equals the calibrated sum of both.

    Args:
        now: read-out of single seconds, without the last value of a glance.
        mood: read-out of the surroundings.
        scales: factors of their logits.
        lively: how they combine.
    """
    gain, sharpness = np.float32(lively.gain), np.float32(lively.sharpness)
    second = scales[0] * np.concatenate([now.weight, np.zeros((1, 6), np.float32)])
    around = scales[1] * mood.weight
    around[: len(second)] += (1 - gain) * second
    weight = sharpness * np.concatenate([gain * second, around])
    return Linear(weight, sharpness * (scales[0] * now.bias + scales[1] * mood.bias) + lively.shift)


def examples(
    photographs: Photographs, pictures: FloatArray, clips: LabelledClips, seconds: Seconds
) -> tuple[Examples, Examples]:
    """Return what the six emotions are learned from: seconds with the label of their clip, and photographs."""
    labelled = np.eye(6, dtype=np.float32)[clips.labels[seconds.clip]]
    still = np.zeros(len(pictures), np.float32)
    return (
        Examples(seconds.embedding, seconds.motion, labelled),
        Examples(pictures, still, emotions_of_affect(photographs.affect)),
    )


def cross_validate(
    photographs: Photographs, pictures: FloatArray, clips: LabelledClips, seconds: Seconds, seed: int
) -> tuple[dict[str, Any], Evidence, tuple[np.float32, np.float32], Liveliness]:
    """Score one kind of input with themes and sources held out.

    Returns:
        The scores; of the first repetition the scaled logits, the factors that scaled them, and how they combine.
    """
    affect = predict_affect(pictures, photographs, seed)
    learned = examples(photographs, pictures, clips, seconds)
    repeats = [predict_emotions(seconds, learned, clips, seed + repeat) for repeat in range(REPEATS)]
    scales = unit_scales(repeats[0], seconds.clip)
    repeats = [Evidence(scales[0] * each.now, scales[1] * each.mood) for each in repeats]
    lively = match_changes(repeats[0], seconds.clip, seconds.scene_offset)
    logits = [combined(each, seconds.clip, seconds.scene_offset, lively.gain, lively.smoothing_s) for each in repeats]
    scores = {
        "affect": affect_scores(affect, photographs, seed),
        "emotion": emotion_scores(logits, seconds.clip, clips, seed),
    }
    return scores, repeats[0], scales, lively


def separations(
    affect: Linear, emotion: FloatArray, seconds: Seconds, clips: LabelledClips, lively: Liveliness
) -> dict[str, Any]:
    """Tell how valence and arousal separate the labelled clips, from the picture alone and mixed as in the head."""
    picture = smoothed(affect(seconds.embedding), seconds.scene_offset, lively.smoothing_s)
    share = np.array(MIXING, np.float32)
    mixed = (1 - share) * picture + share * np.stack(expected_affect(emotion), axis=1)
    return {
        "picture": separation(picture, seconds.clip, clips.labels),
        "mixed": separation(mixed, seconds.clip, clips.labels),
    }


def write_head(output: Path, read_outs: tuple[Linear, Linear], smoothing_s: float, facts: dict[str, str]) -> None:
    """Write both read-outs as safetensors.

    Args:
        output: the file.
        read_outs: [glance, mean, spread] to logits; embedding to valence and arousal, 1 to 9.
        smoothing_s: spread of the smoothing within scenes.
        facts: kept in the metadata.
    """
    emotion, affect = read_outs
    tensors = {
        "emotion.weight": torch.from_numpy(emotion.weight.T.copy()),
        "emotion.bias": torch.from_numpy(emotion.bias),
        "affect.weight": torch.from_numpy(affect.weight.T.copy()),
        "affect.bias": torch.from_numpy(affect.bias),
        "smoothing_s": torch.tensor(smoothing_s),
        "mixing": torch.tensor(MIXING),
    }
    save_tensors(output, tensors, {"network": "emotion_head", **facts})


def main(arguments: list[str] | None = None) -> int:
    """Train from the command line; the last line of standard output is the scores as JSON."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--oasis", type=Path, required=True, metavar="DIR", help="the OASIS photographs and norms")
    parser.add_argument("--mved", type=Path, required=True, metavar="DIR", help="labelled music-video clips")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the weights, .safetensors")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    scores = train(options.oasis, options.mved, options.output, seed=options.seed, tell=tell)
    sys.stdout.write(json.dumps(scores) + "\n")
    return 0


def tell(line: str) -> None:
    """Write a line on standard error."""
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
