"""Reads damaged files without end, or as many as wanted, and says how each kind of them ended.

    python -m benchmarks.hostile [--inputs 2000] [--seed 0] [--readers video sound play] [--keep FOLDER] [--json]

The same seed damages the same files in the same way. Files are read in a process of its own, one after another; it is
watched for crashes, for more than 20 s of work, for more than 2 GB of memory, and for what it writes or asks for
elsewhere. What broke a promise is kept in FOLDER. The exit code is 1 if anything did.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests" / "hostile"
GOOD = ("result", "refusal")


@dataclass
class Tally:
    """What became of the files of one reader.

    Attributes:
        ends: how many ended how.
        slowest: seconds of work, and which file.
        largest: bytes of memory, and which file.
    """

    ends: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")

    def add(self, name: str, end: Any) -> None:  # noqa: ANN401 - the watch is part of the tests
        """Count one file."""
        self.ends[end.kind] += 1
        self.slowest = max(self.slowest, (round(end.seconds, 2), name))
        self.largest = max(self.largest, (end.peak, name))

    def report(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "inputs": self.ends.total(),
            "ends": dict(self.ends),
            "slowest_s": self.slowest[0],
            "slowest": self.slowest[1],
            "largest_mb": round(self.largest[0] / 1e6),
            "largest": self.largest[1],
        }


def main() -> None:
    """Read the files and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2000, help="of every reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="+", default=["video", "sound", "play"])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files go that broke a promise")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.append(str(TESTS))
    with tempfile.TemporaryDirectory() as folder:
        report = {reader: try_reader(reader, options, Path(folder)) for reader in options.readers}
    print(json.dumps(report) if options.json else table(report))
    if any(set(row["ends"]) - set(GOOD) or row["written_elsewhere"] for row in report.values()):
        sys.exit(1)


def try_reader(reader: str, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Let one reader read its files.

    Args:
        reader: its name.
        options: of the command line.
        folder: for the files.
    """
    from watch import Watch  # type: ignore[import-not-found]  # lies with the tests

    tally, inputs = Tally(), folder / f"{reader}-inputs"
    inputs.mkdir()
    with Watch(folder / reader, (reader,), (inputs,)) as watch:
        for seed, (name, content) in zip(
            range(options.seed, options.seed + options.inputs), files(reader, options.seed, folder), strict=False
        ):
            path = folder / f"damaged{Path(name).suffix}"
            path.write_bytes(content)
            end = watch.read(reader, path)
            tally.add(f"{seed} {name}", end)
            if not end.good:
                print(f"{reader} {seed} {name}: {end.kind}: {end.words}", file=sys.stderr)
                keep(path, options.keep, f"{reader}-{seed}-{end.kind}{path.suffix}")
        return tally.report() | {"written_elsewhere": watch.escaped()}


def files(reader: str, seed: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Damage files without end.

    Args:
        reader: that will read them.
        seed: of the first.
        folder: where the whole ones are written.

    Yields:
        Names of the whole files, and what is left of them.
    """
    from media_seeds import SOUNDS, VIDEOS, make_seeds  # type: ignore[import-not-found]
    from mutate import damage, damage_json  # type: ignore[import-not-found]
    from stored_cases import small_midi, small_result, small_score  # type: ignore[import-not-found]

    if reader == "play":
        while True:
            value = small_score() if seed % 3 else small_result()
            text = damage_json(value, seed).encode("utf-8", "surrogatepass")
            yield ("score.json", text) if seed % 2 else ("notes.mid", damage(small_midi(), seed))
            seed += 1
    seeds = folder / "seeds"
    seeds.mkdir(exist_ok=True)
    make_seeds(seeds)
    names = sorted(SOUNDS if reader in ("sound", "recognise") else VIDEOS)
    whole = [(seeds / name).read_bytes() for name in names]
    while True:
        number = seed % len(names)
        yield names[number], damage(whole[number], seed, whole[(seed * 7) % len(names)])
        seed += 1


def keep(path: Path, folder: Path | None, name: str) -> None:
    """Keep a file that broke a promise, if that is wanted."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(path.read_bytes())


def table(report: dict[str, dict[str, Any]]) -> str:
    """Lay a report out for reading."""
    lines = [
        f"{'reader':10} {'inputs':>7} {'results':>8} {'refusals':>9} {'broken':>7} {'slowest s':>10} {'most MB':>8}"
    ]
    for reader, row in report.items():
        ends = row["ends"]
        broken = sum(count for kind, count in ends.items() if kind not in GOOD)
        lines.append(
            f"{reader:10} {row['inputs']:7} {ends.get('result', 0):8} {ends.get('refusal', 0):9} {broken:7}"
            f" {row['slowest_s']:10.2f} {row['largest_mb']:8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
