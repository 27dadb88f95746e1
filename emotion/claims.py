"""What the index of an mp4 or mov file claims, read before FFmpeg builds that index in memory.

An index may say in twenty bytes that it has four thousand million entries. FFmpeg believes it: a file of a kilobyte
took 46 s and 8 GB to open.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

MOST_BOXES = 200_000
"""Boxes of one kind of list that are looked at; a recording in fragments of a second has one for each second."""

MOST_ROWS = 20_000_000
"""Rows of a table that are looked at."""

DEEPEST = 10
"""Lists inside of lists; FFmpeg goes no deeper either."""

_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"pnot", b"moof"})
_LISTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"})
_OTHERS = frozenset({b"vide", b"subp", b"clcp"})
_UNITED = 160
"""Samples of plain sound, at least, that share an entry."""

Box = tuple[bytes, int, int]
"""Kind, where its content begins, where it ends."""


def claimed_frames(path: Path) -> int:
    """Return about how many entries FFmpeg would make in the index of an mp4 or mov file; 0 for files of other kinds.

    Args:
        path: the file.

    Returns:
        Samples of all tracks and fragments, those of a track times the parts into which an edit list cuts it.
    """
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST:
            return 0
        total = 0
        for kind, start, end in _boxes(file, 0, file.seek(0, 2)):
            if kind == b"moov":
                tracks = (box for box in _boxes(file, start, end) if box[0] == b"trak")
                total += sum(_of_track(file, track) for track in tracks)
            elif kind == b"moof":
                leaves = _leaves(file, (kind, start, end))
                total += sum(_count(file, place) for leaf, place, _ in leaves if leaf == b"trun")
        return total


def _of_track(file: BinaryIO, track: Box) -> int:
    """Return what the tables of a track claim."""
    leaves = list(_leaves(file, track))
    found = {kind: (start, end) for kind, start, end in leaves}
    handlers = {_handler(file, start) for kind, start, _ in leaves if kind == b"hdlr"}

    def count(kind: bytes, skipped: int = 0) -> int:
        return _count(file, found[kind][0] + skipped) if kind in found else 0

    durations = _table(file, *found.get(b"stts", (0, 0)), 2)
    sound = b"soun" in handlers and not handlers & _OTHERS
    if sound and len(durations) == 1 and durations[0, 1] == 1:  # plain sound is indexed by chunks
        chunks = _table(file, *found.get(b"stsc", (0, 0)), 3)
        return (count(b"stco") + count(b"co64")) * int(chunks[:, 1].max(initial=0)) // _UNITED
    sizes = max(count(b"stsz", 4), count(b"stz2", 4))
    return max(sizes, int(durations[:, 0].sum(dtype=np.uint64))) * max(1, count(b"elst"))


def _leaves(file: BinaryIO, box: Box, depth: int = 0) -> Iterator[Box]:
    """List the boxes below one, without those that only hold others."""
    kind, start, end = box
    if kind not in _LISTS:
        yield box
    elif depth < DEEPEST:
        for child in _boxes(file, start, end):
            yield from _leaves(file, child, depth + 1)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """List the boxes between two places."""
    for _ in range(MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        begin = start + 8
        if size == 1 and len(head) == 16:
            size, begin = struct.unpack(">Q", head[8:])[0], start + 16
        stop = end if size == 0 else min(end, start + size)
        if stop < begin:
            return
        yield kind, begin, stop
        start = stop


def _count(file: BinaryIO, start: int) -> int:
    """Return the number that stands behind version and flags."""
    file.seek(start + 4)
    return int.from_bytes(file.read(4), "big")


def _handler(file: BinaryIO, start: int) -> bytes:
    """Return what kind of track a handler box speaks of."""
    file.seek(start + 8)
    return file.read(4)


def _table(file: BinaryIO, start: int, end: int, columns: int) -> NDArray[np.uint32]:
    """Return the rows of a table that are there."""
    rows = min(_count(file, start), max(0, end - start - 8) // (4 * columns), MOST_ROWS)
    file.seek(start + 8)
    content = file.read(4 * columns * rows)
    size = len(content) // (4 * columns) * 4 * columns
    return np.frombuffer(content[:size], dtype=">u4").reshape(-1, columns)
