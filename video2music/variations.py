"""Several pieces for one clip: their seeds, their order by how well they match the picture, and how they are saved."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.errors import RefusalError
from video2music.errors import OutputError
from video2music.output import OutputFolder
from video2music.progress import Progress
from video2music.wishes import LARGEST_SEED

if TYPE_CHECKING:
    from video2music.piece import Piece, SavedPiece

MOST_VARIATIONS = 20

INDEX = "variations.json"


@dataclass(frozen=True)
class SavedVariation:
    """One of the pieces, on disk.

    Attributes:
        rank: 1 for the best.
        seed: with which it can be composed again.
        distance: between music and picture, see `matching`; None where it could not be told.
        words: the match in a sentence, or why there is none.
        facts: its result.json.
        files: where its files lie.
    """

    rank: int
    seed: int
    distance: float | None
    words: str
    facts: dict[str, Any]
    files: "SavedPiece"

    def to_json(self) -> dict[str, Any]:
        """Return its entry in variations.json."""
        return {
            "rank": self.rank,
            "seed": self.seed,
            "distance": self.distance,
            "words": self.words,
            "key": self.facts["key"],
            "tempo": self.facts["tempo"],
            "files": self.facts["files"],
        }


@dataclass(frozen=True)
class SavedVariations:
    """Every variation, best first, and the file that lists them."""

    ranked: tuple[SavedVariation, ...]
    index: Path

    @property
    def best(self) -> SavedVariation:
        """The one whose music is nearest to the picture."""
        return self.ranked[0]


def variation_seeds(seed: int | None, count: int) -> tuple[int, ...]:
    """Return the seeds of variations.

    Args:
        seed: of the first one; None draws it.
        count: 1 to MOST_VARIATIONS.

    Returns:
        So many different seeds; the first ones are the same however many are asked for.

    Raises:
        RefusalError: there are too many or none.
    """
    if not 1 <= count <= MOST_VARIATIONS:
        raise RefusalError(f"{count} variations cannot be composed", remedy=f"Choose from 1 to {MOST_VARIATIONS}")
    first = secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed
    drawn = np.random.SeedSequence(first).generate_state(2 * MOST_VARIATIONS).astype(np.int64) % (LARGEST_SEED + 1)
    return tuple(dict.fromkeys([first, *drawn.tolist()]))[:count]


def numbered(progress: Progress, number: int, count: int) -> Progress:
    """Return a progress callback that says which variation a stage belongs to."""

    def tell(stage: str, fraction: float) -> None:
        progress(f"{number} of {count}: {stage}", fraction)

    return tell


def variation_stem(rank: int) -> str:
    """Return the name that the files of a variation share: "variation-01" is the best."""
    return f"variation-{rank:02d}"


def variation_files(count: int) -> tuple[str, ...]:
    """Return the names of all files of so many variations, the index last."""
    from video2music.piece import file_names

    return (*(name for rank in range(1, count + 1) for name in file_names(variation_stem(rank))), INDEX)


def save_variations(
    pieces: Iterable["Piece"], count: int, folder: Path | str, *, source: Path, progress: Progress | None = None
) -> SavedVariations:
    """Write pieces as they come, then name them by rank; all files appear, or none.

    Args:
        pieces: of one clip; each is let go of when it is written.
        count: how many they are.
        folder: is made if it does not exist. Files of an earlier result there are replaced, anything else is not.
        source: the clip, which is never replaced.
        progress: told how far the writing is.

    Returns:
        The pieces by rank: nearest to the picture first, those that could not be judged last, in the order of `pieces`.

    Raises:
        OutputError: the folder cannot be written, or holds files that are not ours.
    """
    from video2music.piece import file_names, write_facts

    with OutputFolder(Path(folder), variation_files(count), protect=(source,)) as out:
        drafts = []
        for number, piece in enumerate(pieces):
            names = file_names(f"draft-{number}")
            piece.write(
                out.temporary, names, progress=None if progress is None else numbered(progress, number + 1, count)
            )
            drafts.append(json.loads((out.temporary / names[-1]).read_text(encoding="utf-8")))
        drafts.sort(key=_distance)
        for rank, facts in enumerate(drafts, start=1):
            draft, facts["files"] = facts["files"], list(file_names(variation_stem(rank)))
            for before, after in zip(draft, facts["files"], strict=True):
                (out.temporary / before).rename(out.temporary / after)
            write_facts(out.temporary / facts["files"][-1], facts)
        ranked = [_saved(rank, facts, out.folder) for rank, facts in enumerate(drafts, start=1)]
        write_facts(out.temporary / INDEX, _index(ranked, count))
        before = _written_before(out.folder)
        out.publish()
        for name in before - set(variation_files(count)):
            (out.folder / name).unlink(missing_ok=True)
    return SavedVariations(tuple(ranked), out.folder / INDEX)


def _written_before(folder: Path) -> set[str]:
    """Return the files that an earlier set of variations lists, as far as they bear names of ours."""
    from video2music.piece import read_result

    try:
        listed = read_result(folder / INDEX).get("files", ())
    except OutputError:
        return set()
    return set(map(str, listed)) & set(variation_files(MOST_VARIATIONS))


def _distance(facts: dict[str, Any]) -> float:
    return inf if facts["match"] is None else float(facts["match"]["distance"])


def _saved(rank: int, facts: dict[str, Any], folder: Path) -> SavedVariation:
    from video2music.piece import SavedPiece

    match = facts["match"]
    return SavedVariation(
        rank=rank,
        seed=facts["seed"],
        distance=None if match is None else match["distance"],
        words=facts["match_reason"] if match is None else match["words"],
        facts=facts,
        files=SavedPiece(*(folder / name for name in facts["files"])),
    )


def _index(ranked: list[SavedVariation], count: int) -> dict[str, Any]:
    from video2music.piece import PROGRAM

    return {
        "program": PROGRAM,
        "ranked_by": "distance" if any(variation.distance is not None for variation in ranked) else None,
        "variations": [variation.to_json() for variation in ranked],
        "files": list(variation_files(count)),
    }
