"""CLIP as an encoder, with a tiny network of random weights in place of the published one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.hub import HubFile
from emotion.torchvision_compat import import_torchvision
from emotion.weights import save_tensors
from video2music.errors import UnknownEngineError
from video2music.features import clip
from video2music.features.clip import LARGE, SMALL, ClipEncoder, load_clip, published_file
from video2music.features.image_encoder import ImageEncoder, expected_affect, load_encoder
from video2music.features.video_features import EMOTIONS

TINY = "tiny-quickgelu"
SIZE = 28
CONFIGURATION = {
    "embed_dim": 24,
    "quick_gelu": True,
    "vision_cfg": {"image_size": SIZE, "layers": 1, "width": 32, "head_width": 16, "patch_size": 14},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Register the tiny network with open_clip and write random weights for it."""
    import_torchvision()
    import open_clip

    folder = tmp_path_factory.mktemp("clip")
    (folder / f"{TINY}.json").write_text(json.dumps(CONFIGURATION))
    open_clip.add_model_config(folder / f"{TINY}.json")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = open_clip.CLIP(**CONFIGURATION)
    save_tensors(folder / f"{TINY}.safetensors", network.state_dict(), {})
    return folder / f"{TINY}.safetensors"


@pytest.fixture(scope="module")
def encoder(weights: Path) -> ClipEncoder:
    return load_clip(paper=True, device="cpu", weights=weights, model=TINY)


@pytest.fixture(scope="module")
def frames() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (5, 40, 60, 3), dtype=np.uint8)


def see_as_published(weights: Path, frames: NDArray[np.uint8]) -> tuple[NDArray, NDArray]:
    """Do what the published system does: one picture at a time, prompts encoded for each."""
    import open_clip
    from safetensors.torch import load_file

    network = open_clip.CLIP(**CONFIGURATION).eval()
    network.load_state_dict(load_file(weights))
    prepare = open_clip.image_transform(SIZE, is_train=False)
    embeddings, emotions = [], []
    with torch.no_grad():
        for frame in frames:
            image = network.encode_image(prepare(Image.fromarray(frame))[None])
            text = network.encode_text(open_clip.tokenize(list(EMOTIONS)))
            cosine = (image / image.norm()) @ (text / text.norm(dim=1, keepdim=True)).T
            embeddings.append(image[0].numpy())
            emotions.append((network.logit_scale.exp() * cosine).softmax(dim=1)[0].numpy())
    return np.stack(embeddings), np.stack(emotions)


def test_one_batched_pass_sees_what_single_passes_see(
    encoder: ClipEncoder, weights: Path, frames: NDArray[np.uint8]
) -> None:
    embeddings, emotions = see_as_published(weights, frames)
    sight = encoder.see(frames, np.zeros(5, np.float32))
    assert sight.semantic is not None
    np.testing.assert_allclose(sight.semantic, embeddings, atol=1e-5)
    np.testing.assert_allclose(sight.emotion, emotions, atol=6e-5)
    np.testing.assert_allclose(encoder.emotions(encoder.embed(frames)), emotions, atol=1e-5)
    assert not np.allclose(np.linalg.norm(sight.semantic, axis=1), 1, atol=0.01)


