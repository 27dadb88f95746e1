"""Simulated participants: the truth that is put in comes out again."""

from statistics import mean

import pytest

from video2music.study import designs
from video2music.study.flags import find_flags
from video2music.study.plan import Study
from video2music.study.report.answers import COLUMNS, condition_ids, gather, participant_means, ratings
from video2music.study.report.mixed import fit_model
from video2music.study.simulation import Crowd, Population, Simulated, simulate

WORDS = {"en": "-"}


def a_study(**changes: object) -> Study:
    scale = {"text": WORDS, "low": WORDS, "high": WORDS}
    content = {
        "name": "simulated",
        "title": WORDS,
        "consent": {"version": "1", "text": WORDS},
        "questions": [{"id": "overall", **scale}, {"id": "match", "kind": "slider", **scale}],
        "conditions": [{"id": name, "source": "engine"} for name in ("a", "b", "c")],
        "clips": [{"id": f"clip-{n}", "file": f"{n}.mp4"} for n in range(12)],
        "attention": [
            {"id": f"check-{after}", "after": after, "expect": 2, "question": {"id": "told", **scale}}
            for after in (3, 8)
        ],
    }
    return Study.model_validate(content | changes)


@pytest.fixture(scope="module")
def crowd() -> Simulated:
    cheaters = {"attention": 8, "too_fast": 8, "straight_lining": 8}
    population = Population(effects={"b": 0.5, "c": 1.0})
    return simulate(a_study(), population, Crowd(200, drop_out=0.1, cheaters=cheaters, slip=0.005), seed=5)


def test_rows_have_every_column_and_follow_the_design(crowd: Simulated) -> None:
    row = crowd.rows[0]
    assert tuple(row) == COLUMNS
    shown = {
        (r["position"], r["clip"], r["condition"]) for r in crowd.rows if r["number"] == 7 and r["kind"] == "trial"
    }
    trials = designs.trials(a_study(), next(r["cell"] for r in crowd.rows if r["number"] == 7), 7)
    assert shown <= {(trial.position, trial.clip, *trial.conditions) for trial in trials}


def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    first, again, other = (simulate(a_study(), crowd=Crowd(5), seed=seed).rows for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_who_drops_out_is_unfinished_and_the_cells_stay_in_balance(crowd: Simulated) -> None:
    states = {row["participant"]: (row["state"], row["cell"]) for row in crowd.rows}
    assert {name for name, (state, _) in states.items() if state != "finished"} == crowd.drop_outs
    assert 8 <= len(crowd.drop_outs) <= 32
    cells = [cell for state, cell in states.values() if state == "finished"]
    counts = [cells.count(cell) for cell in range(designs.cell_count(a_study()))]
    assert max(counts) - min(counts) <= 1


def test_cheaters_are_flagged_for_what_they_did_and_hardly_anybody_else(crowd: Simulated) -> None:
    flags = find_flags(crowd.rows)
    flagged = {flag.participant for flag in flags}
    recall = len(flagged & set(crowd.cheaters)) / len(crowd.cheaters)
    precision = len(flagged & set(crowd.cheaters)) / len(flagged)
    assert recall == 1.0
    assert precision >= 0.85
    assert {(flag.participant, flag.rule) for flag in flags} >= set(crowd.cheaters.items())


def test_two_hundred_participants_give_the_effects_back_within_the_intervals(crowd: Simulated) -> None:
    study = a_study()
    honest = [r for r in crowd.rows if r["participant"] not in crowd.cheaters | dict.fromkeys(crowd.drop_outs, "")]
    rows = gather(study, honest).rows
    model = fit_model("overall", ratings(rows, "overall"), condition_ids(study))
    truth = crowd.expected["overall"]
    assert model.converged
    for contrast in model.contrasts:
        assert contrast.interval is not None
        low, high = contrast.interval
        assert high - low < 0.5
        assert low <= truth[contrast.first] - truth[contrast.second] <= high


def test_expected_means_are_those_of_many_participants() -> None:
    study = a_study()
    simulated = simulate(study, Population(effects={"c": 2.5}, participant_sd=0.3), Crowd(240), seed=3)
    table = ratings(gather(study, simulated.rows).rows, "overall")
    means = participant_means(table, condition_ids(study)).mean()
    for condition, expected in simulated.expected["overall"].items():
        assert means[condition] == pytest.approx(expected, abs=0.12)
    assert simulated.expected["overall"]["c"] < 6.5  # the end of the scale cuts the effect


def test_pairs_are_preferred_by_the_size_of_the_effect() -> None:
    question = {"id": "which", "kind": "preference", "ties": True, "text": WORDS}
    study = a_study(questions=[question], design={"show": "pair"}, attention=[])
    rows = simulate(study, Population(effects={"c": 2.0}), Crowd(40), seed=1).rows
    scores = {"left": 1.0, "tie": 0.5, "right": 0.0}
    for_c = [
        scores[row["value"]] if row["condition"] == "c" else 1 - scores[row["value"]]
        for row in rows
        if "c" in (row["condition"], row["other_condition"])
    ]
    assert mean(for_c) > 0.8
    assert any(row["value"] == "tie" for row in rows)
