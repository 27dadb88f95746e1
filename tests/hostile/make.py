"""Builds the corpus of hostile files: the same files in every run, in a few seconds, none of them large.

    python tests/hostile/make.py FOLDER

Folders below FOLDER: `seeds` whole files of every container; `video`, `sound`, `play`, `weights`, `network`, `primer`,
`settings` and `study` hostile files, by the way in which they are read (see `readers.py`); `names` ordinary videos with
hostile names. Files that refer to others need a canary to refer to: see `references.py`.
"""

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from boxes import Track, box, film, full_box, movie, numbers
from media_seeds import EXACT, PICTURE, SOUND, SOUNDS, VIDEOS, make_seeds, run_ffmpeg
from mutate import damage
from stored_cases import make_stored
from weight_cases import make_weights

NAMES = (
    "with spaces.mp4", "it's \"quoted\".mp4", "new\nline.mp4", "-leading.mp4", "--help", "$(touch pwned).mp4",
    "`touch pwned`.mp4", ";touch pwned;.mp4", "a" * 251 + ".mp4", "💥🎬.mp4", "%03d.mp4", "%s%n.mp4", "*.mp4",
    "[1-9].mp4", "concat:a|b.mp4", "file:x.mp4", "http:__x.mp4", "back\\slash.mp4", "tab\t.mp4", "..mp4",
    "\u202egpj.mp4", "\udcff\udcfe.mp4", "C:x.mp4", "pipe:0", "<script>.mp4", "&amp;.mp4", "\x01\x1b[31m.mp4",
    "ä.mp4", "a\u0308.mp4",
)  # fmt: skip
"""The one with surrogates has bytes that are no text."""

DAMAGES = 3
"""Damaged copies of every seed; benchmarks/hostile.py makes as many as are asked for."""


