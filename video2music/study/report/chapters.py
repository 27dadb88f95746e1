"""The report in words: who took part, ratings, tests and models."""

import json
from collections.abc import Mapping
from pathlib import Path

from video2music.study.flags import RULES
from video2music.study.plan import Question, Study
from video2music.study.report import figures
from video2music.study.report.analysis import Analysis
from video2music.study.report.answers import SCALES, Departed
from video2music.study.report.comparisons import Pair
from video2music.study.report.document import Document, Section, Table
from video2music.study.report.further import (
    agreement_section,
    power_section,
    preference_section,
    words_section,
)
from video2music.study.report.mixed import Contrast
from video2music.study.report.procedure import procedure_section, summary_section
from video2music.study.report.wording import (
    NOTHING,
    counted,
    in_english,
    interval,
    listed,
    number,
    p_value,
    percent,
    remarks,
)

REFERENCES = Path(__file__).with_name("references.json")

MINUS = "\N{MINUS SIGN}"

VERDICTS: Mapping[bool | None, str] = {True: "as it should be", False: "not shown", None: "cannot be told"}

ANCHORS = (
    "The anchors show whether a question was understood and its ratings can tell conditions apart at all: where the "
    "high anchor is not shown to be rated above the low one, the ratings of that question should not be trusted."
)


def write_document(analysis: Analysis) -> Document:
    """Put an analysis into words.

    Args:
        analysis: of one study.

    Returns:
        The whole report.
    """
    study = analysis.answers.study
    labels = {condition.id: condition.label or condition.id for condition in study.conditions}
    sections = [summary_section(analysis, labels)] if analysis.included.summaries else []
    sections += [_people(analysis), procedure_section(analysis, labels)]
    if analysis.included.summaries:
        sections += [
            _ratings(analysis, labels),
            _tests(analysis, labels),
            _models(analysis, labels),
            _sensitivity(analysis, labels),
            agreement_section(analysis),
            power_section(analysis),
        ]
    if any(question.kind == "preference" for question in study.questions):
        sections.append(preference_section(analysis, labels))
    sections += [words_section(analysis, labels), Section("References", json.loads(REFERENCES.read_text("utf-8")))]
    kind = "" if analysis.answers.mode == "live" else " (test sessions only)"
    return Document(f"{in_english(study.title)}: report of the listening study{kind}", sections)


def scales(study: Study) -> list[Question]:
    """Return the questions that are answered on a scale."""
    return [question for question in study.questions if question.kind in SCALES]


def _departed_words(departed: Departed | None) -> str:
    if departed is None:
        return "Who refused the consent or withdrew is in no exported table, and in none of these numbers."
    return (
        f"{counted(departed.refused, 'person', 'people')} did not agree to take part, and "
        f"{counted(departed.withdrawn, 'person', 'people')} withdrew and had everything deleted."
    )


def _people(analysis: Analysis) -> Section:
    people = analysis.people
    other = "test" if analysis.answers.mode == "live" else "live"
    apart = ""
    if people.other_mode:
        apart = f" {counted(people.other_mode, 'participant')} of {other} sessions are in none of the numbers."
    duration = "" if people.median_minutes is None else f" Their median duration was {people.median_minutes:.0f} min."
    paragraphs = [
        (
            f"{counted(people.enrolled, 'participant')} gave answers; {len(people.finished)} finished and "
            f"{people.unfinished} did not.{duration} {len(people.excluded)} of those who finished were excluded, so "
            f"that {len(people.included)} are in the analysis.{apart}"
        ),
        _departed_words(analysis.answers.departed),
    ]
    if people.headphones:
        heard = listed(f"{right} of 6 by {count}" for right, count in people.headphones.items())
        paragraphs.append(f"Right answers in the headphone check (Woods et al. 2017): {heard}.")
    rules = [[words, str(people.reasons[rule])] for rule, words in RULES.items()]
    missing = [
        [question, str(given), str(expected), percent(1 - given / expected if expected else None)]
        for question, (given, expected) in people.missing.items()
    ]
    tables = [
        Table(
            "Exclusions among those who finished (Meade & Craig 2012); one participant may break several rules.",
            ("Rule", "Participants"),
            rules,
        ),
        Table("Missing answers of those who finished.", ("Question", "Given", "Expected", "Missing"), missing),
    ]
    return Section("Participants", paragraphs, tables)


