"""The networks and their inputs against numbers that the published classes gave (spectra: librosa 0.11)."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from emotion.music2emo import chords
from emotion.music2emo.chord_network import ChordNetwork, ChordNetworkConfig
from emotion.music2emo.engine import Music2Emo
from emotion.music2emo.key import find_key
from emotion.music2emo.mert import load_mert
from emotion.music2emo.networks import EmotionInputs, Student, Teacher, pad_chords
from emotion.music2emo.vocabulary import CHORD_CLASSES, chord_label, chord_tokens
from emotion.prediction import ChordSpan

TOLERANCE = 1e-5
ONES = ("norm1.weight", "norm2.weight", "gamma", ".running_var")


def sine_filled(network: nn.Module) -> nn.Module:
    """Fill all weights from a formula, so that no random numbers need to agree."""
    state = network.state_dict()
    for index, (name, value) in enumerate(sorted(state.items())):
        wave = torch.sin(0.7 * torch.arange(value.numel(), dtype=torch.float64) + 1.3 * (index + 1))
        fan = value[0].numel() if value.dim() > 1 else value.numel()
        filled = 1 + 0.1 * wave if name.endswith(ONES) else wave * 1.7 / fan**0.5
        state[name] = filled.reshape(value.shape).to(value.dtype)
    network.load_state_dict(state)
    return network.eval()


def with_weights(network: nn.Module, golden: np.lib.npyio.NpzFile) -> nn.Module:
    state = {name[2:]: torch.from_numpy(golden[name]) for name in golden.files if name.startswith("w:")}
    network.load_state_dict(state)
    return network.eval()


def inputs(golden: np.lib.npyio.NpzFile) -> EmotionInputs:
    tokens = torch.from_numpy(np.stack([golden["x_chord_root"], golden["x_chord_attr"]], axis=-1))
    counts = torch.full((len(tokens),), tokens.shape[1])
    return EmotionInputs(torch.from_numpy(golden["x_mert"]), tokens, counts, torch.from_numpy(golden["x_key"]))


def agree(found: torch.Tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=TOLERANCE)


def test_student_with_all_weights(reference: Callable[[str], Path]) -> None:
    golden = np.load(reference("golden/music2emo/student_small_full.npz"))
    logits, affect = with_weights(Student(32, 5), golden)(inputs(golden))
    agree(logits, golden["logits"])
    agree(affect, golden["va"])


def test_student_initialised_like_the_published_one(reference: Callable[[str], Path]) -> None:
    golden = np.load(reference("golden/music2emo/student_seed0.npz"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        student = Student().eval()
    logits, affect = student(inputs(golden))
    agree(logits, golden["logits"])
    agree(affect, golden["va"])


def test_student_of_full_size(data: Path) -> None:
    golden = np.load(data / "student_sinfill.npz")
    logits, affect = sine_filled(Student())(inputs(golden))
    agree(logits, golden["logits"])
    agree(affect, golden["va"])
    agree(torch.sigmoid(logits), golden["probs"])


@pytest.mark.parametrize(("name", "outputs"), [("va", 2), ("mood", 56)])
def test_teachers(data: Path, name: str, outputs: int) -> None:
    golden = np.load(data / f"teacher_{name}_sinfill.npz")
    agree(sine_filled(Teacher(outputs))(inputs(golden)), golden["out"])


def test_chord_branch(data: Path) -> None:
    golden = np.load(data / "chord_branch.npz")
    student = Student().eval()
    state = {name[2:]: torch.from_numpy(golden[name]) for name in golden.files if name.startswith("w:")}
    student.load_state_dict(state, strict=False)
    tokens = torch.from_numpy(np.stack([golden["root"], golden["attr"]], axis=-1))
    agree(student.position_code, golden["pos_encoding"])
    agree(student.embed_chords(tokens) - student.position_code, golden["embedded"])
    agree(student.summarise_chords(tokens, torch.full((3,), 100)), golden["cls"])


def test_small_chord_network(data: Path) -> None:
    golden = np.load(data / "btc_small_full.npz")
    network = with_weights(ChordNetwork(ChordNetworkConfig(24, 12, 16, 2, 4, 170)), golden)
    features = torch.from_numpy(golden["features"])
    agree(network.self_attn_layers(features), golden["hidden"])
    logits = network(features)
    agree(logits, golden["logits"])
    assert (logits.argmax(-1).numpy() == golden["pred"]).all()


def test_chord_network_of_full_size(data: Path) -> None:
    golden = np.load(data / "btc_sinfill.npz")
    network = sine_filled(ChordNetwork())
    features = torch.from_numpy(golden["features"])
    agree(network.self_attn_layers(features), golden["hidden"])
    agree(network(features), golden["logits"])


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("student FeedforwardModelMTAttnCK(1536,56,2)", Student()),
        ("teacher_va FeedforwardModelAttnCK(1536,2)", Teacher(2)),
        ("teacher_mood FeedforwardModelAttnCK(1536,56)", Teacher(56)),
        ("btc_large_voca BTC_model(num_chords=170)", ChordNetwork()),
    ],
)
def test_released_names_and_shapes(data: Path, name: str, network: nn.Module) -> None:
    expected = json.loads((data / "state_dicts.json").read_text(encoding="utf-8"))[name]
    found = {
        key: [list(tensor.shape), str(tensor.dtype).removeprefix("torch.")]
        for key, tensor in network.state_dict().items()
    }
    assert found == expected


def test_mert(reference: Callable[[str], Path], tmp_path: Path) -> None:
    golden = np.load(reference("golden/music2emo/mert_small.npz"))
    (tmp_path / "config.json").write_text(str(golden["config"]), encoding="utf-8")
    state = {name[2:]: torch.from_numpy(golden[name]) for name in golden.files if name.startswith("w:")}
    torch.save(state, tmp_path / "pytorch_model.bin")
    encoder = load_mert(tmp_path / "config.json", tmp_path / "pytorch_model.bin")
    frames = encoder.encode(golden["x"][0])
    assert len(frames) == 224
    np.testing.assert_allclose(frames.mean(axis=0), golden["feature_1d"], rtol=0, atol=TOLERANCE)


def test_mert_gives_the_outputs_of_layers_6_and_7(engine: Music2Emo) -> None:
    wave = np.sin(np.arange(24_000) ** 1.3 * 0.01).astype(np.float32)
    normalised = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
    with torch.inference_mode():
        states = engine.encoder.network(torch.from_numpy(normalised)[None], output_hidden_states=True).hidden_states
    assert len(states) == 9
    frames = engine.encoder.encode(3 * wave + 1)  # level and offset must not matter
    np.testing.assert_allclose(frames, torch.cat([states[6][0], states[7][0]], dim=1).numpy(), atol=1e-4)


def test_constant_q_in_blocks_of_ten_seconds(data: Path) -> None:
    golden = np.load(data / "cqt_logmag.npz")
    rate = chords.SAMPLE_RATE
    t = np.arange(int(12.3 * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 277.18 * t)
    wave = (wave + 0.1 * np.sin(2 * np.pi * (329.63 + 5 * t) * t)).astype(np.float32)
    blocks = [chords.constant_q(wave[start : start + chords.BLOCK_SAMPLES]) for start in (0, chords.BLOCK_SAMPLES)]
    np.testing.assert_allclose(np.concatenate(blocks).T, golden["logcqt"], rtol=0, atol=TOLERANCE)


def test_chord_names(data: Path) -> None:
    expected = json.loads((data / "btc_vocabulary.json").read_text(encoding="utf-8"))
    assert [[index, chord_label(index)] for index in range(CHORD_CLASSES)] == expected


def test_runs_of_frames_become_chords(data: Path) -> None:
    for case in json.loads((data / "btc_decode_cases.json").read_text(encoding="utf-8")):
        heard = case["pred"][: len(case["pred"]) - case["num_pad"]]
        lines = [f"{span.start_s:.3f} {span.end_s:.3f} {span.label}\n" for span in chords.chord_spans(heard)]
        assert lines == case["lines"]


def key_and_token_cases(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))


def check_key_and_tokens(case: dict) -> None:
    columns = [line.split() for line in case["lab"]]
    spans = [ChordSpan(float(start), float(end), label) for start, end, label in columns]
    key = find_key(spans)
    assert key is not None
    name, mode = case["key"].split()
    tonic = ("C D EF G A B".index(name[0].upper()) + name.count("#") - name.count("-")) % 12
    assert (key.tonic, key.minor) == (tonic, mode == "minor")
    rows, _ = pad_chords(torch.from_numpy(chord_tokens([span.label for span in spans], key.shift)))
    assert rows[0].T.tolist() == [case["x_chord_root"], case["x_chord_attr"]]


def test_keys_and_tokens(data: Path) -> None:
    for case in key_and_token_cases(data / "chord_key_cases.json"):
        check_key_and_tokens(case)


def test_all_keys_and_tokens(reference: Callable[[str], Path]) -> None:
    for case in key_and_token_cases(reference("golden/music2emo/chord_key_cases.json")):
        check_key_and_tokens(case)
