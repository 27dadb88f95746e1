"""What the music may be used for, said where it is downloaded; docs/licences.md holds the whole story."""

from pathlib import Path

from video2music.piece import Piece

FREE_FONTS = {"FluidR3_GM": "FluidR3 GM, MIT", "MuseScore_General": "MuseScore General, MIT"}
"""Sound fonts whose licences leave the rendered music free, also for commercial use, by the names of their files."""

OTHER_FONTS = {"TimGM6mb": "TimGM6mb, GPL-2"}
"""Known sound fonts of which that cannot be said."""

WRITERS = {"paper": "The networks that wrote it were released by the authors of Video2Music (MIT). They"}
"""Who wrote the music, by engine; everything else is written by the program's own networks."""

OWN_WRITERS = "The networks that wrote it"

LEARNED = (
    "learned from research data about commercial music videos. Whether that restricts the music they write is not "
    "settled: ask before you sell it. More in docs/licences.md."
)


def rights_words(piece: Piece) -> str:
    """Say what a piece may be used for, by the engine that wrote it and the sound font that plays it.

    Args:
        piece: what is heard.
    """
    font: Path | None = getattr(piece.synthesizer, "sound_font", None)
    return f"{instrument_words(font)} {WRITERS.get(piece.engine, OWN_WRITERS)} {LEARNED}"


def instrument_words(font: Path | None) -> str:
    """Say what the sound font allows.

    Args:
        font: its file; None where the piece was played elsewhere, as the examples were.
    """
    if font is None:
        return "The music is yours as far as this program is concerned; its sound font has terms of its own."
    name = font.resolve().stem
    if name in FREE_FONTS:
        return f"The music is yours as far as this program and its instruments ({FREE_FONTS[name]}) are concerned."
    shown = OTHER_FONTS.get(name, name)
    return f"The music is yours as far as this program is concerned; its sound font ({shown}) has terms of its own."
