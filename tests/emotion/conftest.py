"""Small recognisers with random weights in the published file formats, and small sounds."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emotion.audio import Audio
from emotion.music2emo.chord_network import ChordNetwork
from emotion.music2emo.engine import Music2Emo, load_music2emo
from emotion.music2emo.mert import REQUIRED, build_network
from emotion.music2emo.networks import Student

WIDTH = 32
MERT_SETTINGS = {
    **REQUIRED, "model_type": "mert_model", "auto_map": {"AutoModel": "modeling_MERT.MERTModel"}, "hidden_size": WIDTH,
    "num_hidden_layers": 8, "num_attention_heads": 4, "intermediate_size": 64, "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "feature_extractor_cqt_bins": 336,
}  # fmt: skip


class Foreign:
    """Stands for what training frameworks leave in their checkpoints."""

    def __init__(self) -> None:
        self.setting = {"learning_rate": 1e-4}


@pytest.fixture(scope="session")
def data() -> Path:
    return Path(__file__).parents[1] / "data" / "music2emo"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def write_weights(folder: Path) -> None:
    """Write all files of the engine, small, as the authors' programs wrote them."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        (folder / "mert-v1-95m.json").write_text(json.dumps(MERT_SETTINGS), encoding="utf-8")
        torch.save(build_network(MERT_SETTINGS).state_dict(), folder / "mert-v1-95m.bin")
        chords = {"mean": np.float64(-5.0), "std": np.float64(3.0), "model": ChordNetwork().state_dict()}
        torch.save(chords, folder / "btc_model_large_voca.pt", _use_new_zipfile_serialization=False)
        for name in ("J_all", "E_all"):
            student = Student(2 * WIDTH)
            torch.nn.init.constant_(student.regression_branch[-1].bias, 5.0)
            state = {f"model.{key}": tensor for key, tensor in student.state_dict().items()}
            state |= {f"teacher_deam.{key}": tensor for key, tensor in student.state_dict().items()}
            content = {"epoch": 3, "state_dict": state, "hyper_parameters": Foreign(), "callbacks": {"x": Foreign()}}
            torch.save(content, folder / f"{name}.ckpt")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_weights(folder)
    return folder


@pytest.fixture(scope="session")
def engine(weights: Path) -> Music2Emo:
    return load_music2emo(weights=weights)


@pytest.fixture(scope="session")
def engine_as_published(weights: Path) -> Music2Emo:
    return load_music2emo(weights=weights, as_published=True)


def tone(seconds: float, rate: int = 22_050, *, pitches: tuple[float, ...] = (220.0, 277.18, 329.63)) -> NDArray:
    time_s = np.arange(round(seconds * rate)) / rate
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 2 * time_s)  # two beats per second
    return (0.1 * swell * sum(np.sin(2 * np.pi * pitch * time_s) for pitch in pitches)).astype(np.float32)


@pytest.fixture(scope="session")
def make_audio() -> Callable[..., Audio]:
    def make(seconds: float = 12.0, rate: int = 22_050, **options: tuple[float, ...]) -> Audio:
        return Audio(tone(seconds, rate, **options)[:, None], rate)

    return make