def make(folder: Path) -> Path:
    """Write the corpus.

    Args:
        folder: is made if it does not exist; files that are there already stay.

    Returns:
        The same folder.
    """
    done = folder / "done"
    if done.exists():
        return folder
    for name in ("seeds", "video", "sound", "names", "play", "weights", "network", "primer", "settings", "study"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    seeds = folder / "seeds"
    make_seeds(seeds)
    _make_by_ffmpeg(folder)
    for reader, cases in (("video", _videos(seeds)), ("sound", _sounds(seeds))):
        for name, content in cases:
            (folder / reader / name).write_bytes(content)
    for name in NAMES:
        (folder / "names" / name).write_bytes((seeds / "h264.mp4").read_bytes())
    make_stored(folder)
    make_weights(folder)
    done.touch()
    return folder


def _make_by_ffmpeg(folder: Path) -> None:
    """Write files that are in order, and odd."""
    video, sound = folder / "video", folder / "sound"
    for name, size in (
        ("pixel.mkv", "1x1"),
        ("line.mkv", "4000x1"),
        ("large.avi", "8192x8192"),
        ("eightk.avi", "7680x4320"),
    ):
        codec = "mjpeg" if name.endswith("avi") else "ffv1"
        run_ffmpeg("-f", "lavfi", "-i", f"color=s={size}:r=5:d=0.4", *EXACT, "-c:v", codec, video / name)
    for rate in ("1000", "240", "1/30"):
        run_ffmpeg(
            "-f", "lavfi", "-i", f"testsrc=s=48x32:r={rate}:d={'60' if '/' in rate else '0.3'}", *EXACT,
            "-c:v", "mpeg4", video / f"rate{rate.replace('/', '-')}.avi",
        )  # fmt: skip
    pairs = [argument for _ in range(100) for argument in ("-map", "0:v")]
    run_ffmpeg(*PICTURE, *EXACT, *pairs, "-c:v", "mjpeg", "-frames:v", "2", video / "streams.mkv")
    parts = [sound / "mono.aac", sound / "stereo.aac"]
    for channels, part in enumerate(parts, start=1):
        run_ffmpeg(*SOUND, *EXACT, "-ac", str(channels), "-c:a", "aac", part)
    (sound / "changing.aac").write_bytes(b"".join(part.read_bytes() for part in parts))
    run_ffmpeg(*SOUND, *EXACT, "-ar", "8000", "-t", "0.1", sound / "short.wav")


def _videos(seeds: Path) -> Iterator[tuple[str, bytes]]:
    """List videos that lie."""
    whole = {name: (seeds / name).read_bytes() for name in VIDEOS}
    for number, (name, content) in enumerate(whole.items()):
        other = whole[sorted(whole)[number - 1]]
        stem, ending = name.split(".")
        for seed in range(DAMAGES):
            yield f"{stem}-{seed}.{ending}", damage(content, seed, other)
        for share in (0.2, 0.9):
            yield f"{stem}-cut{share}.{ending}", content[: int(len(content) * share)]
        yield f"{name}.{sorted(VIDEOS)[number - 1].split('.')[1]}", content  # another ending
        yield f"{name}.txt", content
    yield from _bombs()
    yield from _clocks(whole)
    yield from _polyglots(whole)
    yield from _headers()


def _bombs() -> Iterator[tuple[str, bytes]]:
    """List small files that claim to be large ones."""
    for count in (30_000_000, 80_000_000, 0xFFFFFFFF):
        yield f"index{count}.mp4", movie(_claiming(count))
    for count in (400_000, 5_000_000):
        yield f"tracks{count}.mp4", movie(*[_claiming(count)] * 60)
    edits = tuple((1, 2_999_990 if far else 3_000_050) for far in [True, False] * 1500)
    yield (
        "edits.mp4",
        movie(Track(numbers(1, 3_000_000), numbers(1, 3_000_000, 1), numbers(1, 1, 3_000_000, 1), edits=edits)),
    )
    yield (
        "edits-again.mp4",
        movie(Track(numbers(1, 1000), numbers(1, 1000, 1), numbers(1, 1, 1000, 1), edits=((1000, 0),) * 20_000)),
    )
    runs = full_box(b"trun", numbers(0xFFFFFFF0), flags=0)
    fragment = box(b"moof", full_box(b"mfhd", numbers(1)), box(b"traf", full_box(b"tfhd", numbers(1)), runs))
    extends = box(b"mvex", full_box(b"trex", numbers(1, 1, 1, 1, 0)))
    yield "fragment.mp4", movie(Track(numbers(0, 0), numbers(0)), more=extends) + fragment + box(b"mdat", bytes(100))
    yield "nested.mp4", movie() + _nested(100_000)
    yield "boxes.mp4", movie() + box(b"free") * 300_000
    packed = zlib.compress(bytes(1 << 24), 9)
    yield "packed.mov", box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", numbers(0xFFFFFFF0), packed)))
    yield "bomb.mp4", _zip_bomb()


def _claiming(count: int) -> Track:
    return Track(sizes=numbers(1, count), times=numbers(1, count, 1), chunks=numbers(1, 1, count, 1))


def _nested(depth: int) -> bytes:
    """Return lists in lists in lists."""
    kinds = (b"moov", b"trak")
    sizes = [8 * (depth - level) for level in range(depth)]
    return b"".join(struct.pack(">I", size) + kinds[level % 2] for level, size in enumerate(sizes))


def _zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo("video.mp4"), bytes(1 << 24), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _clocks(whole: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """List videos whose times are wrong."""
    frame = _picture(whole["mjpeg.avi"])
    size = (48, 32)
    yield "still-clock.mp4", film(frame, [(20_000, 0)], size=size)
    yield "fast-clock.mov", film(frame, [(20_000, 1)], size=size)
    yield "long-frame.mp4", film(frame, [(1, 3 * 3_600_000)], size=size, duration=3 * 3_600_000)
    yield "day-frame.mp4", film(frame, [(1, 24 * 3_600_000)], size=size, duration=24 * 3_600_000)
    yield "longest-frame.mp4", film(frame, [(2, 0xFFFFFFFF)], size=size, duration=0xFFFFFFFF)
    for name, length in (
        ("no-length", 0),
        ("negative-length", -1),
        ("least-length", 0x80000000),
        ("hours", 36_000_000),
    ):
        yield f"{name}.mp4", film(frame, [(6, 100)], size=size, duration=length)
    yield "backwards.mp4", film(frame, [(3, 1000), (3, -900), (3, 100)], size=size)
    yield "backwards.ts", whole["mpeg2.ts"] * 2
    yield "backwards.mpeg", whole["mpeg1.mpeg"] * 2
    yield "twice.webm", whole["vp9.webm"] * 2
    yield "none.mp4", film(frame, [(1, 100)], size=(0, 0))
    yield "other-size.mp4", film(frame, [(5, 100)], size=(65_535, 65_535))
    rates = whole["mjpeg.avi"].find(b"vidsmjpg")
    for scale, rate in ((0, 0), (0, 10), (1, 0), (1, 0xFFFFFFFF), (0xFFFFFFFF, 1)):
        clock = struct.pack("<II", scale, rate)
        content = whole["mjpeg.avi"]
        yield f"rate{scale}-{rate}.avi", content[: rates + 20] + clock + content[rates + 28 :]


def _picture(film_of_jpegs: bytes) -> bytes:
    start = film_of_jpegs.index(b"\xff\xd8\xff")
    return film_of_jpegs[start : film_of_jpegs.index(b"\xff\xd9", start) + 2]


def _polyglots(whole: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """List files that are two things."""
    video, page = whole["h264.mp4"], b"<html><script>alert(1)</script></html>"
    yield "and-zip.mp4", video + _zip_bomb()
    yield "and-page.mp4", video + page
    yield "page-first.mp4", page + video
    yield "page-inside.mp4", box(b"free", page) + video
    yield "pdf-first.mp4", b"%PDF-1.4\n" + video
    yield "script-first.gif", b"GIF89a=1;/*" + whole["gif.gif"] + b"*/"
    yield "sound-first.avi", whole["mjpeg.avi"].replace(b"AVI ", b"WAVE", 1)
    yield "playlist-first.mp4", b"#EXTM3U\n" + video
    yield "both.mkv", whole["vp8.mkv"] + video


def _headers() -> Iterator[tuple[str, bytes]]:
    """List pictures that are said to be huge."""
    yield (
        "huge.gif",
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\0\0,"
        + struct.pack("<HHHH", 0, 0, 65535, 65535)
        + b"\0\2\2D\1\0;",
    )
    yield "huge.y4m", b"YUV4MPEG2 W99999 H99999 F25:1 Ip C420jpeg\nFRAME\n" + bytes(1000)
    yield "fast.y4m", b"YUV4MPEG2 W2 H2 F1000000000:1 C420jpeg\n" + (b"FRAME\n" + bytes(6)) * 5000
    yield "still.y4m", b"YUV4MPEG2 W2 H2 F0:0 C420jpeg\n" + (b"FRAME\n" + bytes(6)) * 50
    yield (
        "huge.png",
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + _chunk(b"IEND", b""),
    )
    control = _chunk(b"acTL", numbers(0xFFFFFFFF, 0)) + _chunk(b"fcTL", numbers(0, 60_000, 60_000, 0, 0) + bytes(6))
    yield (
        "huge.apng",
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
        + control
        + _chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + _chunk(b"IEND", b""),
    )
    yield "empty.mp4", b""
    yield "zeros.mp4", bytes(100_000)
    yield "ones.avi", b"\xff" * 100_000


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _sounds(seeds: Path) -> Iterator[tuple[str, bytes]]:
    """List sounds that lie."""
    whole = {name: (seeds / name).read_bytes() for name in SOUNDS}
    for number, (name, content) in enumerate(whole.items()):
        other = whole[sorted(whole)[number - 1]]
        stem, ending = name.split(".")
        for seed in range(DAMAGES):
            yield f"{stem}-{seed}.{ending}", damage(content, seed, other)
        yield f"{stem}-cut.{ending}", content[: len(content) // 2]
        yield f"{name}.{sorted(SOUNDS)[number - 1].split('.')[1]}", content  # another ending
    for channels in (64, 65, 255, 400):
        yield f"channels{channels}.wav", _wave(channels)
    wave = whole["pcm.wav"]
    for name, place, form, value in (
        ("no-channels", 22, "<H", 0), ("many-channels", 22, "<H", 65535), ("no-rate", 24, "<I", 0),
        ("least-rate", 24, "<I", 1), ("largest-rate", 24, "<I", 0xFFFFFFFF), ("no-bits", 34, "<H", 0),
        ("no-block", 32, "<H", 0), ("longest", 40, "<I", 0xFFFFFFFF),
    ):  # fmt: skip
        packed = struct.pack(form, value)
        yield f"{name}.wav", wave[:place] + packed + wave[place + len(packed) :]
    numbers_that_are_none = struct.pack("<f", float("nan")) * 8000
    yield "not-numbers.wav", whole["float.wav"][:-32000] + numbers_that_are_none
    yield "too-loud.wav", whole["float.wav"][:-32000] + struct.pack("<f", 3e38) * 8000
    yield "changing.mp3", whole["mp3.mp3"] + whole["aac.aac"] + whole["mp3.mp3"]


def _wave(channels: int) -> bytes:
    data = struct.pack("<h", 3000) * channels * 2000
    form = struct.pack("<HHIIHH", 1, channels, 8000, 16_000 * channels, 2 * channels & 0xFFFF, 16)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


if __name__ == "__main__":
    make(Path(sys.argv[1]))
