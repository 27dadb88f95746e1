"""What the page says that the music may be used for."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from video2music.web.rights import rights_words


@pytest.mark.parametrize(
    ("font", "said"),
    [
        ("FluidR3_GM.sf2", "this program and its instruments (FluidR3 GM, MIT) are concerned"),
        ("MuseScore_General.sf3", "this program and its instruments (MuseScore General, MIT) are concerned"),
        ("TimGM6mb.sf2", "its sound font (TimGM6mb, GPL-2) has terms of its own"),
        ("My band.sf2", "its sound font (My band) has terms of its own"),
    ],
)
def test_every_sound_font_is_named(tmp_path: Path, font: str, said: str) -> None:
    piece = SimpleNamespace(engine="embedded", synthesizer=SimpleNamespace(sound_font=tmp_path / font))
    assert said in rights_words(piece)  # type: ignore[arg-type]  # has what is asked for


def test_the_font_behind_a_link_counts(tmp_path: Path) -> None:
    (tmp_path / "TimGM6mb.sf2").touch()
    (tmp_path / "FluidR3_GM.sf2").symlink_to("TimGM6mb.sf2")
    piece = SimpleNamespace(engine="clip", synthesizer=SimpleNamespace(sound_font=tmp_path / "FluidR3_GM.sf2"))
    assert "TimGM6mb" in rights_words(piece)  # type: ignore[arg-type]


def test_engines_differ_in_who_wrote_the_music() -> None:
    said = {engine: rights_words(SimpleNamespace(engine=engine, synthesizer=None)) for engine in ("clip", "paper")}  # type: ignore[arg-type]
    assert "released by the authors of Video2Music (MIT)" in said["paper"]
    assert "released" not in said["clip"]
    assert all("ask before you sell it. More in docs/licences.md" in words for words in said.values())
