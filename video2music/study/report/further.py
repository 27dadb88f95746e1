"""The report in words, second part: agreement, power, preferences, and what people said."""

from collections.abc import Mapping, Sequence

from video2music.study.plan import Question
from video2music.study.report.agreement import Agreement
from video2music.study.report.analysis import Analysis
from video2music.study.report.document import Section, Table
from video2music.study.report.people import Tally
from video2music.study.report.power import SIMULATIONS
from video2music.study.report.wording import NOTHING, in_english, interval, number, p_value, percent, remarks


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
        [
            one.question,
            number(one.difference),
            str(one.participants),
            percent(one.alone),
            percent(one.corrected),
            interval([100 * end for end in one.interval], 0),
        ]
        for one in analysis.power
    ]
    assumed = any(one.assumed for one in analysis.power)
    source = "assumed standard deviations, because there is no fitted model" if assumed else "the fitted mixed models"
    return Section(
        "Power",
        [
            (
                "The probability that Wilcoxon's test finds a true difference with the planned number of participants, "
                f"in {SIMULATIONS} simulated studies per row, with variances from {source}. The power after Holm is "
                "that at the strictest level of the correction, so the power under the whole correction is at least "
                "that; its interval is that of the simulation (Clopper & Pearson 1934). It is for planning the next "
                "study: it is no evidence about this one."
            )
        ],
        [
            Table(
                "Power to find a difference between two conditions.",
                ("Question", "Difference", "Planned n", "One test at 0.05", "After Holm, at least", "95 % CI"),
                rows,
                grouped=True,
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
            one.question,
            f"{labels[one.first]} over {labels[one.second]}",
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
        [one.question, labels[one.condition], number(one.log_odds), interval(one.interval)]
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
            ("Question", "Pair", "n", "First / tie / second", "Share", "95 % CI", "Participants", "p", "p (Holm)"),
            pairs,
            grouped=True,
        ),
        Table(
            "Bradley-Terry scale: log odds against the average condition.",
            ("Question", "Condition", "Log odds", "95 % CI"),
            abilities,
            grouped=True,
        ),
    ]
    return Section(
        "Preferences",
        [
            (
                "A tie counts half for either side. Answers of one participant depend on each other, so shares are "
                "means over participants with intervals bootstrapped over participants, and the test is a binomial "
                "(sign) test (Dixon & Mood 1946) over participants who preferred one of the two more often, with "
                "Holm's correction (1979); the table says how many they are. "
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
    study = analysis.answers.study
    asked = {question.id: question for question in (*study.questions, *study.background)}
    tables = [
        Table(
            f"{in_english(asked[tally.question].text)} ({tally.question})", ("Answer", "n"), _tally_rows(tally, asked)
        )
        for tally in (*analysis.choices, *analysis.background)
        if tally.counts
    ]
    if analysis.texts:
        rows = [
            [text["question"], text["clip"] or NOTHING, labels.get(text["condition"], NOTHING), text["value"]]
            for text in sorted(analysis.texts, key=lambda text: text["question"])
        ]
        tables.append(Table("Free texts, as written.", ("Question", "Clip", "Condition", "Text"), rows, grouped=True))
    return Section("Background and free texts", [] if tables else ["Nothing else was answered."], tables)


def _tally_rows(tally: Tally, asked: Mapping[str, Question]) -> list[list[str]]:
    """Return how often each answer was given, in the order of the study's file."""
    words = {option.id: in_english(option.text) for option in asked[tally.question].options}
    if words:
        return [[text, str(tally.counts.get(name, 0))] for name, text in words.items()]
    return [[answer, str(tally.counts[answer])] for answer in sorted(tally.counts, key=float)]
