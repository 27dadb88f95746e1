"""Chromium takes part in a study, twice: once undisturbed, once with everything going wrong that can."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from video2music.study.plan import Study
from video2music.study.store import open_store

ROOT = Path(__file__).parents[2]
SECONDS = 1.2
START_S = 60

SERVE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from video2music.web.study.served import open_studies
from video2music.web.study.server import study_routes
app = Starlette(routes=study_routes(open_studies([Path(sys.argv[1])])))
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""


class Server:
    """A study served by a process of its own, which can be killed and started again at the same address."""

    def __init__(self, study: Study) -> None:
        self.study = study
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/study/{study.name}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        file = str(self.study.folder / "study.yaml")
        arguments = [sys.executable, "-c", SERVE, file, str(self.port)]
        self.process = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
        limit = time.monotonic() + START_S
        while time.monotonic() < limit:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()  # noqa: S310 - an address of this machine
            except OSError:
                assert self.process.poll() is None
            else:
                return
        pytest.fail("the server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def rows(self) -> list[Any]:
        with closing(open_store(self.study, existing=True)) as store:
            return list(store.rows())


@pytest.fixture
def make_server(make_clip: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    spec = importlib.util.spec_from_file_location("fake_study", ROOT / "tests" / "web" / "study" / "fake_study.py")
    assert spec is not None
    assert spec.loader is not None
    fake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake)
    servers: list[Server] = []

    def make(**session: object) -> Server:
        clip = make_clip(seconds=SECONDS)
        study = fake.make_study(tmp_path / "study", clip, SECONDS, session={"volume": False, **session})
        servers.append(Server(study))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.kill()


@contextmanager
def device(browser: Browser, **looks: Any) -> Iterator[Callable[[str], Page]]:  # noqa: ANN401 - options of a context
    """Open tabs on one device; nothing may be asked of another computer, and no script may fail."""
    strangers: list[str] = []
    defects: list[str] = []
    with browser.new_context(locale="en-GB", **looks) as context:
        context.on("request", lambda request: strangers.append(request.url) if is_strange(request.url) else None)
        context.on("weberror", lambda error: defects.append(str(error.error)))

        def open_tab(url: str) -> Page:
            page = context.new_page()
            page.goto(url)
            return page

        yield open_tab
    assert not strangers
    assert not defects


def is_strange(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme not in {"data", "blob"} and address.hostname != "127.0.0.1"


def look_at(page: Page) -> None:
    """Let axe-core judge the page as it is now."""
    found = Axe().run(page).response["violations"]
    assert not [(rule["id"], node["target"]) for rule in found for node in rule["nodes"]]


def here(page: Page, step: str) -> Locator:
    """Wait for a page of the session."""
    found = page.locator(f'#step[data-step="{step}"]')
    found.wait_for()
    return found


def expect_open(page: Page) -> None:
    expect(page.locator("#lock")).to_have_js_property("disabled", value=False)


def expect_closed(page: Page) -> None:
    expect(page.locator("#lock")).to_have_js_property("disabled", value=True)


def play(page: Page) -> None:
    page.locator(".play").click()
    page.locator(".player.heard").wait_for()
    expect_open(page)


def rate(page: Page, question: str, point: int) -> None:
    page.locator(f"#question-{question} label").nth(point - 1).click()


def stored(page: Page, *questions: str) -> None:
    for question in questions:
        page.locator(f"#question-{question}.stored").wait_for()


def press_next(page: Page) -> None:
    page.locator("#next").click()


def rate_the_last_clip(page: Page, before_the_end: Callable[[], None] = lambda: None) -> None:
    here(page, "trial-2")
    play(page)
    rate(page, "match", 7)
    before_the_end()
    page.locator("#question-tension input").click()
    press_next(page)


def about_oneself(page: Page) -> None:
    here(page, "background")
    page.get_by_label("Yes").check()
    page.get_by_label("Jazz").check()
    page.get_by_label("Pop").check()
    page.get_by_label("Jazz").uncheck()
    press_next(page)
    page.locator("#completion").wait_for()


def test_a_whole_session(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server(completion_code="C0DE", completion_url="https://example.org/?cc={code}")
    with device(browser, viewport={"width": 390, "height": 844}) as open_tab:
        page = open_tab(server.url)
        look_at(page)
        page.get_by_role("button", name="I agree to take part").dblclick()
        listen_to_tones(page)

        practise(page)

        here(page, "trial-1")
        play(page)
        page.locator('#question-match input[value="1"]').focus()
        page.keyboard.press("ArrowRight")  # the keyboard alone: 1 is left for 2 ...
        page.keyboard.press("ArrowRight")  # ... and for 3
        page.locator("#question-tension input").click()  # in the middle, where the hidden knob was
        page.locator("#question-remark textarea").fill("A remark")
        page.locator("#next").dblclick()
        here(page, "attention-third")
        rate(page, "third", 3)
        page.get_by_role("link", name="Back").click()
        expect(page.locator(".kept")).to_contain_text("A remark")
        look_at(page)
        page.get_by_role("link", name="Continue with the study").click()
        expect(page.locator("#question-third label").nth(2).locator("input")).to_be_checked()
        press_next(page)

        rate_the_last_clip(page)
        about_oneself(page)
        look_at(page)
        expect(page.get_by_role("link", name="Finish")).to_have_attribute("href", "https://example.org/?cc=C0DE")
    rows = server.rows()
    assert {(row["step"], row["question"]): row["value"] for row in rows} == {
        ("training-1", "match"): "4",
        ("training-1", "tension"): "51.0",
        ("trial-1", "match"): "3",
        ("trial-1", "tension"): "50.0",
        ("trial-1", "remark"): "A remark",
        ("attention-third", "third"): "3",
        ("trial-2", "match"): "7",
        ("trial-2", "tension"): "50.0",
        ("background", "training"): "some",
        ("background", "styles"): "pop",
    }
    trials = [row for row in rows if row["kind"] == "trial"]
    assert all(row["played_share"] >= 0.98 and row["plays"] == 1 for row in trials)
    assert all(row["seconds"] >= SECONDS for row in trials)
    assert rows[0]["state"] == "finished"
    assert len({row["participant"] for row in rows}) == 1  # the double click took in one person


def practise(page: Page) -> None:
    """Find out that nothing opens before the clip was listened to, and that no answer may be missing."""
    here(page, "training-1")
    expect(page.locator("#next")).to_be_disabled()
    look_at(page)
    expect_closed(page)
    page.locator("video").evaluate("video => { video.currentTime = video.duration - 0.1; return video.play(); }")
    expect(page.locator("video")).to_have_js_property("ended", value=True)
    expect_closed(page)  # seeking is not listening
    play(page)
    rate(page, "match", 4)
    press_next(page)
    expect(page.locator("#missing")).to_have_text("One question is not answered yet.")
    look_at(page)
    page.locator("#question-tension input").press("ArrowRight")
    press_next(page)


def listen_to_tones(page: Page) -> None:
    """Choose an answer of each trial; that the tones come to their end is only said, for half a minute is long."""
    for trial in range(1, 7):
        tones = page.locator(f'.tones[data-trial="{trial}"]')
        tones.locator(".play-tones").click()
        expect(tones.get_by_role("button", name="Listen")).to_be_disabled()
        expect(tones.get_by_role("button", name="Tone 2")).to_be_disabled()
        tones.locator("audio").evaluate("sound => sound.dispatchEvent(new Event('ended'))")
        tones.get_by_role("button", name="Tone 2").click()


def test_an_interrupted_session_loses_nothing(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server(headphones="off")
    with device(browser) as open_tab:
        page = open_tab(server.url)
        page.get_by_role("button", name="I agree to take part").click()
        here(page, "training-1")
        play(page)
        rate(page, "match", 4)
        stored(page, "match")
        page.close()  # the tab is closed, the server dies and comes back
        server.kill()
        server.start()
        page = open_tab(server.url)
        answer_after_a_restart(page)
        answer_without_a_server(page, server)
        page.close()  # before anything could be stored
        server.start()
        page = open_tab(server.url)
        here(page, "attention-third")
        rate(page, "third", 3)
        press_next(page)
        wait_for_the_server(page, server)
        about_oneself(page)
    rows = server.rows()
    counted = Counter((row["step"], row["question"]) for row in rows)
    assert set(counted.values()) == {1}
    values = {(row["step"], row["question"]): row["value"] for row in rows}
    assert values["training-1", "match"] == "4"
    assert values["trial-1", "match"] == "6"
    assert values["trial-1", "remark"] == "Written while the server was away"
    assert (values["trial-2", "match"], values["trial-2", "tension"]) == ("7", "50.0")
    assert len(counted) == 10
    assert rows[0]["state"] == "finished"


def answer_after_a_restart(page: Page) -> None:
    here(page, "training-1")
    expect_open(page)  # the clip was heard already
    expect(page.locator('#question-match input[value="4"]')).to_be_checked()
    page.locator("#question-tension input").click()
    press_next(page)


def answer_without_a_server(page: Page, server: Server) -> None:
    here(page, "trial-1")
    play(page)
    server.kill()
    rate(page, "match", 2)
    rate(page, "match", 6)
    page.locator("#question-tension input").click()
    page.locator("#question-remark textarea").fill("Written while the server was away")
    press_next(page)
    expect(page.locator("#net")).to_contain_text("Not saved yet, trying again")


def wait_for_the_server(page: Page, server: Server) -> None:
    rate_the_last_clip(page, server.kill)
    expect(page.locator("#net")).to_contain_text("Not saved yet, trying again")
    server.start()
