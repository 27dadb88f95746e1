"""What `python -m emotion evaluate` does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from emotion.errors import RefusalError
from emotion.evaluation.report import evaluate, lines
from emotion.music2emo.checkpoints import load_network
from emotion.music2emo.networks import Student, Teacher
from emotion.training.batches import Examples, load_examples
from emotion.training.registry import data_sets_in
from emotion.training.splits import divide


def run(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Score the networks of a command line.

    Args:
        chosen: the parsed command line.

    Returns:
        The report and its lines.

    Raises:
        RefusalError: data, features or networks are missing or not what they should be.
    """
    entries = data_sets_in(chosen.data)
    features = chosen.features or chosen.data / "features"
    division = divide(entries, chosen.data, split=chosen.split, seed=chosen.seed, as_published=chosen.as_published)
    sets: dict[str, Examples] = {}
    for name, entry in entries.items():
        examples = load_examples(entry, division[name][chosen.part], features)
        if examples is not None:
            sets[name] = examples
    if not sets:
        raise RefusalError(
            "No held-out song has features", where=features, remedy="Run: python -m emotion train features"
        )
    networks = dict(_named(text) for text in chosen.network)
    if len(networks) < len(chosen.network):
        raise RefusalError("Two networks have the same name", remedy="Name them: --network NAME=FILE")
    sizes = {examples.mert_size for examples in sets.values()}
    for name, network in networks.items():
        if sizes != {network.mert_size}:
            raise RefusalError("The network reads embeddings of another size", where=name)
    report = evaluate(networks, sets, seed=chosen.seed)
    return {"split": chosen.split, "part": chosen.part, **report}, lines(report)


def _named(text: str) -> tuple[str, Student | Teacher]:
    name, sign, place = text.partition("=")
    path = Path(place if sign else text)
    return (name if sign else f"{path.parent.name}/{path.stem}"), load_network(path)