def _ratings(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    study = analysis.answers.study
    rows = [
        [
            summary.question,
            labels[summary.condition],
            str(summary.participants),
            str(summary.ratings),
            number(summary.mean),
            number(summary.sd),
            number(summary.rating_sd),
            interval(summary.interval),
        ]
        for summary in analysis.included.summaries
    ]
    caption = (
        "n participants, mean and standard deviation of participants' means, standard deviation of single ratings, and "
        "95 % interval of the mean bootstrapped over participants."
    )
    columns = ("Question", "Condition", "n", "Ratings", "Mean", "SD", "SD of ratings", "95 % CI")
    pictures = [
        figures.means_figure(analysis.included.summaries, scales(study), labels),
        figures.answers_figure(analysis.included.summaries, scales(study), labels),
    ]
    return Section(
        "Ratings",
        [
            (
                "The participant is the unit: each one's mean per condition comes first. Intervals are percentile "
                "intervals over 9999 resamples of participants (Efron 1979), widened for small samples (Hesterberg "
                "2015); they speak about other participants and these clips."
            ),
            (
                "Points of a scale are treated as numbers here. They are ordinal; means and models may mislead where "
                "the ends of a scale are used much (Liddell & Kruschke 2018), so the rank tests and the distribution "
                "of answers should agree with them."
            ),
        ],
        [Table(caption, columns, rows, grouped=True)],
        [picture for picture in pictures if picture],
    )


def _tests(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    found = analysis.included
    friedman = [
        [
            test.question,
            str(test.participants),
            number(test.statistic),
            str(test.df or NOTHING),
            p_value(test.p),
            number(test.kendall_w),
        ]
        for test in found.friedman
    ]
    tables = [
        Table(
            "Friedman's test over participants' means, with Kendall's W.",
            ("Question", "n", "Chi-squared", "df", "p", "W"),
            friedman,
        ),
        Table(
            "Wilcoxon's signed-rank test for every pair: mean difference, p alone and after Holm's correction, and the "
            "matched-pairs rank-biserial correlation r. Intervals of differences are bootstrapped over participants.",
            ("Question", "Pair", "n", "Difference", "95 % CI", "W", "p", "p (Holm)", "r", "95 % CI of r"),
            [_pair_row(pair, labels) for pair in found.pairs],
            grouped=True,
        ),
    ]
    if analysis.anchors:
        tables.insert(0, _anchor_table(analysis, labels))
    family = sum(pair.p is not None for pair in found.pairs)
    return Section(
        "Do the conditions differ?",
        [
            (
                "Whether any condition differs is tested with Friedman's test (1937) by those who rated all of them; W "
                "is Kendall's coefficient (Kendall & Babington Smith 1939). Pairs are tested with Wilcoxon's "
                f"signed-rank test (1945) and corrected with Holm's method (1979) over the whole family of "
                f"{counted(family, 'test')}: all pairs of all questions. r is the share of the rank sum in favour of "
                "the first condition minus the share in favour of the second (Kerby 2014), with a score interval "
                "(Newcombe 2006) over normal differences (Hoeffding 1948)."
            ),
            (
                "These tests speak about other participants and these clips. A participant hears every condition with "
                "other clips, so what each clip adds to the ratings is estimated beside the conditions and taken out "
                "first (aligned ranks: Hodges & Lehmann 1962); differences and their intervals are of those ratings."
            ),
            *remarks((test.question, test.remark) for test in found.friedman),
            *remarks((_name(pair, labels), pair.remark) for pair in found.pairs),
            *([ANCHORS] if analysis.anchors else []),
        ],
        tables,
        [picture for picture in [figures.pairs_figure(found.pairs, scales(analysis.answers.study), labels)] if picture],
    )


def _anchor_table(analysis: Analysis, labels: Mapping[str, str]) -> Table:
    rows = [
        [
            check.question,
            f"{labels[check.high]} {MINUS} {labels[check.low]}",
            number(check.difference),
            p_value(check.p),
            VERDICTS[check.passed],
        ]
        for check in analysis.anchors
    ]
    caption = "Is the high anchor rated above the low one? One-sided signed-rank test of each question alone."
    return Table(caption, ("Question", "Anchors", "Difference", "p", "Verdict"), rows)


def _name(pair: Pair, labels: Mapping[str, str]) -> str:
    return f"{pair.question}: {_pair(pair, labels)}"


def _pair(pair: Pair | Contrast, labels: Mapping[str, str]) -> str:
    return f"{labels[pair.first]} {MINUS} {labels[pair.second]}"


def _pair_row(pair: Pair, labels: Mapping[str, str]) -> list[str]:
    return [
        pair.question,
        _pair(pair, labels),
        str(pair.participants),
        number(pair.difference),
        interval(pair.interval),
        number(pair.statistic, 1),
        p_value(pair.p),
        p_value(pair.p_holm),
        number(pair.effect),
        interval(pair.effect_interval),
    ]


def _models(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    contrasts = [
        [
            c.question,
            _pair(c, labels),
            number(c.difference),
            number(c.error),
            number(c.df, 1),
            number(c.t),
            p_value(c.p),
            p_value(c.p_holm),
            interval(c.interval),
        ]
        for model in analysis.models
        for c in model.contrasts
    ]
    names = list(dict.fromkeys(name for model in analysis.models for name in model.deviations))
    deviations = [
        [model.question, str(model.ratings), *(number(model.deviations.get(name)) for name in names)]
        for model in analysis.models
        if model.deviations
    ]
    paragraphs = [
        (
            "Ratings are modelled with conditions as fixed effects, and participants and clips as crossed random "
            "effects (Baayen et al. 2008) together with their interactions with the condition where the design repeats "
            "them (Barr et al. 2013). Estimates are by REML (Bates et al. 2015) with Satterthwaite's degrees of "
            "freedom (Satterthwaite 1946; Kuznetsova et al. 2017). A contrast speaks about other participants "
            "and other clips."
        ),
        *remarks((model.question, model.remark) for model in analysis.models),
    ]
    fitted = [model for model in analysis.models if model.deviations]
    stuck = [model.question for model in fitted if not model.converged]
    if stuck:
        paragraphs.append(f"The fit of {listed(stuck)} did not converge; its numbers should not be used.")
    elif fitted:
        paragraphs.append("All fits converged: different starts led to the same minimum.")
    paragraphs += [
        f"{model.question}: the variance of {listed(model.singular)} is estimated as zero."
        for model in fitted
        if model.singular
    ]
    tables = [
        Table("Standard deviations of the random effects.", ("Question", "Ratings", *names), deviations),
        Table(
            "Contrasts of all pairs; Holm's correction is over all of them.",
            ("Question", "Pair", "Difference", "SE", "df", "t", "p", "p (Holm)", "95 % CI"),
            contrasts,
            grouped=True,
        ),
    ]
    return Section("Mixed models", paragraphs, tables if fitted else [])


def _sensitivity(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    everyone = {(pair.question, pair.first, pair.second): pair for pair in analysis.everyone}
    rows, changed = [], []
    for pair in analysis.included.pairs:
        other = everyone[pair.question, pair.first, pair.second]
        if _significant(pair) != _significant(other):
            changed.append(_name(pair, labels))
        rows.append(
            [
                pair.question,
                _pair(pair, labels),
                str(pair.participants),
                number(pair.difference),
                p_value(pair.p_holm),
                str(other.participants),
                number(other.difference),
                p_value(other.p_holm),
            ]
        )
    verdict = f"The verdict at 0.05 changes for {listed(changed)}." if changed else "No verdict at 0.05 changes."
    caption = "Pairs without (left) and with (right) those who were excluded or did not finish."
    columns = ("Question", "Pair", "n", "Difference", "p (Holm)", "n, all", "Difference, all", "p (Holm), all")
    return Section(
        "What the exclusions change",
        [f"The same tests with everybody who rated anything, excluded and unfinished participants too. {verdict}"],
        [Table(caption, columns, rows, grouped=True)],
    )


def _significant(pair: Pair) -> bool:
    return pair.p_holm is not None and pair.p_holm <= 0.05
