"""A participant's way through a study, as the page's script walks it."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import soundfile
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from video2music.web.study.served import ServedStudy
from video2music.web.study.server import study_routes

Device = Any
"""See conftest.py."""

Visit = Callable[..., Device]
ServeStudy = Callable[..., ServedStudy]


def test_a_session_leads_from_the_consent_to_a_code(device: Device) -> None:
    seen = []
    assert "You may stop at any time." in device.get().text
    device.begin()
    while (page := device.get().text) and 'id="completion"' not in page:
        seen.append(device.step or "headphones")
        device.rate()
    assert seen == ["volume", "headphones", "training-1", "trial-1", "attention-third", "trial-2", "background"]
    code = re.search(r'id="completion">([^<]*)<', page)
    person = device.served.store.rows()[0]
    assert code is not None
    assert re.fullmatch(r"\w{4}-\w{4}", code[1])
    assert (person["state"], person["mode"], person["language"]) == ("finished", "live", "en")
    assert code[1] in device.get().text  # the same one when the page is opened again


def test_nothing_is_stored_twice(begun: Device) -> None:
    begun.play()
    for _ in range(3):
        begun.answer("match", "5")
        begun.answer("tension", "40")
    for _ in range(3):
        assert begun.post("next", step="training-1").status_code == 200
    assert begun.step == "trial-1"
    assert [(row["question"], row["value"]) for row in begun.served.store.rows()] == [
        ("match", "5"),
        ("tension", "40.0"),
    ]


def test_who_refuses_is_only_counted(device: Device) -> None:
    assert device.post("refuse").status_code == 200
    assert "That is all right" in device.get("refused").text
    progress = device.served.store.progress()
    assert (progress.refused, progress.total("enrolled")) == (1, 0)
    assert not device.client.cookies


NOT_THE_WHOLE_CLIP: list[Any] = [
    [],
    [[0.5, 1]],
    [[0, 0.9]],
    [[0.9, 1]] * 50,
    [[1, 0]],
    [[-9, -1]],
    [["0", None]],
    [[0]],
    ["01"],
    [[0, "NaN"]],
]


def test_ratings_stay_closed_until_the_whole_clip_was_played(begun: Device) -> None:
    for ranges in NOT_THE_WHOLE_CLIP:
        assert begun.play(ranges).json() == {"open": False}
        assert begun.answer("match", "5").status_code == 409
    assert begun.post("next", step="training-1").status_code == 409
    assert '<fieldset id="lock" disabled>' in begun.get().text
    assert begun.served.store.rows() == []


def test_a_clip_takes_its_time(serve_study: ServeStudy, visit: Visit) -> None:
    device = visit(serve_study(session={"headphones": "off", "volume": False}))
    device.begin()
    claim = [{"ranges": [[0, 60]], "plays": 1}]
    device.served.stimuli.update({key: replace(one, duration_s=60.0) for key, one in device.served.stimuli.items()})
    assert device.post("played", step="training-1", stimuli=claim).json() == {"open": False}
    device.served.clock.ahead += timedelta(seconds=60)
    assert device.post("played", step="training-1", stimuli=claim).json() == {"open": True}


def test_of_a_pair_both_clips_have_to_be_played(serve_study: ServeStudy, visit: Visit) -> None:
    device = visit(serve_study(pairs=True))
    device.begin()
    device.walk("trial-1")
    full, part = {"ranges": [[0, 1]], "plays": 1}, {"ranges": [[0, 0.5]], "plays": 1}
    assert len(device.clips()) == 2
    device.play([[0, 0.4]])
    for reports in ([full], [full, part], [part, full], [full, {}]):
        assert device.post("played", step="trial-1", stimuli=reports).json() == {"open": False}
    assert device.play().json() == {"open": True}
    assert device.answer("better", "tie").status_code == 200
    assert device.answer("better", "middle").status_code == 409
    assert device.post("next", step="trial-1").status_code == 200


def test_answers_may_change_until_the_page_is_left(begun: Device) -> None:
    begun.play()
    for value in ("2", "6"):
        begun.answer("match", value)
    begun.answer("tension", "10")
    begun.answer("remark", "first wor")
    begun.answer("remark", "first words")
    assert 'value="6" checked' in begun.get().text
    assert begun.post("next", step="training-1").status_code == 200
    begun.answer("match", "1", step="training-1")
    begun.answer("remark", "", step="training-1")
    values = {row["question"]: row["value"] for row in begun.served.store.rows()}
    assert values == {"match": "6", "tension": "10.0", "remark": "first words"}
    kept = begun.get("?page=training-1").text
    assert "6 / 7" in kept
    assert "first words" in kept
    assert "<input" not in kept
    assert "<video" not in kept


def test_an_emptied_answer_is_taken_back(begun: Device) -> None:
    begun.play()
    begun.answer("match", "4")
    begun.answer("match", "")
    begun.answer("tension", "4")
    assert begun.post("next", step="training-1").status_code == 409


def test_pages_come_in_their_order(begun: Device) -> None:
    for step in ("trial-1", "trial-2", "background", "done", "no-such", ""):
        assert begun.post("answer", step=step, question="match", value="5").status_code == 409
        assert begun.post("next", step=step).status_code == 409
    assert begun.step == "training-1"
    begun.get("?page=trial-2")
    assert begun.step == "training-1"


def test_a_session_goes_on_after_a_restart_and_on_another_device(begun: Device, visit: Visit) -> None:
    begun.walk("trial-1")
    code = re.search(r'class="code"><span>[^<]*</span> <strong>([^<]*)<', begun.get().text)
    assert code is not None
    elsewhere = visit(begun.served)
    assert elsewhere.step == ""
    assert elsewhere.post("resume", code=code[1].lower().replace("-", " ")).status_code == 200
    assert elsewhere.step == "trial-1"
    elsewhere.walk("trial-2")
    assert begun.step == "trial-2"


def test_a_code_withdraws_everything(begun: Device) -> None:
    begun.walk("trial-1")
    person = begun.served.store.participant(begun.served.store.rows()[0]["participant"])
    assert begun.post("withdraw", code="AAAA-AAAA").status_code == 404
    assert begun.post("withdraw", code=person.resume_code).status_code == 200
    assert begun.served.store.rows(None) == []
    assert begun.answer("match", "5", step="trial-1").status_code == 410
    assert "Before you start" in begun.get().text


def test_a_test_session_stands_beside_the_live_one(served: ServedStudy, visit: Visit) -> None:
    device = visit(served)
    assert str(device.get("?mode=test&x=1").url).endswith("/study/small/test/?x=1")
    device.begin()
    device.root += "test/"
    assert "These answers are kept apart" in device.get().text
    device.begin()
    device.walk("trial-2")
    assert {row["mode"] for row in served.store.rows(None)} == {"test"}
    device.root = device.root.removesuffix("test/")
    assert device.step == "volume"
    assert "These answers are kept apart" not in device.get().text


def test_an_external_id_is_kept_only_if_the_study_asks_for_it(serve_study: ServeStudy, visit: Visit) -> None:
    asks = visit(serve_study(session={"external_id": "PID", "volume": False, "headphones": "off"}))
    assert '"external_id": "p\\u00271"' in asks.get("?PID=p'1").text
    asks.begin(external_id="p'1")
    asks.walk("trial-1")
    assert asks.served.store.rows()[0]["external_id"] == "p'1"
    assert "Before you start" in asks.get("?PID=another").text
    assert "Before you start" not in asks.get("?PID=p'1").text
    silent = visit(serve_study())
    assert '"external_id": ""' in silent.get("?PID=p1").text
    silent.begin(external_id="p1")
    silent.walk("trial-1")
    assert {row["external_id"] for row in silent.served.store.rows()} == {""}


def test_a_shared_device_takes_in_the_next_person(begun: Device) -> None:
    assert begun.step == "training-1"
    assert "Before you start" in begun.get("?session=new").text
    begun.begin(fresh=True)
    assert begun.step == "volume"
    assert begun.served.store.progress().total("enrolled") == 2


def test_the_language_is_chosen_once(device: Device) -> None:
    assert 'lang="de"' in device.get(headers={"accept-language": "fr;q=1, de-AT;q=0.8"}).text
    page = device.get("?language=de&PID=1").text
    assert "Ich bin einverstanden" in page
    assert "?PID=1&amp;language=en" in page
    device.begin(language="de")
    assert "Lautstärke" in device.get("?language=en").text
    assert device.post("begin", language="xx", version="2026-11", fresh=True).status_code == 409


def test_a_consent_that_changed_meanwhile_is_read_again(device: Device) -> None:
    assert device.post("begin", language="en", version="old").status_code == 409


def test_headphones_that_are_required_have_to_be_there(serve_study: ServeStudy, visit: Visit) -> None:
    device = visit(serve_study(session={"headphones": "required", "volume": False}))
    device.begin()
    assert device.post("next", step="headphones").status_code == 409
    assert device.post("headphones", answers=[0] * 6, attempt=1).status_code == 200
    assert "Please put on headphones and try once more" in device.get().text
    assert device.post("headphones", answers=[0] * 6, attempt=2).status_code == 200
    page = device.get().text
    assert "so the study ends here" in page
    code = re.search(r"<strong>(\w{4}-\w{4})</strong>", page)
    assert code is not None
    assert device.answer("match", "5", step="training-1").status_code == 409
    assert device.post("withdraw", code=code[1]).status_code == 200


def test_headphones_that_are_right_pass_and_the_answer_is_never_sent(serve_study: ServeStudy, visit: Visit) -> None:
    device = visit(serve_study(session={"headphones": "required", "volume": False}))
    device.begin()
    sounds = [device.get(f"headphones/1-{trial}.wav").content for trial in range(1, 7)]
    right = [quietest(sound) for sound in sounds]
    assert sorted(right) == [1, 1, 2, 2, 3, 3]
    assert len(set(sounds)) == 6
    assert device.get("headphones/1-7.wav").status_code == device.get("headphones/3-1.wav").status_code == 404
    assert device.post("headphones", answers=right, attempt=1).status_code == 200
    assert device.step == "training-1"


def quietest(sound: bytes) -> int:
    """Listen as headphones let one hear: each ear by itself."""
    samples, rate = soundfile.read(io.BytesIO(sound))
    tones = [samples[round((0.5 + 1.5 * n) * rate) :][:rate, 0] for n in range(3)]
    return int(np.argmin([np.sqrt(np.mean(tone**2)) for tone in tones])) + 1


def test_all_works_under_a_path_of_a_proxy(served: ServedStudy) -> None:
    client = TestClient(Starlette(routes=[Mount("/music", routes=study_routes([served]))]))
    page = client.get("/music/study/small")
    assert str(page.url).endswith("/music/study/small/")
    body = {"language": "en", "version": "2026-11"}
    assert client.post("/music/study/small/begin", json=body, headers={"x-study": "1"}).status_code == 200
    assert "Set your volume" in client.get("/music/study/small/").text
    assert client.get("/music/study/small/assets/study.js").status_code == 200
    addresses = re.findall(r'(?:src|href|data-go|data-send)="([^"]*)"', page.text)
    assert addresses
    assert not [address for address in addresses if address.startswith("/") or ":" in address]
