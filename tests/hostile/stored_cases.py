"""Hostile scores, notes, primers, settings and studies."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 4


def small_score() -> dict[str, Any]:
    """Return a score of four seconds with a tune."""
    tune = [
        {"onset_beat": beat, "duration_beats": 0.9, "pitch": 72 + beat % 5, "velocity_share": 1.0} for beat in range(7)
    ]
    return {
        "version": 3, "chords": ["C", "Am", "F", "G"], "note_density": [4.0, 5.0, 6.0, 3.0],
        "loudness": [0.1, 0.2, 0.3, 0.1], "key": "C major", "seed": 7, "duration_s": float(SECONDS), "tempo_bpm": 120.0,
        "pickup_beats": 0.0, "cuts_s": [2.0], "marked_s": [], "register": 0.0, "note_length": 1.0, "melody": tune,
    }  # fmt: skip


def small_result() -> dict[str, Any]:
    """Return a result.json around that score."""
    return {
        "program": "video2music", "title": "clip", "engine": "embedded", "match": None, "lufs": -16,
        "range_s": None, "emotion": [[1 / 6] * 6] * SECONDS, "motion": [5.0] * SECONDS, "score": small_score(),
        "direction": {
            "mood": "sad", "valence": 0.0, "arousal": 0.0, "sections": [{"start_s": 0, "end_s": 2, "mood": "tense"}],
        },
        "steering": {"tempo": 120.0, "words": "It is calm."}, "files": ["music.wav"],
        "rendition": {
            "ensemble": "piano", "melody": True, "tempo_bpm": None, "transpose": 0, "density": 1.0, "loudness": 1.0,
            "chords": [[1.0, "Em"]],
        },
    }  # fmt: skip


def small_midi() -> bytes:
    """Return notes of two tracks with tempo, controllers and a program."""
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, 2, 480)
    tempo = b"\0\xff\x51\x03\x07\xa1\x20\0\xff\x58\x04\x04\x02\x18\x08\0\xff\x59\x02\0\0\0\xff\x03\x04name"
    notes = b"".join(
        b"\0\x90" + bytes([60 + step]) + b"\x50" + b"\x83\x60\x80" + bytes([60 + step]) + b"\0" for step in range(8)
    )
    return head + _track(tempo) + _track(b"\0\xc0\x28" + b"\0\xb0\x07\x64" + b"\0\xe0\0\x40" + notes)


def _track(events: bytes) -> bytes:
    whole = events + b"\0\xff\x2f\0"
    return b"MTrk" + struct.pack(">I", len(whole)) + whole


def make_stored(folder: Path) -> None:
    """Write the files.

    Args:
        folder: of the corpus, with a folder for each reader.
    """
    for reader, cases in (
        ("play", _pieces()),
        ("primer", _primers()),
        ("settings", _settings()),
        ("study", _studies()),
    ):
        for name, content in cases:
            whole = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
            (folder / reader / name).write_bytes(whole)


def _pieces() -> Iterator[tuple[str, str | bytes]]:
    yield "score.json", json.dumps(small_score())
    yield "result.json", json.dumps(small_result())
    yield "notes.mid", small_midi()
    for name, change in _changes():
        yield f"score-{name}.json", json.dumps(small_score() | change)
    for name, change in _around():
        yield f"result-{name}.json", json.dumps(small_result() | change)
    yield "deep.json", "[" * 1_000_000
    yield "deep-objects.json", '{"a":' * 500_000
    yield "deep-score.json", json.dumps(small_score()).replace('"C"', "[" * 5000 + "]" * 5000, 1)
    yield "long-number.json", json.dumps(small_score()).replace("4.0", "9" * 100_000, 1)
    yield "infinite.json", json.dumps(small_score()).replace("4.0", "1e999", 1)
    yield "twice.json", json.dumps(small_score())[:-1] + ', "chords": []}'
    yield "lists.json", "[" + "[]," * 1_000_000 + "[]]"
    yield "empty.json", ""
    yield "not-text.json", b"\xff\xfe\0{"
    yield "mark.json", b"\xef\xbb\xbf" + json.dumps(small_score()).encode()
    yield from _midis()


def _changes() -> Iterator[tuple[str, dict[str, Any]]]:
    """List what makes a score unplayable, or odd."""
    for number in (float("nan"), float("inf"), 1e308, -1.0, 0, 1e-300, 10**400, True, None, "4", [], 900.0):
        yield f"duration-{str(number)[:9]}", {"duration_s": number}
        yield f"tempo-{str(number)[:9]}", {"tempo_bpm": number}
    many = 200_000
    yield "many-steps", {"chords": ["C"] * many, "note_density": [4.0] * many, "loudness": [0.1] * many, "melody": None}
    yield "no-steps", {"chords": [], "note_density": [], "loudness": []}
    yield "cuts", {"cuts_s": [index * 1e-5 for index in range(100_000)]}
    yield "negative-cuts", {"cuts_s": [-5.0, -4.0], "marked_s": [-5.0]}
    yield "far-cuts", {"cuts_s": [1e308], "marked_s": [1e308]}
    yield "dense", {"note_density": [1e30] * 4}
    yield "denser", {"note_density": [1e308] * 4}
    yield "sparse", {"note_density": [-1e30] * 4}
    yield "loud", {"loudness": [1e30] * 4}
    yield "key", {"key": "H " * 10_000}
    yield "seed", {"seed": 10**300}
    yield "chord", {"chords": ["C" * 10_000] * 4}
    yield "notes", {"melody": [{"onset_beat": 0, "duration_beats": 1, "pitch": 60}] * 100_000}
    yield "tune", {"melody": [{"onset_beat": i * 1e-4, "duration_beats": 1e5, "pitch": i % 128} for i in range(40_000)]}
    yield "late-note", {"melody": [{"onset_beat": 99_999.0, "duration_beats": 99_999.0, "pitch": 60}]}
    yield "nan-note", {"melody": [{"onset_beat": float("nan"), "duration_beats": 1, "pitch": 60}]}


def _around() -> Iterator[tuple[str, dict[str, Any]]]:
    """List what is odd about a result beside its score."""
    rendition = small_result()["rendition"]
    yield "title", {"title": "\ud800\x00\x01<&>\n" + "x" * 100_000}
    yield "names", {"files": ["../../../etc/passwd", "/etc/passwd", "music.wav"]}
    yield "ensemble", {"rendition": rendition | {"ensemble": "../../../etc/passwd"}}
    yield "chords", {"rendition": rendition | {"chords": [[i * 1e-5, "C"] for i in range(100_000)]}}
    yield "transpose", {"rendition": rendition | {"transpose": 1e308}}
    yield "lufs", {"lufs": 1e308}
    yield "range", {"range_s": [0, 1e308]}
    yield "direction", {"direction": {"sections": [{"start_s": 1e308, "end_s": -1, "mood": ["x"]}] * 1000}}
    yield "direction-kind", {"direction": 5, "steering": [], "emotion": 7, "motion": "x"}
    yield "no-score", {"score": None}


def _midis() -> Iterator[tuple[str, bytes]]:
    """List notes that never end, or have more ticks than there is time."""
    whole = small_midi()
    longest = b"\xff\xff\xff\x7f"  # the largest delta
    note = b"\0\x90\x3c\x50"
    head = whole[:14]
    yield "held.mid", head[:10] + struct.pack(">HH", 1, 480) + _track(note)
    yield "ticks.mid", head[:10] + struct.pack(">HH", 1, 480) + _track(note + longest + b"\x80\x3c\0")
    yield "more-ticks.mid", head[:10] + struct.pack(">HH", 1, 32767) + _track(note + (longest + b"\x90\x3d\x50") * 100)
    yield "no-division.mid", head[:12] + struct.pack(">H", 0) + whole[14:]
    yield "frames.mid", head[:12] + struct.pack(">H", 0xE728) + whole[14:]
    for name, speed in (("fastest", b"\0\0\0"), ("fast", b"\0\0\1"), ("slow", b"\xff\xff\xff")):
        yield f"{name}.mid", whole.replace(b"\x07\xa1\x20", speed)
    yield (
        "tempos.mid",
        head[:10] + struct.pack(">HH", 1, 480) + _track(b"\1\xff\x51\x03\0\0\1" * 60_000 + note + b"\1\x80\x3c\0"),
    )
    yield (
        "running.mid",
        head[:10] + struct.pack(">HH", 1, 480) + _track(note + b"\0\x3c\x50" * 1_500_000 + b"\1\x80\x3c\0"),
    )
    yield "full.mid", head[:10] + struct.pack(">HH", 1, 480) + _track(note + b"\1\x3c\x50" * 250_000 + b"\1\x80\x3c\0")
    yield "dense.mid", head[:10] + struct.pack(">HH", 1, 480) + _track(note + b"\0\x3c\x50\1\x3c\0" * 30_000)
    yield (
        "controls.mid",
        head[:10]
        + struct.pack(">HH", 1, 480)
        + _track(note + b"\0\xb0\7\x40" + b"\0\7\x40" * 60_000 + b"\1\x80\x3c\0"),
    )
    yield "tracks.mid", head[:10] + struct.pack(">HH", 65535, 480) + _track(note + b"\1\x80\x3c\0") * 3000
    yield "long-track.mid", whole[:18] + b"\xff\xff\xff\xff" + whole[22:]
    yield "system.mid", head[:10] + struct.pack(">HH", 1, 480) + _track(b"\0\xf0" + longest + bytes(100))
    yield (
        "text.mid",
        head[:10] + struct.pack(">HH", 1, 480) + _track(b"\0\xff\x01\x84\0" + b"\xff" * 512 + note + b"\1\x80\x3c\0"),
    )
    yield "key.mid", whole.replace(b"\x59\x02\0\0", b"\x59\x02\x7f\x7f")
    yield "time.mid", whole.replace(b"\x58\x04\x04\x02", b"\x58\x04\0\xff")
    yield "riff.mid", b"RIFF" + struct.pack("<I", len(whole) + 12) + b"RMIDdata" + struct.pack("<I", len(whole)) + whole
    yield "empty.mid", b""
    yield "score.mid", json.dumps(small_score()).encode()


def _primers() -> Iterator[tuple[str, str]]:
    yield "chords.txt", "C Am F G " * 25_000
    yield "one.txt", "C" * 1_000_000
    yield "bars.txt", "|" * 1_000_000
    yield "dashes.txt", "- " * 500_000
    yield "wrong.txt", "Q " * 100_000
    yield "brackets.txt", "C" + "(" * 100_000
    yield "zero.txt", "C\0Am"
    yield "words.txt", "$(touch pwned) ../../x <script> 💥"
    yield "spaces.txt", " " * 1_000_000


def _settings() -> Iterator[tuple[str, str]]:
    text = '{"format": "video2music settings", "settings": %s}'
    yield "plain.json", text % "{}"
    yield "number.json", text % '{"tempo": NaN}'
    yield "large.json", text % '{"tempo": 1e308}'
    yield "seed.json", text % '{"seed": -1e308}'
    yield "deep.json", text % ("[" * 20_000 + "]" * 20_000)
    yield "unknown.json", text % '{"__class__": "x", "../../x": 1}'
    yield "kinds.json", text % '{"key": ["C"], "primer": {"a": 1}}'
    yield "primer.json", text % json.dumps({"primer": "C " * 20_000})
    yield "other.json", "[]"
    yield "empty.json", ""


def _studies() -> Iterator[tuple[str, str | bytes]]:
    laughs = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    yield "laughs.yaml", "l0: &l0 x\n" + laughs
    yield "deep.yaml", "[" * 100_000
    yield "deep-block.yaml", "\n".join(" " * level + "a:" for level in range(1500))
    yield "code.yaml", "!!python/object/apply:os.system ['touch pwned']"
    yield "merge.yaml", "a: &a {b: 1}\nc: {<<: *a}\n"
    yield "number.yaml", "seed: 1e999\ntitle: .nan\n"
    yield "date.yaml", "title: 99999-99-99T99:99:99Z\n"
    yield "digits.yaml", "seed: " + "9" * 100_000
    yield "keys.yaml", "? {a: b}\n: c\n"
    yield "path.yaml", "title: x\nstimuli: [../../../../etc/passwd]\n"
    yield "bytes.yaml", bytes(range(256))
    yield "documents.yaml", "---\na: 1\n" * 10_000
    yield "empty.yaml", ""
    yield "long-line.yaml", "a: " + "x" * 900_000
    yield "colons.yaml", "a:" * 200_000
    yield "flow.yaml", "{" + "a: 1, " * 10_000 + "}"
    yield "sixties.yaml", "seed: 190:20:30\n"
