"""A person sets cuts and sections on the timeline, and has the music composed for them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from video2music.direction import Section
from video2music.marks import Marks
from video2music.web.compose_tab import ComposePage


@pytest.fixture
def composed(
    page: Page, make_clip: Callable[..., Path], upload: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Page:
    """A page with a finished piece of six seconds, in which one cut was found, at one second."""
    monkeypatch.setattr(ComposePage, "draw_seed", lambda _: "1230")
    upload(page, make_clip("holiday.mp4", seconds=6.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#why img")).not_to_have_count(0)
    page.wait_for_function("document.querySelector('#piece video')?.readyState >= 1")
    page.locator("#piece video").evaluate("video => { video.muted = true; video.pause() }")
    return page


def stand_at(page: Page, second: float) -> None:
    page.locator("#piece video").evaluate("(video, at) => { video.currentTime = at }", second)
    expect(page.locator(".cut-tools .mark")).to_contain_text(f"0:0{second}")


def flags(page: Page) -> Locator:
    return page.locator(".cut-flags button")


def again(page: Page) -> None:
    page.get_by_role("button", name="Compose again with these marks").click()
    expect(page.locator("#marks-pending")).to_have_count(0)
    expect(page.locator("#marks-status .card")).to_have_count(0)


def test_a_cut_is_marked_left_out_composed_for_and_taken_back(composed: Page, served: SimpleNamespace) -> None:
    page, count = composed, composed.locator(".cut-tools .count")
    expect(count).to_have_text("Cuts: 1 found.")
    expect(flags(page)).to_have_count(1)
    stand_at(page, 3.5)
    page.get_by_role("button", name="Mark a cut at").click()
    expect(page.get_by_role("button", name="Cut at 0:03.5, set by you")).to_have_attribute("aria-pressed", "true")
    flags(page).first.click()
    page.keyboard.press("Delete")
    expect(count).to_have_text("Cuts: 1 set by you, 1 left out.")
    expect(page.locator("#marks-pending")).to_contain_text("The music does not follow")
    again(page)
    assert served.composer.wishes[-1].marks == Marks((3.5,), (1.0,))
    assert served.composer.wishes[-1].seed == 1230
    assert served.composer.analysed == 1, "the video is not looked at again"
    page.get_by_role("button", name="Undo the last change").click()
    expect(count).to_have_text("Cuts: 1 found.")
    expect(page.locator("#marks-pending")).to_have_count(0)


def test_marks_by_keyboard_alone(composed: Page) -> None:
    page = composed
    cursor = page.get_by_role("slider", name="Moment of the clip")
    cursor.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#piece video').currentTime > 2.3")
    expect(page.locator(".cut-tools .mark")).to_contain_text("0:02.4")
    page.keyboard.press("m")
    expect(flags(page)).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(flags(page).last).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(flags(page).first).to_be_focused()
    page.keyboard.press("Delete")
    expect(flags(page).first).to_have_attribute("aria-label", "Cut at 0:01, found, left out by you")
    page.keyboard.press("Delete")
    expect(flags(page).first).to_have_attribute("aria-label", "Cut at 0:01, found in the picture")
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    expect(flags(page)).to_have_count(1)
    expect(page.locator("#marks-pending")).to_have_count(0)


def test_sections_fill_rows_bands_and_form_and_impossible_ones_are_refused(
    composed: Page, served: SimpleNamespace
) -> None:
    page, rows = composed, composed.locator("#marked-sections .section")
    stand_at(page, 2.0)
    page.get_by_role("button", name="Section from 0:02").click()
    rows.get_by_label("Mood").select_option("Sad")
    expect(page.get_by_role("button", name="Section 1, sad, 0:02 to 0:06")).to_be_visible()
    stand_at(page, 4.0)
    page.get_by_role("button", name="Section from 0:04").click()
    expect(rows).to_have_count(2)
    rows.first.get_by_label("From").fill("9")
    rows.first.get_by_label("From").press("Tab")
    expect(page.locator("#marks-pending .hint")).to_be_visible()
    expect(page.locator("#again")).to_be_disabled()
    page.get_by_role("button", name="Discard them").click()
    expect(rows).to_have_count(0)
    stand_at(page, 2.0)
    page.get_by_role("button", name="Section from 0:02").click()
    stand_at(page, 4.5)
    page.get_by_role("button", name="Mark a cut at").click()
    again(page)
    wishes = served.composer.wishes[-1]
    assert (wishes.direction.sections, wishes.marks) == ((Section(2, 6, "exciting"),), Marks((4.5,)))
    page.get_by_role("button", name="Cuts and moods by time").click()
    expect(page.get_by_label("Cuts to add")).to_have_value("4.5")
    expect(page.locator("#sections .section")).to_have_count(1)
    page.get_by_role("button", name="Section 1, exciting").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#sections .section")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True])
def test_marks_on_a_phone(composed: Page, *, dark: bool) -> None:
    page = composed
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark" if dark else "light")
    stand_at(page, 3.5)
    page.get_by_role("button", name="Mark a cut at").click()
    page.get_by_role("button", name="Section from 0:03.5").click()
    expect(page.locator("#again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    for tool in page.locator("#timeline-tools button:visible").all():
        box = tool.bounding_box()
        assert box is not None
        assert box["height"] >= 42
