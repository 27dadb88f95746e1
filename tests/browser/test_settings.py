"""A person sets moods by time and a part of the clip, keeps all settings in a file, and brings them back."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from video2music.direction import Direction, Section
from video2music.wishes import Wishes


@pytest.fixture
def timed(page: Page, make_clip: Callable[..., Path], upload: Callable[..., None]) -> Page:
    """A page with a clip of twelve seconds, and the fields for times unfolded."""
    upload(page, make_clip("holiday.mp4", seconds=12.0))
    expect(page.locator("#clip-card video")).to_be_visible()
    page.get_by_role("button", name="Moods by time").click()
    return page


def section(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Section {number}", exact=True)


def times(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator(".section :is(input, select)").all()]


def load(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load settings").click()
    chooser.value.set_files(path)


def test_moods_by_time_are_set_by_keyboard_alone(timed: Page, served: SimpleNamespace) -> None:
    page, keys = timed, timed.keyboard
    page.get_by_role("button", name="Add a section").focus()
    keys.press("Enter")
    expect(section(page, 1).get_by_label("Mood")).to_be_focused()
    assert times(page) == ["0", "12", "exciting"]
    keys.type("t")
    page.get_by_role("button", name="Add a section").focus()
    keys.press("Enter")
    assert times(page) == ["0", "6", "tense", "6", "12", "exciting"]
    section(page, 1).get_by_label("to").focus()
    keys.press("Control+a")
    keys.type("0:04,5")
    keys.press("Tab")
    assert times(page) == ["0", "4.5", "tense", "4.5", "12", "exciting"]
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("0:00 to 0:04.5 tense, 0:04.5 to 0:12 exciting")
    sections = (Section(0, 4.5, "tense"), Section(4.5, 12, "exciting"))
    assert served.composer.wishes[0].direction == Direction(sections=sections)


def test_a_section_begins_where_the_clip_stands_and_is_taken_away(timed: Page) -> None:
    page, cut = timed, timed.locator(".cut")
    expect(cut).to_be_disabled()
    page.locator("#clip-card video").evaluate("video => { video.currentTime = 4; }")
    expect(cut).to_have_text("Change the mood at 0:04")
    cut.click()
    assert times(page)[:2] + times(page)[3:5] == ["0", "4", "4", "12"]
    page.get_by_label("Only from").fill("3")
    page.get_by_label("Only from").blur()
    section(page, 1).get_by_role("button", name="Remove section 1").click()
    assert times(page)[:2] == ["4", "12"]
    cut.click()
    assert times(page)[:2] + times(page)[3:5] == ["1", "4", "4", "12"]


def test_times_that_do_not_fit_are_refused_under_their_field(timed: Page, served: SimpleNamespace) -> None:
    page, start = timed, timed.get_by_label("Only from")
    start.fill("soon")
    start.blur()
    expect(page.locator("#range-hint")).to_contain_text("This is not a time: soon")
    start.fill("0:05")
    start.blur()
    expect(page.locator("#range-hint .hint")).to_have_count(0)
    page.get_by_role("button", name="Add a section").click()
    assert times(page)[:2] == ["0", "7"]
    section(page, 1).get_by_label("From").fill("8")
    section(page, 1).get_by_label("From").blur()
    expect(page.locator("#sections-hint")).to_contain_text("A section must end after it begins")
    section(page, 1).get_by_label("to").fill("10")
    section(page, 1).get_by_label("to").blur()
    expect(page.locator("#sections-hint")).to_contain_text("the music ends at 0:07")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#status")).to_contain_text("A section begins at 0:08")
    section(page, 1).get_by_role("button").click()
    expect(page.locator("#sections-hint .hint")).to_have_count(0)
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("0:05 to 0:12")
    assert served.composer.wishes[0].part == Wishes(range_s=(5, float("inf"))).part


def test_a_settings_file_restores_the_page(
    timed: Page, fetch: Callable[..., Path], open_window: Callable[..., Page], served: SimpleNamespace
) -> None:
    page = timed
    page.get_by_label("Key", exact=True).click()
    page.get_by_role("option", name="A minor", exact=True).click()
    page.get_by_role("button", name="More").click()
    page.get_by_label("Keep it under the music").check()
    page.get_by_label("Seed (same seed").fill("77")
    page.get_by_label("A melody").uncheck()
    page.get_by_label("Only from").fill("1:00")
    page.get_by_role("button", name="Add a section").click()
    path = fetch(page, "save-settings")
    assert path.name == "holiday - settings.json"
    kept = json.loads(path.read_text())["settings"]

    other = open_window(served.url)
    load(other, path)
    expect(other.locator("#file-note")).to_contain_text("filled in")
    expect(other.get_by_label("Key", exact=True)).to_have_value("A minor")
    other.get_by_role("button", name="More").click()
    other.get_by_role("button", name="Moods by time").click()
    expect(other.get_by_label("Keep it under the music")).to_be_checked()
    expect(other.get_by_label("A melody")).not_to_be_checked()
    expect(other.get_by_label("Seed (same seed")).to_have_value("77")
    expect(other.get_by_label("Only from")).to_have_value("1:00")
    expect(section(other, 1)).to_be_visible()
    again = fetch(other, "save-settings")
    assert again.name == "settings.json"
    assert {name: value or None for name, value in json.loads(again.read_text())["settings"].items()} == {
        name: value or None for name, value in kept.items()
    }


def test_a_file_of_something_else_leaves_the_page_as_it_was(page: Page, tmp_path: Path) -> None:
    page.get_by_label("Key", exact=True).click()
    page.get_by_role("option", name="A minor", exact=True).click()
    stranger = tmp_path / "stranger.json"
    stranger.write_text('{"format": "video2music settings", "settings": {"key": "H major"}}')
    load(page, stranger)
    expect(page.locator("#file-note")).to_contain_text('The setting "key" is none that this page offers')
    stranger.write_text("[1, 2")
    load(page, stranger)
    expect(page.locator("#file-note")).to_contain_text("does not hold settings of this page")
    expect(page.get_by_label("Key", exact=True)).to_have_value("A minor")
