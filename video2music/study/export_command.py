"""`python -m video2music study export`: the answers of a study as files."""

import argparse
from contextlib import closing
from pathlib import Path
from typing import Any

from video2music.commands.options import finish

FOLDER = "export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `study export`.
    """
    parser.add_argument("file", type=Path, metavar="FILE", help="the study, such as study.yaml")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder (default: export, beside the study)")
    parser.add_argument("--database", metavar="URL", help="of the answers (default: answers.sqlite, beside the study)")
    parser.add_argument("--test", action="store_true", help="the sessions that only tried the study")
    finish(parser, run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Export the answers.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The files, and how many answers of how many participants they hold.

    Raises:
        RefusalError: study, database or folder cannot be used.
    """
    from video2music.study.export import export_answers
    from video2music.study.reading import read_study
    from video2music.study.sharing import push_answers
    from video2music.study.store.store import open_store

    study = read_study(options.file)
    with closing(open_store(study, options.database, existing=True)) as store:
        rows = store.rows("test" if options.test else "live")
    paths = export_answers(study, rows, options.output or study.folder / FOLDER)
    copied = "" if options.test else push_answers(study, rows)
    participants = len({row["participant"] for row in rows})
    if not options.json:
        print(*paths, sep="\n")
        print(f"{len(rows)} answers of {participants} participants" + (f", copied to {copied}" if copied else ""))
    files = [str(path) for path in paths]
    return {"files": files, "answers": len(rows), "participants": participants, "data_set": copied}
