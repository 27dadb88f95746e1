"""A tiny data set in the published layout, made of chords that follow a rule."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from video2music.harmony.vocabulary import harte

LOOP = (1, 1, 122, 122, 66, 66, 79, 79)


def write_lab(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_song(root: Path, name: str, seconds: int, *, seed: int, extra: int = 0) -> None:
    rng = np.random.default_rng(seed)
    start = int(rng.integers(len(LOOP)))
    chords = [harte(LOOP[(start + second) % len(LOOP)]) for second in range(seconds + extra)]
    write_lab(
        root / "vevo_chord/lab_v2_norm/all" / f"{name}.lab",
        ["key A minor" if seed % 2 else "key C major", *(f"{second} {chord}" for second, chord in enumerate(chords))],
    )
    felt = rng.dirichlet(np.ones(6), seconds)
    write_lab(
        root / "vevo_emotion/6c_l14p/all" / f"{name}.lab",
        ["time a b c d e f", *(f"{s} " + " ".join(f"{p:.4f}" for p in row) for s, row in enumerate(felt))],
    )
    motion = rng.gamma(2, 3, seconds)
    loudness = 0.05 + 0.02 * motion / motion.max() + 0.1 * np.minimum(1, np.arange(seconds)[::-1] / 5)
    curves = {"vevo_motion": motion, "vevo_loudness": loudness, "vevo_note_density": 60 * loudness}
    for folder, values in {**curves, "vevo_scene_offset": np.arange(seconds) % 5}.items():
        write_lab(root / folder / "all" / f"{name}.lab", [f"{s} {value:.4f}" for s, value in enumerate(values)])
    path = root / "vevo_semantic/all/2d/clip_l14p" / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, rng.normal(size=(seconds, 768)).astype(np.float32))


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six training songs and two of val, about 30 seconds each."""
    root = tmp_path_factory.mktemp("muvi")
    names = [f"{number:03d}" for number in range(8)]
    for number, name in enumerate(names):
        write_song(root, name, 28 + number, seed=number, extra=number % 2)
    write_lab(root / "vevo_meta/split/v1/train.txt", names[:6])
    write_lab(root / "vevo_meta/split/v1/val.txt", names[6:])
    return root


@pytest.fixture(scope="session")
def lab_writer() -> Callable[[Path, list[str]], None]:
    return write_lab
