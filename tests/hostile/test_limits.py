"""What a file may cost, and in which words it is refused; each of these once took the program down, or made it wait."""

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from boxes import Track, movie, numbers
from mutate import damage
from stored_cases import small_score

from emotion.audio import read_audio
from emotion.claims import claimed_frames
from emotion.errors import AudioReadError, RefusalError, WeightsDamagedError
from emotion.listening import listen
from emotion.media import LARGEST_BLOCK, MOST_INDEXED, open_media
from emotion.weights import load_checkpoint
from video2music.errors import OutputError, ScoreError, VideoReadError
from video2music.features.extraction import SteadyWatcher
from video2music.music.score import Score
from video2music.stored import LARGEST_MIDI, read_midi
from video2music.video import limits
from video2music.video.ffmpeg import local, run_ffmpeg
from video2music.video.probe import probe
from video2music.video.reader import VideoReader

MakeClip = Callable[..., Path]


def watch(path: Path) -> int:
    with VideoReader(path) as reader:
        return sum(1 for _ in reader)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("index80000000.mp4", "index of the file names 80000000 frames"),
        ("tracks5000000.mp4", "index of the file names 300000000 frames"),
        ("edits.mp4", "index of the file names 9000000000 frames"),
        ("edits-again.mp4", "index of the file names 20000000 frames"),
        ("fragment.mp4", "index of the file names 4294967280 frames"),
        ("large.avi", "pictures of over 7680 x 4320 pixels"),
        ("still-clock.mp4", "over 1000 frames in a second"),
        ("day-frame.mp4", "longer than 4 hours"),
        ("empty.mp4", "is empty"),
        ("bomb.mp4", "not a video"),
    ],
)
def test_videos(corpus: Path, name: str, words: str) -> None:
    with pytest.raises(VideoReadError, match=words):
        watch(corpus / "video" / name)


def test_a_long_index_of_plain_sound_is_no_lie(corpus: Path) -> None:
    """Four hours of it have 600 million samples, which FFmpeg keeps by chunks."""
    whole = corpus / "seeds" / "mpeg4.mov"
    assert 0 < claimed_frames(whole) < 1000
    content = bytearray(whole.read_bytes())
    for table in (b"stts", b"stsz"):
        place = content.rindex(table) + (8 if table == b"stts" else 12)
        content[place + 4 : place + 8] = struct.pack(">I", 600_000_000)
    lying = corpus / "long.mov"
    lying.write_bytes(content)
    assert claimed_frames(lying) < MOST_INDEXED


def test_ffmpeg_program_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("video2music.video.ffmpeg.LONGEST_RUN_S", 0.2)
    with pytest.raises(OutputError, match="was stopped"):
        run_ffmpeg(["-re", "-f", "lavfi", "-i", "testsrc", local(tmp_path / "endless.mkv")], tmp_path)


def test_boxes_end_somewhere(corpus: Path) -> None:
    assert claimed_frames(corpus / "video" / "nested.mp4") == 0
    assert claimed_frames(corpus / "video" / "boxes.mp4") == 0


def test_ffmpeg_gets_no_larger_block(corpus: Path, tmp_path: Path) -> None:
    """Without the limit the index of this file has as many entries as it claims."""
    count = LARGEST_BLOCK // 16
    track = Track(sizes=numbers(1, count), times=numbers(1, count, 1), chunks=numbers(1, 1, count, 1))
    path = tmp_path / "index.mp4"
    path.write_bytes(movie(track))
    with open_media(corpus / "seeds" / "h264.mp4", VideoReadError, "a video"):
        pass
    with av.open(str(path)) as container:
        assert len(container.streams.video[0].index_entries) < count


def test_work_is_counted_where_the_header_lies(
    corpus: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip("a.mp4", seconds=1.0)
    assert watch(clip) == 25
    monkeypatch.setattr(limits, "MOST_WORK", 10 * (128 * 96 + limits.FRAME_WORK))
    with pytest.raises(VideoReadError, match="more pixels"):
        watch(clip)  # the header says how much it is
    clocked = corpus / "seeds" / "mpeg2.ts"
    monkeypatch.setattr(limits, "MOST_WORK", 5 * (48 * 32 + limits.FRAME_WORK))
    monkeypatch.setattr(limits, "NEVER_FASTER", 1e9)
    monkeypatch.setattr("video2music.video.reader.check_claims", lambda *_: None)
    with pytest.raises(VideoReadError, match="more pixels"):
        watch(clocked)


def test_a_clock_that_stands_still_fills_no_memory(make_clip: MakeClip) -> None:
    watcher = SteadyWatcher()
    with VideoReader(make_clip("a.mp4", seconds=1.0)) as reader:
        frame = next(iter(reader))
        for _ in range(1000):
            watcher.add(frame)
    assert len(watcher._motion._recent) == 1
    assert len(watcher._cuts._changes) == 0


def test_demuxers_may_fail_at_the_first_frame(corpus: Path, tmp_path: Path) -> None:
    """They raised what was no refusal: in an ogg with damaged pages, in an apng with a chunk that FFmpeg lacks."""
    for name in ("theora.ogv", "apng.apng"):
        content = (corpus / "seeds" / name).read_bytes()
        for seed in range(60):
            path = tmp_path / f"{seed}{name}"
            path.write_bytes(damage(content, seed))
            with contextlib.suppress(RefusalError):
                probe(path)


def test_sound_whose_form_changes_midway(corpus: Path) -> None:
    path = corpus / "sound" / "changing.aac"
    with listen(path) as sound:
        assert sum(len(block) for block in sound.blocks) > 1.0 * sound.sample_rate


def test_many_channels_are_mixed(corpus: Path) -> None:
    read = read_audio(corpus / "sound" / "channels64.wav", sample_rate=None)
    assert read.samples.shape[1] == 2
    np.testing.assert_allclose(read.samples[:1000], 3000 / 32768, atol=1e-4)
    with pytest.raises(AudioReadError, match="65 channels"):
        read_audio(corpus / "sound" / "channels65.wav", sample_rate=None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cuts_s": [1e308]}, "not in order of time"),
        ({"cuts_s": list(range(20_000))}, "meets 20000 cuts"),
        ({"marked_s": [float("nan")]}, "not in order of time"),
    ],
)
def test_cuts_of_a_stored_score(change: dict[str, list[float]], words: str) -> None:
    with pytest.raises(ScoreError, match=words):
        Score.from_json(small_score() | change)


def test_notes(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="60002 events in 0 s"):
        read_midi(corpus / "play" / "controls.mid")
    path = tmp_path / "large.mid"
    path.write_bytes(bytes(LARGEST_MIDI + 1))
    with pytest.raises(OutputError, match="too large"):
        read_midi(path)


def test_checkpoints(corpus: Path) -> None:
    with pytest.raises(WeightsDamagedError, match="unpacks to more than it is"):
        load_checkpoint(corpus / "weights" / "unpacked.pt")
    for path in sorted((corpus / "weights").glob("system*")):
        with pytest.raises(WeightsDamagedError, match="safely"):
            load_checkpoint(path)
    assert not (corpus / "pwned").exists()


def test_refusals_are_one_line_that_can_be_printed() -> None:
    refusal = RefusalError("no\nvideo\x1b[31m " + "x" * 10_000, where="a\u202eb\udcff", remedy="Go\taway")
    assert str(refusal).isprintable()
    assert len(str(refusal)) < 600
    assert str(refusal).endswith("Go away.")
