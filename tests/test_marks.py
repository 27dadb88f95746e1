"""Cuts that a person sets, leaves out and gets back, from the wish to the music."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.errors import RefusalError
from video2music.cli import main
from video2music.evaluation.cuts import share_near
from video2music.features.video_features import VideoFeatures
from video2music.marks import SAME_S, MarkError, Marks
from video2music.music.cuts import grid_for_cuts
from video2music.music.score import Score
from video2music.pipeline import Composer
from video2music.revival import revive
from video2music.tables import COLUMNS
from video2music.wishes import ContradictionError, Wishes

MakeClip = Callable[..., Path]
SECONDS = st.lists(st.floats(0.5, 300), max_size=8).map(tuple)


@pytest.fixture(scope="module")
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=12.0, scenes=3)


@pytest.fixture(scope="module")
def features(model: Composer, clip: Path) -> VideoFeatures:
    return model.analyze(clip)


def changes(score: Score) -> np.ndarray:
    return np.array([event["time_s"] for event in score.chord_events()])


def test_one_is_added_one_is_left_out_and_all_found_ones_come_back() -> None:
    found = (2.0, 5.0, 9.0)
    assert Marks((7.0,)).met(found) == (2.0, 5.0, 7.0, 9.0)
    assert Marks((7.0,), (5.05,)).met(found) == (2.0, 7.0, 9.0)
    assert Marks((5.1,)).met(found) == (2.0, 5.1, 9.0), "one beside a found cut takes its place"
    assert Marks(removed=(6.0,)).met(found) == found, "where there is no cut there is nothing to leave out"
    assert Marks().met(found) == found


@given(added=SECONDS, removed=SECONDS, found=SECONDS)
def test_every_added_cut_is_met_and_no_removed_one_is_found_again(
    added: tuple[float, ...], removed: tuple[float, ...], found: tuple[float, ...]
) -> None:
    met = Marks(added, removed).met(found)
    assert set(added) <= set(met) <= {*added, *found}
    assert list(met) == sorted(met)
    assert all(abs(cut - second) > SAME_S for cut in set(met) - set(added) for second in (*added, *removed))
    assert Marks.from_json(json.loads(json.dumps(Marks(added, removed).to_json()))) == Marks(added, removed)


@pytest.mark.parametrize("second", [-1.0, 0.2, float("nan"), float("inf")])
def test_no_music_turns_before_it_has_begun(second: float) -> None:
    with pytest.raises(MarkError):
        Marks((second,))


def test_a_cut_after_the_end_is_refused_before_anything_is_composed(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compose", str(clip), "-o", str(tmp_path / "out"), "--cut", "9", "--range", "2-10"]) == 1
    assert "the music ends at 8.0 s" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_as_published_knows_no_cuts_of_ones_own() -> None:
    with pytest.raises(ContradictionError):
        Wishes(as_published=True, marks=Marks((3.0,)))


@pytest.mark.parametrize("align_cuts", [None, False])
def test_the_music_turns_at_every_moment_that_a_person_sets(
    model: Composer,
    features: VideoFeatures,
    align_cuts: bool | None,  # noqa: FBT001
) -> None:
    for seed, moments in enumerate([(3.3,), (5.9,), (7.1,), (2.2, 6.9)]):
        score = model.write_score(features, Wishes(seed=seed, align_cuts=align_cuts, marks=Marks(moments)))
        assert share_near(np.array(moments), changes(score)) == 1
        assert set(moments) <= set(score.cuts_s)
        assert (len(score.cuts_s) > len(moments)) == (align_cuts is None)


def test_a_cut_that_is_none_is_not_met(model: Composer, features: VideoFeatures) -> None:
    false = float(features.cuts_s[0])
    score = model.write_score(features, Wishes(seed=1, marks=Marks(removed=(false,))))
    assert score.cuts_s == tuple(map(float, features.cuts_s[1:]))


def test_one_that_a_person_set_outweighs_all_that_were_found() -> None:
    found = [4.0 + 1.2 * number for number in range(8)]
    mine = 8.05
    for marked, near in (((), False), ((mine,), True)):
        tempo_bpm, pickup = grid_for_cuts(20.0, 100.0, sorted([*found, mine]), 0.08, marked)
        steps = (mine * tempo_bpm / 60 - pickup) / 2
        assert (abs(steps - round(steps)) * 120 / tempo_bpm < 0.08) == near


def test_the_result_knows_what_was_found_set_and_met(
    model: Composer, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "out", ["--cut", "2.5", "--no-cut", "3", "--range", "1-11", "--csv", "--no-match"]
    assert main(["compose", str(clip), "-o", str(out), *words, "--density-scale", "2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["marks"] == {"added_s": [2.5], "removed_s": [3.0]}
    assert facts["cuts_s"] == pytest.approx([3.0, 7.0], abs=0.05), "counted from where the music begins"
    assert facts["cuts_met_s"] == pytest.approx([2.5, 7.0], abs=0.05)
    assert facts["rendition"]["density"] == 2
    revived = revive(out / "result.json", clip, model.synthesizer).render(tempo=90.0)
    assert revived.marks == Marks((2.5,), (3.0,))
    assert share_near(np.array([2.5]), changes(revived.score)) == 1, "also at another tempo"
    rows = list(csv.DictReader((out / "seconds.csv").open()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 10
    assert rows[0]["chord"]


def test_the_table_of_an_analysis_has_no_music_and_replaces_nothing(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "seen.csv"
    assert main(["analyze", str(clip), "--csv", str(table)]) == 0
    rows = list(csv.DictReader(table.open()))
    assert tuple(rows[0]) == COLUMNS
    assert {row["chord"] for row in rows} == {""}
    assert sum(float(rows[3][name]) for name in COLUMNS[1:7]) == pytest.approx(1, abs=1e-3)
    capsys.readouterr()
    assert main(["analyze", str(clip), "--csv", str(table)]) == 1
    assert "Choose another name" in capsys.readouterr().err


@pytest.mark.parametrize("scale", [0.1, 9.0])
def test_too_few_or_too_many_notes_are_refused_at_once(scale: float) -> None:
    with pytest.raises(RefusalError):
        Wishes(density=scale)
