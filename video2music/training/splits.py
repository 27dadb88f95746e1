"""Folds that keep together what belongs together, and the one thread in which many small fits are fastest."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def single_threaded(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let linear algebra use one thread: on small matrices and busy machines more are many times slower."""

    @wraps(function)
    def limited(*arguments: Given.args, **named: Given.kwargs) -> Returned:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return function(*arguments, **named)

    return limited


def held_out(groups: Iterable[Any], labels: NDArray[np.int64] | None, folds: int, seed: int) -> list[tuple[Any, Any]]:
    """Split rows into folds that keep groups together, and labels even where there are any; (train, test) each.

    Args:
        groups: name of the group of each row.
        labels: (n,) class of each row, or None.
        folds: number of folds.
        seed: of the order of the groups.
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    names = np.array(list(groups))
    rows = np.zeros(len(names))
    splitter = (GroupKFold if labels is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    return list(splitter.split(rows, labels, names))
