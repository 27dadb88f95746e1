"""The named endpoints as a program sees them, through gradio_client."""

import json
import math
import time
import wave
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import httpx
import pretty_midi
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from video2music.piece import FILE_NAMES
from video2music.web.wishes_form import Settings
from video2music.wishes import Wishes

Upload = Callable[..., Any]


def compose(client: Client, clip: object, **wishes: object) -> tuple[Path, ...]:
    settings = {"key": "", "primer": "", "seed": None, "original": "replace", **wishes}
    return tuple(map(Path, client.predict(clip=clip, **settings, api_name="/compose")))


def test_four_real_files_named_after_the_clip(served: SimpleNamespace, upload: Upload) -> None:
    files = compose(served.client(), upload("holiday.mp4"), key="Bb major", primer="Bb Eb", seed=7)
    assert [path.name for path in files] == [
        f"holiday - music.{end}" for end in ("mp4", "wav", "mid", "json", "musicxml")
    ]
    video, music, midi, result, sheet = files
    assert "<score-partwise" in sheet.read_text(encoding="utf-8")
    with av.open(str(video)) as container:
        assert container.streams.video
        assert container.streams.audio
    with wave.open(str(music)) as sound:
        assert sound.getnframes() == pytest.approx(2 * 44100, rel=0.05)
    assert pretty_midi.PrettyMIDI(str(midi)).instruments
    facts = json.loads(result.read_text())
    assert (facts["seed"], facts["key"], facts["chords"][0]["symbol"]) == (7, "Bb major", "Bb")


def test_analysis_without_music(served: SimpleNamespace, upload: Upload) -> None:
    features = served.client().predict(clip=upload("clip.mp4"), api_name="/analyze")
    assert len(features["emotion"]) == math.ceil(features["duration_s"])
    assert features["duration_s"] == pytest.approx(2.0, abs=0.1)


def test_inputs_are_documented(served: SimpleNamespace) -> None:
    named = served.client().view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/compose", "/render", "/analyze", "/recognize"}
    labels = [parameter["parameter_name"] for parameter in named["/compose"]["parameters"]]
    assert labels[:5] == ["clip", "key", "primer", "seed", "original"]
    assert labels[1:] == [field.name for field in fields(Settings)]
    for endpoint in named.values():
        for parameter in endpoint["parameters"]:
            assert f"{parameter['parameter_name']}:" in endpoint["description"].replace(",", ":")
    assert "Compose music for a video" in named["/compose"]["description"]
    assert [parameter["parameter_name"] for parameter in named["/recognize"]["parameters"]] == ["audio"]


def test_the_example_of_the_documentation_runs(
    served: SimpleNamespace, make_clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "endpoints.md").read_text(encoding="utf-8")
    example = text.split("```python\n")[1].split("```")[0].replace("http://127.0.0.1:7860", served.url)
    (tmp_path / "clip.mp4").write_bytes(make_clip(seconds=26.0, fps=5, scenes=1).read_bytes())
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(example, found)  # noqa: S102 - our own documentation
    facts = json.loads(Path(found["result"]).read_text(encoding="utf-8"))
    assert (facts["ensemble"], facts["seed"], facts["tempo"]) == ("lofi", 7, 84)
    assert {"Am7", "F"} <= {chord["symbol"] for chord in facts["chords"]}
    assert found["features"]["duration_s"] == pytest.approx(26.0, abs=0.2)
    assert found["emotion"]["valence"]
    for name, endpoint in served.client().view_api(return_format="dict")["named_endpoints"].items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
        assert row.split("`")[3::2] == [one["parameter_name"] for one in endpoint["parameters"]]


def test_calls_with_the_first_five_inputs_alone_still_work(served: SimpleNamespace, upload: Upload) -> None:
    served.client().predict(upload("a.mp4"), "", "", 5, "replace", api_name="/compose")
    assert served.composer.wishes == [Wishes(seed=5)]


def test_every_setting_reaches_the_composer(served: SimpleNamespace, upload: Upload) -> None:
    wishes = {"ensemble": "strings", "mood": "sad", "valence": -1, "arousal": 1.5, "tempo": 90, "transpose": -2}
    wishes |= {"melody": False, "align_cuts": False, "music_level": 3, "lufs": -23, "original": "mix", "seed": 5}
    wishes |= {"sections": "0-1:tense; 1-2:exciting", "from_s": 0.5, "to_s": 1.5}
    compose(served.client(), upload("a.mp4"), **wishes)
    assert served.composer.wishes == [Settings(**wishes).wishes()]
    assert served.composer.wishes != [Wishes(seed=5)]


