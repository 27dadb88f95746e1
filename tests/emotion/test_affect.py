"""Valence and arousal: the head, its intervals, its losses, its lessons, and a cross-validation that cannot leak."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.embedded.affect import (
    AffectConfig,
    AffectHead,
    affect_scale,
    distance,
    judge_affect,
    load_affect_head,
    save_affect_head,
    unfamiliarity,
)
from emotion.embedded.mood_network import MoodConfig, MoodNetwork, TagReading, save_mood_network
from emotion.errors import RefusalError, WeightsDamagedError
from emotion.evaluation.metrics import bootstrap
from emotion.moods import mood_priors, mood_tags
from emotion.training.embedded import affect_evaluation
from emotion.training.embedded.affect import (
    AffectCourse,
    Labels,
    affect_loss,
    labels_of,
    lesson_weights,
    train_affect,
    words_affect,
)
from emotion.training.embedded.affect import _Readings as Readings
from emotion.training.embedded.affect_evaluation import (
    FOLDS,
    FONT_FAMILIES,
    HeldOut,
    cross_validate,
    evaluate_affect,
    score,
    source_folds,
)
from emotion.training.embedded.affect_lessons import AffectLessons, input_names, read_affect_lessons
from emotion.training.embedded.corpora import MVED_CLASSES, Piece
from emotion.training.embedded.heard import heard_file
from emotion.training.embedded.rendering import Rendering
from emotion.weights import load_tensors, save_tensors

TAGS = len(mood_tags())
INPUTS = 6
NAMES = tuple(f"trait {index}" for index in range(INPUTS))
QUICK = AffectCourse(epochs=4, batch=64, learning_rate=1e-2)
SMALL = AffectConfig((), members=2, hidden=4)


@pytest.fixture
def head() -> AffectHead:
    config = AffectConfig(NAMES, members=3, hidden=5, reach=(1.2, 0.9), familiar=1.5, widening=0.5)
    made = AffectHead(config, torch.Generator().manual_seed(2)).eval()
    torch.nn.init.normal_(made.straight, generator=torch.Generator().manual_seed(3))
    return made


def parts(seed: int, count: int = 3, scale: float = 1.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).normal(size=(count, INPUTS))).astype(np.float32)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, 50), st.floats(1, 4))
def test_intervals_hold_the_value_and_stay_on_the_scale(seed: int, scale: float, widening: float) -> None:
    made = AffectHead(AffectConfig(NAMES, members=2, hidden=3), torch.Generator().manual_seed(seed)).eval()
    torch.nn.init.normal_(made.straight, std=3.0, generator=torch.Generator().manual_seed(seed))
    affect = judge_affect(made, parts(seed, scale=scale), widening=widening)
    for value, (low, high) in (
        (affect.valence, affect.valence_interval),
        (affect.arousal, affect.arousal_interval),
    ):
        assert 1 <= low <= value <= high <= 9
        assert high - low > 0.5


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def test_intervals_widen_with_distance_and_with_doubts(head: AffectHead) -> None:
    torch.nn.init.zeros_(head.straight)
    near = np.full((2, INPUTS), 0.5, np.float32)
    familiar, far, farther = (judge_affect(head, near * factor) for factor in (1, 5, 7))
    assert unfamiliarity(head, near) == 1.0
    assert distance(head, near * 5) == pytest.approx(2.5)
    assert unfamiliarity(head, near * 5) == pytest.approx(1 + 0.5 * (2.5 - 1.5))
    for name in ("valence_interval", "arousal_interval"):
        widths = [width(getattr(affect, name)) for affect in (familiar, far, farther)]
        assert widths[1] == pytest.approx(1.5 * widths[0], rel=1e-6)
        assert widths[2] > widths[1]
        doubted = judge_affect(head, near, widening=1.5)
        assert width(getattr(doubted, name)) == pytest.approx(1.5 * widths[0], rel=1e-6)
    assert doubted.valence == familiar.valence


def test_a_piece_is_the_mean_of_its_parts(head: AffectHead) -> None:
    both = parts(1, 2, scale=0.3)
    whole, first, second = (judge_affect(head, rows) for rows in (both, both[:1], both[1:]))
    assert whole.valence == pytest.approx((first.valence + second.valence) / 2, abs=1e-5)
    assert whole.arousal == pytest.approx((first.arousal + second.arousal) / 2, abs=1e-5)
    assert judge_affect(head, both[::-1].copy()).valence == pytest.approx(whole.valence, abs=1e-5)


def test_an_unheard_of_trait_does_not_decide_alone(head: AffectHead) -> None:
    for value in (1e3, 1e9):
        extreme = np.zeros((1, INPUTS), np.float32)
        extreme[0, 0] = value
        at_limit = np.zeros((1, INPUTS), np.float32)
        at_limit[0, 0] = 4.0
        assert judge_affect(head, extreme).valence == judge_affect(head, at_limit).valence


def test_ratings_are_read_on_the_scale_of_deam() -> None:
    np.testing.assert_allclose(
        affect_scale(np.array([[0.0, 0.0], [1.0, -1.0], [9.0, -9.0]])), [[5, 4.8], [6.11, 3.47], [9, 1]]
    )


def test_what_is_written_is_read_again(head: AffectHead, tmp_path: Path) -> None:
    head.home_centre.fill_(0.3)
    save_affect_head(tmp_path / "affect.safetensors", head, {"trained_on": "nothing"})
    again = load_affect_head(tmp_path / "affect.safetensors")
    assert again.config == head.config
    assert not again.training
    assert judge_affect(again, parts(4)) == judge_affect(head, parts(4))


@pytest.mark.parametrize("damage", ["text", "no config", "other config", "missing", "other size"])
def test_another_file_is_refused(head: AffectHead, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "affect.safetensors"
    save_affect_head(path, head, {})
    tensors, metadata = load_tensors(path)
    if damage == "no config":
        metadata = {}
    elif damage == "other config":
        metadata = {"config": '{"channels": [1, 2]}'}
    elif damage == "missing":
        tensors.pop("straight")
    elif damage == "other size":
        metadata = {"config": metadata["config"].replace('"hidden": 5', '"hidden": 6')}
    save_tensors(path, tensors, metadata)
    if damage == "text":
        path.write_text("no weights", encoding="utf-8")
    with pytest.raises(WeightsDamagedError) as refusal:
        load_affect_head(path)
    assert str(path) in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def nothing_known(count: int) -> Labels:
    unknown = torch.full((count,), -1)
    return Labels(torch.full((count, 2), torch.nan), unknown, unknown.clone(), torch.zeros(count, 2))


def gradient(labels: Labels, course: AffectCourse) -> torch.Tensor:
    said = torch.linspace(-1, 1, 2 * 4 * 2).reshape(2, 4, 2).requires_grad_()
    loss = affect_loss(said, labels, Readings(), course)
    assert torch.isfinite(loss)
    loss.backward()
    assert said.grad is not None
    return said.grad


SILENT_WORDS = AffectCourse(words=0.0)


def test_a_lesson_without_labels_moves_nothing() -> None:
    assert not gradient(nothing_known(4), SILENT_WORDS).any()


@pytest.mark.parametrize("kind", ["rating", "quadrant", "emotion"])
def test_only_the_lesson_with_the_label_is_moved(kind: str) -> None:
    labels = nothing_known(4)
    getattr(labels, kind)[2] = torch.tensor([0.9, -2.0]) if kind == "rating" else 1
    moved = gradient(labels, SILENT_WORDS)
    assert moved[:, 2].any(dim=1).all()
    assert not moved[:, [0, 1, 3]].any()
    assert not gradient(labels, replace(SILENT_WORDS, **{kind: 0.0})).any()


def test_every_label_draws_to_its_side() -> None:
    """Downhill from the middle of the plane: where a rating, a quadrant or an emotion says that the music lies."""
    quadrant_signs = {0: (1, 1), 1: (-1, 1), 2: (-1, -1), 3: (1, -1)}
    for quadrant, signs in quadrant_signs.items():
        labels = nothing_known(4)
        labels.quadrant[:] = quadrant
        said = torch.zeros(1, 4, 2, requires_grad=True)
        affect_loss(said, labels, Readings(), SILENT_WORDS).backward()
        assert said.grad is not None
        assert torch.sign(-said.grad[0, 0]).tolist() == list(signs)
    for emotion, signs in (("excited", (1, 1)), ("sad", (-1, -1)), ("relaxation", (1, -1)), ("tension", (-1, 1))):
        labels = nothing_known(4)
        labels.emotion[:] = MVED_CLASSES.index(emotion)
        said = torch.zeros(1, 4, 2, requires_grad=True)
        affect_loss(said, labels, Readings(), SILENT_WORDS).backward()
        assert said.grad is not None
        assert torch.sign(-said.grad[0, 0]).tolist() == list(signs), emotion


def test_ratings_are_standardised_over_pieces_not_over_renderings() -> None:
    pieces = [
        Piece("vgmidi", name, name, Path("x"), valence=valence, arousal=arousal)
        for name, valence, arousal, times in (("a", -0.5, 0.1, 1), ("b", 0.5, 0.3, 7))
        for _ in range(times)
    ]
    pieces += [Piece("emopia", "c", "c", Path("x"), quadrant=4), Piece("mved", "d", "d", Path("x"), emotion="sad")]
    labels = labels_of(pieces, np.tile(mood_priors(), (len(pieces), 1)))
    torch.testing.assert_close(labels.rating[:2], torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    assert torch.isnan(labels.rating[-2:]).all()
    assert labels.quadrant.tolist() == [-1] * 8 + [3, -1]
    assert labels.emotion.tolist() == [-1] * 9 + [MVED_CLASSES.index("sad")]
    assert torch.isfinite(labels.words).all()


def test_words_that_stand_out_carry_the_lexicon() -> None:
    names = [tag.name for tag in mood_tags()]
    heard = np.tile(mood_priors(), (2, 1))
    heard[0, names.index("happy")] = heard[1, names.index("sad")] = 0.9
    happy, sad = words_affect(heard)
    assert happy[0] > 0 > sad[0]
    np.testing.assert_allclose(words_affect(mood_priors()[None]), 0, atol=1e-9)


def test_a_corpus_is_drawn_by_its_share_and_a_piece_once_however_often_rendered() -> None:
    pieces = [Piece("vgmidi", "a", "a", Path("x"))] * 9 + [Piece("vgmidi", "b", "b", Path("x"))]
    pieces += [Piece("mved", name, name, Path("x")) for name in "cd"]
    weights = lesson_weights(pieces)
    assert weights[:9].sum() == pytest.approx(weights[9])
    assert weights[:10].sum() == pytest.approx(1.0)
    assert weights[10:].tolist() == pytest.approx([0.25, 0.25])


def rule(inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The artificial truth: valence follows trait 0, arousal trait 1 and, bent, trait 2."""
    return np.stack([inputs[:, 0], inputs[:, 1] + 0.5 * np.tanh(inputs[:, 2])], axis=1).astype(np.float64)


