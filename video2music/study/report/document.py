"""A report as sections, and how it becomes Markdown and one HTML file without external requests."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

STYLE = Path(__file__).with_name("report.css")


@dataclass(frozen=True)
class Table:
    """Rows under a caption.

    Attributes:
        caption: what is in it and how it was computed.
        columns: headings.
        rows: cells as words; the first one names the row.
        grouped: whether rows with the same first cell belong together and stand under it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    grouped: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        name: of its files, without ending.
        caption: what is seen.
        svg: the picture.
        png: the same in pixels.
    """

    name: str
    caption: str
    svg: bytes
    png: bytes


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: heading.
        paragraphs: sentences.
        tables: below them.
        figures: below those.
    """

    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()


@dataclass(frozen=True)
class Document:
    """The whole report.

    Attributes:
        title: at the top.
        sections: in order.
    """

    title: str
    sections: Sequence[Section]

    @property
    def figures(self) -> list[Figure]:
        """All pictures in order."""
        return [figure for section in self.sections for figure in section.figures]


def to_markdown(document: Document) -> str:
    """Return the report as Markdown; figures are files beside it."""
    lines = [f"# {_escape(document.title)}", ""]
    for section in document.sections:
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [_escape(paragraph), ""]
        for table in section.tables:
            lines += [f"*{_escape(table.caption)}*", "", *_markdown_table(table), ""]
        for figure in section.figures:
            lines += [
                f"![{_escape(figure.caption)}](figures/{figure.name}.svg)",
                "",
                f"*{_escape(figure.caption)}*",
                "",
            ]
    return "\n".join(lines)


def _markdown_table(table: Table) -> list[str]:
    ruler = ["---" if index == 0 or kind else "---:" for index, kind in enumerate(_column_kinds(table))]
    cells = [list(row) for row in table.rows]
    if table.grouped:
        for row, before in zip(cells[1:], table.rows, strict=False):
            row[0] = "" if row[0] == before[0] else row[0]
    head, *rows = [f"| {' | '.join(map(_escape, row))} |" for row in (table.columns, *cells)]
    return [head, f"| {' | '.join(ruler)} |", *rows]


def _escape(text: str) -> str:
    """Keep words from being read as Markdown or HTML."""
    cleaned = html.escape(" ".join(text.split()), quote=False)
    for sign in ("\\", "|", "*", "`", "[", "]", "_"):
        cleaned = cleaned.replace(sign, "\\" + sign)
    return cleaned


def to_html(document: Document) -> str:
    """Return the report as one HTML file with everything in it."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(document.title)}</title>",
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>",
        f"<h1>{html.escape(document.title)}</h1>",
    ]
    for section in document.sections:
        parts.append(f"<section>\n<h2>{html.escape(section.title)}</h2>")
        parts += [f"<p>{html.escape(paragraph)}</p>" for paragraph in section.paragraphs]
        parts += [_html_table(table) for table in section.tables]
        parts += [_html_figure(figure) for figure in section.figures]
        parts.append("</section>")
    return "\n".join([*parts, "</main>\n</body>\n</html>\n"])


def _html_table(table: Table) -> str:
    first = int(table.grouped)
    kinds = _column_kinds(table)[first:]
    names = table.columns[first:]
    heads = "".join(f'<th scope="col"{kind}>{html.escape(name)}</th>' for name, kind in zip(names, kinds, strict=True))
    bodies = []
    for group, rows in groupby(table.rows, key=lambda row: row[0] if table.grouped else ""):
        lines = [f"<tr>{_html_cells(row[first:], kinds)}</tr>" for row in rows]
        if table.grouped:
            name = html.escape(group)
            lines.insert(0, f'<tr><th scope="rowgroup" colspan="{len(names)}" class="group">{name}</th></tr>')
        bodies.append("<tbody>\n" + "\n".join(lines) + "\n</tbody>")
    return (
        f'<div class="table"><table>\n<caption>{html.escape(table.caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n" + "\n".join(bodies) + "\n</table></div>"
    )


def _html_cells(row: Sequence[str], kinds: Sequence[str]) -> str:
    cells = (f"<td{kind}>{html.escape(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
    return f'<th scope="row">{html.escape(row[0])}</th>{"".join(cells)}'


def _column_kinds(table: Table) -> list[str]:
    """Return the class of every column: words stand left, numbers and intervals right."""
    return [' class="words"' if any(_is_words(cell) for cell in column) else "" for column in _columns(table)]


def _columns(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*table.rows, strict=True)) if table.rows else [() for _ in table.columns]


def _is_words(cell: str) -> bool:
    return any(letter.isalpha() for letter in cell.replace(" to ", " "))


def _html_figure(figure: Figure) -> str:
    data = base64.b64encode(figure.svg).decode("ascii")
    words = html.escape(figure.caption)
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{words}"><figcaption>{words}</figcaption></figure>'
    )
