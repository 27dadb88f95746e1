"""The chord network in our configuration: causal, cached, and indifferent to padding and to missing groups."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion.errors import WeightsDamagedError
from emotion.weights import find_weights, load_tensors, save_tensors
from video2music.features.video_features import VideoFeatures
from video2music.models.amt import AffectiveMultimodalTransformer, held_steps
from video2music.models.inputs import batch_of
from video2music.models.loading import load_amt, load_dynamics, save_amt

MakeFeatures = Callable[..., VideoFeatures]


@pytest.fixture(scope="module")
def shipped() -> AffectiveMultimodalTransformer:
    return load_amt(find_weights("amt"))


def random_chords(length: int) -> torch.Tensor:
    return torch.randint(0, 157, (1, length), generator=torch.Generator().manual_seed(1)) // 20


def test_reading_step_by_step_gives_the_logits_of_reading_at_once(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    batch, chords, minor = batch_of(make_features(40)), random_chords(39), torch.ones(1)
    with torch.inference_mode():
        whole = tiny_amt(chords, minor, batch)
        memory, state = tiny_amt.encode(batch), tiny_amt.start()
        parts = [tiny_amt.decode(part, minor, memory, state) for part in chords.split([1, 7, 1, 30], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_later_chords_do_not_change_earlier_predictions(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    batch, chords = batch_of(make_features(40)), random_chords(39)
    changed = chords.clone()
    changed[:, 20:] = 99
    with torch.inference_mode():
        before, after = (tiny_amt(c, torch.zeros(1), batch) for c in (chords, changed))
    torch.testing.assert_close(before[:, :20], after[:, :20])
    assert not torch.allclose(before[:, 20:], after[:, 20:])


def test_predictions_are_distributions(tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures) -> None:
    with torch.inference_mode():
        logits = tiny_amt(random_chords(30), torch.zeros(1), batch_of(make_features(30)))
    torch.testing.assert_close(logits.exp().sum(dim=-1), torch.ones(1, 30), atol=1e-4, rtol=0)


def test_padding_changes_nothing(tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures) -> None:
    batch, chords = batch_of(make_features(25)), random_chords(24)
    with torch.inference_mode():
        plain, padded = (tiny_amt(chords, torch.zeros(1), b) for b in (batch, batch.padded(40)))
    torch.testing.assert_close(plain[:, :-1], padded[:, :-1], atol=1e-5, rtol=1e-5)


def test_a_missing_group_is_the_same_as_a_group_that_was_never_read(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    chords = random_chords(20)
    seen, unseen = (batch_of(make_features(21, semantic=semantic)) for semantic in (True, False))
    with torch.inference_mode():
        dropped = tiny_amt(chords, torch.zeros(1), seen.without("semantic"))
        absent = tiny_amt(chords, torch.zeros(1), replace(unseen, emotion=seen.emotion, motion=seen.motion))
    torch.testing.assert_close(dropped, absent)


def test_held_steps_count_from_the_last_change() -> None:
    assert held_steps(torch.tensor([[5, 5, 5, 2, 2, 5]]), longest=9).tolist() == [[0, 1, 2, 0, 1, 0]]
    assert held_steps(torch.tensor([[5, 5, 5, 5]]), longest=3).tolist() == [[0, 1, 2, 2]]


def test_a_file_holds_its_own_configuration(
    tmp_path: Path, tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    path = tmp_path / "amt.safetensors"
    save_amt(path, tiny_amt, {"seed": "3"})
    loaded = load_amt(path)
    assert loaded.config == tiny_amt.config
    batch, chords = batch_of(make_features(10)), random_chords(9)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(chords, torch.ones(1), batch), tiny_amt(chords, torch.ones(1), batch))


def test_a_file_of_another_network_is_refused(tmp_path: Path, tiny_amt: AffectiveMultimodalTransformer) -> None:
    path = tmp_path / "amt.safetensors"
    save_amt(path, tiny_amt, {})
    with pytest.raises(WeightsDamagedError, match="does not hold a dynamics network"):
        load_dynamics(path)


@pytest.mark.parametrize("config", ["{}}", '{"colour": 3}', "[1, 2]"])
def test_an_unreadable_configuration_is_refused(
    tmp_path: Path, tiny_amt: AffectiveMultimodalTransformer, config: str
) -> None:
    path = tmp_path / "amt.safetensors"
    save_amt(path, tiny_amt, {})
    tensors, metadata = load_tensors(path)
    save_tensors(path, tensors, {**metadata, "config": config})
    with pytest.raises(WeightsDamagedError, match="configuration"):
        load_amt(path)


@given(step=st.integers(1, 38), chord=st.integers(0, 156), repeats=st.integers(1, 12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shipped_weights_never_read_ahead_even_where_they_copy(
    shipped: AffectiveMultimodalTransformer, make_features: MakeFeatures, step: int, chord: int, repeats: int
) -> None:
    loop = random_chords(repeats).repeat(1, 40)[:, :39]
    changed = loop.clone()
    changed[:, step:] = chord
    batch = batch_of(make_features(40))
    with torch.inference_mode():
        before, after = (shipped(chords, torch.zeros(1), batch) for chords in (loop, changed))
        memory, state = shipped.encode(batch), shipped.start()
        cached = torch.cat([shipped.decode(part, torch.zeros(1), memory, state) for part in loop.split(1, 1)], dim=1)
    torch.testing.assert_close(before[:, :step], after[:, :step], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(cached, before, atol=1e-4, rtol=1e-4)
