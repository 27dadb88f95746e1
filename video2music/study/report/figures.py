"""The report's pictures: means with intervals, distributions of answers, and pairs with effects.

Colours are distinguishable with the common colour-vision deficiencies (Okabe & Ito 2008; the diverging map runs from
orange to violet) and in grey: points also differ by position, bars by order.
"""

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.colors
import matplotlib.patches
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from video2music.study.plan import Question
from video2music.study.report.comparisons import Pair
from video2music.study.report.document import Figure
from video2music.study.report.means import Summary

BLUE, ORANGE, GREY, MIDDLE = "#0072B2", "#D55E00", "#666666", "#d4d4d4"
WIDTH_INCH = 9.0
STYLE: Mapping[str, object] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "svg.hashsalt": "report",
}

Labels = Mapping[str, str]


def means_figure(summaries: Sequence[Summary], questions: Sequence[Question], labels: Labels) -> Figure | None:
    """Draw means with 95 % intervals, one panel per question.

    Args:
        summaries: of every condition and question.
        questions: on scales.
        labels: condition to the name that is shown.

    Returns:
        The picture; None without any mean.
    """
    if not any(summary.mean is not None for summary in summaries):
        return None
    canvas, panels = _panels(questions, len(labels))
    for panel, question in zip(panels, questions, strict=False):
        own = [summary for summary in summaries if summary.question == question.id]
        for place, summary in enumerate(own):
            if summary.mean is None:
                continue
            if summary.interval:
                panel.plot(summary.interval, (place, place), color=BLUE, linewidth=2, solid_capstyle="butt")
            panel.plot(summary.mean, place, "o", color=BLUE, markersize=5)
        _rows(panel, [labels[summary.condition] for summary in own])
        low, high = (0, 100) if question.kind == "slider" else (1, question.points)
        panel.set_xticks(range(low, high + 1, 25 if question.kind == "slider" else 1))
        panel.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
        panel.set_title(question.id, loc="left")
        panel.grid(axis="x", color="#e3e3e3", linewidth=0.6)
    caption = "Means over participants with 95 % intervals bootstrapped over participants, per question and condition."
    return _saved("means", caption, canvas)


def answers_figure(summaries: Sequence[Summary], questions: Sequence[Question], labels: Labels) -> Figure | None:
    """Draw the distribution of likert answers as diverging stacked bars, the middle point at zero.

    Args:
        summaries: of every condition and question.
        questions: on scales.
        labels: condition to the name that is shown.

    Returns:
        The picture; None without likert answers.
    """
    likert = [question for question in questions if question.kind == "likert"]
    if not any(summary.counts for summary in summaries if summary.question in {q.id for q in likert}):
        return None
    canvas, panels = _panels(likert, len(labels))
    for panel, question in zip(panels, likert, strict=False):
        own = [summary for summary in summaries if summary.question == question.id]
        for place, summary in enumerate(own):
            _stack(panel, place, [summary.counts.get(point, 0) for point in range(1, question.points + 1)])
        _rows(panel, [labels[summary.condition] for summary in own])
        panel.set_title(question.id, loc="left")
        panel.axvline(0, color="#222222", linewidth=0.6)
        panel.set_xlim(-100, 100)
        panel.set_xticks([-100, -50, 0, 50, 100], ["100", "50", "0", "50", "100"])
    _legend(canvas, max(question.points for question in likert))
    caption = (
        "Distribution of all ratings in per cent; the middle point is halved at zero, ratings below it lie to the "
        "left, those above it to the right."
    )
    return _saved("answers", caption, canvas)


def pairs_figure(pairs: Sequence[Pair], questions: Sequence[Question], labels: Labels) -> Figure | None:
    """Draw the effects of all pairs with intervals.

    Args:
        pairs: Holm-corrected.
        questions: on scales.
        labels: condition to the name that is shown.

    Returns:
        The picture; None without any effect.
    """
    if not any(pair.effect is not None for pair in pairs):
        return None
    count = max(sum(pair.question == question.id for pair in pairs) for question in questions)
    canvas, panels = _panels(questions, count, columns=2)
    for panel, question in zip(panels, questions, strict=False):
        own = [pair for pair in pairs if pair.question == question.id]
        for place, pair in enumerate(own):
            _effect(panel, place, pair)
        _rows(panel, [f"{labels[pair.first]} - {labels[pair.second]}" for pair in own])
        panel.axvline(0, color="#222222", linewidth=0.6)
        panel.set_xlim(-1.05, 1.05)
        panel.set_title(question.id, loc="left")
        panel.grid(axis="x", color="#e3e3e3", linewidth=0.6)
    caption = (
        "Matched-pairs rank-biserial correlation of every pair with its 95 % interval; to the right the first "
        "condition is rated higher. Filled: significant at 0.05 after Holm's correction over all pairs and questions."
    )
    return _saved("pairs", caption, canvas)


def _effect(panel: Axes, place: int, pair: Pair) -> None:
    if pair.effect is None:
        return
    found = pair.p_holm is not None and pair.p_holm <= 0.05
    if pair.effect_interval:
        panel.plot(pair.effect_interval, (place, place), color=ORANGE if found else GREY, linewidth=1.5)
    face = ORANGE if found else "white"
    panel.plot(pair.effect, place, "o", color=ORANGE if found else GREY, markerfacecolor=face, markersize=5)


def _stack(panel: Axes, place: int, counts: Sequence[int]) -> None:
    total = sum(counts)
    if not total:
        return
    shares = 100 * np.array(counts, float) / total
    middle = (len(counts) - 1) / 2
    below = shares[: int(np.ceil(middle))].sum() + (shares[int(middle)] / 2 if len(counts) % 2 else 0)
    starts = np.concatenate([[0], np.cumsum(shares)[:-1]]) - below
    panel.barh(place, shares, left=starts, color=_shades(len(counts)), height=0.72, edgecolor="white", linewidth=0.4)


def _shades(count: int) -> list[str]:
    """Return orange to violet; a middle point is grey, because the map's own middle cannot be told from paper."""
    shades = [mpl.colors.to_hex(colour) for colour in mpl.colormaps["PuOr"](np.linspace(0.08, 0.92, count))]
    if count % 2:
        shades[count // 2] = MIDDLE
    return shades


def _legend(canvas: Canvas, points: int) -> None:
    patches = [mpl.patches.Patch(color=colour, label=str(point)) for point, colour in enumerate(_shades(points), 1)]
    canvas.legend(handles=patches, ncols=points, loc="outside lower center", frameon=False, handlelength=1.2)


def _panels(questions: Sequence[Question], rows: int, columns: int = 3) -> tuple[Canvas, list[Axes]]:
    columns = min(columns, len(questions))
    lines = -(-len(questions) // columns)
    height = lines * (0.75 + 0.24 * rows) + 0.35
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]  # keys are plain words here
        canvas = Canvas(figsize=(WIDTH_INCH, height), layout="constrained")
        FigureCanvasAgg(canvas)
        panels = list(canvas.subplots(lines, columns, squeeze=False, sharey=True).flat)  # the same rows everywhere
    for panel in panels[len(questions) :]:
        panel.set_visible(False)
    return canvas, panels


def _rows(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)


def _saved(name: str, caption: str, canvas: Canvas) -> Figure:
    files = {}
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")  # what was laid out once stays so: laying out takes longer than drawing
        for kind in ("svg", "png"):
            file = io.BytesIO()
            canvas.savefig(file, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else None)
            files[kind] = file.getvalue()
    return Figure(name, caption, files["svg"], files["png"])
