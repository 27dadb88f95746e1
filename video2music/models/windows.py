"""Overlapping windows for videos longer than a network can see at once."""


def cover(steps: int, length: int, *, overlap: int) -> list[tuple[int, int]]:
    """Cut steps into windows that overlap.

    Args:
        steps: number to cover, at least 1.
        length: of a window.
        overlap: steps that neighbouring windows share at least, below `length`.

    Returns:
        (start, stop) of each window in order; the last one ends at `steps` and is moved back to be full.
    """
    if steps <= length:
        return [(0, steps)]
    starts = list(range(0, steps - length, length - overlap))
    return [(start, start + length) for start in [*starts, steps - length]]
