"""Evaluation on songs that were not trained on: tables for people, plain numbers for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.evaluation.metrics import (
    AFFECT_METRICS,
    affect_metrics,
    bootstrap,
    macro_scores,
    noise_ceiling,
    pearson,
    r2,
    tag_scores,
)
from emotion.moods import mood_tags
from emotion.music2emo.networks import MOOD_COUNT, Student, Teacher
from emotion.training.batches import Examples
from emotion.training.loop import predict_examples

AXES = ("valence", "arousal")
Network = Student | Teacher
Floats = NDArray[np.float32]

PUBLISHED_TAG_RESULTS = {
    "Music2Emo, trained on all four sets": (0.1543, 0.7810),
    "Music2Emo, trained on MTG-Jamendo": (0.1521, 0.7806),
    "lileonardo (best of MediaEval 2021)": (0.1508, 0.7747),
    "SELAB-HCMUS": (0.1435, 0.7599),
    "MERT-330M": (0.1400, 0.7650),
    "MERT-95M": (0.1340, 0.7640),
    "VGG-ish baseline": (0.1077, 0.7258),
    "popularity": (0.0319, 0.5000),
}
"""PR-AUC and ROC-AUC on the test songs of split 0, as quoted by the Music2Emotion repository and MTG's."""


def can_answer(network: Network, task: str) -> bool:
    """Return whether a network has a head for a task: students both, teachers one."""
    if isinstance(network, Student):
        return True
    outputs = MOOD_COUNT if task == "tags" else len(AXES)
    return network.outputs == outputs


def tag_report(truth: Floats, scores: Floats, *, seed: int = 0, resamples: int = 200) -> dict[str, Any]:
    """Score tags.

    Args:
        truth: (songs, 56), 0 or 1.
        scores: (songs, 56) logits or probabilities.
        seed: of the bootstrap.
        resamples: draws of the bootstrap; a draw costs about a quarter of a second on 4000 songs.

    Returns:
        Macro PR-AUC and ROC-AUC with intervals, the floor of guessing by popularity, a row per tag, and published
        results beside them.
    """
    rows = tag_scores([tag.name for tag in mood_tags()], truth, scores)
    known = [row for row in rows if not np.isnan(row.roc_auc)]
    precision, area = bootstrap(macro_scores, truth, scores, seed=seed, resamples=resamples)
    return {
        "songs": len(truth),
        "pr_auc": asdict(precision),
        "roc_auc": asdict(area),
        "floor": {"pr_auc": float(np.mean([row.prior for row in known])) if known else float("nan"), "roc_auc": 0.5},
        "tags": [asdict(row) for row in rows],
        "published": {name: {"pr_auc": pr, "roc_auc": roc} for name, (pr, roc) in PUBLISHED_TAG_RESULTS.items()},
    }


def affect_report(
    truth: Floats,
    predicted: Floats,
    anchors: Mapping[str, Any],
    *,
    spread: Floats | None = None,
    raters: int = 1,
    seed: int = 0,
) -> dict[str, Any]:
    """Score valence and arousal.

    Args:
        truth: (songs, 2), 1..9.
        predicted: (songs, 2).
        anchors: published results of the data set.
        spread: (songs, 2) standard deviation of the raters, for the R2 that a perfect answer would get.
        raters: raters per song.
        seed: of the bootstrap.

    Returns:
        R2, RMSE, CCC and Pearson per axis with 95 % intervals, and the published R2 beside them.
    """
    report: dict[str, Any] = {"songs": len(truth)}
    for axis, name in enumerate(AXES):
        estimates = bootstrap(affect_metrics, truth[:, axis], predicted[:, axis], seed=seed)
        report[name] = {label: asdict(figure) for label, figure in zip(AFFECT_METRICS, estimates, strict=True)}
        if spread is not None:
            report[name]["noise_ceiling_r2"] = noise_ceiling(truth[:, axis], spread[:, axis], raters)
    return report | {"published": dict(anchors)}


def evaluate(networks: Mapping[str, Network], sets: Mapping[str, Examples], *, seed: int = 0) -> dict[str, Any]:
    """Evaluate networks on every data set that they have a head for.

    Args:
        networks: by name; the name of a data set for a teacher trained on it.
        sets: held-out songs by data set.
        seed: of the bootstrap.

    Returns:
        By network and data set the report of `tag_report` or `affect_report`, and the cross-data-set matrix.
    """
    results: dict[str, Any] = {}
    for name, network in networks.items():
        results[name] = {}
        for data_set, examples in sets.items():
            task = examples.entry.task
            if not can_answer(network, task):
                continue
            truth, said = predict_examples(network, examples, task)
            results[name][data_set] = (
                tag_report(truth, said, seed=seed) if task == "tags" else _affect_report_of(examples, truth, said, seed)
            )
    return {"results": results, "matrix": cross_matrix(networks, sets)}


