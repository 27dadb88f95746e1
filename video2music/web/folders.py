"""Where uploads and results live: one private folder per request, and names that are safe everywhere."""

import os
import shutil
import stat
import tempfile
import unicodedata
from pathlib import Path

from video2music.errors import OutputError, VideoReadError

KEEP_S = 2 * 60 * 60
"""Uploads and results older than this are deleted."""

NAME_BYTES = 120
"""Longest stem of a download; file systems allow 255 bytes with the ending and what browsers add."""

FORBIDDEN = frozenset("\"'`<>:/\\|?*$&;#%{}!~^")
"""Characters that a shell, a browser or a file system of another kind may read as more than a letter."""


def private_root(parent: Path | None = None) -> Path:
    """Return the folder under which the page keeps everything, readable by this user only.

    Args:
        parent: folder to create it in; the system's temporary folder by default.

    Returns:
        The folder, which exists.

    Raises:
        OutputError: the folder cannot be made, or it belongs to another user.
    """
    root = (parent or Path(tempfile.gettempdir())) / f"video2music-{os.getuid()}"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        details = root.lstat()
    except OSError as error:
        raise OutputError(
            "The folder for uploads cannot be made", where=root, remedy="Set TMPDIR to another folder"
        ) from error
    if not stat.S_ISDIR(details.st_mode) or details.st_uid != os.getuid():
        raise OutputError(
            "The folder for uploads belongs to someone else", where=root, remedy="Set TMPDIR to another folder"
        )
    root.chmod(0o700)
    return root.resolve()


def working_folder(root: Path) -> Path:
    """Make a folder for one request; its name cannot be guessed and is never used twice.

    Args:
        root: folder of the server.

    Returns:
        The empty folder.
    """
    return Path(tempfile.mkdtemp(prefix="run-", dir=root))


def kept_folder(root: Path) -> Path:
    """Make a folder for what a person works on, which outlives the request; as `working_folder` otherwise."""
    return Path(tempfile.mkdtemp(prefix="kept-", dir=root))


def bring_in(clip: Path, folder: Path) -> Path:
    """Give a request its own hold on an upload, so that no one else's clean-up takes it away.

    Args:
        clip: the uploaded file.
        folder: working folder of the request.

    Returns:
        The file inside the folder: a second link to the same data where the disk allows it, else a copy.

    Raises:
        VideoReadError: the upload was deleted meanwhile, because it was too old.
    """
    own = folder / f"{safe_stem(given_name(clip))}{safe_suffix(clip.name)}"
    try:
        own.hardlink_to(clip)
    except FileNotFoundError as error:
        name = given_name(clip)
        raise VideoReadError("The file is not kept here any more", where=name, remedy="Choose it again") from error
    except OSError:
        shutil.copyfile(clip, own)
    return own


def given_name(clip: Path) -> str:
    """Return a clip's name as the person knows it; browsers send a quotation mark as %22."""
    return clip.name.replace("%22", '"')


def safe_suffix(name: str) -> str:
    """Return the ending of a file name if it is a plain one, else nothing; FFmpeg itself looks at the content."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""


def safe_stem(name: str) -> str:
    """Turn a name that a person gave a clip into the start of a file name that is safe everywhere.

    Args:
        name: file name as it was uploaded, with or without folders.

    Returns:
        The name without folders, ending, control characters and characters with a second meaning, at most
        NAME_BYTES long in UTF-8; "clip" when nothing is left.
    """
    stem = Path(name.replace("\\", "/")).stem
    plain = (letter for letter in unicodedata.normalize("NFC", stem) if letter not in FORBIDDEN)
    kept = "".join(letter if letter.isprintable() else " " for letter in plain)
    words = " ".join(kept.split()).strip("-. ")
    return words.encode()[:NAME_BYTES].decode(errors="ignore").strip("-. ") or "clip"
