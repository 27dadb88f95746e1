"""The clips of a folder, and a name for what comes of each."""

import mimetypes
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from video2music.errors import OutputError, VideoReadError

FURTHER_TYPES = {".mkv": "video/x-matroska", ".webm": "video/webm", ".mts": "video/mp2t", ".m2ts": "video/mp2t"}
"""Suffixes that the table of types may not know."""


def find_clips(folder: Path, output: Path) -> dict[str, Path]:
    """Find the clips of a folder and those below it.

    Args:
        folder: where the clips are.
        output: where results go; what lies in there is no clip.

    Returns:
        Clips by the names of their results, in order: path and name without suffix, or with it where two clips would
        have the same.

    Raises:
        VideoReadError: there is no such folder, or no clip in it.
        OutputError: the results would go among the clips.
    """
    if not folder.is_dir():
        raise VideoReadError("There is no such folder", where=folder, remedy="Give a folder with video clips")
    if output.resolve() == folder.resolve():
        raise OutputError("Results would lie among the clips", where=output, remedy="Choose another folder with -o")
    clips = sorted(_clips(folder, output.resolve()))
    if not clips:
        raise VideoReadError("There is no video in this folder", where=folder, remedy="Give a folder with video clips")
    within = [clip.relative_to(folder) for clip in clips]
    alike = Counter(str(path.with_suffix("")) for path in within)
    names = [str(path if alike[str(path.with_suffix(""))] > 1 else path.with_suffix("")) for path in within]
    return dict(zip(names, clips, strict=True))


def _clips(folder: Path, output: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and is_clip(path) and path.is_file() and output not in path.resolve().parents:
            yield path


def is_clip(path: Path) -> bool:
    """Return whether the name is that of a video or an animated picture."""
    kind = FURTHER_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or ""
    return kind.startswith("video/") or kind == "image/gif"


def fingerprint(clip: Path) -> Mapping[str, int]:
    """Return what tells whether a clip is still the same, without reading it."""
    facts = clip.stat()
    return {"bytes": facts.st_size, "changed_ns": facts.st_mtime_ns}
