"""Damages files and JSON in ways that parsers stumble over; the same seed gives the same damage."""

import json
import random
from collections.abc import Callable
from typing import Any

EXTREMES = (
    0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 2, 0.5, -0.5, 1e-308, 1e308, -1e308, 1e39, 2**31, 2**63, 2**64, -(2**63), 10**30, 1e6, 1e9, 128, 256,
    65536,
)  # fmt: skip
ODD_WORDS = (
    "", " ", "\n", "\x00", "N", "C", "H", "A minor", "\ud800", "💥" * 50, "x" * 100_000, "../../x", "$(touch x)",
    "%s%n", "-1", "NaN", "null", "<&>", "\x01\x02", "paper", "auto", "C" * 21, "\u202e", "1e999",
)  # fmt: skip
Json = Any


def damage(content: bytes, seed: int, other: bytes = b"") -> bytes:
    """Return a file with one to six faults.

    Args:
        content: of a whole file.
        seed: which faults.
        other: of another file, pieces of which are put in.
    """
    rng = random.Random(seed)  # noqa: S311 - the same damage again
    found = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        if found:
            rng.choice(FAULTS)(found, rng, other or content)
    return bytes(found)


def _place(found: bytearray, rng: random.Random) -> int:
    """Choose where: headers lie at the beginning of most files, and at the end of others."""
    near = min(len(found), 600)
    return rng.choice((rng.randrange(len(found)), rng.randrange(near), len(found) - 1 - rng.randrange(near)))


def _flip(found: bytearray, rng: random.Random, _other: bytes) -> None:
    for _ in range(rng.choice((1, 1, 4, 32))):
        found[_place(found, rng)] ^= 1 << rng.randrange(8)


def _number(found: bytearray, rng: random.Random, _other: bytes) -> None:
    place, size = _place(found, rng), rng.choice((1, 2, 4, 4, 8))
    value = rng.choice(EXTREMES) & ((1 << 8 * size) - 1)
    found[place : place + size] = value.to_bytes(size, rng.choice(("big", "little")))


def _cut(found: bytearray, rng: random.Random, _other: bytes) -> None:
    del found[_place(found, rng) :]


def _drop(found: bytearray, rng: random.Random, _other: bytes) -> None:
    place = _place(found, rng)
    del found[place : place + rng.choice((1, 2, 4, 16, 188, 1000))]


def _repeat(found: bytearray, rng: random.Random, _other: bytes) -> None:
    place, size = _place(found, rng), rng.choice((1, 4, 8, 64, 512))
    found[place:place] = found[place : place + size] * rng.choice((1, 2, 50))


def _move(found: bytearray, rng: random.Random, _other: bytes) -> None:
    source, target, size = _place(found, rng), _place(found, rng), rng.choice((4, 16, 128, 1024))
    piece = found[source : source + size]
    found[target : target + size] = piece


def _splice(found: bytearray, rng: random.Random, other: bytes) -> None:
    if other:
        source, size = rng.randrange(len(other)), rng.choice((8, 64, 512, 4096))
        place = _place(found, rng)
        found[place : place + rng.choice((0, size))] = other[source : source + size]


def _noise(found: bytearray, rng: random.Random, _other: bytes) -> None:
    place = _place(found, rng)
    found[place : place + 16] = rng.randbytes(16)


FAULTS: tuple[Callable[[bytearray, random.Random, bytes], None], ...] = (
    _flip, _flip, _number, _number, _number, _cut, _drop, _repeat, _move, _splice, _noise,
)  # fmt: skip


def damage_json(value: Json, seed: int) -> str:
    """Return JSON in which one to four values are not what they were.

    Args:
        value: of a whole file.
        seed: which ones.
    """
    rng = random.Random(seed)  # noqa: S311 - the same damage again
    found = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 4)):
        found = _changed(found, rng)
    text = json.dumps(found)
    if rng.random() < 0.1:
        text = damage(text.encode(), seed).decode("utf-8", "replace")
    return text


def _changed(value: Json, rng: random.Random) -> Json:
    """Walk into a value, and change something there."""
    if isinstance(value, dict) and value and rng.random() < 0.93:
        key = rng.choice(sorted(value))
        if rng.random() < 0.08:
            return {name: held for name, held in value.items() if name != key}
        return value | {key: _changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.6:
        place = rng.randrange(len(value))
        if rng.random() < 0.15:
            return rng.choice((value[:place], value + value[place:], value * 3))
        return [*value[:place], _changed(value[place], rng), *value[place + 1 :]]
    return _odd(value, rng)


def _odd(value: Json, rng: random.Random) -> Json:
    other: tuple[Json, ...] = (None, True, [], {}, [[]], {"a": 1}, [value] * 3, float("nan"), float("inf"))
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.7:
        return rng.choice((*ODD_NUMBERS, -value, value * 1000, value / 3))
    if isinstance(value, str) and rng.random() < 0.7:
        return rng.choice(ODD_WORDS)
    return rng.choice((*other, *ODD_NUMBERS, *ODD_WORDS, [rng.choice(ODD_NUMBERS)] * 1000))
