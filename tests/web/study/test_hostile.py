"""What somebody could send who means harm, or whose browser does."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from video2music.study.stimuli import stimulus_path
from video2music.web.study.attempts import AttemptLimit
from video2music.web.study.served import ServedStudy

Device = Any
"""See conftest.py."""

Visit = Callable[..., Device]
ServeStudy = Callable[..., ServedStudy]

CALLS = (
    "begin",
    "refuse",
    "resume",
    "withdraw",
    "answer",
    "played",
    "next",
    "headphones",
    "dashboard/login",
    "dashboard/logout",
)


def test_every_answer_carries_the_headers(begun: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    answers = [
        begun.get(),
        begun.get("no/such/page"),
        begun.get("dashboard"),
        begun.post("answer"),
        begun.get("withdraw"),
    ]
    monkeypatch.setattr(begun.served.store, "position", fail)
    answers.append(begun.get())
    assert [answer.status_code for answer in answers] == [200, 404, 403, 409, 200, 500]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert "This is not your fault" in answers[-1].text
    assert "disk" not in answers[-1].text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(device: Device) -> None:
    consent = {"language": "en", "version": "2026-11"}
    cookie = device.post("begin", **consent).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path" not in cookie  # the browser takes the page's folder, under whatever path a proxy serves it
    assert "secure" not in cookie
    proxied = device.post("begin", {"x-forwarded-proto": "https"}, **consent)
    assert "secure" in proxied.headers["set-cookie"].lower()


def test_another_site_can_call_nothing(begun: Device) -> None:
    before = begun.step, begun.served.store.progress()
    for call in CALLS:
        assert begun.client.post(begun.root + call, json={}).status_code == 403
        assert begun.client.post(begun.root + call, data={"step": "training-1"}).status_code == 403
        for site in ("cross-site", "same-site"):
            assert begun.post(call, {"sec-fetch-site": site}).status_code == 403
    assert (begun.step, begun.served.store.progress()) == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"step": 5}', b'{"code": {}}', b'{"step": "\\u0000"}', b"\xff"],
)
def test_what_the_script_would_not_send_is_refused(begun: Device, body: bytes) -> None:
    for call in CALLS:
        answer = begun.client.post(begun.root + call, content=body, headers={"x-study": "1"})
        assert answer.status_code < 500
    assert begun.step == "training-1"
    assert begun.served.store.rows() == []


def test_huge_bodies_are_not_read(begun: Device) -> None:
    for call in CALLS:
        assert begun.post(call, step="training-1", value="x" * 200_000, stimuli=[]).status_code == 413


def test_far_too_many_ranges_are_refused(begun: Device) -> None:
    reports = [{"ranges": [[0, 1]] * 5000, "plays": 1}]
    assert begun.post("played", step="training-1", stimuli=reports).status_code == 400
    assert begun.play([[0, 1]] * 2, plays=10**30).json() == {"open": True}
    assert begun.post("headphones", answers=[1] * 10_000, attempt=1).status_code == 400
    assert begun.post("headphones", answers=["1"] * 6, attempt=-1).status_code == 400


def test_only_points_of_the_scale_are_stored(begun: Device) -> None:
    begun.play()
    for value in ("8", "0", "5.5", "-1", "1e9", "NaN", "5; DROP TABLE answers", "[5]", "left"):
        assert begun.answer("match", value).status_code == 409
    assert begun.answer("no-such-question", "5").status_code == 409
    assert begun.served.store.rows() == []


def test_a_text_stays_a_text(begun: Device) -> None:
    begun.play()
    harm = "<script>alert(1)</script>'\"; DROP TABLE answers; --"
    begun.answer("match", "3")
    begun.answer("tension", "3")
    assert begun.answer("remark", harm).status_code == 200
    assert begun.answer("remark", "x" * 10_001).status_code == 409
    assert begun.post("next", step="training-1").status_code == 200
    assert "<script>alert" not in begun.get("?page=training-1").text
    assert "&lt;script&gt;alert" in begun.get("?page=training-1").text
    assert harm in {row["value"] for row in begun.served.store.rows()}


def test_what_a_study_says_is_text_too(serve_study: ServeStudy, visit: Visit) -> None:
    harm = {"en": "</title><script>x()</script>", "de": "b"}
    page = visit(serve_study(title=harm)).get('?language=en&PID="><script>x()</script>').text
    assert "<script>x" not in page


def test_made_up_cookies_are_nobodys(device: Device) -> None:
    for cookie in ("", ".", "a.b", "x" * 5000, "%00", "' OR 1=1 --.x", "é.é"):
        headers = [(b"cookie", f"study-live-small={cookie}".encode())]
        assert "Before you start" in device.client.get(device.root, headers=headers).text


def test_an_id_from_an_exported_table_is_not_enough(begun: Device, visit: Visit) -> None:
    begun.walk("trial-1")
    known = begun.served.store.rows()[0]["participant"]
    thief = visit(begun.served)
    for seal in ("", known, "0" * 64):
        thief.client.cookies.set("study-live-small", f"{known}.{seal}")
        assert "Before you start" in thief.get().text
        assert thief.post("next", step="trial-1").status_code == 410


def test_a_session_is_of_one_mode(begun: Device, visit: Visit) -> None:
    own = begun.client.cookies["study-live-small"]
    other = visit(begun.served, "test/")
    other.client.cookies.set("study-test-small", own)
    assert "Before you start" in other.get().text


def test_clips_are_sent_to_those_who_see_them_now_or_next(begun: Device, visit: Visit) -> None:
    names = {one.name for one in begun.served.stimuli.values()}
    upcoming = re.search(r'data-upcoming="([^"]*)"', begun.get().text)
    assert upcoming is not None
    own = {begun.clips()[0].partition("/")[2].removesuffix(".mp4"), upcoming[1].removesuffix(".mp4")}
    assert len(own) == 2
    assert {name for name in names if begun.get(f"stimuli/{name}.mp4").status_code == 200} == own
    stranger = visit(begun.served)
    assert {stranger.get(f"stimuli/{name}.mp4").status_code for name in names} == {404}
    for name in ("../study", "..%2fstudy", "%2e%2e%2fanswers", "manifest", ""):
        assert begun.get(f"stimuli/{name}.mp4").status_code == 404
    assert begun.get("stimuli/manifest.json").status_code == begun.get("assets/..%2fbase.html").status_code == 404
    assert begun.get("assets/base.html").status_code == 404


def test_a_part_of_a_clip_can_be_asked_for(begun: Device) -> None:
    here = begun.served.store.position(begun.served.store.resume(code_of(begun)).id)
    whole = stimulus_path(begun.served.study, begun.served.shown(here)[0]).read_bytes()
    part = begun.get(begun.clips()[0], headers={"range": "bytes=10-99"})
    assert part.status_code == 206
    assert part.content == whole[10:100]
    assert part.headers["content-range"] == f"bytes 10-99/{len(whole)}"
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["cache-control"].startswith("private")


def code_of(device: Device) -> str:
    found = re.search(r"<strong>(\w{4}-\w{4})</strong>", device.get().text)
    assert found is not None
    return found[1]


def test_no_page_tells_a_condition_or_a_clip(begun: Device) -> None:
    pages = []
    while 'id="completion"' not in (page := begun.get().text):
        pages.append(page)
        begun.rate()
    for seen in [*pages, page, begun.get("?page=trial-1").text]:
        for secret in ("secret", "ours", "theirs", "beach", "night"):
            assert not re.search(rf"\b{secret}\b", seen)


def test_codes_cannot_be_guessed_for_long(begun: Device, visit: Visit) -> None:
    stranger = visit(begun.served)
    codes = [stranger.post("resume", code=f"AAAA-AAA{n}").status_code for n in range(12)]
    assert codes == [404] * 10 + [429] * 2
    assert stranger.post("resume", code=code_of(begun)).status_code == 429
    assert stranger.post("withdraw", code=code_of(begun)).status_code == 429
    assert begun.step == "training-1"


def test_wrong_guesses_are_forgotten_after_a_while() -> None:
    moment = [0.0]
    tries = AttemptLimit(2, 60.0, now=lambda: moment[0])
    for _ in range(2):
        assert tries.allowed("here")
        tries.count("here")
    assert not tries.allowed("here")
    assert tries.allowed("there")
    moment[0] = 61.0
    assert tries.allowed("here")
    assert "here" not in json.dumps(repr(vars(tries)))
