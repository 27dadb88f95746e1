"""Looks at a video that was just written, before anybody is given it: its streams and their lengths."""

from pathlib import Path

from emotion.errors import RefusalError
from video2music.errors import OutputError
from video2music.video.probe import header_duration_s, open_video, picture_stream

LEAST_TOLERANCE_S = 0.05
"""Where frames are shorter than that, the time scales of two containers round more than a frame."""

SOUND_TOLERANCE_S = 0.25
"""By which the first sound may be shorter or longer than meant: encoders work in blocks."""


def check_video(path: Path, length_s: float, sound_s: float, frame_s: float) -> None:
    """Refuse a written video that is not what was meant to be written.

    Args:
        path: of the file.
        length_s: of its picture, in seconds.
        sound_s: of its first sound, in seconds.
        frame_s: length of a frame, in seconds.

    Raises:
        OutputError: it cannot be read, lacks picture or sound, or one of them is shorter or longer.
    """
    try:
        with open_video(path) as container:
            picture = picture_stream(container, path)
            shown_s = header_duration_s(container, picture)
            heard_s = [float((sound.duration or 0) * (sound.time_base or 0)) for sound in container.streams.audio[:1]]
    except RefusalError as error:
        raise OutputError(f"The written video cannot be read again ({error.what})", where=path) from error
    if not heard_s:
        raise OutputError("The written video has no sound", where=path)
    if shown_s is None or abs(shown_s - length_s) > max(frame_s, LEAST_TOLERANCE_S):
        raise _wrong_length("picture", shown_s, length_s, path)
    if abs(heard_s[0] - sound_s) > SOUND_TOLERANCE_S:
        raise _wrong_length("sound", heard_s[0], sound_s, path)


def _wrong_length(what: str, found_s: float | None, meant_s: float, path: Path) -> OutputError:
    found = "no" if found_s is None else f"{found_s:.2f} s of"
    return OutputError(
        f"The written video has {found} {what} instead of {meant_s:.2f} s", where=path, remedy="Convert the clip to mp4"
    )
