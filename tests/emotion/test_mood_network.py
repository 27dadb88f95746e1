"""The mood network: any length, calibrated probabilities, only tags that can be told; and how it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.embedded.mel import BANDS
from emotion.embedded.mood_network import (
    LEAST_RELIABILITY,
    SHRINKING,
    MoodConfig,
    MoodNetwork,
    TagReading,
    load_mood_network,
    save_mood_network,
)
from emotion.errors import RefusalError, WeightsDamagedError
from emotion.moods import mood_priors, mood_tags
from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.heard import Lessons
from emotion.training.embedded.mood import (
    Course,
    MoodTraining,
    answers,
    folds,
    lesson_loss,
    logits_of,
    mood_report,
    read_judgements,
    read_tags,
    train_mood,
)
from emotion.training.embedded.rendering import Rendering
from emotion.weights import load_tensors, save_tensors

TAGS = len(mood_tags())
SMALL = MoodConfig((4, 4, 6, 6, 8))
COURSES = (Course(16, 2e-2, batch=8, logit_weight=0.5), Course(3, 3e-3, batch=8, logit_weight=0.5))


@pytest.fixture(scope="module")
def network() -> MoodNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return MoodNetwork(SMALL).eval()


def reading(**changes: float | NDArray) -> TagReading:
    """A reading that leaves logits as they are and tells every tag apart, but for the changes."""
    plain = {"slope": 1.0, "offset": 0.0, "error": 0.1, "reliability": 0.9}
    return TagReading(**{name: np.full(TAGS, value) * np.ones(TAGS) for name, value in {**plain, **changes}.items()})


@pytest.mark.parametrize("steps", [1, 2, 7, 8, 9, 176, 400])
def test_pictures_of_any_length_are_heard(network: MoodNetwork, steps: int) -> None:
    picture = torch.zeros(2, 2, steps, BANDS)
    assert network.hear(picture).shape == (2, SMALL.channels[-1], -(-steps // SHRINKING))
    assert network(picture).shape == (2, TAGS)


def test_pictures_of_a_batch_do_not_hear_one_another(network: MoodNetwork) -> None:
    pictures = torch.randn(3, 2, 24, BANDS, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(network(pictures)[1:2], network(pictures[1:2]), rtol=1e-4, atol=1e-5)


def test_without_calibration_a_probability_is_that_of_its_logit() -> None:
    logits = np.linspace(-800, 800, TAGS)
    probabilities = reading().probabilities(logits)
    middle = np.abs(logits) < 30
    np.testing.assert_allclose(probabilities[middle], 1 / (1 + np.exp(-logits[middle])), rtol=1e-12)
    assert probabilities[0] == 0.0
    assert probabilities[-1] == 1.0


@given(st.floats(0.01, 5), st.floats(-8, 8), st.floats(-20, 20), st.floats(0, 10))
def test_a_higher_logit_is_never_less_probable(slope: float, offset: float, logit: float, more: float) -> None:
    calibrated = reading(slope=slope, offset=offset)
    here, there = (calibrated.probabilities(np.full(TAGS, value))[0] for value in (logit, logit + more))
    assert 0 <= here <= there <= 1


def raised(by: dict[int, float]) -> NDArray[np.float64]:
    """Probabilities of the priors, some of them with odds raised to the given multiple."""
    odds = mood_priors() / (1 - mood_priors())
    for index, factor in by.items():
        odds[index] *= factor
    return odds / (1 + odds)


def test_only_raised_tags_are_shown_the_most_raised_one_first() -> None:
    assert reading().shown(mood_priors()) == []
    assert reading().shown(raised({3: 4.0, 17: 9.0, 40: 1.4, 41: 0.1})) == [17, 3]


def test_tags_that_cannot_be_told_are_not_shown() -> None:
    reliability = np.full(TAGS, 0.9)
    reliability[3] = LEAST_RELIABILITY - 0.01
    error = np.full(TAGS, 0.1)
    error[17] = 3.0
    probabilities = raised({3: 9.0, 17: 9.0, 20: 9.0})
    assert reading(reliability=reliability, error=error).shown(probabilities) == [20]


def test_what_is_written_is_read_again(network: MoodNetwork, tmp_path: Path) -> None:
    measured = reading(slope=np.linspace(0, 1, TAGS), offset=-2.0)
    save_mood_network(tmp_path / "mood.safetensors", network, measured, {"trained_on": "nothing"})
    again, read = load_mood_network(tmp_path / "mood.safetensors")
    picture = torch.randn(1, 2, 30, BANDS, generator=torch.Generator().manual_seed(0))
    assert again.config == SMALL
    assert not again.training
    with torch.inference_mode():
        torch.testing.assert_close(again(picture), network(picture), rtol=0, atol=0)
    np.testing.assert_array_equal(read.slope, measured.slope)
    np.testing.assert_array_equal(read.offset, measured.offset)


DAMAGES = ("text", "no config", "other config", "no reading", "short reading", "other size")


@pytest.mark.parametrize("damage", DAMAGES)
def test_another_file_is_refused(network: MoodNetwork, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "mood.safetensors"
    save_mood_network(path, network, reading(), {})
    tensors, metadata = load_tensors(path)
    if damage == "no config":
        metadata = {}
    elif damage == "other config":
        metadata = {"config": '{"layers": [3]}'}
    elif damage == "no reading":
        tensors.pop("reading.slope")
    elif damage == "short reading":
        tensors["reading.slope"] = tensors["reading.slope"][:-1]
    elif damage == "other size":
        metadata = {"config": '{"channels": [4, 4, 6, 6, 9]}'}
    save_tensors(path, tensors, metadata)
    if damage == "text":
        path.write_text("no weights", encoding="utf-8")
    with pytest.raises(WeightsDamagedError) as refusal:
        load_mood_network(path)
    assert str(path) in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def lesson(corpus: str, number: int, *, group: int) -> tuple[Rendering, Piece]:
    piece = Piece(corpus, f"{number:03d}", f"{corpus}{group}", Path("x.mid"))
    font = "" if corpus == "mved" else "a.sf2"
    drawn = {"programs": (0,), "transposition": 0, "tempo_factor": 1.0, "start_s": 0.0, "duration_s": 15.0}
    return Rendering(piece.identifier, 0, font, plain=True, **drawn, accompanied=False, seed=number), piece


BRIGHT, DARK = 10, 20


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    """Bright music has its energy in high bands, dark music in low ones; two tags say so."""
    generator = np.random.default_rng(0)
    rows = [lesson("vgmidi", number, group=number) for number in range(24)]
    rows += [lesson("mved", number, group=number // 2) for number in range(12)]
    bright = np.arange(len(rows)) // 2 % 2 == 0
    pictures, teacher = [], np.full((len(rows), TAGS), 0.3)
    for is_bright in bright:
        picture = generator.normal(0, 0.3, (2, 24, BANDS))
        picture[0, :, BANDS // 2 if is_bright else 0 : BANDS if is_bright else BANDS // 2] += 3
        pictures.append(picture.astype(np.float16))
    teacher[:, BRIGHT] = np.where(bright, 0.9, 0.02) + generator.normal(0, 0.01, len(rows))
    teacher[:, DARK] = np.where(bright, 0.02, 0.9) + generator.normal(0, 0.01, len(rows))
    teacher = np.clip(teacher + generator.normal(0, 0.004, teacher.shape), 0.001, 0.99)
    renderings, pieces = (list(column) for column in zip(*rows, strict=True))
    return Lessons(renderings, pieces, pictures, np.zeros((len(rows), 2, 3), np.float32), teacher)


@pytest.fixture(scope="module")
def training(lessons: Lessons) -> MoodTraining:
    return train_mood(lessons, courses=COURSES, config=SMALL, seed=1)


def is_bright(lessons: Lessons) -> NDArray[np.bool_]:
    return lessons.teacher[:, BRIGHT] > 0.4


def test_two_moods_are_learnt(lessons: Lessons, training: MoodTraining) -> None:
    said = answers(training.network, lessons.pictures)
    difference = said[:, BRIGHT] - said[:, DARK]
    bright = is_bright(lessons)
    assert difference[bright].min() > 0.5
    assert difference[~bright].max() < -0.5
    assert not training.network.training


def test_held_out_answers_exist_for_music_videos_and_are_right(lessons: Lessons, training: MoodTraining) -> None:
    video = np.array([piece.corpus == "mved" for piece in lessons.pieces])
    np.testing.assert_array_equal(np.isfinite(training.held_out).all(axis=1), video)
    np.testing.assert_array_equal(np.isfinite(training.held_out).any(axis=1), video)
    difference = training.held_out[video, BRIGHT] - training.held_out[video, DARK]
    assert ((difference > 0) == is_bright(lessons)[video]).all()


def test_a_video_does_not_teach_who_answers_for_it(lessons: Lessons) -> None:
    """What the teacher says of the clips of one source changes no held-out answer for it, and some for others."""
    source = next(piece.group for piece in lessons.pieces if piece.corpus == "mved")
    own = np.array([piece.group == source for piece in lessons.pieces])
    changed = Lessons(
        lessons.renderings,
        lessons.pieces,
        lessons.pictures,
        lessons.traits,
        np.where(own[:, None], 1 - lessons.teacher, lessons.teacher),
    )
    courses = (Course(1, 1e-2, batch=8), Course(3, 1e-2, batch=8))
    here, again, there = (
        train_mood(data, courses=courses, config=SMALL, seed=1).held_out for data in (lessons, lessons, changed)
    )
    np.testing.assert_array_equal(here, again)
    np.testing.assert_array_equal(here[own], there[own])
    assert (here[~own] != there[~own])[np.isfinite(here[~own])].any()


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 100))
@settings(max_examples=25)
def test_folds_hold_every_group_once(groups: int, count: int, seed: int) -> None:
    names = np.array([f"group {number % groups}" for number in range(60)])
    made = folds(names, count, seed)
    assert len(made) == count
    assert sorted(np.concatenate(made)) == sorted(set(names))
    assert max(map(len, made)) - min(map(len, made)) <= 1


def test_the_loss_is_least_at_what_was_taught() -> None:
    taught = torch.linspace(-5, 2, TAGS)[None]
    right, off = (lesson_loss(said, taught, 0.1) for said in (taught, taught + 0.5))
    nothing = lesson_loss(torch.zeros_like(taught), taught, 0.1)
    assert right < off < nothing


def test_reliability_falls_with_agreement_and_calibration_follows_people(
    lessons: Lessons, training: MoodTraining
) -> None:
    generator = np.random.default_rng(5)
    judged = np.clip(generator.beta(1, 9, (400, TAGS)), 1e-3, 0.9)
    truth = (generator.random((400, TAGS)) < judged).astype(np.int64)
    held_out = np.full_like(training.held_out, np.nan)
    rows = np.flatnonzero(np.isfinite(training.held_out[:, 0]))
    held_out[rows] = generator.normal(0, 1, (len(rows), TAGS))
    held_out[rows, BRIGHT] = logits_of(lessons.teacher[rows, BRIGHT])  # agrees fully with the teacher
    held_out[rows, DARK] = -logits_of(lessons.teacher[rows, DARK])  # says the opposite
    measured = MoodTraining(training.network, held_out)
    read = read_tags(measured, lessons, judged, truth)
    assert read.reliability[DARK] == pytest.approx(0.5)
    assert read.reliability[BRIGHT] > 0.6
    assert ((read.reliability >= 0.5) & (read.reliability <= 1)).all()
    assert read.error[BRIGHT] == pytest.approx(0, abs=1e-6)
    assert np.median(read.error) > 0.003
    at_mean = np.log(judged.mean() / (1 - judged.mean()))
    said = read.probabilities(np.full(TAGS, at_mean))[BRIGHT]
    assert said == pytest.approx(judged.mean(), rel=0.5)
    report, lines = mood_report(measured, lessons, read)
    assert report["clips"] == 12
    assert report["tags"][mood_tags()[BRIGHT].name]["agreement"] == pytest.approx(1, abs=1e-6)
    assert len(lines) == 1 + TAGS


def test_missing_judgements_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="test tracks is not there"):
        read_judgements(tmp_path)
    np.save(tmp_path / "baseline_vggish_predictions.npy", np.zeros((2, TAGS), np.float32))
    with pytest.raises(RefusalError, match="groundtruth"):
        read_judgements(tmp_path)
    np.save(tmp_path / "groundtruth.npy", np.ones((2, TAGS), bool))
    judged, truth = read_judgements(tmp_path)
    assert (judged.dtype, truth.dtype) == (np.float64, np.int64)
