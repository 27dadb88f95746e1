"""`python -m video2music study report`: from answers to a report."""

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.commands.options import finish

if TYPE_CHECKING:
    from video2music.study.plan import Study
    from video2music.study.records import Mode, Row
    from video2music.study.report.answers import Departed

FOLDER = "report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `study report`.
    """
    parser.add_argument("file", type=Path, metavar="FILE", help="the study, such as study.yaml")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder (default: report, beside the study)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--database", metavar="URL", help="of the answers (default: answers.sqlite, beside the study)")
    source.add_argument("--answers", type=Path, metavar="CSV", help="an exported table instead of the database")
    parser.add_argument("--mode", choices=("live", "test"), default="live", help="which sessions (default: live)")
    finish(parser, run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Analyse the answers and write the report.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The files, and how many participants are in the analysis.

    Raises:
        RefusalError: study, answers or folder cannot be used.
    """
    from video2music.study.reading import read_study
    from video2music.study.report.analysis import analyse
    from video2music.study.report.answers import gather
    from video2music.study.report.writing import write_report

    study = read_study(options.file)
    analysis = analyse(gather(study, *_answers(study, options)))
    paths = write_report(analysis, options.output or study.folder / FOLDER)
    people = analysis.people
    if not options.json:
        print(*paths, sep="\n")
        print(f"{people.enrolled} participants, {len(people.finished)} finished, {len(people.included)} analysed")
    return {
        "files": [str(path) for path in paths],
        "enrolled": people.enrolled,
        "finished": len(people.finished),
        "analysed": len(people.included),
    }


def _answers(study: "Study", options: argparse.Namespace) -> "tuple[list[Row], Mode, Departed | None]":
    from video2music.study.report.answers import Departed, read_csv
    from video2music.study.store.store import open_store

    if options.answers:
        return read_csv(options.answers), options.mode, None
    with closing(open_store(study, options.database, existing=True)) as store:
        rows = [row for mode in ("live", "test") for row in store.rows(mode)]
        progress = store.progress(options.mode)
        return rows, options.mode, Departed(progress.refused, progress.total("withdrawn"))
