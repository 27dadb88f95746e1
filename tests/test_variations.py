"""Several pieces for one clip: their seeds, their order, their files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import video2music
from emotion import Audio
from emotion.errors import RefusalError
from emotion.prediction import Curve, Prediction
from video2music.cli import main
from video2music.errors import OutputError
from video2music.listening import Listener
from video2music.pipeline import Composer
from video2music.variations import MOST_VARIATIONS, save_variations, variation_seeds
from video2music.wishes import LARGEST_SEED

MakeClip = Callable[..., Path]
KINDS = ("mp4", "wav", "mid", "musicxml", "json")

HEARD = (9.0, 4.9, 7.0)
"""Arousal of the first, second and third piece; the picture of the test clip lies near 5."""


class ChangingRecogniser:
    """Hears HEARD in turn, and refuses where that is None."""

    name = "fake"

    def __init__(self, heard: tuple[float | None, ...]) -> None:
        self.heard = list(heard)

    def predict(self, source: Audio, *, progress: object = None) -> Prediction:
        del progress
        arousal = self.heard.pop(0)
        if arousal is None:
            raise RefusalError("There is nothing to hear")
        nothing = np.zeros(0)
        curve = Curve(nothing, nothing, nothing)
        interval = (arousal - 1, arousal + 1)
        return Prediction("fake", source.duration_s, 5.0, arousal, (4.0, 6.0), interval, {}, None, None, (), curve)


@pytest.fixture(scope="module")
def model() -> Composer:
    return video2music.load()


@pytest.fixture
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=4.0, scenes=2)


def listening(model: Composer, *heard: float | None) -> Composer:
    recogniser = ChangingRecogniser(heard)
    return replace(model, listener=Listener(load=lambda: recogniser))


@given(st.integers(0, LARGEST_SEED), st.integers(1, MOST_VARIATIONS))
def test_seeds_begin_with_the_wished_one_differ_and_do_not_depend_on_the_count(seed: int, count: int) -> None:
    seeds = variation_seeds(seed, count)
    assert seeds[0] == seed
    assert len(set(seeds)) == count
    assert all(0 <= value <= LARGEST_SEED for value in seeds)
    assert seeds == variation_seeds(seed, MOST_VARIATIONS)[:count]


@pytest.mark.parametrize("count", [0, -1, MOST_VARIATIONS + 1])
def test_a_count_out_of_range_is_refused(model: Composer, clip: Path, count: int) -> None:
    with pytest.raises(RefusalError, match=f"1 to {MOST_VARIATIONS}"):
        model.compose_variations(clip, count)


def test_pieces_are_made_as_they_are_asked_for_and_the_clip_is_watched_once(model: Composer, clip: Path) -> None:
    stages: list[str] = []
    pieces = model.compose_variations(
        clip, 3, seed=5, match=False, progress=lambda stage, _fraction: stages.append(stage)
    )
    assert stages == []
    first = next(pieces)
    assert not any(stage.startswith("2 of 3") for stage in stages)
    second, third = pieces
    assert [piece.score.seed for piece in (first, second, third)] == list(variation_seeds(5, 3))
    assert "Watching the video" not in stages[stages.index("1 of 3: Writing the chords") :]
    assert first.score.chords != second.score.chords


def test_the_first_variation_is_the_piece_of_that_seed(model: Composer, clip: Path) -> None:
    alone = model.compose(clip, seed=5, match=False)
    first = next(model.compose_variations(clip, 2, seed=5, match=False))
    np.testing.assert_array_equal(alone.audio, first.audio)


def test_the_nearest_comes_first_and_files_are_numbered_by_rank(model: Composer, clip: Path, tmp_path: Path) -> None:
    pieces = listening(model, *HEARD).compose_variations(clip, 3, seed=5)
    saved = save_variations(pieces, 3, tmp_path, source=clip)
    seeds = variation_seeds(5, 3)
    assert [variation.seed for variation in saved.ranked] == [seeds[1], seeds[2], seeds[0]]
    assert saved.best.rank == 1
    distances = [variation.distance for variation in saved.ranked]
    assert distances == sorted(distances)
    stems = [f"variation-{rank:02d}" for rank in (1, 2, 3)]
    expected = {f"{stem}.{kind}" for stem in stems for kind in KINDS} | {"variations.json"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    for variation, stem in zip(saved.ranked, stems, strict=True):
        facts = json.loads((tmp_path / f"{stem}.json").read_text())
        assert facts["seed"] == variation.seed
        assert facts["files"] == [f"{stem}.{kind}" for kind in KINDS]
    index = json.loads(saved.index.read_text())
    assert [entry["seed"] for entry in index["variations"]] == [variation.seed for variation in saved.ranked]
    assert set(index["files"]) == expected


def test_what_could_not_be_judged_comes_last(model: Composer, clip: Path, tmp_path: Path) -> None:
    pieces = listening(model, None, 8.0).compose_variations(clip, 2, seed=5)
    saved = save_variations(pieces, 2, tmp_path, source=clip)
    assert [variation.seed for variation in saved.ranked] == list(variation_seeds(5, 2))[::-1]
    assert saved.ranked[1].distance is None
    assert "nothing to hear" in saved.ranked[1].words


def test_a_foreign_file_is_not_overwritten_and_nothing_else_appears(
    model: Composer, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "variation-02.wav").write_text("mine")
    pieces = model.compose_variations(clip, 2, seed=5, match=False)
    with pytest.raises(OutputError, match=r"variation-02\.wav"):
        save_variations(pieces, 2, tmp_path, source=clip)
    assert [path.name for path in tmp_path.iterdir()] == ["variation-02.wav"]
    assert (tmp_path / "variation-02.wav").read_text() == "mine"


def test_an_earlier_set_is_replaced(model: Composer, clip: Path, tmp_path: Path) -> None:
    for seed in (5, 6):
        save_variations(model.compose_variations(clip, 2, seed=seed, match=False), 2, tmp_path, source=clip)
    index = json.loads((tmp_path / "variations.json").read_text())
    assert [entry["seed"] for entry in index["variations"]] == list(variation_seeds(6, 2))


def test_a_smaller_set_leaves_no_file_of_a_larger_one_and_none_of_a_person_goes(
    model: Composer, clip: Path, tmp_path: Path
) -> None:
    for count in (3, 2):
        pieces = model.compose_variations(clip, count, seed=5, match=False)
        save_variations(pieces, count, tmp_path, source=clip)
        (tmp_path / "variation-03.txt").write_text("mine")
        (tmp_path / "variation-04.wav").write_text("mine")
    names = {path.name for path in tmp_path.iterdir() if "03" in path.name or "04" in path.name}
    assert names == {"variation-03.txt", "variation-04.wav"}


def test_a_failure_on_the_way_leaves_nothing_behind(model: Composer, clip: Path, tmp_path: Path) -> None:
    def pieces() -> Iterator[object]:
        yield next(model.compose_variations(clip, 2, seed=5, match=False))
        raise RefusalError("The second one cannot be made")

    with pytest.raises(RefusalError, match="second"):
        save_variations(pieces(), 2, tmp_path / "out", source=clip)
    assert not (tmp_path / "out").exists()


def test_the_command_writes_all_of_them_and_prints_the_index(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compose", str(clip), "-o", str(tmp_path / "out"), "--variations", "2", "--seed", "5", "--no-match"]
    assert main([*arguments, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [entry["rank"] for entry in facts["variations"]] == [1, 2]
    assert (tmp_path / "out" / facts["variations"][0]["files"][0]).stat().st_size > 1000
    assert main(arguments) == 0
    assert "variation-01.mp4" in capsys.readouterr().out.splitlines()[0]
