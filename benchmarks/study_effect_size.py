"""How often does the interval of a rank-biserial correlation hold the truth?

    OMP_NUM_THREADS=1 python -m benchmarks.study_effect_size [--samples 2000]

Differences of participants are drawn around a shift that gives a wanted correlation: normal ones; normal ones rounded
to thirds of a point, as means of three ratings are, with their ties and zeros; and skewed ones (exponential, the long
tail towards zero). Beside the report's interval stands the percentile bootstrap, widened for small samples, that it
replaced (fewer samples, as it takes long). Shares come with their binomial intervals (Clopper & Pearson 1934).
"""

import argparse
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from video2music.study.report.effect_size import rank_biserial, rank_biserial_interval
from video2music.study.report.means import Interval, widened_level

Vector = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Vector]

LARGE = 200_000
RESAMPLES = 499
THIRD = 3

SHAPES: Mapping[str, Draw] = {
    "normal": lambda draw, size: draw.normal(0, 1, size),
    "thirds of a point": lambda draw, size: draw.normal(0, 1, size),
    "skewed": lambda draw, size: 1 - draw.exponential(1, size),
}


def main() -> None:
    """Draw, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2000)
    options = parser.parse_args()
    print("| differences | r | n | holds r | 95 % interval | mean width | bootstrap holds r |")
    print("|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        for truth in (0.0, 0.5, 0.85, 0.95):
            shift = shift_for(shape, truth)
            for count in (12, 24, 60):
                print(row(shape, shift, truth, count, options.samples), flush=True)


def values(shape: str, shift: float, draw: np.random.Generator, size: tuple[int, ...]) -> Vector:
    """Draw differences."""
    found = SHAPES[shape](draw, size) + shift
    return np.round(found * THIRD) / THIRD if shape == "thirds of a point" else found


def shift_for(shape: str, truth: float) -> float:
    """Return the shift at which the correlation of a population is as wanted: P(D + D' > 0) - P(D + D' < 0)."""

    def miss(shift: float) -> float:
        draw = np.random.default_rng(1)
        found = values(shape, shift, draw, (LARGE,))
        found = found[found != 0]
        return float(np.sign(np.round(found + draw.permutation(found), 9)).mean()) - truth

    return float(optimize.bisect(miss, -3, 9, xtol=1e-4))


def row(shape: str, shift: float, truth: float, count: int, samples: int) -> str:
    """Return one line of the table."""
    draw = np.random.default_rng(2)
    drawn = values(shape, shift, draw, (samples, count))
    found = [interval for one in drawn if (interval := rank_biserial_interval(one)) is not None]
    held = sum(low <= truth <= high for low, high in found)
    width = np.mean([high - low for low, high in found])
    ends = stats.binomtest(held, len(found)).proportion_ci()
    few = drawn[: samples // 10]
    old = sum(interval[0] <= truth <= interval[1] for one in few if (interval := bootstrap(one, draw)) is not None)
    return (
        f"| {shape} | {truth:g} | {count} | {held / len(found):.1%} | {ends.low:.1%} to {ends.high:.1%} | {width:.2f} "
        f"| {old / len(few):.1%} |"
    )


def bootstrap(differences: Vector, draw: np.random.Generator) -> Interval | None:
    """Return the percentile interval; None where all differences have one sign."""
    if abs(float(rank_biserial(differences))) >= 1:
        return None
    level = widened_level(len(differences))
    resampled = draw.choice(differences, (RESAMPLES, len(differences)))
    low, high = np.quantile(rank_biserial(resampled), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


if __name__ == "__main__":
    main()