def cross_matrix(networks: Mapping[str, Network], sets: Mapping[str, Examples]) -> dict[str, Any]:
    """Return R2 and correlation of every network on every data set of valence and arousal.

    R2 falls below 0 where a set uses the scale otherwise; the correlation shows what carries over all the same.
    """
    matrix: dict[str, Any] = {}
    for name, network in networks.items():
        matrix[name] = {}
        for data_set, examples in sets.items():
            if examples.entry.task != "affect" or not can_answer(network, "affect"):
                continue
            truth, said = predict_examples(network, examples, "affect")
            matrix[name][data_set] = {
                f"{axis}_{label}": metric(truth[:, index], said[:, index])
                for index, axis in enumerate(AXES)
                for label, metric in (("r2", r2), ("pearson", pearson))
            }
    return matrix


def lines(report: Mapping[str, Any]) -> list[str]:
    """Lay a report of `evaluate` out as text."""
    text: list[str] = []
    for name, by_set in report["results"].items():
        for data_set, scores in by_set.items():
            text.append(f"{name} on {data_set}, {scores['songs']} held-out songs")
            text += _tag_lines(scores) if "tags" in scores else _affect_lines(scores)
            text.append("")
    return text + _matrix_lines(report["matrix"])


def _affect_report_of(examples: Examples, truth: Floats, said: Floats, seed: int) -> dict[str, Any]:
    entry = examples.entry
    spread = None if entry.raters is None or examples.spread is None else examples.spread.numpy()
    return affect_report(truth, said, entry.anchors, spread=spread, raters=entry.raters or 1, seed=seed)


def _tag_lines(scores: Mapping[str, Any]) -> list[str]:
    text = [f"  {label:8} {_figure(scores[key])}" for label, key in (("PR-AUC", "pr_auc"), ("ROC-AUC", "roc_auc"))]
    text.append(f"  floor    PR-AUC {scores['floor']['pr_auc']:.4f}, ROC-AUC 0.5")
    text += [
        f"  published: {name}: PR-AUC {row['pr_auc']:.4f}, ROC-AUC {row['roc_auc']:.4f}"
        for name, row in scores["published"].items()
    ]
    text.append("  tag              songs   prior  PR-AUC ROC-AUC")
    known = [row for row in scores["tags"] if not np.isnan(row["roc_auc"])]
    ordered = sorted(known, key=lambda row: -row["roc_auc"])
    text += [
        f"  {row['name']:15} {row['songs']:6d} {row['prior']:7.4f} {row['pr_auc']:7.4f} {row['roc_auc']:7.4f}"
        for row in ordered
    ]
    left_out = len(scores["tags"]) - len(known)
    return text + ([f"  {left_out} tags that no held-out song carries are left out"] if left_out else [])


def _affect_lines(scores: Mapping[str, Any]) -> list[str]:
    text = []
    for axis in AXES:
        published = scores["published"].get(f"{axis}_r2")
        beside = "" if published is None else f"  (published R2 {published:.4f})"
        if "noise_ceiling_r2" in scores[axis]:
            beside += f"  (rating noise allows R2 {scores[axis]['noise_ceiling_r2']:.2f})"
        figures = ", ".join(f"{label} {_figure(scores[axis][label])}" for label in AFFECT_METRICS)
        text.append(f"  {axis:8} {figures}{beside}")
    if source := scores["published"].get("source"):
        text.append(f"  published: {source}")
    return text


def _matrix_lines(matrix: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    rows = {name: row for name, row in matrix.items() if row}
    if not rows:
        return []
    columns: Sequence[str] = list(dict.fromkeys(data_set for row in rows.values() for data_set in row))
    text = ["R2 (correlation) of valence / arousal, rows trained on, columns tested on"]
    text.append(" " * 14 + "".join(f"{column:>32}" for column in columns))
    for name, row in rows.items():
        cells = [
            " / ".join(f"{row[column][f'{axis}_r2']:.3f} ({row[column][f'{axis}_pearson']:.3f})" for axis in AXES)
            for column in columns
        ]
        text.append(f"{name:14}" + "".join(f"{cell:>32}" for cell in cells))
    return text


def _figure(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"
