"""Music under pictures of all kinds."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from emotion.audio import read_audio
from video2music.errors import OutputError, RefusalError, VideoReadError
from video2music.music.mastering import integrated_loudness, master, write_wav
from video2music.video.mixing import Original
from video2music.video.mux import mux
from video2music.video.part import Part
from video2music.video.probe import probe
from video2music.video.reader import VideoReader

Make = Callable[..., Path]
TESTSRC = ("-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=2")
SINE = ("-f", "lavfi", "-i", "sine=f=1000:d=2")
PYTHON = (sys.executable, "-c")


def picture_s(path: Path) -> float:
    with VideoReader(path) as reader:
        return [frame.end_s for frame in reader][-1]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


def codecs(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams]


def tone_level(path: Path, pitch_hz: float) -> float:
    """Amplitude of one pitch in the first sound track."""
    audio = read_audio(path, sample_rate=44100, mono=True)
    time_s = np.arange(len(audio.samples)) / audio.sample_rate
    return 2 * abs(np.mean(audio.samples[:, 0] * np.exp(-2j * np.pi * pitch_hz * time_s)))


def loudness(path: Path) -> float:
    audio = read_audio(path, sample_rate=44100)
    return integrated_loudness(audio.samples[: 2 * 44100], 44100)


def true_peak_db(path: Path) -> float:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    report = subprocess.run(command, capture_output=True, check=True).stderr.decode()
    return float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", report)[-1])


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx264"),
        ("a.mkv", "libx265"),
        ("a.webm", "libvpx-vp9"),
        ("a.avi", "mpeg4"),
        ("a.ts", "libx264"),
    ],
)
def test_picture_is_copied(ffmpeg: Make, music: Path, tmp_path: Path, name: str, codec: str) -> None:
    source = ffmpeg(*TESTSRC, "-c:v", codec, "-pix_fmt", "yuv420p", name)
    mux(source, music, tmp_path / "out.mp4")
    assert len(packets(tmp_path / "out.mp4")) == len(packets(source)) == 50
    assert probe(tmp_path / "out.mp4").video_codec == probe(source).video_codec
    assert picture_s(tmp_path / "out.mp4") == pytest.approx(picture_s(source), abs=0.002)


def test_copied_packets_are_identical(make_clip: Make, music: Path, tmp_path: Path) -> None:
    source = make_clip("a.mp4")
    mux(source, music, tmp_path / "out.mp4")
    assert packets(tmp_path / "out.mp4") == packets(source)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("a.gif", (), (96, 64)),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "300k"), (96, 64)),
        ("a.avi", ("-c:v", "mjpeg"), (96, 64)),
        ("odd.mkv", ("-c:v", "ffv1", "-vf", "scale=101:75,setsar=1"), (102, 76)),
        ("alpha.mov", ("-c:v", "png", "-pix_fmt", "rgba"), (96, 64)),
        ("wide.avi", ("-c:v", "mjpeg", "-vf", "setsar=2/1"), (192, 64)),
        ("slow.gif", ("-r", "2"), (96, 64)),
    ],
)
def test_picture_is_encoded_again(
    ffmpeg: Make, music: Path, tmp_path: Path, name: str, options: tuple[str, ...], size: tuple[int, int]
) -> None:
    source = ffmpeg(*TESTSRC, *options, name)
    out = tmp_path / "out.mp4"
    mux(source, music, out)
    info = probe(out)
    assert (info.video_codec, info.width, info.height) == ("h264", *size)
    assert picture_s(out) == pytest.approx(picture_s(source), abs=1 / info.frame_rate)
    with VideoReader(source) as old, VideoReader(out) as new:
        before, after = next(iter(old)).shown(1000), next(iter(new)).shown(1000)
    height, width = min(before.shape[0], after.shape[0]), min(before.shape[1], after.shape[1])
    difference = np.abs(before[:height, :width].astype(int) - after[:height, :width])
    assert difference.mean() < 12
    with av.open(str(out)) as container:
        assert container.streams.video[0].pix_fmt == "yuv420p"


def test_one_frame(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    mux(ffmpeg(*TESTSRC, "-frames:v", 1, "a.mp4"), music, tmp_path / "out.mp4")
    assert picture_s(tmp_path / "out.mp4") == pytest.approx(0.04, abs=0.002)


@pytest.mark.parametrize("seconds", [0.5, 2.0, 2.97])
def test_whole_file_is_as_long_as_the_picture(make_clip: Make, music: Path, tmp_path: Path, seconds: float) -> None:
    mux(make_clip("a.mp4", seconds=seconds, fps=25), music, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.duration / av.time_base == pytest.approx(round(seconds * 25) / 25, abs=0.04)


def test_longer_tracks_end_with_the_picture(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    sounds = ("-f", "lavfi", "-i", "sine=d=5", "-f", "lavfi", "-i", "sine=d=6", "-map", 0, "-map", 1, "-map", 2)
    mux(ffmpeg(*TESTSRC, *sounds, "a.mkv"), music, tmp_path / "out.mp4", original="mix")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert len(container.streams.audio) == 2
        assert container.duration / av.time_base == pytest.approx(2.0, abs=0.04)


def test_music_shorter_than_the_picture_is_followed_by_silence(make_clip: Make, music: Path, tmp_path: Path) -> None:
    mux(make_clip("long.mp4", seconds=8.0, fps=5), music, tmp_path / "out.mp4")
    audio = read_audio(tmp_path / "out.mp4", sample_rate=44100)
    assert audio.duration_s == pytest.approx(8.0, abs=0.06)
    assert np.abs(audio.samples[-44100:]).max() < 0.001


def test_replace_drops_the_old_sound(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    mux(ffmpeg(*TESTSRC, *SINE, "a.mp4"), music, tmp_path / "out.mp4")
    assert tone_level(tmp_path / "out.mp4", 330) == pytest.approx(0.1, rel=0.1)
    assert tone_level(tmp_path / "out.mp4", 1000) < 0.003
    assert codecs(tmp_path / "out.mp4") == ["h264", "aac"]


@pytest.mark.parametrize("target", [-14, -16, -23])
@pytest.mark.parametrize("gain_db", [-12, 17])
def test_mix_keeps_both_at_their_levels(ffmpeg: Make, music: Path, tmp_path: Path, gain_db: int, target: float) -> None:
    source = ffmpeg(*TESTSRC, *SINE, "-af", f"volume={gain_db}dB", "a.mp4")
    out = tmp_path / "out.mp4"
    facts = mux(source, music, out, original="mix", music_level_lu=6.0, target_lufs=target)
    assert facts is not None
    assert loudness(out) == pytest.approx(target, abs=0.3)
    assert facts["loudness_lufs"] == pytest.approx(target, abs=0.1)
    # 1 kHz weighs as much as it measures, the three pitches of the music 0.7 LU less
    level_db = 20 * np.log10(tone_level(out, 330) * np.sqrt(3) / tone_level(out, 1000))
    assert level_db == pytest.approx(6.0, abs=1.5)


@pytest.mark.parametrize(("original", "level_lu"), [("mix", 40.0), ("mix", -40.0), ("duck", 0.0)])
def test_nothing_clips(ffmpeg: Make, music: Path, tmp_path: Path, original: Original, level_lu: float) -> None:
    source = ffmpeg(*TESTSRC, "-f", "lavfi", "-i", "anoisesrc=d=2:a=0.9", "a.mp4")
    mux(source, music, tmp_path / "out.mp4", original=original, music_level_lu=level_lu, target_lufs=-14)
    assert true_peak_db(tmp_path / "out.mp4") <= -1.0


def test_drums_stay_below_full_scale_in_the_video(make_clip: Make, tmp_path: Path) -> None:
    time_s = np.arange(3 * 44100) / 44100
    hits = np.random.default_rng(0).normal(0, 0.5, len(time_s)) * np.exp(-30 * (time_s % 0.25))
    sound = (hits + 0.2 * np.sin(2 * np.pi * 110 * time_s))[:, np.newaxis] * np.ones(2)
    write_wav(tmp_path / "drums.wav", master(sound.astype(np.float32), 44100, target_lufs=-14).audio, 44100)
    mux(make_clip("a.mp4"), tmp_path / "drums.wav", tmp_path / "out.mp4")
    assert true_peak_db(tmp_path / "out.mp4") <= -1.0


@pytest.mark.parametrize("original", ["mix", "duck"])
@pytest.mark.parametrize("sound", [False, True])
def test_silent_films_get_the_music_alone(
    ffmpeg: Make, music: Path, tmp_path: Path, original: Original, *, sound: bool
) -> None:
    source = ffmpeg(*TESTSRC, *(("-f", "lavfi", "-i", "anullsrc=d=2") if sound else ()), "a.mp4")
    mux(source, music, tmp_path / "out.mp4", original=original, music_level_lu=-30)
    assert loudness(tmp_path / "out.mp4") == pytest.approx(loudness(music), abs=0.3)


@pytest.mark.parametrize(
    "options",
    [
        ("-ac", 1, "-ar", 8000, "-c:a", "pcm_s16le"),
        ("-ac", 6, "-ar", 48000, "-c:a", "ac3"),
        ("-ac", 2, "-ar", 96000, "-c:a", "flac"),
        ("-ac", 1, "-ar", 22050, "-c:a", "libmp3lame"),
    ],
)
def test_original_sounds_of_all_kinds(ffmpeg: Make, music: Path, tmp_path: Path, options: tuple[object, ...]) -> None:
    source = ffmpeg(*TESTSRC, *SINE, *options, "a.mkv")
    mux(source, music, tmp_path / "out.mp4", original="mix")
    pitches = tone_level(tmp_path / "out.mp4", 1000), tone_level(tmp_path / "out.mp4", 330) * np.sqrt(3)
    assert 20 * np.log10(pitches[0] / pitches[1]) == pytest.approx(0, abs=1.5), "as loud as each other"


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
@pytest.mark.parametrize("part", [None, Part(0.4, 1.6)])
def test_the_original_stays_in_step(ffmpeg: Make, music: Path, tmp_path: Path, codec: str, part: Part | None) -> None:
    # a click at second 1 of a track that begins 0.3 s after the picture
    click = (
        "-itsoffset",
        0.3,
        "-f",
        "lavfi",
        "-i",
        "aevalsrc='if(between(t,0.7,0.71),0.9*sin(6000*t),0)':d=1.5:s=48000",
    )
    source = ffmpeg(*TESTSRC, *click, "-c:v", codec, "-c:a", "flac", "a.mkv")
    mux(source, music, tmp_path / "out.mp4", original="mix", music_level_lu=-40.0, part=part)
    audio = read_audio(tmp_path / "out.mp4", sample_rate=44100)
    loudest = int(np.argmax(np.abs(audio.samples[:, 0]))) / 44100
    assert loudest == pytest.approx(1.005 - (part.start_s if part else 0), abs=0.02)


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
@pytest.mark.parametrize("start_s", [None, 0.4])
def test_the_original_stays_in_step_with_a_late_picture(
    ffmpeg: Make, music: Path, tmp_path: Path, codec: str, start_s: float | None
) -> None:
    # the picture begins 0.5 s after the sound, whose click is at second 1.5
    click = ("-f", "lavfi", "-i", "aevalsrc='if(between(t,1.5,1.51),0.9*sin(6000*t),0)':d=2.5:s=48000")
    source = ffmpeg(*click, "-itsoffset", 0.5, *TESTSRC, "-c:v", codec, "-c:a", "flac", "a.mkv")
    part = None if start_s is None else Part(start_s, 1.6)
    mux(source, music, tmp_path / "out.mp4", original="mix", music_level_lu=-40.0, part=part)
    with av.open(str(tmp_path / "out.mp4")) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        begins_s = [float(stream.start_time * stream.time_base) for stream in (picture, sound)]
    loudest = int(np.argmax(np.abs(read_audio(tmp_path / "out.mp4", sample_rate=44100).samples[:, 0]))) / 44100
    assert begins_s[1] + loudest - begins_s[0] == pytest.approx(1.005 - (start_s or 0), abs=0.03)


def test_duck_makes_room_for_a_voice_and_for_nothing_else(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    speech = Path(__file__).parents[1] / "data/speech.ogg"
    voice = ffmpeg("-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=6", "-i", speech, "-af", "adelay=1000", "voice.mp4")
    hiss = ffmpeg("-i", voice, "-f", "lavfi", "-i", "anoisesrc=d=6:a=0.1", "-map", "0:v", "-map", "1:a", "hiss.mp4")
    found = mux(voice, music, tmp_path / "out.mp4", original="duck")
    assert found is not None
    assert found["speech_s"][0][0] == pytest.approx(1.1, abs=0.2)
    assert found["dips"][0]["depth_db"] >= 6
    found = mux(hiss, music, tmp_path / "out.mp4", original="duck")
    assert found is not None
    assert found["speech_s"] == found["dips"] == []
    assert "speech_s" not in (mux(voice, music, tmp_path / "out.mp4", original="mix") or {"speech_s": 0})
    assert mux(voice, music, tmp_path / "out.mp4") is None


def test_further_tracks_and_tags_survive(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    (tmp_path / "text.srt").write_text("1\n00:00:00,200 --> 00:00:01,500\nHello\n")
    second = ("-f", "lavfi", "-i", "sine=f=2000:d=2", "-i", "text.srt", "-map", 0, "-map", 1, "-map", 2, "-map", 3)
    tags = ("-metadata", "title=My film", "-metadata:s:a:1", "language=fra", "-metadata:s:s:0", "language=deu")
    source = ffmpeg(*TESTSRC, *SINE, *second, "-c:a:1", "libvorbis", *tags, "a.mkv")
    out = tmp_path / "out.mp4"
    mux(source, music, out)
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "audio", "subtitle"]
        assert container.metadata["title"] == "My film"
        assert [stream.metadata.get("language") for stream in container.streams][2:] == ["fra", "deu"]
        assert container.streams.subtitles[0].codec_context.name == "mov_text"
    assert tone_level(out, 1000) < 0.003


def test_rotation_aspect_and_colours_survive(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    colours = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-vf", "setsar=4/3")
    ffmpeg(*TESTSRC, *colours, "plain.mp4")
    source = ffmpeg("-display_rotation", -90, "-i", "plain.mp4", "-c", "copy", "turned.mp4")
    mux(source, music, tmp_path / "out.mp4")
    before, after = probe(source), probe(tmp_path / "out.mp4")
    assert (
        (after.rotation, after.width, after.height) == (before.rotation, before.width, before.height) == (270, 64, 96)
    )
    assert after.sample_aspect == pytest.approx(4 / 3)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].colorspace == 1


def test_index_comes_first(make_clip: Make, music: Path, tmp_path: Path) -> None:
    mux(make_clip("a.mp4"), music, tmp_path / "out.mp4")
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    "name",
    ["-i.mp4", "a b'c\"d.mp4", "line\nbreak.mp4", "🎬 %03d.mp4", "concat:a|b.mp4", "$(touch x);.mp4", "pipe:0.mp4"],
)
def test_awkward_names(
    make_clip: Make, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path(name)
    source.write_bytes(make_clip("a.mp4", seconds=0.4).read_bytes())
    Path("out").mkdir()
    mux(source, music, Path("out") / name)
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / name, tmp_path / "out"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_failed_write_leaves_nothing_behind(ffmpeg: Make, music: Path, tmp_path: Path, codec: str) -> None:
    # a process that may write no more than 20 kB stands for a full disk
    source = ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-c:v", codec, "a.mkv")
    (tmp_path / "out").mkdir()
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "from video2music.video.mux import mux\n"
        "from video2music.errors import OutputError\n"
        "try: mux(*sys.argv[1:])\n"
        "except OutputError as error: print('refused:', error)\n"
    )
    arguments = [source, music, tmp_path / "out" / "out.mp4"]
    command = [*PYTHON, program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.startswith("refused:"), done.stderr
    assert done.stdout.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_refusals(make_clip: Make, music: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(make_clip("a.mp4").read_bytes())
    (tmp_path / "file").write_text("")
    cases: list[tuple[Path, Path, type[RefusalError]]] = [
        (tmp_path / "gone.mp4", tmp_path / "out.mp4", VideoReadError),
        (music, tmp_path / "out.mp4", VideoReadError),
        (source, tmp_path / "no folder" / "out.mp4", OutputError),
        (source, tmp_path / "file" / "out.mp4", OutputError),
        (source, tmp_path, OutputError),
        (source, source, OutputError),
    ]
    before = source.read_bytes()
    for clip, destination, refusal in cases:
        with pytest.raises(refusal):
            mux(clip, music, destination)
    assert source.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "file"}


def test_existing_result_is_replaced(make_clip: Make, music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("old")
    mux(make_clip("a.mp4"), music, out)
    assert probe(out).duration_s == pytest.approx(3.0, abs=0.01)
