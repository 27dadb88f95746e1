"""`python -m video2music study ...`: from a file to stimuli; the other commands stand in modules of their own."""

import argparse
import getpass
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.commands.options import finish
from video2music.study import export_command, report_command

if TYPE_CHECKING:
    from video2music.study.length import PageTimes
    from video2music.study.plan import Study

TEMPLATE = Path(__file__).parents[2] / "assets" / "study" / "study.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the commands.

    Args:
        parser: of `study`.
    """
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="write a commented study to begin with")
    _add_file(new)
    finish(new, run_new)
    prepare = commands.add_parser("prepare", help="compose or collect the stimuli, set their loudness, freeze them")
    _add_file(prepare)
    prepare.add_argument("--replace", action="store_true", help="also make anew what was frozen from other inputs")
    prepare.add_argument("--sound-font", type=Path, metavar="SF2", help="instrument sounds (default: the first found)")
    finish(prepare, run_prepare)
    check = commands.add_parser("check", help="are all stimuli there and as they should be; length of a session")
    _add_file(check)
    finish(check, run_check)
    export_command.add_arguments(commands.add_parser("export", help="the answers as CSV and JSON"))
    report_command.add_arguments(commands.add_parser("report", help="what the answers support, as HTML and Markdown"))
    preview = commands.add_parser("preview", help="walk the study in a browser without storing anything")
    _add_file(preview)
    preview.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    preview.add_argument("--port", type=int, default=7861, help="default: %(default)s")
    finish(preview, run_preview)
    password = commands.add_parser("password", help="set the password of the researcher's dashboard")
    _add_file(password)
    finish(password, run_password)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the study, such as study.yaml")


def run_new(options: argparse.Namespace) -> dict[str, Any]:
    """Write a study to begin with.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The path that was written.

    Raises:
        OutputError: there is a file of that name, or it cannot be written.
    """
    from video2music.errors import OutputError
    from video2music.output import output_error

    path: Path = options.file
    try:
        with TEMPLATE.open("rb") as template, path.open("xb") as file:
            shutil.copyfileobj(template, file)
    except FileExistsError as error:
        raise OutputError("There is a file of this name", where=path, remedy="Choose another name") from error
    except OSError as error:
        raise output_error(error, path) from error
    if not options.json:
        print(f"{path}\nName your clips and conditions in it, then run: python -m video2music study prepare {path}")
    return {"file": str(path)}


def run_prepare(options: argparse.Namespace) -> dict[str, Any]:
    """Make and freeze the stimuli.

    Args:
        options: as described by `add_arguments`.

    Returns:
        What was made and kept, what could not be made ("problems") and what should be known ("remarks").

    Raises:
        RefusalError: the study or its folder cannot be used, or people have already rated what would be replaced.
    """
    from video2music.study.preparing import prepare_study
    from video2music.study.reading import read_study
    from video2music.terminal import StageBars

    study = read_study(options.file)
    if options.replace:
        _refuse_once_rated(study)
    with StageBars() as bars:
        done = prepare_study(study, replace=options.replace, sound_font=options.sound_font, progress=bars)
    if not options.json:
        print(
            "\n".join([*done.remarks, f"{len(done.made)} made, {len(done.kept)} kept, {len(done.problems)} not made"])
        )
    _tell_problems(done.problems)
    pairs = {"made": done.made, "kept": done.kept}
    facts: dict[str, Any] = {name: [list(pair) for pair in found] for name, found in pairs.items()}
    return facts | {"problems": done.problems, "remarks": done.remarks}


def _refuse_once_rated(study: "Study") -> None:
    from video2music.study.stimuli import StimuliError
    from video2music.study.store.store import has_store, open_store

    if not has_store(study):
        return  # nobody has begun
    with closing(open_store(study, existing=True)) as store:
        answers = len(store.rows("live"))
    if answers:
        raise StimuliError(
            f"The stimuli as they are were rated already ({answers} answers)",
            remedy="Copy the study to a new folder under a new name, and prepare it there",
        )


def run_check(options: argparse.Namespace) -> dict[str, Any]:
    """Look at every stimulus and estimate the length of a session.

    Args:
        options: as described by `add_arguments`.

    Returns:
        Problems, remarks, minutes, and the number of participants of a full set.

    Raises:
        RefusalError: the study cannot be used.
    """
    from video2music.study.checking import check_study
    from video2music.study.reading import read_study
    from video2music.terminal import StageBars

    study = read_study(options.file)
    measured, changed = _look_at_answers(study)
    with StageBars() as bars:
        found = check_study(study, measured=measured, progress=bars)
    found = replace(found, problems=(*changed, *found.problems))
    if not options.json:
        length = found.length
        for remark in found.remarks:
            print(remark)
        print(
            f"{found.trials} trials, about {length.minutes:.0f} minutes, {length.playing_minutes:.1f} of them with a "
            f"clip playing ({length.source})"
        )
        print(f"{found.cells} participants, or a multiple of it, are in full balance; {study.design.planned} planned")
        if not found.problems:
            print("Ready.")
    _tell_problems(found.problems)
    return found.to_json()


def _look_at_answers(study: "Study") -> "tuple[PageTimes | None, list[str]]":
    """Return how long pages took so far, and a sentence if the study is no longer what people were asked."""
    from video2music.errors import StoreError
    from video2music.study.store.store import has_store, open_store

    if not has_store(study):
        return None, []  # nobody has begun
    try:
        with closing(open_store(study, existing=True)) as store:
            return store.page_times(), []
    except StoreError as error:
        return None, [str(error)]


def run_preview(options: argparse.Namespace) -> dict[str, Any]:
    """Show the study until the program is stopped.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The address.

    Raises:
        RefusalError: the study cannot be used.
    """
    from video2music.study.reading import read_study
    from video2music.web.study.preview import serve_preview

    study = read_study(options.file)
    address = f"http://{options.host}:{options.port}/study/{study.name}/"
    print(f"Open {address} in a browser; Ctrl+C stops the program.", file=sys.stderr)
    serve_preview(study, options.host, options.port)
    return {"address": address}


def run_password(options: argparse.Namespace) -> dict[str, Any]:
    """Ask for the password of the researcher's dashboard and keep its hash; without a terminal it is read as a line.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The file that holds the hash.

    Raises:
        RefusalError: the study cannot be used, or the password is too short or was mistyped.
    """
    from emotion.errors import RefusalError
    from video2music.study.reading import read_study
    from video2music.web.study.passwords import hash_password, write_password

    study = read_study(options.file)
    typed, again = (_ask(words) for words in ("New password: ", "Once more: "))
    if typed != again:
        raise RefusalError("The two passwords differ", remedy="Try again")
    path = write_password(study, hash_password(typed))
    if not options.json:
        print(f"{path}\nThe dashboard opens at /study/{study.name}/dashboard when the server is started again.")
    return {"file": str(path)}


def _ask(words: str) -> str:
    return getpass.getpass(words) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _tell_problems(problems: Sequence[str]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
