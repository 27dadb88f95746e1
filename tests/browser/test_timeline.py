"""A person and the timeline under the video: it follows, it leads, it tells, on any screen and by keyboard."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece
from video2music.wishes import Wishes

NOW = "timeline => parseFloat(getComputedStyle(timeline).getPropertyValue('--now'))"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAPER = "Number(getComputedStyle(document.querySelector('#why')).backgroundColor.match(/\\d+/)[0])"
VIDEO_S = "document.querySelector('#piece video').currentTime"


@pytest.fixture(scope="module")
def clip(make_clip: Callable[..., Path]) -> Path:
    return make_clip("holiday.mp4", seconds=6.0)


@pytest.fixture(scope="module")
def shown(
    open_for_all: Callable[..., Page], session_page: SimpleNamespace, clip: Path, upload: Callable[..., None]
) -> Iterator[Page]:
    """A window with a piece that the tests of this file look at and do not change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(session_page.studio.root / "served"))
        yield compose(open_for_all(session_page.url), clip, upload, session_page, patch)


@pytest.fixture
def composed(shown: Page) -> Page:
    """That window, with the video at its beginning and the pointer elsewhere."""
    shown.locator("h1").hover()
    shown.locator("#piece video").evaluate("video => { video.pause(); video.currentTime = 0; }")
    shown.wait_for_function(f"{VIDEO_S} === 0")
    expect(told(shown, "scene")).to_have_text("1 of 2")
    return shown


def compose(
    page: Page, clip: Path, upload: Callable[..., None], served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> Page:
    look, write = served.composer.analyze, served.composer.compose_seen

    def see(video: Path, **rest: object) -> VideoFeatures:
        features = look(video, **rest)
        sights = tuple(f"castle {10 * second} %" if second else "" for second in range(features.seconds))
        return replace(features, cuts_s=np.array([3.0], np.float32), sights=sights)

    def begin(clip: Path, features: VideoFeatures, wishes: Wishes, *rest: object) -> Piece:
        return write(clip, features, replace(wishes, primer="Am F C G Dm E7"), *rest)

    monkeypatch.setattr(served.composer, "analyze", see)
    monkeypatch.setattr(served.composer, "compose_seen", begin)
    upload(page, clip)
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#why img")).not_to_have_count(0)
    page.wait_for_function("document.querySelector('#piece video')?.readyState >= 1")
    page.locator("#piece video").evaluate("video => { video.muted = true; video.pause() }")
    return page


def told(page: Page, name: str) -> Locator:
    return page.locator(f"#why [data-tells={name}]")


def test_the_cursor_follows_the_video(composed: Page) -> None:
    timeline = composed.locator("#why .timeline")
    expect(told(composed, "scene")).to_have_text("1 of 2")
    expect(told(composed, "mood")).to_have_text("tense 45 %, sad 25 %")
    composed.evaluate(f"() => {{ {VIDEO_S} = 4.5 }}")
    expect(told(composed, "scene")).to_have_text("2 of 2")
    expect(told(composed, "sees")).to_have_text("castle 40 %")
    assert timeline.evaluate(NOW) == pytest.approx(75, abs=1)
    composed.evaluate("() => { document.querySelector('#piece video').play() }")
    composed.wait_for_function(f"{VIDEO_S} > 5.1")
    composed.evaluate("() => { document.querySelector('#piece video').pause() }")
    second = int(composed.evaluate(f"() => {VIDEO_S}"))  # a busy machine may have played on to the end
    expect(told(composed, "sees")).to_have_text(f"castle {10 * second} %")
    assert timeline.evaluate(NOW) > 80


def test_a_click_on_any_lane_goes_there(composed: Page) -> None:
    for name, share in (("motion", 0.25), ("chords", 0.5), ("scenes", 0.75)):
        plot = composed.locator(f"#why .lane.{name} .plot")
        box = plot.bounding_box()
        assert box is not None
        plot.click(position={"x": share * box["width"], "y": 10})
        composed.wait_for_function(
            f"Math.abs({VIDEO_S} - {share} * document.querySelector('#piece video').duration) < .1"
        )


def test_the_pointer_tells_without_moving_the_video(composed: Page) -> None:
    plot = composed.locator("#why .lane.loudness .plot")
    box = plot.bounding_box()
    assert box is not None
    plot.hover(position={"x": 0.6 * box["width"], "y": 10})
    expect(composed.locator("#why .readout")).to_have_text("0:03")
    expect(told(composed, "chord")).to_have_text("G, dominant")
    assert composed.evaluate(f"() => {VIDEO_S}") < 0.5
    composed.locator("h1").hover()
    expect(composed.locator("#why .readout")).to_have_text("0:00")
    expect(told(composed, "chord")).to_have_text("Am, tonic")


def test_the_keyboard_moves_and_tells(composed: Page) -> None:
    cursor = composed.get_by_role("slider", name="Moment of the clip")
    cursor.focus()
    for key, second, words in (
        ("ArrowRight", "0.6", "0:00 · scene 1 of 2"),
        ("End", "6.0", "0:06 · scene 2 of 2 · mood tense 45 %, sad 25 % · motion 4.0 · chord "),
        ("Home", "0.0", "chord Am, tonic · notes "),
    ):
        composed.keyboard.press(key)
        expect(cursor).to_have_attribute("aria-valuenow", second)
        assert words in (cursor.get_attribute("aria-valuetext") or "")
    composed.keyboard.press("PageUp")
    expect(cursor).to_have_attribute("aria-valuenow", "6.0")
    composed.wait_for_function(f"{VIDEO_S} > 5.5")


def test_the_table_is_read_by_keyboard(composed: Page) -> None:
    composed.locator("#why summary").focus()
    composed.keyboard.press("Enter")
    expect(composed.get_by_role("columnheader", name="Mood seen")).to_be_visible()
    assert composed.locator("#why tbody tr").count() == 2


def test_what_is_shown_can_be_taken_along(composed: Page, fetch: Callable[..., Path]) -> None:
    table, picture = fetch(composed, "get-seconds"), fetch(composed, "get-timeline")
    assert (table.name, picture.name) == ("holiday - seconds.csv", "holiday - timeline.png")
    assert [row["sees"] for row in csv.DictReader(table.open())][:3] == ["", "castle 10 %", "castle 20 %"]
    with Image.open(picture) as image:
        assert image.width > 1000
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or ()}
    assert {(213, 94, 0), (230, 159, 0), (31, 106, 134)} <= colours


