"""A person and the finished piece: change it, hear it, take it back, choose another one."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from video2music.web.compose_tab import ComposePage


@pytest.fixture
def composed(
    page: Page, make_clip: Callable[..., Path], upload: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Page:
    """A page with a finished piece of six seconds, always the same."""
    monkeypatch.setattr(ComposePage, "draw_seed", lambda _: "1230")
    upload(page, make_clip("holiday.mp4", seconds=6.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    expect(page.locator("#why img")).not_to_have_count(0)  # drawn for the last time, with pictures
    return page


def hear(page: Page, button: str = "Play it like this") -> None:
    """Press a button, and wait until another video stands there."""
    before = page.locator("#piece video").get_attribute("src")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#piece video")).not_to_have_attribute("src", str(before))
    expect(page.locator(":is(#change-status, #chord-status) .card")).to_have_count(0)


def chords(page: Page) -> list[str]:
    return page.locator(".chord-lane b").all_inner_texts()


def panel(page: Page, label: str) -> Locator:
    return page.locator(":is(#change, #timeline-tools)").get_by_label(label)


def test_one_thing_is_changed_heard_and_taken_back(composed: Page, served: SimpleNamespace) -> None:
    page, undo, facts = composed, composed.locator("#undo"), composed.locator("#summary .facts")
    expect(undo).to_be_disabled()
    expect(facts).to_contain_text("EnsemblePiano")
    page.locator("#piece video").evaluate("video => { video.currentTime = 3; }")
    panel(page, "Played by").click()
    page.get_by_role("option", name="Strings").click()
    hear(page)
    expect(facts).to_contain_text("EnsembleStrings")
    page.wait_for_function("!document.querySelector('#piece video').paused")
    page.wait_for_function("document.querySelector('#piece video').currentTime >= 3")
    page.get_by_role("spinbutton", name="Tempo").fill("90")
    page.get_by_role("spinbutton", name="Fewer").fill("-1")
    panel(page, "Keep it under the music").check()
    expect(page.get_by_role("spinbutton", name="Music softer")).to_be_visible()
    hear(page)
    expect(facts).to_contain_text("90 beats per minute")
    hear(page, "Undo")
    expect(facts).to_contain_text("EnsembleStrings")
    expect(facts).to_contain_text("120 beats per minute")
    expect(panel(page, "Replace it")).to_be_checked()
    expect(page.get_by_role("spinbutton", name="Fewer")).to_have_value("0")
    hear(page, "Undo")
    expect(facts).to_contain_text("EnsemblePiano")
    expect(undo).to_be_disabled()
    assert len(served.composer.finished) == 1


def test_another_key_of_the_same_mode_is_compared_with_the_picture_again(composed: Page) -> None:
    page, before, match = composed, chords(composed), composed.locator("#summary .match")
    first, compare = match.inner_text(), page.locator("#compare")
    expect(compare).to_have_count(0)
    panel(page, "In the key of").click()
    expect(page.get_by_role("option", name="A major", exact=True)).to_have_count(0)
    page.get_by_role("option", name="C♯ minor", exact=True).click()
    hear(page)
    expect(page.locator("#summary .facts")).to_contain_text("C♯ minor")
    expect(page.get_by_role("spinbutton", name="Lower (-) or higher")).to_have_value("4")
    expect(page.locator(".chord-lane b")).not_to_have_text(before)  # the lane is drawn a moment after the facts
    expect(match).to_have_count(0)
    compare.click()
    expect(match).to_contain_text("brighter")
    assert match.inner_text() != first
    expect(compare).to_have_count(0)
    hear(page, "Undo")
    expect(match).to_have_text(first)


def test_a_chord_is_chosen_by_its_block_replaced_and_taken_back(composed: Page) -> None:
    page, before = composed, chords(composed)
    page.locator(".chord-lane button").first.click()
    panel(page, "Instead of").fill("Amaj9")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put it there").click()
    expect(page.locator("#chord-status")).to_contain_text("Amaj7 is the nearest")
    assert chords(page) == before
    expect(page.locator("#undo")).to_be_disabled()
    block = page.locator(".chord-lane button").nth(1)
    block.click()
    expect(block).to_have_attribute("aria-pressed", "true")
    other = panel(page, f"Instead of {before[1]} at 0:01")
    other.click()
    page.get_by_role("option", name="Em7", exact=True).click()
    hear(page, "Put it there")
    expect(page.locator(".chord-lane b").nth(1)).to_have_text("Em7")
    assert chords(page) == [before[0], "Em7", *before[2:]]
    expect(block).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("!document.querySelector('#piece video').paused")
    panel(page, "Instead of Em7 at 0:01").fill("Bbmaj7")
    page.keyboard.press("Enter")
    hear(page, "Put it there")
    expect(page.locator(".chord-lane b").nth(1)).to_have_text("B♭maj7")
    hear(page, "Undo the last change")
    hear(page, "Undo")
    expect(page.locator(".chord-lane b").nth(1)).to_have_text(before[1])
    assert chords(page) == before
    expect(page.locator("#undo-here")).to_have_count(0)


def test_a_chord_is_chosen_by_touch(
    browser: Browser, served: SimpleNamespace, make_clip: Callable[..., Path], upload: Callable[..., None]
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browser.new_context(**phone) as context:
        page = context.new_page()
        page.goto(served.url, wait_until="load")
        upload(page, make_clip("holiday.mp4", seconds=6.0))
        page.get_by_role("button", name="Compose", exact=True).tap()
        expect(page.locator("#why img")).not_to_have_count(0)
        blocks = page.locator(".chord-lane button")
        for number in (1, 2):
            blocks.nth(number).tap()
            expect(blocks.nth(number)).to_have_attribute("aria-pressed", "true")
            expect(page.locator("#chord-editor")).to_contain_text(f"Chord {number + 1} of")


def test_the_chord_before_and_after_for_blocks_too_narrow_to_press(composed: Page) -> None:
    page, blocks = composed, composed.locator(".chord-lane button")
    blocks.nth(1).click()
    page.get_by_role("button", name="Chord after").click()
    expect(blocks.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chord-editor")).to_contain_text("Chord 3 of")
    page.get_by_role("button", name="Chord before").click()
    page.get_by_role("button", name="Chord before").click()
    expect(blocks.nth(0)).to_have_attribute("aria-pressed", "true")


def test_chords_by_keyboard_alone(composed: Page) -> None:
    page, before = composed, chords(composed)
    page.get_by_role("slider", name="Moment of the clip").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".chord-lane button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".chord-lane button").nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    field = panel(page, f"Instead of {before[2]}")
    expect(field).to_be_visible()
    expect(page.locator(".chord-lane button").nth(2)).to_be_focused()
    field.focus()
    page.keyboard.type("Dm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option")).to_have_count(0)  # the list closes once the chord is taken
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Put it there")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".chord-lane b").nth(2)).to_have_text("Dm")


def test_nothing_to_change_and_nobody_elses_piece(
    composed: Page, served: SimpleNamespace, open_window: Callable[..., Page]
) -> None:
    composed.get_by_role("button", name="Play it like this").click()
    expect(composed.locator("#change-status")).to_contain_text("Nothing was changed yet")
    sessions = list(served.studio.sessions._kept)
    other = open_window(served.url)
    expect(other.locator("#change")).to_have_count(0)
    assert list(served.studio.sessions._kept) == sessions
    for session in sessions:  # as if the piece had lain there for too long
        served.studio.sessions.drop(session)
    composed.get_by_role("button", name="Play it like this").click()
    expect(composed.locator("#change-status")).to_contain_text("Compose one first")
    expect(composed.locator("#piece video")).to_be_visible()


def test_variations_are_stopped_then_ranked_heard_and_kept(composed: Page, served: SimpleNamespace) -> None:
    page = composed
    served.composer.gate.clear()
    page.get_by_role("button", name="Variations").click()
    page.get_by_role("button", name="Compose them").click()
    expect(page.get_by_role("progressbar", name="1 of 3: Writing the chords")).to_be_visible()
    page.locator("#vary-stop").click()
    expect(page.locator("#vary-status")).to_contain_text("Stopped")
    expect(page.locator("#vary")).to_be_enabled()
    expect(page.locator(".offer audio")).to_have_count(0)
    served.composer.gate.set()
    page.locator("#count").get_by_label("4").check()
    page.get_by_role("button", name="Compose them").click()
    expect(page.locator(".offer audio")).to_have_count(4)
    notes = page.locator(".offer-card .note:last-child")
    expect(notes).to_contain_text(["seed"] * 4)
    seeds = [words.split("seed ")[1] for words in notes.all_inner_texts()]
    assert [int(seed) % 10 for seed in seeds] == sorted(int(seed) % 10 for seed in seeds)
    assert len(set(seeds)) == 4
    assert served.composer.analysed == 1
    page.locator("#take-1").click()
    expect(page.locator("#summary .facts")).to_contain_text(f"Seed{seeds[1]}")
    hear(page, "Undo")
    expect(page.locator("#summary .facts")).not_to_contain_text(f"Seed{seeds[1]}")
