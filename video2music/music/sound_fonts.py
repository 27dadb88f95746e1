"""Finding a sound font, and telling a good one from a damaged one before FluidSynth does."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from video2music.errors import SoundFontNotFoundError, SynthesisError

ENVIRONMENT_VARIABLE = "VIDEO2MUSIC_SOUND_FONT"
DEBIAN_FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"), Path("/usr/share/soundfonts"))
_PREFERRED = ("FluidR3_GM.sf2", "MuseScore_General.sf2", "GeneralUser_GS.sf2", "default-GM.sf2")
_PARTS = {b"INFO", b"sdta", b"pdta"}
_INSTALL = "Install the Debian package fluid-soundfont-gm, or name a sound font file"


def find_sound_font(explicit: Path | None = None) -> Path:
    """Find a General MIDI sound font.

    A font that was named (by the argument, else by the environment variable VIDEO2MUSIC_SOUND_FONT) is used
    or refused. Otherwise the first good one counts: in the folder `assets`, in Debian's folders (FluidR3_GM.sf2 first,
    compressed .sf3 files last since they load slowly), then the small one that comes with pretty_midi.

    Args:
        explicit: a file that shall be used.

    Returns:
        Path of a file that is built like a sound font.

    Raises:
        SoundFontNotFoundError: there is none; the message says where it was looked for.
        SynthesisError: the font that was named is not a sound font.
    """
    named = explicit or (Path(value) if (value := os.environ.get(ENVIRONMENT_VARIABLE)) else None)
    if named is not None:
        source = "" if explicit else f" that {ENVIRONMENT_VARIABLE} names"
        if not named.is_file():
            raise SoundFontNotFoundError(f"The sound font{source} does not exist", where=named, remedy=_INSTALL)
        check_sound_font(named)
        return named
    for candidate in _candidates():
        if damage_of(candidate) is None:
            return candidate
    places = ", ".join(str(folder) for folder in (*_asset_folders(), *DEBIAN_FOLDERS))
    raise SoundFontNotFoundError(f"There is no sound font in {places} or the package pretty_midi", remedy=_INSTALL)


def check_sound_font(path: Path) -> None:
    """Refuse a file that is not a whole sound font.

    Args:
        path: an existing file.

    Raises:
        SynthesisError: the file is something else, or was cut off.
    """
    damage = damage_of(path)
    if damage is not None:
        raise SynthesisError(f"The sound font cannot be used, {damage}", where=path, remedy=_INSTALL)


def damage_of(path: Path) -> str | None:
    """Return what is wrong with a file as a sound font, None if it is built like one and as long as it says.

    Args:
        path: an existing file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            kind, declared, form = _chunk(file)
            if kind != b"RIFF" or form != b"sfbk":
                return "it does not begin like a sound font"
            if size < declared + 8:
                return "it is shorter than it says, so a download or copy may have been cut off"
            missing = _PARTS - set(_parts(file, size))
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return f"its part {min(missing).decode()} is missing" if missing else None


def _chunk(file: BinaryIO) -> tuple[bytes, int, bytes]:
    """Read name, length and form of the chunk that begins here."""
    header = file.read(12)
    return header[:4], int.from_bytes(header[4:8], "little"), header[8:]


def _parts(file: BinaryIO, size: int) -> Iterator[bytes]:
    """List the forms of the chunks from here to the end of the file."""
    while file.tell() < size:
        _, length, form = _chunk(file)
        yield form
        file.seek(length - 4 + length % 2, os.SEEK_CUR)


def _candidates() -> Iterator[Path]:
    """List the fonts of the usual places, best first."""
    for folder in _asset_folders():
        yield from sorted(folder.glob("*.sf[23]"))
    found = [path for folder in DEBIAN_FOLDERS for path in sorted(folder.glob("*.sf[23]"))]
    ranks = {name: rank for rank, name in enumerate(_PREFERRED)}
    yield from sorted(found, key=lambda path: (path.suffix == ".sf3", ranks.get(path.name, len(ranks))))
    package = importlib.util.find_spec("pretty_midi")
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob("*.sf2"))


def _asset_folders() -> tuple[Path, ...]:
    package = Path(__file__).parents[1]
    return (package.parent / "assets", package / "assets")
