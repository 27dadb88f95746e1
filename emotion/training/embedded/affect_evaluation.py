"""Trains the shipped head, and measures its kind on songs, games and sound fonts that it never heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.embedded.affect import AffectConfig, AffectHead, distance, save_affect_head
from emotion.evaluation.metrics import bootstrap, pearson, r2
from emotion.training.embedded.affect import Labels, labels_of, lesson_weights, train_affect, words_affect
from emotion.training.embedded.affect_lessons import AffectLessons
from emotion.training.embedded.corpora import MVED_CLASSES

Progress = Callable[[str, float], None]
Report = tuple[dict[str, Any], list[str]]
Floats = NDArray[np.float64]

FONT_FAMILIES = {
    "all fonts known": (),
    "without TimGM6mb": ("TimGM6mb.sf2",),
    "without FluidR3 and MuseScore General": ("FluidR3_GM.sf2", "MuseScore_General_Lite.sf3"),
}
"""Fonts left out together: MuseScore General descends from FluidR3."""

FOLDS = 5
COVERAGE = 0.8
FAMILIAR_QUANTILE = 0.75
WIDENING = 1.5

AROUSAL_CLASSES = (("excited",), ("relaxation", "sad"))
VALENCE_CLASSES = (("excited", "relaxation"), ("fear", "tension"))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What heads said of lessons whose source and whose sound font they never heard.

    Attributes:
        said: (n, 2) valence and arousal in standard deviations; nan where nobody was asked.
        quadrant: (n,) 0..3 read from it with a rule learnt on the same head's training songs; -1 where none.
        fold: (n,) number of the fold.
    """

    said: Floats
    quadrant: NDArray[np.int64]
    fold: NDArray[np.int64]


def evaluate_affect(lessons: AffectLessons, output: Path, *, seed: int, progress: Progress) -> Report:
    """Measure by cross-validation, then train on everything and write the head.

    Args:
        lessons: inputs and pieces.
        output: file of the weights.
        seed: of folds and training.
        progress: told stage and fraction.

    Returns:
        The report and its lines.
    """
    labels = labels_of(lessons.pieces, lessons.teacher)
    report: dict[str, Any] = {}
    lines: list[str] = []
    asked: list[Floats] = []
    for number, (name, fonts) in enumerate(FONT_FAMILIES.items()):
        progress(f"cross-validation, {name}", number / (len(FONT_FAMILIES) + 1))
        held_out = cross_validate(lessons, labels, fonts, seed)
        scores = score(lessons, labels, held_out, seed)
        report[name] = scores
        lines += [name, *(f"  {key}: {_text(value)}" for key, value in scores.items())]
        if fonts:
            asked.append(errors(labels, held_out))
    report["words of the teacher"] = teacher_scores(lessons, labels, seed)
    lines += ["words of the teacher", *(f"  {k}: {_text(v)}" for k, v in report["words of the teacher"].items())]
    progress("training on everything", len(FONT_FAMILIES) / (len(FONT_FAMILIES) + 1))
    head = _train(lessons, labels, lesson_weights(lessons.pieces), seed)
    reach = np.quantile(np.concatenate(asked), COVERAGE, axis=0)
    head.config = _calibrated(head, lessons, labels, reach)
    notes = {"trained_on": "VGMIDI and EMOPIA rendered with four sound fonts; MVED; words of the mood CNN"}
    save_affect_head(output, head, notes | {"seed": str(seed)})
    report["reach"], report["familiar"] = reach.tolist(), head.config.familiar
    return {"stage": "affect", **report}, [*lines, f"80 % of errors below {reach.round(3)} standard deviations"]


