"""Who sees what, in which order: a Williams square over the conditions, and every clip once for each participant.

Treatments are the conditions, or all pairs of them. A participant belongs to a cell: one row of the square together
with one way of dealing the treatments out to the clips, and to one window of the clips where nobody sees all of them.
Over all cells

* every clip has every treatment equally often, a pair once each way round,
* every treatment stands at every position of a block equally often, and so does every clip's,
* every treatment follows every other one equally often within blocks (Williams 1949). From one block to the next the
  row moves on, so that this nearly holds across the border as well: between whole blocks no treatment comes twice in
  a row, and all distances between treatments take turns.

Blocks are whole where a participant's clips are a multiple of the treatments. Otherwise the last block is incomplete:
clips and positions stay in balance, and nobody has a treatment more than once more often than another.
"""

import random
from collections.abc import Sequence
from itertools import combinations
from math import gcd

from video2music.study.plan import Study
from video2music.study.trials import Trial


def cell_count(study: Study) -> int:
    """Return how many participants make a set in which everything is balanced.

    Args:
        study: with k conditions or pairs, of n clips of which each participant sees m.

    Returns:
        2 k, times n / gcd(n, m) windows.
    """
    return 2 * len(_treatments(study)) * _window_count(study)


def trials(study: Study, cell: int, number: int) -> tuple[Trial, ...]:
    """Return what one participant sees; the same arguments always give the same.

    Args:
        study: conditions, clips, design and its seed.
        cell: 0 to cell_count(study) - 1; which condition each clip has, and in which order conditions come.
        number: of the participant; which clips come in which order.

    Raises:
        ValueError: there is no such cell.
    """
    if not 0 <= cell < cell_count(study):
        raise ValueError(f"cell {cell} of {cell_count(study)}")
    treatments = _treatments(study)
    window, row = divmod(cell, 2 * len(treatments))
    dealt = _deal(len(treatments), row, _window(study, window))
    draw = random.Random(f"trials {study.design.seed} {number}")  # noqa: S311 - no secret; the same on every machine
    for clips in dealt:
        draw.shuffle(clips)
    shown: list[Trial] = []
    for block, order in enumerate(_orders(len(treatments), row, max(map(len, dealt)))):
        for treatment in order:
            if block < len(dealt[treatment]):
                place, clip = dealt[treatment][block]
                conditions = _sides(treatments, treatment, place, mirrored=row >= len(treatments))
                shown.append(Trial(len(shown) + 1, block + 1, clip, conditions))
    return tuple(shown)


def least_filled(counts: Sequence[int], seed: int) -> int:
    """Return the cell of the next participant: one of those with the fewest, drawn by lot.

    Whoever drops out is not counted, so that the cell is filled again.

    Args:
        counts: participants of each cell that count.
        seed: of the lot; the same counts and seed give the same cell.
    """
    fewest = min(counts)
    cells = [cell for cell, count in enumerate(counts) if count == fewest]
    return random.Random(f"cell {seed} {list(counts)}").choice(cells)  # noqa: S311 - no secret


def williams_rows(count: int) -> tuple[tuple[int, ...], ...]:
    """Return a square in which every treatment follows every other one equally often (Williams 1949).

    Args:
        count: of treatments, k.

    Returns:
        2 k orders of 0 to k - 1. An even k would need only k of them, which here come twice; an odd one needs the
        mirrored orders.
    """
    first = _first_row(count)
    other = first if count % 2 == 0 else first[::-1]
    return tuple(tuple((item + row) % count for item in start) for start in (first, other) for row in range(count))


def _first_row(count: int) -> tuple[int, ...]:
    """Return 0, 1, k-1, 2, k-2 and so on: neighbours lie every distance apart, for odd k together with the way back."""
    return tuple((step + 1) // 2 if step % 2 else (count - step // 2) % count for step in range(count))


def _treatments(study: Study) -> list[tuple[str, ...]]:
    names = [condition.id for condition in study.conditions]
    if study.design.show == "one":
        return [(name,) for name in names]
    return [_turned(pair, names) for pair in combinations(names, 2)]


def _turned(pair: tuple[str, str], names: Sequence[str]) -> tuple[str, str]:
    """Turn a pair so that over all pairs each condition is left and right equally often, or nearly for even numbers."""
    first, second = pair
    distance = names.index(second) - names.index(first)
    return (second, first) if distance > len(names) // 2 else (first, second)


def _sides(treatments: Sequence[tuple[str, ...]], treatment: int, place: int, *, mirrored: bool) -> tuple[str, ...]:
    """Return a pair from left to right: turned for every other clip that has it, otherwise in half the cells."""
    conditions = treatments[treatment]
    return conditions[::-1] if (place // len(treatments) + mirrored) % 2 else conditions


def _window_count(study: Study) -> int:
    clips, each = len(study.clips), study.design.clips_each or len(study.clips)
    return clips // gcd(clips, each)


def _window(study: Study, number: int) -> list[str]:
    """Return the clips of one window; together the windows hold every clip equally often."""
    clips = [clip.id for clip in study.clips]
    random.Random(f"windows {study.design.seed}").shuffle(clips)  # noqa: S311 - no secret
    each = study.design.clips_each or len(clips)
    return [clips[(number * each + place) % len(clips)] for place in range(each)]


def _deal(count: int, row: int, clips: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Return the clips of each treatment, with their places in the window.

    The shift takes every value once while the row runs through k values, which gives every clip every treatment. The
    difference of shift and row, which says where in a block a clip stands, takes every value once too (twice over the
    2 k rows for even k, where once is impossible).
    """
    half, number = divmod(row, count)
    shift = 2 * number
    if count % 2 == 0:
        shift += (number >= count // 2) + half * (count // 2)
    dealt: list[list[tuple[int, str]]] = [[] for _ in range(count)]
    for place, clip in enumerate(clips):
        dealt[(place + shift) % count].append((place, clip))
    return dealt


def _orders(count: int, row: int, blocks: int) -> list[tuple[int, ...]]:
    """Return the order of treatments in each block."""
    rows, (half, number) = williams_rows(count), divmod(row, count)
    start = half * count
    step = rows[start][-1] - rows[start][0]
    orders = []
    for block in range(blocks):
        orders.append(rows[start + number])
        distance = 1 + block % (count - 1) if count > 1 else 0
        number = (number + step + distance) % count
    return orders
