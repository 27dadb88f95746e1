"""How long an engine takes is only ever what was measured on this machine."""

from pathlib import Path

import pytest

from video2music.engine_speed import FILE, REMEMBERED, Speed, SpeedBook, this_machine


def test_nothing_is_known_before_a_measurement(tmp_path: Path) -> None:
    assert SpeedBook(tmp_path).speed("clip", "here") is None


def test_pieces_are_added_up(tmp_path: Path) -> None:
    SpeedBook(tmp_path / "new").note("clip", "here", 4.0, 10.0)
    SpeedBook(tmp_path / "new").note("clip", "here", 8.0, 30.0)
    speed = SpeedBook(tmp_path / "new").speed("clip", "here")
    assert speed == Speed(12.0, 40.0, 2)
    assert speed.seconds_per_second == pytest.approx(0.3)


def test_another_engine_or_machine_is_another_matter(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.note("clip", "here", 4.0, 10.0)
    assert book.speed("paper", "here") is None
    assert book.speed("clip", "there") is None


def test_only_the_last_pieces_count(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.note("clip", "here", 1000.0, 1.0)
    for _ in range(REMEMBERED):
        book.note("clip", "here", 1.0, 1.0)
    assert book.speed("clip", "here") == Speed(REMEMBERED, REMEMBERED, REMEMBERED)


@pytest.mark.parametrize(
    "held", ["", "[]", '{"here": 1}', '{"here": {"clip": [["a", 1]]}}', '{"here": {"clip": [[1]]}}']
)
def test_a_file_that_holds_something_else_is_as_none(tmp_path: Path, held: str) -> None:
    (tmp_path / FILE).write_text(held)
    book = SpeedBook(tmp_path)
    assert book.speed("clip", "here") is None
    book.note("clip", "here", 1.0, 2.0)
    assert book.speed("clip", "here") == Speed(1.0, 2.0, 1)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    SpeedBook(tmp_path / "file").note("clip", "here", 1.0, 2.0)


def test_the_machine_is_described_by_what_counts() -> None:
    assert "cores" in this_machine()
    assert this_machine("H200").endswith("H200")