def test_the_player_stays_in_sight_beside_what_is_changed(composed: Page) -> None:
    player = composed.locator("#piece video")
    composed.locator("#hear").scroll_into_view_if_needed()
    expect(player).to_be_in_viewport(ratio=1)
    composed.set_viewport_size({"width": 600, "height": 860})  # one column, as on a phone
    expect(player).not_to_be_in_viewport()
    composed.set_viewport_size({"width": 1280, "height": 860})
    composed.locator("h1").scroll_into_view_if_needed()
    expect(composed.locator("#piece.beside")).to_have_count(0)


def test_another_rendition_is_drawn_anew(
    page: Page, clip: Path, upload: Callable[..., None], served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = compose(page, clip, upload, served, monkeypatch)
    expect(told(composed, "chord")).to_have_text("Am, tonic")
    composed.get_by_role("spinbutton", name="Lower").fill("2")
    composed.locator("#hear").click()
    expect(told(composed, "chord")).to_have_text("Bm, tonic")
    expect(composed.locator("#why img")).not_to_have_count(0)


def test_a_phone(
    open_window: Callable[..., Page],
    served: SimpleNamespace,
    clip: Path,
    upload: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = compose(open_window(served.url, width=390, height=844, dark=True), clip, upload, served, monkeypatch)
    assert page.evaluate(SIDEWAYS) == 0
    edges = {
        (round(box["x"]), round(box["x"] + box["width"]))
        for plot in page.locator("#why .plot").all()
        if (box := plot.bounding_box()) is not None
    }
    assert len(edges) == 1
    left, right = edges.pop()
    assert left >= 0
    assert 300 < right - left < 390
    page.locator("#why summary").click()
    expect(page.locator("#why tbody")).to_be_visible()
    assert page.evaluate(SIDEWAYS) == 0
    plot = page.locator("#why .lane.mood .plot").bounding_box()
    assert plot is not None
    assert round(plot["x"] + plot["width"]) == right
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_function(f"({PAPER} < 60) === {str(scheme == 'dark').lower()}")
