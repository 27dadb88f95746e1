"""Trains the head of the embedded eye: `python -m video2music.training.emotion_head --oasis DIR --mved DIR -o FILE`.

Valence and arousal are learned from photographs, the six emotions from clips of music videos (every second carries the
label of its clip). Both are scored on groups that were left out: themes of photographs, sources of clips. The logits of
left-out clips also set the sharpness and the shares of the six emotions: over those clips they then have the mean and
the entropy of the tracks in MuVi-Sync, on which the composing networks were trained.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.weights import save_tensors
from video2music.features.embedded import ImageEncoder, load_encoder
from video2music.features.emotion_head import smoothing_window
from video2music.features.extraction import extract_features
from video2music.features.eye import Sight, expected_affect
from video2music.features.motion import LAG_S
from video2music.training.emotion_scores import (
    affect_scores,
    colour_of,
    emotion_scores,
    emotions_of_affect,
    match_tracks,
    separation,
    softmax,
    temperature,
)
from video2music.training.linear import Linear, Scaling, fit_ridge, fit_softmax, principal_directions
from video2music.training.mved import LabelledClips, load_mved
from video2music.training.oasis import Photographs, load_oasis, read_photograph

FloatArray = NDArray[np.float32]

AFFECT_PENALTY = 1.2  # for each input; 3e3 in all was the best of 1e3, 3e3, 1e4, 3e4 with themes held out
EMOTION_PENALTY = 0.03  # best of .003 to .2 with sources held out
DIRECTIONS = 256  # principal directions in which the six emotions are learned
PICTURE_GAIN = 6.0  # share of the picture, all directions together ...
MOTION_GAIN = 3.0  # ... and of motion under the penalty
PHOTOGRAPH_WEIGHT = 2.0  # of a photograph, where a second of video has 1; 0 costs .02 of accuracy
SMOOTHING_S = 2.0
MIXING = (0.5, 0.75)  # share of the six emotions in valence and arousal; still pictures say little about arousal
AFFECT_FOLDS, EMOTION_FOLDS, REPEATS = 10, 8, 3
CLIP_LAG_S = 2 / 6  # distance of the frames that motion compares at the clips' 6 frames per second
LAG_POWER = 0.52  # motion grows so with that distance: twice the distance, 1.43 times the motion in these clips


@dataclass(frozen=True)
class Seconds:
    """All seconds of the labelled clips.

    Attributes:
        embedding: (n, D) float32.
        colour: (n, C) float32 colour and texture, for the baseline.
        motion: (n,) float32, 0 to 255.
        clip: (n,) int64, number of the clip that a second is of.
    """

    embedding: FloatArray
    colour: FloatArray
    motion: FloatArray
    clip: NDArray[np.int64]


class RecordingEye:
    """Keeps what the encoder makes of a clip, so that training sees what the program sees."""

    name = "recording"
    exact_motion = False

    def __init__(self, encoder: ImageEncoder, frame_size: int = 224) -> None:
        self.frame_size = frame_size
        self.embedding: list[FloatArray] = []
        self.colour: list[FloatArray] = []
        self._encoder = encoder

    def see(self, frames: NDArray[np.uint8], motion: FloatArray) -> Sight:
        """Keep embeddings and colours; return a Sight without content."""
        self.embedding.append(self._encoder.embed(frames))
        self.colour.append(np.stack([colour_of(frame) for frame in frames]))
        nothing = np.zeros(len(motion), np.float32)
        return Sight(np.zeros((len(motion), 6), np.float32), nothing, nothing)


def embed_photographs(
    photographs: Photographs, encoder: ImageEncoder, tell: Callable[[str], None]
) -> tuple[FloatArray, FloatArray]:
    """Return embeddings (n, D) and colours (n, C) of photographs."""
    embeddings, colours = [], []
    for number, path in enumerate(photographs.paths):
        picture = read_photograph(path)
        embeddings.append(encoder.embed(picture[None])[0])
        colours.append(colour_of(picture))
        if number % 100 == 0:
            tell(f"photograph {number} of {len(photographs.paths)}")
    return np.stack(embeddings), np.stack(colours)


def embed_clips(clips: LabelledClips, encoder: ImageEncoder, tell: Callable[[str], None]) -> Seconds:
    """Watch the labelled clips as the program does; motion is brought to the time step of usual frame rates."""
    embeddings, colours, motions, numbers = [], [], [], []
    for number, path in enumerate(clips.paths):
        eye = RecordingEye(encoder)
        features = extract_features(path, eye)
        embeddings += eye.embedding
        colours += eye.colour
        motions.append(features.motion * np.float32((LAG_S / CLIP_LAG_S) ** LAG_POWER))
        numbers += [number] * features.seconds
        if number % 10 == 0:
            tell(f"clip {number} of {len(clips.paths)}")
    return Seconds(np.concatenate(embeddings), np.concatenate(colours), np.concatenate(motions), np.array(numbers))


def held_out(groups: Iterable[Any], labels: NDArray[np.int64] | None, folds: int, seed: int) -> list[tuple[Any, Any]]:
    """Split rows into folds that keep groups together, and labels even where there are any; (train, test) each."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    names = np.array(list(groups))
    rows = np.zeros(len(names))
    splitter = (GroupKFold if labels is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    return list(splitter.split(rows, labels, names))


def predict_affect(inputs: FloatArray, photographs: Photographs, penalty: float, seed: int) -> FloatArray:
    """Predict valence and arousal of every photograph from photographs of other themes: (n, 2)."""
    predicted = np.zeros_like(photographs.affect)
    for train, test in held_out(photographs.themes, None, AFFECT_FOLDS, seed):
        predicted[test] = fit_ridge(inputs[train], photographs.affect[train], penalty * inputs.shape[1])(inputs[test])
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


def predict_emotions(
    seconds: Examples, photographs: Examples, clip: NDArray[np.int64], clips: LabelledClips, seed: int
) -> FloatArray:
    """Return the smoothed logits (n, 6) of every second, learned from clips of other sources and the photographs."""
    logits = np.zeros((len(clip), 6), np.float32)
    for train, test in held_out(clips.sources, clips.labels, EMOTION_FOLDS, seed):
        learn, apply = np.isin(clip, train), np.isin(clip, test)
        fitted = fit_emotions(
            Examples(seconds.inputs[learn], seconds.motion[learn], seconds.targets[learn]), photographs
        )
        logits[apply] = fitted(joined(seconds.inputs[apply], seconds.motion[apply]))
    return smoothed(logits, clip)


def smoothed(rows: FloatArray, clip: NDArray[np.int64]) -> FloatArray:
    """Smooth each clip's rows over time, as the head does."""
    result = rows.copy()
    for number in np.unique(clip):
        own = clip == number
        result[own] = smoothing_window(int(own.sum()), SMOOTHING_S).numpy() @ rows[own]
    return result


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
    photographs, clips, encoder = load_oasis(oasis), load_mved(mved), load_encoder()
    pictures, colours = embed_photographs(photographs, encoder, tell)
    seconds = embed_clips(clips, encoder, tell)
    tell("scoring with themes and sources held out")
    scores, logits = cross_validate(photographs, pictures, clips, seconds, seed)
    scores["baseline"] = cross_validate(
        photographs, colours, clips, Seconds(seconds.colour, seconds.colour, seconds.motion * 0, seconds.clip), seed
    )[0]
    tell("fitting on everything")
    affect = fit_ridge(pictures, photographs.affect, AFFECT_PENALTY * pictures.shape[1])
    sharpness, shift = match_tracks(logits)
    scores["calibration"] = {
        "temperature_of_least_log_loss": temperature(logits, clips.labels[seconds.clip]),
        "sharpness": sharpness,
        "shift": shift.tolist(),
        "mean": softmax(sharpness * logits + shift).mean(axis=0).tolist(),
    }
    scores["separation"] = separations(affect, softmax(sharpness * logits + shift), seconds, clips)
    fitted = fit_emotions(*examples(photographs, pictures, clips, seconds))
    calibrated = Linear(fitted.weight * np.float32(sharpness), fitted.bias * np.float32(sharpness) + shift)
    write_head(output, calibrated, affect, scores, seed)
    return scores


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
) -> tuple[dict[str, Any], FloatArray]:
    """Score one kind of input with themes and sources held out; also return the first repetition's logits (n, 6)."""
    affect = predict_affect(pictures, photographs, AFFECT_PENALTY, seed)
    learned = examples(photographs, pictures, clips, seconds)
    repeats = [predict_emotions(*learned, seconds.clip, clips, seed + repeat) for repeat in range(REPEATS)]
    scores = {
        "affect": affect_scores(affect, photographs, seed),
        "emotion": emotion_scores(repeats, seconds.clip, clips, seed),
    }
    return scores, repeats[0]


