"""Two thousand damaged files, the same in every run; `python -m benchmarks.hostile` tries as many as wanted."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from media_seeds import SOUNDS, VIDEOS
from mutate import damage, damage_json
from stored_cases import small_midi, small_result, small_score
from watch import End, Watch

StartWatch = Callable[..., Watch]
SEED = st.integers(0, 2**32 - 1)


def tried(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def check(end: End) -> None:
    assert end.good, end


@pytest.mark.parametrize(
    ("reader", "names", "examples"), [("video", VIDEOS, 850), ("sound", SOUNDS, 550), ("published", VIDEOS, 100)]
)
def test_damaged_media(
    corpus: Path, start_watch: StartWatch, tmp_path: Path, reader: str, names: dict[str, tuple[str, ...]], examples: int
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    whole = [(name, (corpus / "seeds" / name).read_bytes()) for name in names]
    watch = start_watch(reader, guarded=(folder,))

    @tried(examples)
    @given(number=st.integers(0, len(whole) - 1), other=st.integers(0, len(whole) - 1), seed=SEED)
    def read(number: int, other: int, seed: int) -> None:
        name, content = whole[number]
        path = tmp_path / f"damaged{Path(name).suffix}"
        path.write_bytes(damage(content, seed, whole[other][1]))
        check(watch.read(reader, path))

    read()
    assert watch.escaped() == []


def test_damaged_notes(start_watch: StartWatch, tmp_path: Path) -> None:
    watch, path = start_watch("play"), tmp_path / "damaged.mid"

    @tried(400)
    @given(seed=SEED)
    def read(seed: int) -> None:
        path.write_bytes(damage(small_midi(), seed))
        check(watch.read("play", path))

    read()
    assert watch.escaped() == []


def test_damaged_scores(start_watch: StartWatch, tmp_path: Path) -> None:
    watch, path = start_watch("play"), tmp_path / "damaged.json"

    @tried(150)
    @given(seed=SEED, whole=st.booleans())
    def read(seed: int, *, whole: bool) -> None:
        text = damage_json(small_result() if whole else small_score(), seed)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        check(watch.read("play", path))

    read()
    assert watch.escaped() == []


def test_damage_is_the_same_again() -> None:
    content = json.dumps(small_result()).encode()
    assert damage(content, 5) == damage(content, 5) != content
    assert damage_json(small_score(), 5) == damage_json(small_score(), 5)