def test_a_stored_piece_is_played_otherwise(served: SimpleNamespace, upload: Upload) -> None:
    client = served.client()
    result = compose(client, upload("holiday.mp4", 6.0), seed=7)[3]
    changes = {"ensemble": "strings", "tempo": 90, "transpose": 2, "density": 0.5, "chords": "0.5=Em7", "melody": "off"}
    files = client.predict(
        result=handle_file(str(result)), clip=upload("again.mp4", 6.0), **changes, original="mix", api_name="/render"
    )
    assert [Path(path).name for path in files] == list(FILE_NAMES)
    facts = json.loads(Path(files[4]).read_text())
    assert (facts["ensemble"], facts["tempo"], facts["transpose"], facts["original"]) == ("strings", 90, 2, "mix")
    assert facts["chords"][0]["symbol"] == "Em7"
    assert facts["rendition"]["melody"] is False
    assert served.composer.analysed == 1


def test_music_alone_is_played_with_what_the_file_says(served: SimpleNamespace, upload: Upload) -> None:
    client = served.client()
    result = compose(client, upload("holiday.mp4"), ensemble="band")[3]
    video, _, _, _, again = client.predict(handle_file(str(result)), api_name="/render")
    assert video is None
    assert json.loads(Path(again).read_text())["ensemble"] == "band"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tempo": 500}, "180"),
        ({"ensemble": "kazoo"}, "kazoo"),
        ({"melody": "loud"}, "on or off: loud"),
        ({"chords": "Am7"}, "Write it as 12=Am7"),
        ({"chords": "0=Hm"}, "Hm"),
        ({"chords": "nan=Am"}, "no chord at nan s"),
        ({"original": "loud"}, "replace, mix or duck"),
        ({"lufs": -3}, "-3 LUFS"),
    ],
)
def test_a_change_is_refused_in_a_sentence(
    served: SimpleNamespace, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    level = [0.5, 0.5]
    score = {"chords": ["Am", "F"], "note_density": level, "loudness": level, "key": "A minor", "seed": 1}
    stored = tmp_path / "score.json"
    stored.write_text(json.dumps(score | {"duration_s": 2.0}))
    with pytest.raises(AppError, match=words) as refusal:
        served.client().predict(handle_file(str(stored)), **changes, api_name="/render")
    assert str(served.studio.root) not in str(refusal.value)


def test_what_is_no_result_is_refused(served: SimpleNamespace, tmp_path: Path) -> None:
    diary = tmp_path / "diary.json"
    diary.write_text("dear diary")
    with pytest.raises(AppError, match="not a readable result or score"):
        served.client().predict(handle_file(str(diary)), api_name="/render")


def test_recognition_of_a_videos_sound(served: SimpleNamespace, upload: Upload, predict: Callable[..., Any]) -> None:
    answer = served.client().predict(audio=upload("holiday.mp4"), api_name="/recognize")
    assert answer["duration_s"] == pytest.approx(2.0, abs=0.1)
    expected = predict(answer["duration_s"]).result()
    assert set(answer) == set(expected)
    assert {name: answer[name] for name in ("valence", "arousal", "tags", "shown_tags", "key")} == {
        name: expected[name] for name in ("valence", "arousal", "tags", "shown_tags", "key")
    }
    assert str(served.studio.root) not in json.dumps(answer)


def test_what_is_no_music_is_refused_without_the_servers_paths(
    served: SimpleNamespace, upload: Upload, tmp_path: Path
) -> None:
    sound = upload("notes.mp3")
    (tmp_path / "notes.mp3").write_text("dear diary")
    with pytest.raises(AppError) as refusal:
        served.client().predict(audio=sound, api_name="/recognize")
    assert "The file is not an audio file: notes.mp3. Check that it plays" in str(refusal.value)
    assert "/" not in str(refusal.value)
    assert not served.recogniser.finished


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"primer": "C Amaj9"}, "Amaj7"),
        ({"key": "H major"}, "H major"),
        ({"seed": -1}, "0 to 2147483647"),
        ({"seed": 2**31}, "0 to 2147483647"),
        ({"ensemble": "kazoo"}, "There is no ensemble 'kazoo'"),
        ({"mood": "hungry"}, "There is no such mood: hungry"),
        ({"tempo": 500}, "180"),
        ({"sections": "0-12:tens"}, "Did you mean tense"),
        ({"from_s": 5, "to_s": 2}, "end after it begins"),
    ],
)
def test_settings_are_refused_in_a_sentence(
    served: SimpleNamespace, upload: Upload, wishes: dict[str, Any], words: str
) -> None:
    with pytest.raises(AppError, match=words):
        compose(served.client(), upload("a.mp4"), **wishes)
    assert not served.composer.finished


def test_text_renamed_to_mp4_is_refused_without_the_servers_paths(
    served: SimpleNamespace, upload: Upload, tmp_path: Path
) -> None:
    clip = upload("notes.mp4")
    (tmp_path / "notes.mp4").write_text("dear diary")
    with pytest.raises(AppError) as refusal:
        compose(served.client(), clip)
    assert "not a video: notes.mp4. Check that it plays" in str(refusal.value)
    assert "/" not in str(refusal.value)


def test_a_defect_is_a_calm_sentence(served: SimpleNamespace, upload: Upload, caplog: pytest.LogCaptureFixture) -> None:
    served.composer.failure = ZeroDivisionError("tensor 17 exploded")
    with pytest.raises(AppError, match="please try again") as refusal:
        compose(served.client(), upload("a.mp4"))
    assert "tensor" not in str(refusal.value)
    assert "tensor 17 exploded" in caplog.text


