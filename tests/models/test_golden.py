"""The published networks, against outputs of the published code."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from emotion.errors import WeightsDamagedError
from emotion.weights import load_checkpoint, load_into
from video2music.features.video_features import VideoFeatures
from video2music.models.amt import AffectiveMultimodalTransformer, AmtConfig
from video2music.models.dynamics import DynamicsConfig, DynamicsNetwork
from video2music.models.generation import generate_chords
from video2music.models.inputs import GROUPS, FeatureBatch
from video2music.models.sampling import PUBLISHED_SAMPLING

Golden = dict[str, NDArray]
Reference = Callable[[str], Path]

DATA = Path(__file__).parents[1] / "data"

SMALL = AmtConfig(d_model=64, heads=4, feed_forward=128, encoder_layers=2, decoder_layers=2)


def golden_batch(golden: Golden) -> FeatureBatch:
    """300 seconds whose padding already is zero; the published +1 on the scene offset is taken off again."""
    semantic = np.zeros((300, 768), dtype=np.float32)
    semantic[: len(golden["sem"])] = golden["sem"]
    zeros = torch.zeros(1, 300)
    return FeatureBatch(
        emotion=torch.from_numpy(golden["emotion"])[None],
        scene_offset=torch.from_numpy(golden["scene_offset"])[None] - 1,
        motion=torch.from_numpy(golden["motion"])[None],
        from_start=zeros,
        to_end=zeros,
        valid=torch.ones(1, 300, dtype=torch.bool),
        present=torch.ones(1, len(GROUPS), dtype=torch.bool),
        semantic=torch.from_numpy(semantic)[None],
    )


def contract(module: nn.Module) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.fixture(scope="module")
def small_amt(reference: Reference) -> AffectiveMultimodalTransformer:
    network = AffectiveMultimodalTransformer(SMALL)
    path = reference("golden/video2music/small_amt_seed0.pt")
    load_into(network, load_checkpoint(path), where=path)
    return network.eval()


@pytest.fixture(scope="module")
def amt_golden(reference: Reference) -> Golden:
    return dict(np.load(reference("golden/video2music/small_amt_golden.npz")))


def test_published_amt_has_the_published_names_and_shapes() -> None:
    published = json.loads((DATA / "amt_state_dict.json").read_text())
    network = AffectiveMultimodalTransformer(AmtConfig())
    assert contract(network) == published["shapes"]
    assert sum(p.numel() for p in network.parameters()) == published["parameters"]


def test_published_dynamics_network_has_the_published_names_and_shapes() -> None:
    published = json.loads((DATA / "bigru_state_dict.json").read_text())
    assert contract(DynamicsNetwork(DynamicsConfig())) == published["shapes"]


@pytest.mark.parametrize("length", [1, 4, 12, 64])
def test_amt_logits_equal_the_published_ones(
    small_amt: AffectiveMultimodalTransformer, amt_golden: Golden, length: int
) -> None:
    with torch.inference_mode():
        chords = torch.from_numpy(amt_golden["prefix"][:length])[None]
        logits = small_amt(chords, torch.ones(1), golden_batch(amt_golden))
    np.testing.assert_allclose(logits[0].numpy(), amt_golden[f"logits_L{length}"], atol=1e-4)


def test_amt_logits_equal_the_published_ones_at_full_length(
    small_amt: AffectiveMultimodalTransformer, amt_golden: Golden
) -> None:
    with torch.inference_mode():
        chords = torch.from_numpy(amt_golden["prefix300"])[None]
        logits = small_amt(chords, torch.ones(1), golden_batch(amt_golden))
    np.testing.assert_allclose(logits[0, -8:].numpy(), amt_golden["logits_L300_last8"], atol=1e-4)


def test_cached_steps_equal_the_published_logits(small_amt: AffectiveMultimodalTransformer, amt_golden: Golden) -> None:
    with torch.inference_mode():
        memory, state = small_amt.encode(golden_batch(amt_golden)), small_amt.start()
        rows = [
            small_amt.decode(torch.tensor([[chord]]), torch.ones(1), memory, state)[0, 0]
            for chord in amt_golden["prefix300"]
        ]
    np.testing.assert_allclose(torch.stack(rows)[-8:].numpy(), amt_golden["logits_L300_last8"], atol=1e-4)


@pytest.mark.parametrize(("attributes", "stored"), [((0, 5, 0, 0), "gen_greedy")])
def test_greedy_generation_equals_the_published_one(
    small_amt: AffectiveMultimodalTransformer, amt_golden: Golden, attributes: tuple[int, ...], stored: str
) -> None:
    seconds = len(amt_golden["sem"])
    features = VideoFeatures(
        duration_s=48.0,
        emotion=amt_golden["emotion"][:48],
        valence=np.full(48, 5, np.float32),
        arousal=np.full(48, 5, np.float32),
        scene_offset=amt_golden["scene_offset"][:48] - 1,
        motion=amt_golden["motion"][:48],
        cuts_s=np.zeros(0, np.float32),
        semantic=np.pad(amt_golden["sem"], ((0, 48 - seconds), (0, 0))),
    )
    chords = generate_chords(
        small_amt,
        features,
        mode="minor",
        primer=amt_golden["primer"].tolist(),
        primer_attributes=attributes,
        generator=torch.Generator(),
        sampling=replace(PUBLISHED_SAMPLING, temperature=0),
    )
    assert list(chords) == amt_golden[stored].tolist()


def test_dynamics_equal_the_published_ones(reference: Reference) -> None:
    golden = dict(np.load(reference("golden/video2music/small_bigru_golden.npz")))
    network = DynamicsNetwork(DynamicsConfig(hidden=8)).eval()
    path = reference("golden/video2music/small_bigru_seed0.pt")
    load_into(network, load_checkpoint(path), where=path)
    with torch.inference_mode():
        predicted = network(golden_batch(golden))
    np.testing.assert_allclose(predicted[0].numpy(), golden["y"], atol=1e-4)


def test_loading_names_what_is_missing_and_what_is_too_much() -> None:
    network = AffectiveMultimodalTransformer(SMALL)
    tensors = network.state_dict()
    tensors["Wout.extra"] = tensors.pop("Wout.bias")
    with pytest.raises(WeightsDamagedError, match=r"missing: Wout\.bias.*unexpected: Wout\.extra"):
        load_into(network, tensors, where="some.pt")
