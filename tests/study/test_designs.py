import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.study.designs import cell_count, least_filled, trials, williams_rows
from video2music.study.plan import Study
from video2music.study.trials import Trial


def a_study(conditions: int, clips: int, **design: object) -> Study:
    return Study.model_validate(
        {
            "name": "s",
            "title": "t",
            "consent": {"version": "1", "text": "yes"},
            "questions": [{"id": "q", "text": "How?"}],
            "conditions": [{"id": f"c{number}", "source": "engine"} for number in range(conditions)],
            "clips": [{"id": f"v{number}", "file": "v.mp4"} for number in range(clips)],
            "design": design,
        }
    )


def everybody(study: Study) -> list[tuple[Trial, ...]]:
    """One participant of every cell, each with a number of its own."""
    return [trials(study, cell, 100 + cell) for cell in range(cell_count(study))]


def equal(counts: Counter, keys: Iterable[object]) -> bool:
    return len({counts[key] for key in keys}) == 1


def neighbours(shown: Sequence[Trial]) -> Iterable[tuple[Trial, Trial]]:
    return itertools.pairwise(shown)


sizes = st.tuples(st.integers(2, 7), st.integers(1, 21))


@given(st.integers(1, 12))
def test_in_a_williams_square_every_treatment_follows_every_other_equally_often(count: int) -> None:
    rows = williams_rows(count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    follows = Counter(pair for row in rows for pair in itertools.pairwise(row))
    assert equal(follows, itertools.permutations(range(count), 2)) or count == 1
    assert equal(
        Counter(enumerated for row in rows for enumerated in enumerate(row)), itertools.product(range(count), repeat=2)
    )


def test_the_square_of_four_is_the_published_one() -> None:
    # Williams (1949): 1 2 4 3 / 2 3 1 4 / 3 4 2 1 / 4 1 3 2
    assert [[item + 1 for item in row] for row in williams_rows(4)[:4]] == [
        [1, 2, 4, 3],
        [2, 3, 1, 4],
        [3, 4, 2, 1],
        [4, 1, 3, 2],
    ]


@given(sizes, st.integers(0, 3))
def test_everybody_sees_each_clip_once_and_each_condition_about_as_often(size: tuple[int, int], seed: int) -> None:
    study = a_study(*size, seed=seed)
    for shown in everybody(study):
        assert sorted(trial.clip for trial in shown) == sorted(clip.id for clip in study.clips)
        assert [trial.position for trial in shown] == list(range(1, len(shown) + 1))
        times = Counter(trial.conditions[0] for trial in shown)
        counts = [times[condition.id] for condition in study.conditions]
        assert max(counts) - min(counts) <= 1


@given(sizes)
def test_over_all_cells_every_clip_has_every_condition_equally_often(size: tuple[int, int]) -> None:
    study = a_study(*size)
    counts = Counter((trial.clip, trial.conditions[0]) for shown in everybody(study) for trial in shown)
    assert equal(counts, itertools.product([c.id for c in study.clips], [c.id for c in study.conditions]))


@given(st.integers(2, 6), st.integers(1, 3))
def test_whole_blocks_hold_every_condition_once_at_every_place_and_after_every_other(count: int, blocks: int) -> None:
    study = a_study(count, count * blocks)
    people, names = everybody(study), [condition.id for condition in study.conditions]
    for shown in people:
        for block in range(1, blocks + 1):
            assert sorted(t.conditions[0] for t in shown if t.block == block) == sorted(names)
    places = Counter((t.block, t.position, t.conditions[0]) for shown in people for t in shown)
    assert len(set(places.values())) == 1
    assert len(places) == count * count * blocks
    follows = Counter(
        (a.conditions[0], b.conditions[0]) for shown in people for a, b in neighbours(shown) if a.block == b.block
    )
    assert equal(follows, itertools.permutations(names, 2))


@given(st.integers(2, 6))
def test_with_enough_blocks_the_order_is_balanced_across_their_borders_too(count: int) -> None:
    study = a_study(count, count * count)  # as many borders as there are distances
    names = [condition.id for condition in study.conditions]
    follows = Counter((a.conditions[0], b.conditions[0]) for shown in everybody(study) for a, b in neighbours(shown))
    assert equal(follows, itertools.permutations(names, 2))
    assert all(follows[name, name] == 0 for name in names)


@given(st.integers(2, 6))
def test_no_clip_is_bound_to_a_place_in_the_block(count: int) -> None:
    study = a_study(count, count)
    places = Counter((trial.clip, trial.position) for shown in everybody(study) for trial in shown)
    assert equal(places, itertools.product([clip.id for clip in study.clips], range(1, count + 1)))


@given(sizes, st.data())
def test_incomplete_sets_of_clips_are_in_balance_too(size: tuple[int, int], data: st.DataObject) -> None:
    each = data.draw(st.integers(1, size[1]))
    study = a_study(*size, clips_each=each)
    people = everybody(study)
    assert all(len({trial.clip for trial in shown}) == len(shown) == each for shown in people)
    counts = Counter((trial.clip, trial.conditions[0]) for shown in people for trial in shown)
    assert equal(counts, itertools.product([c.id for c in study.clips], [c.id for c in study.conditions]))


@given(st.integers(2, 5), st.integers(1, 13))
def test_pairs_are_shown_each_way_round_equally_often(conditions: int, clips: int) -> None:
    study = a_study(conditions, clips, show="pair")
    people, names = everybody(study), [condition.id for condition in study.conditions]
    counts = Counter((trial.clip, trial.conditions) for shown in people for trial in shown)
    assert equal(counts, itertools.product([c.id for c in study.clips], itertools.permutations(names, 2)))


@pytest.mark.parametrize("conditions", [2, 3, 5])
def test_nobody_has_a_condition_always_on_one_side(conditions: int) -> None:
    pairs = conditions * (conditions - 1) // 2
    study = a_study(conditions, 2 * pairs, show="pair")
    for shown in everybody(study):
        sides = Counter((name, side) for trial in shown for side, name in enumerate(trial.conditions))
        assert equal(sides, itertools.product([c.id for c in study.conditions], (0, 1)))


def test_the_same_participant_always_sees_the_same_and_others_other_orders() -> None:
    study = a_study(3, 12)
    assert trials(study, 2, 7) == trials(study, 2, 7)
    clips = {number: [trial.clip for trial in trials(study, 2, number)] for number in range(10)}
    assert len({tuple(order) for order in clips.values()}) == 10
    dealt = {number: {(t.clip, t.conditions) for t in trials(study, 2, number)} for number in range(10)}
    assert all(pairs == dealt[0] for pairs in dealt.values()), "the cell alone deals conditions to clips"
    assert trials(a_study(3, 12, seed=2), 2, 7) != trials(study, 2, 7)


def test_a_cell_that_does_not_exist_is_a_defect() -> None:
    study = a_study(3, 6)
    for cell in (-1, cell_count(study)):
        with pytest.raises(ValueError, match="cell"):
            trials(study, cell, 1)


@given(st.integers(2, 12), st.lists(st.booleans(), min_size=1, max_size=150), st.integers(0, 5))
def test_cells_stay_balanced_however_many_drop_out(cells: int, stays: list[bool], seed: int) -> None:
    counts = [0] * cells
    for stay in stays:  # whoever leaves no longer counts when the next one comes
        cell = least_filled(counts, seed)
        assert counts[cell] == min(counts)
        counts[cell] += stay
    assert max(counts) - min(counts) <= 1


def test_the_lot_among_equals_is_repeatable_and_reaches_all() -> None:
    assert {least_filled([0] * 6, seed) for seed in range(100)} == set(range(6))
    assert least_filled([1, 0, 0, 1], 3) == least_filled([1, 0, 0, 1], 3)
    assert least_filled([2, 1, 2], 0) == 1


def test_after_a_full_set_with_drop_outs_every_clip_has_every_condition_equally_often() -> None:
    study = a_study(4, 8)
    counts, kept, number = [0] * cell_count(study), [], 0
    while min(counts) < 2:
        number += 1
        cell = least_filled(counts, study.design.seed)
        if number % 3 == 0:
            continue  # drops out before the end
        counts[cell] += 1
        kept.append(trials(study, cell, number))
    seen = Counter((trial.clip, trial.conditions) for shown in kept for trial in shown)
    assert len(set(seen.values())) == 1
    assert len(seen) == 8 * 4
