"""Runs the ffmpeg program that comes with imageio-ffmpeg, with argument lists and one-line errors."""

import signal
import subprocess
from pathlib import Path

import imageio_ffmpeg

from emotion.media import CONTAINERS, LARGEST_BLOCK
from video2music.errors import OutputError

READ_ONE_FILE = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS]
"""Input options: no playlist, no address, nothing but the named file."""

LONGEST_RUN_S = 3600.0
"""Seconds after which a run has gone wrong: copying four hours of video and encoding their sound takes minutes."""


TOO_LARGE = "The video would be larger than may be written"


def local(path: Path) -> str:
    """Return a name that ffmpeg reads as this file, whatever characters it has."""
    return f"file:{path.absolute()}"


def run_ffmpeg(arguments: list[str], destination: Path) -> str:
    """Run ffmpeg and wait for it.

    Args:
        arguments: everything after the program's name.
        destination: the file that the person asked for, named in errors.

    Returns:
        What ffmpeg reported.

    Raises:
        OutputError: ffmpeg failed, or did not end.
    """
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise OutputError("The program ffmpeg is missing", remedy="Install it: apt install ffmpeg") from error
    command = [program, "-hide_banner", "-nostdin", "-y", "-max_alloc", str(LARGEST_BLOCK), *arguments]
    try:
        # S603: a fixed program with an argument list; file names carry the prefix "file:"
        done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_RUN_S)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise write_error("ffmpeg was stopped after an hour", destination) from error
    report = done.stderr.decode(errors="replace")
    if done.returncode == -signal.SIGXFSZ:
        raise OutputError(TOO_LARGE, where=destination, remedy="Try a shorter clip")
    if done.returncode:
        raise write_error(report, destination)
    return report


def write_error(report: str, destination: Path) -> OutputError:
    """Turn the report of a failed run into one sentence.

    Args:
        report: what ffmpeg printed.
        destination: the file that could not be written.

    Returns:
        The error to raise.
    """
    if "File too large" in report:
        return OutputError(TOO_LARGE, where=destination, remedy="Try a shorter clip")
    if "No space left on device" in report:
        return OutputError("The disk is full", where=destination, remedy="Free some space or choose another folder")
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    reason = lines[-1] if lines else "ffmpeg was stopped"
    return OutputError(
        f"The video could not be written ({reason})", where=destination, remedy="Check the folder and the disk"
    )
