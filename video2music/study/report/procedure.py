"""The report in words, beginning: what was found in short, and how the study was held."""

from collections.abc import Mapping
from importlib.metadata import version

import pandas as pd

from video2music import __version__
from video2music.study.designs import cell_count
from video2music.study.headphones import PASS, TRIALS
from video2music.study.plan import Question, Study
from video2music.study.report.analysis import Analysis
from video2music.study.report.comparisons import Pair
from video2music.study.report.document import Section, Table
from video2music.study.report.power import ALPHA
from video2music.study.report.wording import counted, in_english, listed, p_value
from video2music.study.session import PLAYED_SHARE

LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "pingouin", "krippendorff")
"""What the numbers are computed with."""

KINDS = {"likert": "{points} points", "slider": "0 to 100", "preference": "which of two", "text": "free text"}

HEADPHONES = {
    "required": "who failed it twice could not go on",
    "told": "its result is only reported",
}


def summary_section(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    """Say which conditions differ, question by question.

    Args:
        analysis: of one study.
        labels: condition to the name that is shown.
    """
    rows = []
    for test in analysis.included.friedman:
        own = [pair for pair in analysis.included.pairs if pair.question == test.question]
        found: dict[str, list[str]] = {}
        for pair in own:
            if pair.p_holm is not None and pair.p_holm <= ALPHA:
                higher, lower = _higher_first(pair, labels)
                found.setdefault(higher, []).append(lower)
        words = "; ".join(f"{higher} over {listed(lower)}" for higher, lower in found.items())
        rows.append([test.question, p_value(test.p), words or "no pair"])
    table = Table(
        f"Pairs of conditions whose ratings differ at {ALPHA:g} after Holm's correction over all pairs and questions "
        "(Wilcoxon's signed-rank test), the higher one first; p is of Friedman's test over all conditions.",
        ("Question", "p (Friedman)", "Rated higher over rated lower"),
        rows,
    )
    sentence = f"{counted(len(analysis.people.included), 'participant')} of {analysis.people.enrolled} are analysed."
    return Section("Summary", [sentence], [table])


def _higher_first(pair: Pair, labels: Mapping[str, str]) -> tuple[str, str]:
    first, second = labels[pair.first], labels[pair.second]
    return (first, second) if (pair.effect or 0) > 0 else (second, first)


def procedure_section(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    """Say how the study was held.

    Args:
        analysis: of one study.
        labels: condition to the name that is shown.
    """
    study, rows = analysis.answers.study, analysis.answers.rows
    asked = [[question.id, _kind(question), in_english(question.text), _ends(question)] for question in study.questions]
    roles = {"system": "compared", "low": "low anchor", "high": "high anchor"}
    compared = [[labels[condition.id], condition.id, roles[condition.role]] for condition in study.conditions]
    return Section(
        "Procedure",
        [_when(rows), _design(study), _stimuli(study), _session(study), _software()],
        [
            Table("Questions.", ("Question", "Scale", "Words", "Ends"), asked),
            Table("Conditions.", ("Condition", "Identifier", "Role"), compared),
        ],
    )


def _kind(question: Question) -> str:
    return KINDS.get(question.kind, question.kind).format(points=question.points)


def _ends(question: Question) -> str:
    ends = [in_english(end) for end in (question.low, question.high) if end]
    return " / ".join(ends)


def _when(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "Nobody has answered yet."
    days = sorted({str(moment)[:10] for moment in rows["started_at"]})
    span = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    people = rows.drop_duplicates("participant")
    consents = [f"version {name} ({count})" for name, count in _counts(people["consent_version"])]
    languages = [f"{name} ({count})" for name, count in _counts(people["language"])]
    return (
        f"Sessions began {span} (UTC). Participants agreed to the consent in {listed(consents)} and read the study in "
        f"{listed(languages)}; in brackets how many."
    )


def _counts(column: pd.Series) -> list[tuple[str, int]]:
    return [(str(name), int(count)) for name, count in column.value_counts().sort_index().items()]


def _design(study: Study) -> str:
    pairs = study.design.show == "pair"
    shown = "the same clip with two conditions" if pairs else "one clip with one condition"
    each = study.design.clips_each or len(study.clips)
    treatments = "all pairs of conditions" if pairs else "the conditions"
    return (
        f"Each participant saw {each} of {counted(len(study.clips), 'clip')}, each clip once, {shown} a page. The "
        f"order is that of a Williams square over {treatments} (Williams 1949), clips in random order. Of "
        f"{cell_count(study)} cells of the design, each new participant got the one with the fewest people."
    )


def _stimuli(study: Study) -> str:
    return (
        f"All stimuli have an integrated loudness of {study.lufs:g} LUFS (ITU-R BS.1770-4), and all conditions of a "
        "clip share one encoded picture."
    )


def _session(study: Study) -> str:
    parts = [
        f"Questions opened once {PLAYED_SHARE:.0%} of the clip had been played without seeking.",
        "Answers could not be changed once their page was left.",
    ]
    if study.session.headphones != "off":
        parts.append(
            f"Headphones were checked with {TRIALS} trials of antiphase tones, of which {PASS} right answers pass "
            f"(Woods et al. 2017); {HEADPHONES[study.session.headphones]}."
        )
    extras = [
        counted(len(items), noun)
        for items, noun in ((study.training, "practice trial"), (study.attention, "attention check"))
        if items
    ]
    if extras:
        parts.append(f"A session has {listed(extras)} too.")
    return " ".join(parts)


def _software() -> str:
    return f"Computed with video2music {__version__}, {listed(f'{name} {version(name)}' for name in LIBRARIES)}."
