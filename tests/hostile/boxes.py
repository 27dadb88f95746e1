"""Writes mp4 and mov files box by box, so that every number in them can be a lie."""

import struct
from dataclasses import dataclass

PLACE = 4096
"""Where the picture's data begins in every file that is made here."""
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def numbers(*values: int) -> bytes:
    """Return unsigned numbers of 32 bits."""
    return struct.pack(f">{len(values)}I", *(value & 0xFFFFFFFF for value in values))


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box."""
    whole = b"".join(content)
    return struct.pack(">I", 8 + len(whole)) + kind + whole


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, numbers(version << 24 | flags), *content)


@dataclass(frozen=True)
class Track:
    """A picture track of Motion JPEG frames.

    Attributes:
        sizes: content of stsz behind version and flags.
        times: content of stts.
        chunks: content of stsc.
        places: content of stco.
        edits: pairs of duration and media time.
        width: in pixels.
        height: in pixels.
        duration: of media and track, in milliseconds.
        reference: boxes of dref.
        codec: of the sample description.
    """

    sizes: bytes
    times: bytes
    chunks: bytes = numbers(1, 1, 1, 1)
    places: bytes = numbers(1, PLACE)
    edits: tuple[tuple[int, int], ...] = ()
    width: int = 16
    height: int = 16
    duration: int = 1000
    reference: bytes = full_box(b"url ", flags=1)
    codec: bytes = b"jpeg"

    def box(self, number: int) -> bytes:
        """Return the trak box."""
        header = full_box(
            b"tkhd", numbers(0, 0, number, 0, self.duration, 0, 0, 0, 0), MATRIX,
            numbers(self.width << 16, self.height << 16), flags=3,
        )  # fmt: skip
        edits = b"".join(numbers(length, time, 0x10000) for length, time in self.edits)
        listed = [box(b"edts", full_box(b"elst", numbers(len(self.edits)), edits))] if self.edits else []
        media = box(
            b"mdia",
            full_box(b"mdhd", numbers(0, 0, 1000, self.duration, 0x55C40000)),
            full_box(b"hdlr", numbers(0), b"vide", numbers(0, 0, 0), b"\0"),
            box(b"minf", full_box(b"vmhd", numbers(0, 0), flags=1), self._data(), self._tables()),
        )
        return box(b"trak", header, *listed, media)

    def _data(self) -> bytes:
        return box(b"dinf", full_box(b"dref", numbers(1), self.reference))

    def _tables(self) -> bytes:
        entry = box(
            self.codec, bytes(6), struct.pack(">H", 1), bytes(16),
            struct.pack(">HH", self.width & 0xFFFF, self.height & 0xFFFF),
            numbers(0x480000, 0x480000, 0), struct.pack(">H", 1), bytes(32), struct.pack(">Hh", 24, -1),
        )  # fmt: skip
        return box(
            b"stbl",
            full_box(b"stsd", numbers(1), entry),
            full_box(b"stts", self.times),
            full_box(b"stsc", self.chunks),
            full_box(b"stsz", self.sizes),
            full_box(b"stco", self.places),
        )


def movie(*tracks: Track, data: bytes = b"", more: bytes = b"", brand: bytes = b"isom", duration: int = 1000) -> bytes:
    """Return a file.

    Args:
        tracks: of it.
        data: at PLACE, behind the head where that is longer.
        more: further boxes of moov.
        brand: of the file.
        duration: of the movie, in milliseconds.
    """
    header = full_box(
        b"mvhd", numbers(0, 0, 1000, duration, 0x10000, 0x01000000, 0, 0), MATRIX, bytes(24), numbers(len(tracks) + 1)
    )
    boxes = [track.box(number) for number, track in enumerate(tracks, start=1)]
    head = box(b"ftyp", brand, numbers(512), brand) + box(b"moov", header, *boxes, more)
    return head + box(b"free", bytes(max(0, PLACE - 16 - len(head)))) + box(b"mdat", data)


def film(frame: bytes, times: list[tuple[int, int]], *, size: tuple[int, int], duration: int = 1000) -> bytes:
    """Return a film that shows the same picture again and again.

    Args:
        frame: a JPEG.
        times: numbers of frames and how many milliseconds each lasts.
        size: width and height that the file names.
        duration: that the file names, in milliseconds.
    """
    count = sum(number for number, _ in times)
    head = 0
    for _ in range(2):  # the place of the frame depends on the length of the head
        track = Track(
            sizes=numbers(len(frame), count),
            times=numbers(len(times), *(value for pair in times for value in pair)),
            places=numbers(count, *([head + PLACE] * count)),
            width=size[0],
            height=size[1],
            duration=duration,
        )
        content = movie(track, data=frame, duration=duration)
        head = content.rfind(frame) - PLACE
    return content
