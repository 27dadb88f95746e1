"""The command line as a person or a script meets it."""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pretty_midi
import pytest

from video2music.cli import main
from video2music.piece import FILE_NAMES

MakeClip = Callable[..., Path]
ROOT = Path(__file__).parents[1]


@pytest.fixture
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=4.0, scenes=2)


def refused(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must be refused, and return its one line."""
    assert main([str(word) for word in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line for line in printed.err.splitlines() if line.strip()]
    assert len(lines) == 1, printed.err
    return lines[0]


@pytest.fixture
def untouched(tmp_path: Path) -> Iterator[Path]:
    """An output folder that must not exist afterwards."""
    yield tmp_path / "out"
    assert not (tmp_path / "out").exists()


def test_compose_writes_four_files_and_ends_with_one_json_line(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["compose", str(clip), "-o", str(out), "--key", "F major", "--primer", "F Bb", "--seed", "3", "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {path.name for path in out.iterdir()} == set(FILE_NAMES)
    assert facts == json.loads((out / "result.json").read_text())
    assert facts["key"] == "F major"
    assert facts["seed"] == 3
    assert [event["symbol"] for event in facts["chords"]][:2] == ["F", "Bb"]
    assert sum(event["duration_s"] for event in facts["chords"]) == pytest.approx(facts["duration_s"], abs=1e-3)
    for row in ("emotion", "motion", "scene_offset", "valence", "arousal"):
        assert len(facts[row]) == 4, row
    steps = math.ceil(4 / (2 * 60 / facts["tempo"]))  # a chord lasts two beats
    assert len(facts["note_density"]) == len(facts["loudness"]) == steps
    for name in ("engine", "primer", "tempo", "cuts_s", "timings_s", "versions", "weights", "steering", "match"):
        assert name in facts, name


def test_the_video_is_as_long_as_the_clip_and_carries_the_music(clip: Path, tmp_path: Path) -> None:
    assert main(["compose", str(clip), "-o", str(tmp_path / "out"), "--seed", "1"]) == 0
    with av.open(str(tmp_path / "out" / "video.mp4")) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert float(picture.duration * picture.time_base) == pytest.approx(4.0, abs=1 / 25)
        assert float(sound.duration * sound.time_base) == pytest.approx(4.0, abs=0.05)
        samples = [frame.to_ndarray() for frame in container.decode(sound)]
    assert max(abs(block).max() for block in samples) > 0.05
    assert pretty_midi.PrettyMIDI(str(tmp_path / "out" / "music.mid")).get_end_time() <= 4.0 + 1e-3


def test_the_same_seed_gives_the_same_chords_and_another_seed_others(clip: Path, tmp_path: Path) -> None:
    chords = []
    for run, seed in enumerate((5, 5, 6)):
        out = tmp_path / str(run)
        main(["compose", str(clip), "-o", str(out), "--seed", str(seed), "--key", "C major"])
        midi = pretty_midi.PrettyMIDI(str(out / "music.mid"))
        facts = json.loads((out / "result.json").read_text())
        chords.append((facts["chords"], [(n.pitch, n.start, n.end, n.velocity) for n in midi.instruments[0].notes]))
    assert chords[0] == chords[1]
    assert chords[0] != chords[2]


def test_affect_bends_chord_qualities(clip: Path, tmp_path: Path) -> None:
    chords = []
    for strength in ("0", "1"):
        main(["compose", str(clip), "-o", str(tmp_path / strength), "--seed", "5", "--affect", strength])
        chords.append(json.loads((tmp_path / strength / "result.json").read_text())["chords"])
    assert chords[0] != chords[1]


def test_a_tempo_of_ones_own_changes_the_number_of_chord_steps_and_not_the_length(clip: Path, tmp_path: Path) -> None:
    facts = {}
    for tempo in ("60", "180"):
        arguments = ["compose", str(clip), "-o", str(tmp_path / tempo), "--seed", "5", "--tempo", tempo, "--no-match"]
        assert main(arguments) == 0
        facts[tempo] = json.loads((tmp_path / tempo / "result.json").read_text())
        assert facts[tempo]["tempo"] == float(tempo)
        assert facts[tempo]["match"] is None
        assert pretty_midi.PrettyMIDI(str(tmp_path / tempo / "music.mid")).get_end_time() <= 4.0 + 1e-3
    assert [len(facts[tempo]["note_density"]) for tempo in ("60", "180")] == [2, 6]


def test_as_published_keeps_its_tempo(clip: Path, tmp_path: Path) -> None:
    assert main(["compose", str(clip), "-o", str(tmp_path), "--seed", "5", "--as-published", "--no-match"]) == 0
    facts = json.loads((tmp_path / "result.json").read_text())
    assert facts["tempo"] == 120
    assert facts["steering"] is None
    assert len(facts["note_density"]) == 4


def test_analyze_prints_features_only(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(clip), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(facts) == {"duration_s", "emotion", "valence", "arousal", "motion", "scene_offset", "cuts_s"}
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in facts["emotion"])
    assert all(1 <= value <= 9 for value in facts["valence"] + facts["arousal"])
    assert facts["cuts_s"] == [pytest.approx(2.0, abs=0.1)]


def test_no_such_file(untouched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.mp4" in refused(["compose", "nowhere.mp4", "-o", untouched], capsys)


def test_a_text_that_calls_itself_a_video(tmp_path: Path, untouched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.mp4").write_text("buy milk\n" * 100)
    assert "notes.mp4" in refused(["compose", tmp_path / "notes.mp4", "-o", untouched], capsys)


def test_a_truncated_video(clip: Path, tmp_path: Path, untouched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = clip.read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    assert "half.mp4" in refused(["compose", tmp_path / "half.mp4", "-o", untouched], capsys)


def test_sound_without_a_picture(tmp_path: Path, untouched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with av.open(str(tmp_path / "song.m4a"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=44100)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "song.m4a" in refused(["compose", tmp_path / "song.m4a", "-o", untouched], capsys)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--key", "H major", "H major"),
        ("--key", "C dorian", "C dorian"),
        ("--primer", "C Am Fmaj13 G", "Fmaj13"),
        ("--engine", "orchestra", "embedded"),
        ("--affect", "1.5", "from 0 to 1"),
        ("--tempo", "300", "60 to 180"),
        ("--tempo", "nan", "60 to 180"),
        ("--ensemble", "strinx", "Did you mean strings?"),
        ("--transpose", "13", "from -12 to 12"),
        ("--sound-font", "/nowhere/piano.sf2", "piano.sf2"),
    ],
)
def test_a_wrong_setting_is_named(
    option: str, value: str, expected: str, clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(["compose", clip, "-o", untouched, option, value], capsys)


def test_a_folder_that_cannot_be_written(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "-o" in refused(["compose", clip, "-o", "/proc/out"], capsys)


def test_an_output_that_is_a_file(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    refused(["compose", clip, "-o", tmp_path / "out"], capsys)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_full_disk(
    clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("video2music.music.mastering.write_wav", full)
    assert "disk is full" in refused(["compose", clip, "-o", untouched], capsys)


def test_weights_that_are_not_there(
    clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "import-weights" in refused(["compose", clip, "-o", untouched, "--engine", "paper"], capsys)


def test_weights_that_are_damaged(
    clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    whole = (ROOT / "assets" / "models" / "amt.safetensors").read_bytes()
    (folder / "amt.safetensors").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("VIDEO2MUSIC_WEIGHTS", str(folder))
    assert "amt.safetensors" in refused(["compose", clip, "-o", untouched], capsys)


@pytest.mark.parametrize(
    "arguments", [["compose"], ["compose", "a.mp4", "-o", "out", "--variations", "21"]], ids=["no clip", "too many"]
)
def test_wrong_usage_is_code_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    "option",
    [["--ensemble", "lofi"], ["--ensemble", "auto"], ["--tempo", "90"], ["--align-cuts"], ["--transpose", "2"]],
)
def test_what_was_published_has_no_choice_of_it(
    option: list[str], clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["compose", str(clip), "-o", str(untouched), "--as-published", *option])
    assert stopped.value.code == 2
    assert "As published there is no choice" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["-dash.mp4", "two words.mp4", 'it\'s "quoted".mp4', "$(touch hacked).mp4", "naïve 🎬.mp4"]
)
def test_names_that_trip_programs_up(name: str, clip: Path, tmp_path: Path) -> None:
    awkward = tmp_path / name
    shutil.copy(clip, awkward)
    assert main(["compose", "-o", str(tmp_path / "out"), "--seed", "1", "--", str(awkward)]) == 0
    assert (tmp_path / "out" / "video.mp4").stat().st_size > 1000
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "out"])


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "video2music", "compose", "nowhere.mp4", "-o", "out"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_directed_mood_reaches_key_tempo_and_result(clip: Path, tmp_path: Path) -> None:
    arguments = ["compose", str(clip), "-o", str(tmp_path / "out"), "--seed", "3", "--no-match"]
    assert main([*arguments, "--mood", "sad", "--arousal=-0.5", "--section", "0-2:exciting"]) == 0
    facts = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert facts["direction"] == {
        "mood": "sad",
        "valence": 0.0,
        "arousal": -0.5,
        "sections": [{"start_s": 0.0, "end_s": 2.0, "mood": "exciting"}],
    }
    assert main([*arguments, "--mood", "sad"]) == 0
    sad = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert main([*arguments, "--mood", "exciting"]) == 0
    exciting = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert (sad["key"], exciting["key"]) == ("A minor", "C major")
    assert exciting["tempo"] > sad["tempo"] + 20
    assert sad["emotion"] == exciting["emotion"]


def test_moods_and_sections_that_cannot_be_are_refused(
    clip: Path, untouched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wish, words in (
        (["--mood", "joyful"], "no such mood"),
        (["--section", "tense"], "cannot be read"),
        (["--section", "90-99:sad"], "lasts 4"),
        (["--valence", "9"], "-3 to 3"),
    ):
        assert words in refused(["compose", clip, "-o", untouched, *wish], capsys)
