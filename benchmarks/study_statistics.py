"""Do the tests of a study's report keep their levels, and do its intervals hold what they promise?

Studies are simulated through the real design (24 participants, 12 clips, 4 conditions, 5 questions from 1 to 7):

* null: no condition differs. Every test may reject in 5 % of the studies, a corrected family in at most 5 %.
* effects: two conditions are better by half a point and a point. Intervals must hold the truth in 95 %.
* clips: no condition differs over all clips, but conditions suit clips differently. Only the mixed model claims to hold
  for other clips.

Every share comes with its binomial interval (Clopper & Pearson 1934). Each study is a line of the output file; a run
that was stopped goes on where it was.

    python -m benchmarks.study_statistics --out build/study_statistics.jsonl
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from video2music.study.plan import Study
from video2music.study.report import answers, comparisons, means, mixed
from video2music.study.report.effect_size import rank_biserial
from video2music.study.report.means import Interval
from video2music.study.simulation import Crowd, Population, Simulated, simulate

LEVEL = 0.05
RESAMPLES = 999
LARGE = 1500
"""Participants from whom the true rank-biserial correlation is taken."""

SETTINGS: Mapping[str, Population] = {
    "null": Population(),
    "effects": Population(effects={"b": 0.5, "c": 1.0}),
    "clips": Population(clip_condition_sd=0.4),
}
Outcome = dict[str, bool | None]


def main() -> None:
    """Simulate what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="one line per study; goes on where it stopped")
    parser.add_argument("--studies", type=int, default=500, help="of each setting")
    parser.add_argument("--participants", type=int, default=24)
    options = parser.parse_args()
    study = small_study()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done = {(line["setting"], line["seed"]) for line in lines(options.out)}
    with options.out.open("a", encoding="utf-8") as file:
        for setting, population in SETTINGS.items():
            for seed in range(options.studies):
                if (setting, seed) not in done:
                    found = one_study(study, population, setting, seed, options.participants)
                    file.write(json.dumps({"setting": setting, "seed": seed, "found": found}) + "\n")
                    file.flush()
    print(table(options.out))


def small_study() -> Study:
    """Return a study of four conditions, twelve clips and five questions."""
    words = {"en": "-"}
    return Study.model_validate(
        {
            "name": "simulated",
            "title": words,
            "consent": {"version": "1", "text": words},
            "questions": [{"id": f"q{n}", "text": words, "low": words, "high": words} for n in range(5)],
            "conditions": [{"id": name, "source": "engine"} for name in "abcd"],
            "clips": [{"id": f"clip-{n}", "file": f"{n}.mp4"} for n in range(12)],
        }
    )


def one_study(study: Study, population: Population, setting: str, seed: int, participants: int) -> Outcome:
    """Simulate one study and look at what the report says about it.

    Args:
        study: the plan.
        population: where ratings come from.
        setting: a key of SETTINGS.
        seed: of the simulation.
        participants: how many.

    Returns:
        For tests whether they reject, for intervals whether they hold the truth; None where there is none.
    """
    simulated = simulate(study, population, Crowd(participants), seed=seed)
    rows = answers.gather(study, simulated.rows).rows
    found: Outcome = {}
    if setting != "clips":
        _tests(found, study, rows)
        effects = population.effects
        _intervals(found, study, rows, simulated, (effects.get("c", 0.0), effects.get("a", 0.0)))
    _model(found, study, rows, simulated, population)
    return found


def aligned(study: Study, rows: Any, question: str) -> Any:  # noqa: ANN401 - tables
    """Return participants' means as the report compares them."""
    table = answers.without_clip_effects(answers.ratings(rows, question))
    return answers.participant_means(table, answers.condition_ids(study))


def _tests(found: Outcome, study: Study, rows: Any) -> None:  # noqa: ANN401 - a table
    pairs = []
    for question in answers.scale_questions(study):
        own = aligned(study, rows, question)
        found[f"Friedman {question}"] = _rejects(comparisons.friedman(question, own).p)
        pairs += comparisons.compare_pairs(question, own, resamples=0)
    found["Wilcoxon, one pair"] = _rejects(pairs[0].p)
    found["Wilcoxon with Holm, any of 30"] = any(_rejects(pair.p_holm) for pair in comparisons.with_holm(pairs))


@cache
def true_effect(first: float, second: float) -> float:
    """Return the rank-biserial correlation of a large population, from what two conditions add to ratings."""
    if first == second:
        return 0.0
    study = small_study()
    population = Population(effects={"c": first, "a": second})
    rows = answers.gather(study, simulate(study, population, Crowd(LARGE), seed=LARGE).rows).rows
    own = aligned(study, rows[rows["question"] == "q0"], "q0")
    return float(rank_biserial(np.round((own["c"] - own["a"]).to_numpy(float), 9)))


def _intervals(
    found: Outcome,
    study: Study,
    rows: Any,  # noqa: ANN401 - a table
    simulated: Simulated,
    effects: tuple[float, float],
) -> None:
    truth = simulated.expected["q0"]
    own = answers.participant_means(answers.ratings(rows, "q0"), answers.condition_ids(study))
    found["interval of a mean"] = _holds(means.mean_interval(own["a"].to_numpy(), RESAMPLES), truth["a"])
    pair = comparisons.compare_pairs("q0", aligned(study, rows, "q0")[["c", "a"]], RESAMPLES)[0]
    found["interval of a difference of means"] = _holds(pair.interval, truth["c"] - truth["a"])
    found["interval of a rank-biserial correlation"] = _holds(pair.effect_interval, true_effect(*effects))


def _model(found: Outcome, study: Study, rows: Any, simulated: Simulated, population: Population) -> None:  # noqa: ANN401
    model = mixed.fit_model("q0", answers.ratings(rows, "q0"), answers.condition_ids(study))
    model = mixed.with_holm([model])[0]
    first = model.contrasts[0]
    truth = simulated.expected["q0"]
    fair = population.clip_condition_sd > 0
    found["mixed model, one contrast"] = _rejects(first.p)
    found["mixed model with Holm, any of 6"] = any(_rejects(contrast.p_holm) for contrast in model.contrasts)
    found["mixed model, interval of a contrast"] = _holds(first.interval, 0.0 if fair else truth["a"] - truth["b"])
    found["mixed model converged"] = model.converged


def _rejects(p: float | None) -> bool:
    return p is not None and p <= LEVEL


def _holds(interval: Interval | None, truth: float) -> bool | None:
    return None if interval is None else interval[0] <= truth <= interval[1]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the studies that are there; a line that was cut off is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def table(path: Path) -> str:
    """Return the shares with their intervals as Markdown."""
    studies = list(lines(path))
    rows = ["| setting | what | studies | share | 95 % interval |", "|---|---|---|---|---|"]
    for setting in SETTINGS:
        own = [line["found"] for line in studies if line["setting"] == setting]
        for name in dict.fromkeys(name for found in own for name in found):
            values = np.array([found[name] for found in own if found.get(name) is not None], bool)
            if not len(values):
                continue
            ends = stats.binomtest(int(values.sum()), len(values)).proportion_ci()
            rows.append(
                f"| {setting} | {name} | {len(values)} | {values.mean():.1%} | {ends.low:.1%} to {ends.high:.1%} |"
            )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
