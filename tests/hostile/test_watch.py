"""The watch notices what readers must never do: without that, the other tests here would prove nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from watch import Canary, Watch

StartWatch = Callable[..., Watch]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "files" / "hostile.bin"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize(
    ("reader", "kind"),
    [("crash", "crash"), ("hang", "hang"), ("eat", "memory"), ("write", "escape"), ("fail", "fault")],
)
def test_mischief_is_noticed(start_watch: StartWatch, file: Path, reader: str, kind: str) -> None:
    watch = start_watch(reader, guarded=(file.parent,), longest_s=0.3 if reader == "hang" else 20.0)
    assert watch.read(reader, file).kind == kind
    assert bool(watch.escaped()) == (reader == "write")


def test_asking_a_server_is_noticed(start_watch: StartWatch, file: Path, bird: Canary) -> None:
    file.write_text(bird.address, encoding="ascii")
    assert start_watch("ask").read("ask", file).kind == "escape"


def test_it_goes_on_after_a_crash(start_watch: StartWatch, file: Path) -> None:
    watch = start_watch("crash", "primer")
    kinds = [watch.read(reader, file).kind for reader in ("primer", "crash", "primer")]
    assert kinds == ["refusal", "crash", "refusal"]