def cross_validate(lessons: AffectLessons, labels: Labels, fonts: tuple[str, ...], seed: int) -> HeldOut:
    """Ask heads about sources they never heard, rendered with fonts they never heard.

    Args:
        lessons: inputs and pieces.
        labels: of the lessons.
        fonts: left out of all training; only they are asked about (and recordings), or everything where there are none.
        seed: of folds and training.

    Returns:
        What they said.
    """
    fold = source_folds(lessons, seed)
    hidden = np.isin([rendering.sound_font for rendering in lessons.renderings], fonts)
    recorded = np.array([not rendering.sound_font for rendering in lessons.renderings])
    weights = lesson_weights(lessons.pieces)
    said = np.full((len(fold), 2), np.nan)
    quadrant = np.full(len(fold), -1)
    for number in range(FOLDS):
        asked = (fold == number) & (hidden | recorded if fonts else True)
        learnt = np.where((fold == number) | hidden, 0.0, weights)
        head = _train(lessons, labels, learnt, seed)
        answer = says(head, lessons.inputs)
        said[asked] = answer[asked]
        quadrant[asked] = _read_quadrants(answer, labels.quadrant.numpy(), learnt > 0)[asked]
    return HeldOut(said, quadrant, fold)


def _train(lessons: AffectLessons, labels: Labels, weights: Floats, seed: int) -> AffectHead:
    halves = lessons.inputs.shape[1]
    rows = torch.arange(len(lessons.inputs)).repeat_interleave(halves)
    flat = lessons.inputs.reshape(-1, lessons.inputs.shape[2])
    return train_affect(flat, lessons.names, labels.rows(rows), np.repeat(weights, halves), seed=seed)


@torch.inference_mode()
def says(head: AffectHead, inputs: NDArray[np.float32]) -> Floats:
    """Return (n, 2): the mean over members and halves, for inputs (n, halves, inputs)."""
    flat = head(torch.from_numpy(inputs.reshape(-1, inputs.shape[2]))).mean(0)
    answer: Floats = flat.reshape(len(inputs), -1, 2).mean(1).double().numpy()
    return answer


def _read_quadrants(said: Floats, quadrant: NDArray[np.int64], learnt: NDArray[np.bool_]) -> NDArray[np.int64]:
    from sklearn.linear_model import LogisticRegression

    rows = learnt & (quadrant >= 0)
    if len(np.unique(quadrant[rows])) < 2:
        return np.full(len(said), -1)
    read: NDArray[np.int64] = LogisticRegression().fit(said[rows], quadrant[rows]).predict(said)
    return read


def source_folds(lessons: AffectLessons, seed: int) -> NDArray[np.int64]:
    """Return the fold of each lesson; all lessons of a song, a series of games or a video are in one."""
    groups = np.array([f"{piece.corpus}/{piece.group}" for piece in lessons.pieces])
    names, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    load: dict[str, Floats] = {}
    fold_of = np.zeros(len(names), dtype=np.int64)
    for name in order:
        loads = load.setdefault(names[name].split("/")[0], np.zeros(FOLDS))
        fold_of[name] = int(np.argmin(loads))
        loads[fold_of[name]] += counts[name]
    return fold_of[inverse]


def score(lessons: AffectLessons, labels: Labels, held_out: HeldOut, seed: int) -> dict[str, Any]:
    """Score held-out answers, each figure with its bootstrap interval over lessons of different pieces.

    Args:
        lessons: inputs and pieces.
        labels: of the lessons.
        held_out: answers.
        seed: of the bootstrap.

    Returns:
        R2 and Pearson's r of valence and arousal on VGMIDI, accuracy of quadrants on EMOPIA, area under the ROC curve
        on MVED; coverage of intervals whose width was chosen on the other folds.
    """
    corpus = np.array([piece.corpus for piece in lessons.pieces])
    plain = np.array([rendering.plain for rendering in lessons.renderings])
    names = np.array([piece.identifier for piece in lessons.pieces])
    answered = np.isfinite(held_out.said[:, 0])
    rating = labels.rating.double().numpy()
    scores: dict[str, Any] = {}
    for kind, rows in (("plain", plain & answered), ("varied", ~plain & answered)):
        rated = rows & (corpus == "vgmidi")
        for axis, title in enumerate(("valence", "arousal")):
            truth, said = _by_piece(names[rated], rating[rated, axis], held_out.said[rated, axis])
            scores[f"VGMIDI {kind} R2 {title}"] = _estimate(r2, truth, said, seed)
            scores[f"VGMIDI {kind} r {title}"] = _estimate(pearson, truth, said, seed)
        placed = rows & (corpus == "emopia")
        truth, read = labels.quadrant.numpy()[placed], held_out.quadrant[placed]
        scores[f"EMOPIA {kind} quadrants"] = _estimate(lambda a, b: float((a == b).mean()), truth, read, seed)
    scores |= _class_scores(labels, held_out.said, answered & plain & (corpus == "mved"), seed)
    return scores | _coverage(labels, held_out)