def test_each_image_is_encoded_once_and_prompts_never_again(
    encoder: ClipEncoder, frames: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = encoder._network
    encoded: list[int] = []
    encode = network.encode_image
    monkeypatch.setattr(network, "encode_image", lambda batch: encoded.append(len(batch)) or encode(batch))
    monkeypatch.setattr(network, "encode_text", lambda *_: pytest.fail("prompts were encoded again"))
    monkeypatch.setattr(clip, "BATCH", 2)
    encoder.see(frames, np.zeros(5, np.float32))
    assert encoded == [2, 2, 1]


@pytest.mark.parametrize(("paper", "encoded"), [(True, 4), (False, 2)])
def test_the_published_encoder_looks_at_every_second_and_the_other_where_something_changes(
    weights: Path, frames: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, encoded: int, *, paper: bool
) -> None:
    encoder = load_clip(paper=paper, device="cpu", weights=weights, model=TINY)
    seen: list[int] = []
    encode = encoder._network.encode_image
    monkeypatch.setattr(encoder._network, "encode_image", lambda batch: seen.append(len(batch)) or encode(batch))
    sight = encoder.see(frames[[0, 0, 1, 1]], np.zeros(4, np.float32))
    assert sum(seen) == encoded
    np.testing.assert_allclose(sight.emotion, encoder.emotions(encoder.embed(frames[[0, 0, 1, 1]])), atol=6e-5)


def test_batches_do_not_change_what_is_seen(
    encoder: ClipEncoder, frames: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encoder.embed(frames)
    monkeypatch.setattr(clip, "BATCH", 2)
    np.testing.assert_allclose(encoder.embed(frames), whole, atol=1e-5)


def test_rows_are_probabilities_with_the_affect_they_amount_to(encoder: ClipEncoder, frames: NDArray[np.uint8]) -> None:
    sight = encoder.see(frames, np.zeros(5, np.float32))
    np.testing.assert_allclose(sight.emotion.sum(axis=1), 1, atol=5e-4)
    np.testing.assert_array_equal(sight.emotion, sight.emotion.round(4))
    valence, arousal = expected_affect(sight.emotion)
    np.testing.assert_array_equal(sight.valence, valence)
    np.testing.assert_array_equal(sight.arousal, arousal)


def test_no_frames_give_no_rows(encoder: ClipEncoder) -> None:
    sight = encoder.see(np.zeros((0, 40, 60, 3), np.uint8), np.zeros(0, np.float32))
    assert sight.emotion.shape == (0, 6)
    assert sight.semantic is not None
    assert sight.semantic.shape == (0, 24)


def test_the_clip_engine_drops_semantics_of_a_small_network(weights: Path, frames: NDArray[np.uint8]) -> None:
    encoder = load_encoder("clip", device="cpu", weights=weights, model=TINY)
    assert isinstance(encoder, ImageEncoder)
    assert encoder.exact_motion
    assert encoder.frame_size == SIZE
    assert encoder.see(frames, np.zeros(5, np.float32)).semantic is None


def test_weights_of_another_network_are_refused(weights: Path, tmp_path: Path) -> None:
    save_tensors(tmp_path / "other.safetensors", {"logit_scale": torch.zeros(()), "foreign": torch.zeros(1)}, {})
    with pytest.raises(WeightsDamagedError, match="unexpected: foreign"):
        load_clip(device="cpu", weights=tmp_path / "other.safetensors", model=TINY)
    weights_cut = tmp_path / "cut.safetensors"
    weights_cut.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(WeightsDamagedError):
        load_clip(device="cpu", weights=weights_cut, model=TINY)


def test_absent_weights_and_unknown_models_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError):
        load_clip(device="cpu", weights=tmp_path / "absent.safetensors", model=TINY)
    with pytest.raises(UnknownEngineError, match="no model"):
        load_clip(device="cpu", weights=weights, model="ViT-Z")
    with pytest.raises(UnknownEngineError, match="Choose one of"):
        load_encoder("telescope")


def test_checkpoints_in_half_precision_are_read(weights: Path, tmp_path: Path, frames: NDArray[np.uint8]) -> None:
    from safetensors.torch import load_file

    constants = {name: torch.tensor(0) for name in ("input_resolution", "context_length", "vocab_size")}
    torch.save({name: tensor.half() for name, tensor in load_file(weights).items()} | constants, tmp_path / "half.pt")
    half = load_clip(device="cpu", weights=tmp_path / "half.pt", model=TINY)
    full = load_clip(device="cpu", weights=weights, model=TINY)
    np.testing.assert_allclose(half.embed(frames), full.embed(frames), atol=0.02)


def test_the_registry_of_open_clip_names_the_repositories() -> None:
    assert published_file(LARGE) == HubFile("timm/vit_large_patch14_clip_336.openai", "open_clip_model.safetensors")
    assert published_file(SMALL) == HubFile("timm/vit_base_patch32_clip_224.openai", "open_clip_model.safetensors")
    assert published_file("no such model") is None


@pytest.mark.parametrize(
    ("paper", "device", "asked", "expected"),
    [
        (True, "cpu", None, LARGE),
        (False, "cpu", None, SMALL),
        (False, "meta", None, LARGE),  # stands for a GPU: any device but the processor
        (False, "cpu", "ViT-B-16", "ViT-B-16-quickgelu"),
    ],
)
def test_the_network_is_chosen_by_engine_and_device(
    monkeypatch: pytest.MonkeyPatch, *, paper: bool, device: str, asked: str | None, expected: str
) -> None:
    class FoundError(Exception):
        pass

    def find(name: str, *, hub: HubFile | None, **_: object) -> Path:
        assert hub is not None
        raise FoundError(name)

    monkeypatch.setattr(clip, "find_weights", find)
    with pytest.raises(FoundError, match=f"^{expected}$"):
        load_clip(paper=paper, device=device, model=asked)
