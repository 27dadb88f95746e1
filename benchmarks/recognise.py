"""How fast the embedded recogniser listens: seconds of work for each second of music, best of several runs.

python -m benchmarks.recognise [AUDIO ...] [--runs 5]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from pathlib import Path

import numpy as np

import emotion

MINUTE = 60
SAMPLE_RATE = 44_100


def main() -> None:
    """Measure start, and each file (or a minute of made-up music) after a first run that does not count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audio", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    began = time.perf_counter()
    recogniser = emotion.load()
    print(f"load: {time.perf_counter() - began:.2f} s")
    for source in chosen.audio or [_chords()]:
        duration_s = recogniser.predict(source).duration_s
        ratios = []
        for _ in range(chosen.runs):
            began = time.perf_counter()
            recogniser.predict(source)
            ratios.append((time.perf_counter() - began) / duration_s)
        name = source.name if isinstance(source, Path) else "a minute of chords"
        spread = f"{min(ratios):.4f} to {max(ratios):.4f}"
        print(f"{name}: {duration_s:.1f} s of music, {statistics.median(ratios):.4f} x real time ({spread})")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


def _chords() -> emotion.Audio:
    """Return a minute of triads with a beat."""
    time_s = np.arange(MINUTE * SAMPLE_RATE) / SAMPLE_RATE
    roots = np.array([0, 5, 7, 9])[(time_s // 2).astype(int) % 4]
    tones = sum(np.sin(2 * np.pi * 261.6 * 2 ** ((roots + step) / 12) * time_s) for step in (0, 4, 7))
    beat = np.exp(-8 * (time_s % 0.5))
    return emotion.Audio((0.2 * tones * beat)[:, None].astype(np.float32), SAMPLE_RATE)


if __name__ == "__main__":
    main()