@pytest.mark.parametrize(
    "name", ['"quoted" clip.mp4', "🎬 film.mp4", "-rf.mp4", "a;b$(c).mp4", "..mp4", "été 夏.mp4", "x" * 200 + ".mp4"]
)
def test_hostile_names(served: SimpleNamespace, upload: Upload, name: str) -> None:
    for path in compose(served.client(), upload(name)):
        assert path.stat().st_size > 0
        assert not path.name.startswith(("-", "."))
        assert path.stem.endswith(" - music")


def test_a_path_on_the_server_is_not_an_upload(served: SimpleNamespace, make_clip: Callable[..., Path]) -> None:
    stolen = {"path": str(make_clip(seconds=2.0)), "meta": {"_type": "gradio.FileData"}}
    call = f"{served.url}gradio_api/call/analyze"
    answer = httpx.get(f"{call}/{httpx.post(call, json={'data': [stolen]}).json()['event_id']}", timeout=30).text
    assert "event: error" in answer
    assert "emotion" not in answer


def test_two_people_get_their_own_files_one_after_the_other(served: SimpleNamespace, upload: Upload) -> None:
    served.composer.gate.clear()
    jobs = [
        client.submit(clip=upload(f"{name}.mp4"), key="", primer="", seed=seed, original="mix", api_name="/compose")
        for client, name, seed in ((served.client(), "one", 1), (served.client(), "two", 2))
    ]
    served.composer.gate.set()
    outcomes = [[Path(path) for path in job.result(timeout=30)] for job in jobs]
    assert [files[0].name for files in outcomes] == ["one - music.mp4", "two - music.mp4"]
    assert [json.loads(files[3].read_text())["seed"] for files in outcomes] == [1, 2]
    assert served.composer.most_at_once == 1
    assert len({clip.parent for clip in served.composer.finished}) == 2


def test_a_program_stands_in_the_same_line_and_is_told_where(served: SimpleNamespace, upload: Upload) -> None:
    served.composer.gate.clear()
    first = served.client().submit(clip=upload("one.mp4"), seed=1, api_name="/compose")
    deadline = time.monotonic() + 10
    while not served.composer.working and time.monotonic() < deadline:
        first.status()
    second = served.client().submit(audio=upload("two.mp4"), api_name="/recognize")
    told: set[str] = set()
    while not told and time.monotonic() < deadline:
        told = {unit.desc for unit in second.status().progress_data or ()}
    served.composer.gate.set()
    assert told == {"1 person before you"}
    assert second.result(timeout=30)["valence"]


def test_a_full_line_refuses_a_program_in_a_sentence(
    served: SimpleNamespace, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.studio.composing._waiting, "_entries", [(str(place), None) for place in range(21)])
    with pytest.raises(AppError, match=r"Too many pieces are waiting already\. Please try again in a minute"):
        compose(served.client(), upload("a.mp4"))


def test_nothing_is_left_in_the_working_folders(served: SimpleNamespace, upload: Upload) -> None:
    compose(served.client(), upload("a.mp4"))
    deadline = time.monotonic() + 10
    while (left := list(served.studio.root.glob("run-*"))) and time.monotonic() < deadline:
        served.studio.composing.prepare(lambda: None).result()
    assert not left


def test_the_stage_reaches_the_caller(served: SimpleNamespace, upload: Upload) -> None:
    served.composer.gate.clear()
    job = served.client().submit(
        clip=upload("a.mp4"), key="", primer="", seed=1, original="replace", api_name="/compose"
    )
    deadline = time.monotonic() + 10
    seen: set[str] = set()
    while "Writing the chords" not in seen and time.monotonic() < deadline:
        seen |= {unit.desc for unit in job.status().progress_data or ()}
    served.composer.gate.set()
    job.result(timeout=30)
    assert "Writing the chords" in seen


def test_a_cancelled_job_stops_working(served: SimpleNamespace, upload: Upload) -> None:
    served.composer.gate.clear()
    job = served.client().submit(
        clip=upload("a.mp4"), key="", primer="", seed=1, original="replace", api_name="/compose"
    )
    deadline = time.monotonic() + 10
    while not served.composer.working and time.monotonic() < deadline:
        job.status()
    job.cancel()
    while served.composer.working and time.monotonic() < deadline:
        job.status()
    assert not served.composer.working
    assert not served.composer.finished


def test_a_crowd_at_once_is_refused_by_the_line_and_in_its_words(served: SimpleNamespace, upload: Upload) -> None:
    served.composer.gate.clear()
    client, clip = served.client(), upload("a.mp4")
    asked = [client.submit(clip=clip, seed=seed, api_name="/compose") for seed in range(80)]
    served.composer.gate.set()
    refused = [str(fault) for fault in (one.exception(timeout=60) for one in asked) if fault]
    assert len(refused) > len(asked) / 2
    assert {words for words in refused if "in line already" not in words} == set()