def separations(affect: Linear, emotion: FloatArray, seconds: Seconds, clips: LabelledClips) -> dict[str, Any]:
    """Tell how valence and arousal separate the labelled clips, from the picture alone and mixed as in the head."""
    picture = smoothed(affect(seconds.embedding), seconds.clip)
    share = np.array(MIXING, np.float32)
    mixed = (1 - share) * picture + share * np.stack(expected_affect(emotion), axis=1)
    return {
        "picture": separation(picture, seconds.clip, clips.labels),
        "mixed": separation(mixed, seconds.clip, clips.labels),
    }


def write_head(output: Path, emotion: Linear, affect: Linear, scores: dict[str, Any], seed: int) -> None:
    """Write both read-outs and the scores as safetensors.

    Args:
        output: the file.
        emotion: [embedding, log(1 + motion)] to logits.
        affect: embedding to valence and arousal, 1 to 9.
        scores: kept in the metadata.
        seed: kept in the metadata.
    """
    tensors = {
        "emotion.weight": torch.from_numpy(emotion.weight.T.copy()),
        "emotion.bias": torch.from_numpy(emotion.bias),
        "affect.weight": torch.from_numpy(affect.weight.T.copy()),
        "affect.bias": torch.from_numpy(affect.bias),
        "smoothing_s": torch.tensor(SMOOTHING_S),
        "mixing": torch.tensor(MIXING),
    }
    save_tensors(output, tensors, {"network": "emotion_head", "seed": str(seed), "scores": json.dumps(scores)})


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
