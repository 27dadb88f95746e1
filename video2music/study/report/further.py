"""The report in words, second part: agreement, power, preferences, and what people said."""

from collections.abc import Mapping, Sequence

from video2music.study.report.agreement import Agreement
from video2music.study.report.analysis import Analysis
from video2music.study.report.document import Section, Table
from video2music.study.report.people import Tally
from video2music.study.report.power import SIMULATIONS
from video2music.study.report.wording import NOTHING, counted, interval, number, p_value, percent, remarks


def agreement_section(analysis: Analysis) -> Section:
    """Say how far participants agree.

    Args:
        analysis: of one study.
    """
    tables = [_agreement_table("All stimuli", analysis.agreement)]
    if analysis.systems_agreement:
        tables.append(_agreement_table("Without the anchors, which make agreement easy", analysis.systems_agreement))
    return Section(
        "Agreement of participants",
        [
            (
                "ICC(2,k) is the share of the variance between stimuli (a clip under a condition) in a stimulus's mean "
                "over k participants, ICC(2,1) the same for one participant (Shrout & Fleiss 1979; McGraw & Wong "
                "1996). Where participants do not rate every stimulus, both come from the variance components of a "
                "model with stimuli and participants crossed, k being the harmonic mean of the ratings per stimulus "
                "(Putka et al. 2008), and no interval is given. Krippendorff's alpha (2011) compares single ratings, "
                "with ordinal distances for likert questions and interval distances for sliders; missing ratings are "
                "no problem for it. Low values are usual for music: they bound how well anything can agree with one "
                "listener."
            ),
            *remarks((found.question, found.remark) for found in analysis.agreement),
        ],
        tables,
    )


def _agreement_table(caption: str, found: Sequence[Agreement]) -> Table:
    columns = ("Question", "Stimuli", "Participants", "k", "ICC(2,1)", "ICC(2,k)", "95 % CI", "Alpha")
    rows = [
        [
            one.question,
            str(one.stimuli),
            str(one.participants),
            number(one.k, 1),
            number(one.single),
            number(one.average),
            interval(one.interval),
            number(one.alpha),
        ]
        for one in found
    ]
    return Table(f"{caption}.", columns, rows)


def power_section(analysis: Analysis) -> Section:
    """Say what the planned number of participants can find.

    Args:
        analysis: of one study.
    """
    rows = [
        [one.question, str(one.participants), number(one.difference), percent(one.alone), percent(one.corrected)]
        for one in analysis.power
    ]
    assumed = any(one.assumed for one in analysis.power)
    source = "assumed standard deviations, because there is no fitted model" if assumed else "the fitted mixed models"
    return Section(
        "Power",
        [
            (
                f"The probability that Wilcoxon's test finds a true difference with the planned number of "
                f"participants, in {SIMULATIONS} simulated studies per row, with variances from {source}. The last "
                "column uses the strictest level of Holm's correction, so the power under the whole correction is at "
                "least that. It is for planning the next study: it is no evidence about this one."
            )
        ],
        [
            Table(
                "Power to find a difference between two conditions.",
                ("Question", "Planned n", "Difference", "One test at 0.05", "After Holm, at least"),
                rows,
            )
        ],
    )


def preference_section(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    """Say what was preferred.

    Args:
        analysis: of one study.
        labels: condition to the name that is shown.
    """
    pairs = [
        [
            f"{one.question}: {labels[one.first]} over {labels[one.second]}",
            str(one.participants),
            f"{one.wins} / {one.ties} / {one.losses}",
            percent(one.share),
            interval([100 * end for end in one.interval] if one.interval else None, 0),
            f"{one.for_first} : {one.for_second}",
            p_value(one.p),
            p_value(one.p_holm),
        ]
        for one in analysis.preferences
    ]
    abilities = [
        [f"{one.question}: {labels[one.condition]}", number(one.log_odds), interval(one.interval)]
        for one in analysis.abilities
    ]
    sides = [
        f"{side.question}: the left one was chosen in {percent(side.share)} of the answers (95 % CI "
        f"{interval([100 * end for end in side.interval] if side.interval else None, 0)})."
        for side in analysis.sides
    ]
    tables = [
        Table(
            "Pairs: answers for the first, ties, answers for the second; share of the first in per cent.",
            ("Question and pair", "n", "First / tie / second", "Share", "95 % CI", "Participants", "p", "p (Holm)"),
            pairs,
        ),
        Table(
            "Bradley-Terry scale: log odds against the average condition.",
            ("Question and condition", "Log odds", "95 % CI"),
            abilities,
        ),
    ]
    return Section(
        "Preferences",
        [
            (
                "A tie counts half for either side. Answers of one participant depend on each other, so shares are "
                "means over participants with intervals bootstrapped over participants, and the test is a binomial "
                "(sign) test over participants who preferred one of the two more often, with Holm's correction (1979). "
                "The scale is that of Bradley and Terry (1952), by logistic regression with standard errors clustered "
                "by participant."
            ),
            *sides,
            *([] if analysis.abilities else ["The answers do not suffice for a Bradley-Terry scale."]),
        ],
        [table for table in tables if table.rows],
    )


def words_section(analysis: Analysis, labels: Mapping[str, str]) -> Section:
    """List choices, background and free texts.

    Args:
        analysis: of one study.
        labels: condition to the name that is shown.
    """
    tables = [
        Table(f"{caption}: {tally.question}.", ("Answer", "Participants' answers"), _tally_rows(tally))
        for caption, found in (("Choice", analysis.choices), ("Background", analysis.background))
        for tally in found
        if tally.counts
    ]
    if analysis.texts:
        rows = [
            [text["question"], text["clip"] or NOTHING, labels.get(text["condition"], NOTHING), text["value"]]
            for text in analysis.texts
        ]
        tables.append(Table("Free texts, as written.", ("Question", "Clip", "Condition", "Text"), rows))
    sentence = (
        f"{counted(len(analysis.texts), 'free text')} and {counted(len(tables) - bool(analysis.texts), 'table')}."
    )
    return Section("Background and free texts", [sentence if tables else "Nothing else was answered."], tables)


def _tally_rows(tally: Tally) -> list[list[str]]:
    return [[answer, str(count)] for answer, count in tally.counts.items()]
