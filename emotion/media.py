"""Opens a media file for decoding: this one file and nothing that it may refer to, within limits of memory and time."""

import ctypes
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from emotion.claims import claimed_frames
from emotion.errors import RefusalError

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,ivf,flv,asf,ogg,nut,mxf,apng,yuv4mpegpipe,"
    "mp3,wav,w64,flac,aac,ac3,eac3,aiff,au,caf,amr,wv,ape,tta,opus,dts,mpc,mpc8,oma"
)
"""Names of the demuxers that may be used. Playlists are left out on purpose: they open other files and addresses."""

ONE_FILE = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS, "enable_drefs": "0", "use_absolute_path": "0"}
"""FFmpeg's options that keep it from opening anything but the named file: no address, no playlist, no track of a mov
file that lies elsewhere."""

MOST_STREAMS = 64
"""Films on discs have up to 40 sound tracks and subtitles."""
MOST_PIXELS = 7680 * 4320
"""In a frame: 8K."""
MOST_CHANNELS = 64
"""Of a sound track."""
LARGEST_BLOCK = 128 << 20
"""Bytes that FFmpeg may ask for at once: more than any plane of a frame, or the index of a track of hours, needs."""
MOST_INDEXED = 10_000_000
"""Frames, of all tracks, that the index of a file may name: four hours have three million with several sound tracks."""
LONGEST_OPENING_S, LONGEST_READING_S = 20.0, 20.0
"""Seconds for reading the head of a file, and for finding the next packet in it."""
MOST_PACKETS = 50_000_000
"""That are read from a file: two days of sound in small packets."""
MOST_DAMAGED = 20_000
"""Packets, one after another, that hold nothing: the rest of the file will not either."""

COPY_AGAIN = "Copy or download it again from its source"


Seen = Callable[["Packet[Any]"], None]


def _unseen(_packet: "Packet[Any]") -> None:
    """Look at nothing."""


def open_media(path: Path, refusal: type[RefusalError], noun: str) -> InputContainer:
    """Open a local media file.

    Args:
        path: the file.
        refusal: the class of the error to raise.
        noun: what the caller expects the file to be, such as "a video".

    Returns:
        The opened container; the caller closes it.

    Raises:
        RefusalError: of the class `refusal`, when there is no such file, no decodable container in it, or more in it
            than the limits of this module allow.
    """
    _check_file(path, refusal, noun)
    _limit_memory()
    options = {**ONE_FILE, "max_streams": str(MOST_STREAMS), "max_pixels": str(MOST_PIXELS)}
    try:
        # "file:" keeps names such as "concat:a|b" or "-" from being read as anything but a name
        container: InputContainer = av.open(
            f"file:{path.absolute()}",
            options=options,
            metadata_errors="replace",
            timeout=(LONGEST_OPENING_S, LONGEST_READING_S),
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, av.error.PermissionError):
            raise refusal("The file may not be read", where=path, remedy="Change its permissions") from error
        what = "The file is cut off or damaged" if _begins_like_media(path) else f"The file is not {noun}"
        remedy = "Check that it plays in a media player, or copy it again from its source"
        raise refusal(what, where=path, remedy=remedy) from error
    for stream in container.streams:
        _limit_pixels(stream)
    return container


def packets(container: InputContainer, *streams: Stream) -> "Iterator[Packet[Any]]":
    """Give the packets of streams up to the end, or to where the file can no longer be read, as players do.

    Args:
        container: an opened file.
        streams: of it.

    Yields:
        Packets, at most MOST_PACKETS.
    """
    waiting = container.demux(*streams)
    for _ in range(MOST_PACKETS):
        try:
            packet = next(waiting)
        except (StopIteration, av.error.FFmpegError):
            return
        yield packet


def frames(container: InputContainer, stream: Stream, *others: Stream, seen: Seen = _unseen) -> Iterator[Any]:
    """Decode a stream, passing over what is damaged, as players do.

    Args:
        container: an opened file.
        stream: the one to decode.
        others: are read as well, and not decoded.
        seen: is shown every packet.

    Yields:
        Its frames.
    """
    damaged = 0
    for packet in packets(container, stream, *others):
        seen(packet)
        if packet.stream_index != stream.index:
            continue
        try:
            found = packet.decode()
        except (av.error.FFmpegError, MemoryError):
            found = []
        yield from found
        damaged = 0 if found else damaged + 1
        if damaged > MOST_DAMAGED:
            return


def _limit_memory() -> None:
    """Refuse FFmpeg, in all of this process, blocks that only a lying file asks for."""
    # PyAV has no name for this function, but is linked with the library that it is in
    limit = ctypes.CDLL(av.frame.__file__).av_max_alloc
    limit.argtypes, limit.restype = [ctypes.c_size_t], None
    limit(LARGEST_BLOCK)


def _limit_pixels(stream: Stream) -> None:
    """Let the decoder refuse frames that are too large, also where the size changes midway."""
    if stream.type == "video" and stream.codec_context is not None:
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}


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
    _check_claims(path, refusal)


def _check_claims(path: Path, refusal: type[RefusalError]) -> None:
    try:
        claimed = claimed_frames(path)
    except PermissionError as error:
        raise refusal("The file may not be read", where=path, remedy="Change its permissions") from error
    except OSError as error:
        raise refusal(f"The file cannot be read ({error})", where=path, remedy=COPY_AGAIN) from error
    if claimed > MOST_INDEXED:
        raise refusal(f"The index of the file names {claimed} frames", where=path, remedy=COPY_AGAIN)
