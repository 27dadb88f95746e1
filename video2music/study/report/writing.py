"""A report as files: report.html, report.md, the figures and report.json."""

import json
from pathlib import Path

from video2music import __version__
from video2music.output import OutputFolder
from video2music.piece import PROGRAM
from video2music.study.report.analysis import Analysis
from video2music.study.report.chapters import write_document
from video2music.study.report.document import to_html, to_markdown


def write_report(analysis: Analysis, folder: Path) -> tuple[Path, ...]:
    """Write a report; all of its files appear, or none.

    Args:
        analysis: of one study.
        folder: for the files; an earlier report in it is replaced.

    Returns:
        The files, report.html first.

    Raises:
        OutputError: the folder cannot be written, or holds files of these names that are no report.
    """
    document = write_document(analysis)
    pictures = {
        f"figures/{figure.name}.{kind}": data
        for figure in document.figures
        for kind, data in (("svg", figure.svg), ("png", figure.png))
    }
    names = ["report.html", "report.md", *pictures, "report.json"]
    facts = {"program": PROGRAM, "version": __version__, "files": names, **analysis.to_json()}
    texts = {
        "report.html": to_html(document),
        "report.md": to_markdown(document),
        "report.json": json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
    }
    with OutputFolder(folder, names) as out:
        (out.temporary / "figures").mkdir()
        for name, data in pictures.items():
            (out.temporary / name).write_bytes(data)
        for name, text in texts.items():
            (out.temporary / name).write_text(text, encoding="utf-8")
        return out.publish()
