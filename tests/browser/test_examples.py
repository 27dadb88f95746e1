"""Somebody without a video: the examples, and what is refused before it is sent."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from video2music.web.limits import Limits

TITLE = "Fast ride"


def choose(page: Page, title: str = TITLE) -> None:
    page.get_by_role("button", name=title).click()
    expect(page.locator("#summary h2")).to_have_text(f"Music for {title}.mp4")


def test_an_example_is_shown_at_once_and_changed_like_a_piece_of_ones_own(
    page: Page, served: SimpleNamespace, fetch: Callable[..., Path]
) -> None:
    choose(page)
    expect(page.locator("#status")).to_contain_text("This program drew the clip")
    expect(page.locator("#empty")).to_be_hidden()
    assert not served.composer.finished
    page.locator("#piece video").evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("document.querySelector('#piece video').currentTime > 0.2")
    page.wait_for_function("document.querySelector('#piece video').webkitAudioDecodedByteCount > 0")
    expect(page.locator("#why .timeline")).to_be_visible()
    assert fetch(page, "get-midi").name == f"{TITLE} - music.mid"
    source = page.locator("#piece video").get_attribute("src")
    page.locator("#change").get_by_label("Played by").click()
    page.get_by_role("option", name="Strings").click()
    page.get_by_role("button", name="Play it like this").click()
    expect(page.locator("#piece video")).not_to_have_attribute("src", str(source))
    expect(page.locator("#summary .facts")).to_contain_text("EnsembleStrings")


def test_the_clip_of_an_example_that_the_keyboard_chose_is_in_the_form(page: Page, served: SimpleNamespace) -> None:
    page.get_by_role("button", name=TITLE).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#summary h2")).to_have_text(f"Music for {TITLE}.mp4")
    expect(page.locator("#clip-card :is(img, video)")).to_be_visible()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary .facts")).to_contain_text("EnsemblePiano")
    assert len(served.composer.finished) == 1


@pytest.fixture(scope="module")
def strict(
    serve: Callable[..., Iterator[SimpleNamespace]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    root = tmp_path_factory.mktemp("strict")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", str(root)))
        with serve(None, root, limits=Limits(seconds=2.5, megabytes=0.5)) as page:
            yield page


def test_too_much_is_refused_before_it_is_sent_and_nothing_is_lost(
    strict: SimpleNamespace, open_window: Callable[..., Page], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    page, sent = open_window(strict.url), []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    choose_file = "#clip input[type=file]"
    large = tmp_path / "large.mp4"
    large.write_bytes(make_clip(seconds=2.0).read_bytes() + b"\0" * 600_000)
    page.set_input_files(choose_file, large)
    expect(page.locator(".too-much")).to_contain_text("large.mp4: It has 0.6 MB, and 0.5 MB is the most here")
    page.set_input_files(choose_file, make_clip("long.webm", seconds=4.0))
    expect(page.locator(".too-much")).to_contain_text("It lasts 0:04, and 0:02 is the most here. Choose a shorter one")
    assert not sent
    page.set_input_files(choose_file, make_clip(seconds=2.0))
    expect(page.locator("#clip-card :is(img, video)")).to_be_visible()
    expect(page.locator(".too-much")).to_have_count(0)
    assert sent


def test_another_file_takes_the_place_of_the_first_in_one_step(
    strict: SimpleNamespace,
    open_window: Callable[..., Page],
    make_clip: Callable[..., Path],
    upload: Callable[..., None],
) -> None:
    page, another = open_window(strict.url), "button.another"
    upload(page, make_clip("first.mp4", seconds=1.0))
    with page.expect_file_chooser() as chooser:
        page.locator(another).press("Enter")
    chooser.value.set_files(make_clip("long.webm", seconds=4.0))
    expect(page.locator(".too-much")).to_be_visible()
    expect(page.locator("#clip")).to_contain_text("first")
    upload(page, make_clip("second.mp4", seconds=2.0))
    expect(page.locator("#clip")).to_contain_text("second")
    expect(page.locator("#clip-card")).to_contain_text("0:02")
    expect(page.locator(".too-much")).to_have_count(0)
    expect(page.locator(another)).to_be_focused()


def test_what_is_dropped_is_looked_at_too(
    strict: SimpleNamespace, open_window: Callable[..., Page], make_clip: Callable[..., Path]
) -> None:
    page = open_window(strict.url)
    drop = """([bytes, name]) => {
      const data = new DataTransfer(), field = document.querySelector("#clip :is(.file-preview, button)");
      data.items.add(new File([new Uint8Array(bytes)], name, { type: "video/mp4" }));
      field.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    }"""
    for seconds, shown in ((4.0, ".too-much"), (2.0, "[data-seconds^='2.']"), (1.0, "[data-seconds^='1.']")):
        clip = make_clip(seconds=seconds)
        page.evaluate(drop, [list(clip.read_bytes()), clip.name])
        expect(page.locator(shown)).to_be_visible()