@pytest.fixture(scope="module")
def ruled() -> tuple[NDArray[np.float32], Labels]:
    inputs = np.random.default_rng(8).normal(size=(300, INPUTS)).astype(np.float32)
    labels = nothing_known(300)
    labels.rating[:200] = torch.from_numpy(rule(inputs[:200])).float()
    return inputs, labels


def answer(head: AffectHead, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.inference_mode():
        return head(torch.from_numpy(inputs)).mean(0).double().numpy()


def test_a_rule_is_learnt_and_the_same_seed_learns_it_the_same_way(
    ruled: tuple[NDArray[np.float32], Labels],
) -> None:
    inputs, labels = ruled
    weights = np.where(np.arange(300) < 200, 1.0, 0.0)
    heads = [train_affect(inputs, NAMES, labels, weights, course=QUICK, config=SMALL, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (answer(head, inputs[200:]) for head in heads)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    for axis in range(2):
        assert np.corrcoef(first[:, axis], rule(inputs[200:])[:, axis])[0, 1] > 0.9
    assert heads[0].config.traits == NAMES
    assert not heads[0].training


def test_what_is_not_drawn_teaches_nothing(ruled: tuple[NDArray[np.float32], Labels]) -> None:
    """Neither labels nor inputs of lessons left out enter the head, not even its standardisation."""
    inputs, labels = ruled
    weights = np.where(np.arange(300) < 200, 1.0, 0.0)
    spoilt = inputs.copy()
    spoilt[200:] = 1e4
    other = replace(labels, rating=labels.rating.clone())
    other.rating[200:] = 5.0
    course = replace(QUICK, epochs=1)
    heads = [
        train_affect(*data, weights, course=course, config=SMALL)
        for data in ((inputs, NAMES, labels), (spoilt, NAMES, other))
    ]
    for name, tensor in heads[0].state_dict().items():
        torch.testing.assert_close(tensor, heads[1].state_dict()[name], rtol=0, atol=0)


FONTS = ("TimGM6mb.sf2", "FluidR3_GM.sf2", "MuseScore_General_Lite.sf3", "OPL-3_FM_128M.sf2")


def made_lessons(seed: int = 0) -> AffectLessons:
    """Pieces of all corpora, four fonts each where rendered, two or three pieces to a group."""
    generator = np.random.default_rng(seed)
    renderings, pieces = [], []
    for corpus, count in (("vgmidi", 24), ("emopia", 24), ("mved", 18), ("recordings", 6)):
        for number in range(count):
            piece = _piece(corpus, number, generator)
            for variant, font in enumerate(FONTS if corpus in {"vgmidi", "emopia"} else ("", "")):
                drawn = {"transposition": 0, "tempo_factor": 1.0, "start_s": 0.0, "duration_s": 30.0, "programs": (0,)}
                flags = {"plain": (variant + number) % 2 == 0, "accompanied": False}
                renderings.append(Rendering(piece.identifier, variant, font, **drawn, **flags, seed=0))
                pieces.append(piece)
    inputs = generator.normal(size=(len(pieces), 2, INPUTS)).astype(np.float32)
    teacher = generator.beta(1, 9, (len(pieces), TAGS))
    return AffectLessons(renderings, pieces, inputs, NAMES, teacher)


def _piece(corpus: str, number: int, generator: np.random.Generator) -> Piece:
    piece = Piece(corpus, f"{number:02d}", f"group {number // 3}", Path("x"))
    if corpus == "vgmidi":
        valence, arousal = generator.uniform(-1, 1, 2).tolist()
        return replace(piece, valence=valence, arousal=arousal)
    if corpus == "emopia":
        return replace(piece, quadrant=1 + number % 4)
    return replace(piece, emotion=MVED_CLASSES[number % 6]) if corpus == "mved" else piece


@pytest.fixture(scope="module")
def lessons() -> AffectLessons:
    return made_lessons()


@pytest.mark.parametrize("seed", range(4))
def test_no_source_is_torn_apart_and_every_fold_has_every_corpus(lessons: AffectLessons, seed: int) -> None:
    fold = source_folds(lessons, seed)
    by_group: dict[tuple[str, str], set[int]] = {}
    for piece, number in zip(lessons.pieces, fold.tolist(), strict=True):
        by_group.setdefault((piece.corpus, piece.group), set()).add(number)
    assert all(len(numbers) == 1 for numbers in by_group.values())
    for corpus in ("vgmidi", "emopia", "mved"):
        own = fold[[piece.corpus == corpus for piece in lessons.pieces]]
        assert set(own.tolist()) == set(range(FOLDS))
    np.testing.assert_array_equal(fold, source_folds(lessons, seed))


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float64]]:
    """Train quickly, and note the weight of every half of a lesson in each training."""
    seen: list[NDArray[np.float64]] = []

    def quick(inputs: NDArray, names: tuple[str, ...], labels: Labels, weights: NDArray, *, seed: int) -> AffectHead:
        seen.append(weights.reshape(-1, 2))
        return train_affect(inputs, names, labels, weights, course=replace(QUICK, epochs=1), config=SMALL, seed=seed)

    monkeypatch.setattr(affect_evaluation, "train_affect", quick)
    monkeypatch.setattr(affect_evaluation, "bootstrap", partial(bootstrap, resamples=5))
    return seen


@pytest.mark.parametrize("family", list(FONT_FAMILIES))
def test_nobody_is_asked_about_what_was_learnt(
    lessons: AffectLessons, spied: list[NDArray[np.float64]], family: str
) -> None:
    fonts = FONT_FAMILIES[family]
    held_out = cross_validate(lessons, labels_of(lessons.pieces, lessons.teacher), fonts, seed=3)
    hidden = np.isin([rendering.sound_font for rendering in lessons.renderings], fonts)
    recorded = np.array([rendering.sound_font == "" for rendering in lessons.renderings])
    groups = np.array([f"{piece.corpus}/{piece.group}" for piece in lessons.pieces])
    asked = np.isfinite(held_out.said).all(axis=1)
    np.testing.assert_array_equal(asked, hidden | recorded if fonts else np.ones(len(asked), bool))
    assert len(spied) == FOLDS
    for number, weights in enumerate(spied):
        learnt = (weights > 0).all(axis=1)
        np.testing.assert_array_equal(learnt, (weights > 0).any(axis=1))
        assert not set(groups[learnt]) & set(groups[held_out.fold == number])
        assert not (learnt & hidden).any()
        assert learnt.sum() > 0.5 * (~hidden).sum()
    placed = np.array([piece.corpus == "emopia" for piece in lessons.pieces])
    assert (held_out.quadrant[asked & placed] >= 0).all()
    assert (held_out.quadrant[~asked] == -1).all()


@pytest.mark.usefixtures("spied")
def test_perfect_answers_have_perfect_scores(lessons: AffectLessons) -> None:
    labels = labels_of(lessons.pieces, lessons.teacher)
    ideal = {"excited": (2, 2), "relaxation": (2, -2), "fear": (-2, 0), "tension": (-2, 1), "sad": (-1, -2)}
    said = labels.rating.double().numpy().copy()
    for row, piece in enumerate(lessons.pieces):
        if piece.corpus != "vgmidi":
            said[row] = ideal.get(piece.emotion or "", (0, 0))
    fold = source_folds(lessons, 0)
    scores = score(lessons, labels, HeldOut(said, labels.quadrant.numpy(), fold), seed=0)
    for name in (
        "VGMIDI plain R2 valence",
        "VGMIDI varied r arousal",
        "EMOPIA plain quadrants",
        "MVED ROC-AUC valence",
    ):
        assert scores[name]["value"] == 1.0, name
    assert scores["MVED ROC-AUC arousal"]["value"] == 1.0
    opposite = score(lessons, labels, HeldOut(-said, (labels.quadrant.numpy() + 1) % 4, fold), seed=0)
    assert opposite["EMOPIA plain quadrants"]["value"] == 0.0
    assert opposite["VGMIDI plain R2 arousal"]["value"] < -2
    assert opposite["MVED ROC-AUC valence"]["value"] == 0.0


def test_the_evaluation_writes_a_calibrated_head(
    lessons: AffectLessons, spied: list[NDArray[np.float64]], tmp_path: Path
) -> None:
    stages: list[float] = []
    report, lines = evaluate_affect(
        lessons, tmp_path / "affect.safetensors", seed=0, progress=lambda _, done: stages.append(done)
    )
    assert stages == sorted(stages)
    assert len(spied) == len(FONT_FAMILIES) * FOLDS + 1
    assert (spied[-1] > 0).all()
    head = load_affect_head(tmp_path / "affect.safetensors")
    assert head.config.reach == pytest.approx(tuple(report["reach"]))
    assert head.config.familiar == report["familiar"] > 0
    shares = [unfamiliarity(head, inputs) == 1.0 for inputs in lessons.inputs]
    assert 0.7 < np.mean(shares) < 1.0
    assert set(FONT_FAMILIES) < set(report)
    assert any("VGMIDI plain R2 valence" in line for line in lines)


def test_lessons_join_traits_and_moods_and_use_held_out_answers(tmp_path: Path, lessons: AffectLessons) -> None:
    chosen = [0, 1, len(lessons.renderings) - 1]
    renderings = [lessons.renderings[index] for index in chosen]
    pieces = [lessons.pieces[index] for index in chosen]
    generator = np.random.default_rng(4)
    for rendering in renderings:
        path = tmp_path / "lessons" / heard_file(rendering)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            picture=generator.normal(size=(2, 200, 96)).astype(np.float16),
            traits=generator.normal(size=(2, len(input_names()) - TAGS)).astype(np.float32),
            teacher=generator.uniform(size=TAGS).astype(np.float32),
        )
    torch.manual_seed(0)
    plain_reading = TagReading(*np.ones((4, TAGS)))
    save_mood_network(tmp_path / "mood.safetensors", MoodNetwork(MoodConfig((4,) * 5)), plain_reading, {})
    held_out = tmp_path / "held_out.npz"
    arguments = {"mood": tmp_path / "mood.safetensors", "held_out": held_out}
    with pytest.raises(RefusalError, match="train mood"):
        read_affect_lessons(tmp_path / "lessons", renderings, pieces, **arguments)
    logits = np.full((3, TAGS), np.nan)
    logits[2] = np.arange(TAGS)
    np.savez(held_out, logits=logits, name=[rendering.file for rendering in renderings])
    read = read_affect_lessons(tmp_path / "lessons", renderings, pieces, **arguments)
    assert read.inputs.shape == (3, 2, len(read.names))
    assert read.names[-TAGS:] == tuple(tag.name for tag in mood_tags())
    np.testing.assert_array_equal(read.inputs[2, :, -TAGS:], np.tile(np.arange(TAGS), (2, 1)))
    assert np.isfinite(read.inputs).all()
    assert (read.inputs[0, 0, -TAGS:] != read.inputs[0, 1, -TAGS:]).any()
    with pytest.raises(RefusalError, match="train lessons"):
        read_affect_lessons(tmp_path / "absent", renderings, pieces, **arguments)
