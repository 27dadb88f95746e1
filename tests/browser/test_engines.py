"""A person looks at the engines, downloads one with its bytes counted, stops, goes on, and composes with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def offered(
    fakes: ModuleType,
    model_hub: Any,  # noqa: ANN401 - tests/conftest.py
    tmp_path: Path,
    browser: object,
) -> Iterator[SimpleNamespace]:
    """A page with an empty cache and a hub in this process that holds every transfer at its half."""
    assert browser
    composers = {name: fakes.FakeComposer(engine=name) for name in ("clip", "paper")}
    model_hub.gate.clear()
    with fakes.serve(None, tmp_path, composers=composers) as page:
        page.hub, page.clip_composer = model_hub, composers["clip"]
        yield page


@pytest.fixture
def unfolded(open_window: Callable[..., Page], offered: SimpleNamespace) -> Page:
    page = open_window(offered.url)
    page.get_by_role("button", name="Engine: Built in").click()
    expect(page.locator("#engine-card")).to_contain_text("Ready to compose.")
    return page


def choose(page: Page, title: str) -> None:
    page.get_by_role("radio", name=title).check()
    page.get_by_role("button", name=f"Engine: {title}").wait_for()


def test_an_engine_is_downloaded_and_composes_without_a_restart(
    unfolded: Page,
    offered: SimpleNamespace,
    make_clip: Callable[..., Path],
    upload: Callable[..., None],
    fetch: Callable[..., Path],
) -> None:
    page, card, status = unfolded, unfolded.locator("#engine-card"), unfolded.locator("#engine-status")
    upload(page, make_clip("holiday.mp4", seconds=2.0))
    choose(page, "CLIP")
    for words in ("CLIP ViT-B/32, 605 MB, once", "MIT", "Not measured here yet", "Not downloaded yet."):
        expect(card).to_contain_text(words)

    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#engine-hint")).to_contain_text("is not downloaded yet")
    expect(page.locator("#clip-card video")).to_be_visible()
    assert offered.hub.asked == []

    page.get_by_role("button", name="Download", exact=True).click()
    expect(status).to_contain_text("1 MB of 1 MB, 50 %")
    page.locator("#engine-stop").click()
    expect(status).to_contain_text("What has arrived is kept")
    expect(card).to_contain_text("are here: the download continues from there.")

    offered.hub.gate.set()
    page.get_by_role("button", name="Download", exact=True).click()
    expect(card).to_contain_text("Ready to compose.")
    expect(card).to_contain_text("s for each second of video (measured here: 1 piece, 0:12)")
    begin = int(offered.hub.asked[-1][1].removeprefix("bytes=").removesuffix("-"))
    assert begin >= len(offered.hub.content) // 2

    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("EngineCLIP")
    assert json.loads(fetch(page, "get-result").read_text())["engine"] == "clip"
    assert len(offered.clip_composer.finished) == 2  # the short clip and this one


def test_what_fails_is_said_and_the_built_in_engine_goes_on(
    unfolded: Page,
    offered: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    make_clip: Callable[..., Path],
    upload: Callable[..., None],
) -> None:
    page = unfolded
    choose(page, "As in the paper")
    expect(page.locator("#engine-card")).to_contain_text("./run.sh import-weights FILE for each.")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.locator("#engine-status")).to_contain_text("cannot reach the model hub")
    choose(page, "Built in")
    expect(page.locator("#engine-status")).not_to_contain_text("cannot reach")
    upload(page, make_clip("holiday.mp4", seconds=2.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("EngineBuilt in")
    assert offered.composer.engine == "embedded"