def teacher_scores(lessons: AffectLessons, labels: Labels, seed: int) -> dict[str, Any]:
    """Score the words of the teacher itself on the music videos."""
    plain = np.array(
        [
            rendering.plain and piece.corpus == "mved"
            for rendering, piece in zip(lessons.renderings, lessons.pieces, strict=True)
        ]
    )
    return _class_scores(labels, words_affect(lessons.teacher), plain, seed)


def _class_scores(labels: Labels, said: Floats, rows: NDArray[np.bool_], seed: int) -> dict[str, Any]:
    from sklearn.metrics import roc_auc_score

    emotion = np.array([*MVED_CLASSES, ""])[labels.emotion.numpy()]
    scores = {}
    for axis, title, (high, low) in ((1, "arousal", AROUSAL_CLASSES), (0, "valence", VALENCE_CLASSES)):
        asked = rows & np.isin(emotion, (*high, *low))
        if asked.any():
            truth = np.isin(emotion[asked], high)
            scores[f"MVED ROC-AUC {title}"] = _estimate(roc_auc_score, truth, said[asked, axis], seed)
    return scores


def _coverage(labels: Labels, held_out: HeldOut) -> dict[str, list[float]]:
    """Return the share of ratings inside intervals whose width was chosen on the other folds."""
    inside = []
    error = np.abs(held_out.said - labels.rating.double().numpy())
    known = np.isfinite(error[:, 0])
    for number in range(FOLDS):
        own = known & (held_out.fold == number)
        reach = np.quantile(error[known & (held_out.fold != number)], COVERAGE, axis=0)
        inside.append(error[own] <= reach)
    return {"VGMIDI coverage of 80 % intervals, valence and arousal": np.concatenate(inside).mean(0).round(3).tolist()}


def errors(labels: Labels, held_out: HeldOut) -> Floats:
    """Return (m, 2) distances between held-out answers and ratings."""
    error: Floats = np.abs(held_out.said - labels.rating.double().numpy())
    return error[np.isfinite(error[:, 0])]


def _calibrated(head: AffectHead, lessons: AffectLessons, labels: Labels, reach: Floats) -> AffectConfig:
    rated = torch.isfinite(labels.rating[:, 0]).numpy() | (labels.quadrant.numpy() >= 0)
    distances = [distance(head, inputs) for inputs in lessons.inputs[rated]]
    familiar = float(np.quantile(distances, FAMILIAR_QUANTILE))
    valence, arousal = reach.tolist()
    return replace(head.config, reach=(valence, arousal), familiar=familiar, widening=WIDENING)


def _by_piece(names: NDArray[np.str_], truth: Floats, said: Floats) -> tuple[Floats, Floats]:
    """Keep one rendering of each piece: a piece must not count twice because two fonts played it."""
    _, first = np.unique(names, return_index=True)
    return truth[first], said[first]


def _estimate(metric: Callable[..., float], truth: NDArray[Any], said: NDArray[Any], seed: int) -> dict[str, float]:
    figure = bootstrap(lambda a, b: (float(metric(a, b)),), truth, said, seed=seed)[0]
    return {name: round(value, 3) for name, value in asdict(figure).items()}


def _text(value: dict[str, float] | list[float]) -> str:
    if isinstance(value, dict):
        return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
    return ", ".join(f"{number:.3f}" for number in value)
