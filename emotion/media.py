"""Opens a media file for decoding: this one file and nothing that it may refer to."""

import stat
from pathlib import Path

import av
from av.container import InputContainer

from emotion.errors import RefusalError

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,ivf,flv,asf,ogg,nut,mxf,apng,webp_anim,y4m,"
    "mp3,wav,w64,flac,aac,ac3,eac3,aiff,au,caf,amr,wv,ape,tta,opus,dts,mpc,mpc8,oma"
)
"""Names of the demuxers that may be used. Playlists are left out on purpose: they open other files and addresses."""


def open_media(path: Path, refusal: type[RefusalError], noun: str) -> InputContainer:
    """Open a local media file.

    Args:
        path: the file.
        refusal: the class of the error to raise.
        noun: what the caller expects the file to be, such as "a video".

    Returns:
        The opened container; the caller closes it.

    Raises:
        RefusalError: of the class `refusal`, when there is no such file or no decodable container in it.
    """
    _check_file(path, refusal, noun)
    # "file:" keeps names such as "concat:a|b" or "-" from being read as anything but a name
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        container: InputContainer = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, av.error.PermissionError):
            raise refusal("The file may not be read", where=path, remedy="Change its permissions") from error
        what = "The file is cut off or damaged" if _begins_like_media(path) else f"The file is not {noun}"
        remedy = "Check that it plays in a media player, or copy it again from its source"
        raise refusal(what, where=path, remedy=remedy) from error
    return container


def _begins_like_media(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(12)
    return start[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"} or start[:4] in {
        b"\x1aE\xdf\xa3",
        b"RIFF",
        b"GIF8",
        b"OggS",
        b"fLaC",
    }


def _check_file(path: Path, refusal: type[RefusalError], noun: str) -> None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise refusal("There is no such file", where=path, remedy="Check the name and the folder") from None
    except (OSError, ValueError) as error:
        raise refusal(
            f"The file cannot be opened ({error})", where=path, remedy="Check its name and permissions"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise refusal("This is a folder", where=path, remedy=f"Give {noun} inside it")
    if not stat.S_ISREG(status.st_mode):
        raise refusal("This is not an ordinary file", where=path, remedy=f"Give {noun} that is stored on a disk")
    if status.st_size == 0:
        raise refusal("The file is empty", where=path, remedy="Copy it again from its source")
