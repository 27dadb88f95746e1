"""`python -m video2music batch`: compose for every clip of a folder, on this machine or on a cluster."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.commands.compose import add_wishes, read_wishes
from video2music.commands.options import finish

if TYPE_CHECKING:
    from video2music.batch.journal import Journal
    from video2music.batch.work import Done, Work, Workers

DEADLINE_S = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `batch`.
    """
    add_folders(parser)
    add_wishes(parser)
    add_workers(parser)
    finish(parser, run)


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add where clips come from and where results go."""
    parser.add_argument("folder", type=Path, help="where the clips are, in folders below it too")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="a folder for each result")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add who does the work."""
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one per two cores)")
    parser.add_argument("--ray", metavar="ADDRESS", help="work on this Ray cluster, which sees the same folders")
    parser.add_argument(
        "--deadline", type=float, default=DEADLINE_S, metavar="S", help="give a clip up after so many seconds (3600)"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compose for every clip that has no result yet.

    Args:
        options: as described by `add_arguments`.

    Returns:
        "done" and "kept", names of clips, and "failed", what was wrong by the name of the clip. A clip that failed is
        tried again by the next run.

    Raises:
        RefusalError: the folder, a wish, the place for results or the cluster cannot be used.
    """
    from video2music.batch.composing import Composing
    from video2music.batch.folder import find_clips
    from video2music.engines import find_engine
    from video2music.wishes import Wishes

    find_engine(options.engine)
    wishes = Wishes(**read_wishes(options))
    clips = find_clips(options.folder, options.output)
    work = Composing(
        clips=tuple((name, str(clip.resolve())) for name, clip in clips.items()),
        output=str(options.output.resolve()),
        engine=options.engine,
        device=options.device,
        sound_font=None if options.sound_font is None else str(options.sound_font.resolve()),
        wishes=wishes,
        stems=options.stems,
        table=options.csv,
    )
    wished = {"engine": options.engine, "wishes": repr(wishes), "stems": options.stems, "csv": options.csv}
    return Batch(work, clips, wished, options.output).run(chosen_workers(options), quiet=options.json)


def chosen_workers(options: argparse.Namespace) -> "Workers":
    """Return who does the work.

    Args:
        options: as described by `add_workers`.
    """
    from video2music.batch.cluster import RayCluster
    from video2music.batch.processes import Processes

    if options.ray is not None:
        return RayCluster(options.ray, options.deadline)
    return Processes(options.workers or max(1, (os.cpu_count() or 1) // 2), options.deadline)


@dataclass(frozen=True)
class Batch:
    """Work on the clips of a folder.

    Attributes:
        work: what is done; its items are the names of the clips.
        clips: by name.
        wished: what the results depend on besides the clips; a result made otherwise is made again.
        output: folder of the results, and of the record.
    """

    work: "Work"
    clips: Mapping[str, Path]
    wished: Mapping[str, Any]
    output: Path

    def run(self, workers: "Workers", *, quiet: bool) -> dict[str, Any]:
        """Do what is left to do.

        Args:
            workers: who do it.
            quiet: print nothing but the bar.

        Raises:
            RefusalError: the record cannot be written, or what the work needs cannot be loaded.
        """
        from tqdm import tqdm

        from emotion.errors import RefusalError
        from video2music.batch.journal import open_journal

        journal = open_journal(self.output)
        asked = {name: self._asked(clip) for name, clip in self.clips.items()}
        open_items = [name for name in self.clips if not journal.is_done(name, asked[name])]
        outcome: dict[str, Any] = {"done": [], "kept": [name for name in self.clips if name not in open_items]}
        outcome["failed"] = {}
        with tqdm(total=len(self.clips), initial=len(outcome["kept"]), unit="clip", disable=None) as bar:
            for done in workers.run(self.work, open_items) if open_items else ():
                if done.hopeless:
                    raise RefusalError(done.problem.rstrip("."))
                self._note(journal, done, asked[done.item], outcome)
                bar.update()
                if not quiet:
                    bar.write(f"{done.item}: {done.problem or f'{done.took_s:.1f} s'}")
        if not quiet:
            print(", ".join(f"{len(names)} {what}" for what, names in outcome.items()))
        return outcome

    def _asked(self, clip: Path) -> dict[str, Any]:
        from video2music.batch.folder import fingerprint

        return {**self.wished, **fingerprint(clip)}

    def _note(self, journal: "Journal", done: "Done", asked: Mapping[str, Any], outcome: dict[str, Any]) -> None:
        journal.write(
            done.item,
            {"problem": done.problem, "took_s": round(done.took_s, 2), "facts": done.facts, "asked": asked},
        )
        if done.problem:
            outcome["failed"][done.item] = done.problem
        else:
            outcome["done"].append(done.item)
