"""What can be measured of every state of the page: axe-core's rules, each text's contrast, and that nothing moves."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

Upload = Callable[..., None]
RATE = 22_050

CONTRAST = """
elements => {
  const parse = colour => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    const scale = colour.startsWith('color(srgb') ? 255 : 1;
    return [...parts.slice(0, 3).map(x => scale * x), parts[3] ?? 1];
  };
  const light = rgb => {
    const linear = x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.slice(0, 3).map(x => linear(x / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  return elements.filter(e => e.getClientRects().length).map(element => {
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    return [element.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05)];
  });
}
"""

TEXTS = (
    "h1, .masthead p, [data-testid=block-info], #primer input, .help summary, #original label span, #draw, #compose, "
    ".empty h2, .empty p, .colophon p, .notice strong, .notice p, .hint, .facts dt, .facts dd, .chords b, "
    ".chords span, .summary h3 span, .stage, .percent, .stages li, #stop, #downloads button, [role=tab], .aside, "
    ".sound-card, .answer p, .answer h2, .doubts strong, .doubts li, .plane span, .plane li, .tags span, .legend, "
    ".lane p, .lane b, .lane p span, .marks span, .readout, .panel h3, .panel summary, #use-composed, #recorder label, "
    "#recorder button, #recorder select, #music-downloads button, #analyse, #change label span, #change button, "
    "#change h2, .chord-lane button span, .chord-lane h3 span, .offer-card p, .offer-card h3, .offer button, .note, "
    "#variations [data-testid=block-info], .label-wrap span, .group, .told, .moods span, .key li, .in-words summary, "
    ".sections :is(legend, label span, input, select, button), #settings-file button"
)

LOOKS = ((390, False), (1280, True))
"""Widths of the page, and whether it is dark: each width and each set of colours once."""

MOVING = "() => document.getAnimations().filter(a => a.playState === 'running').map(a => a.animationName)"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def clip(make_clip: Callable[..., Path]) -> Path:
    return make_clip("holiday.mp4", seconds=2.0)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "evening.flac"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * np.arange(12 * RATE) / RATE), RATE)
    return path


def violations(page: Page) -> set[tuple[str, str]]:
    """Return rule and selector of all that axe-core finds wrong."""
    found = Axe().run(page).response["violations"]
    return {(rule["id"], " ".join(map(str, node["target"]))) for rule in found for node in rule["nodes"]}


def weak_texts(page: Page) -> list[tuple[str, float]]:
    """Return texts below a contrast of 4.5, also those that axe cannot judge."""
    found = page.locator(TEXTS).evaluate_all(CONTRAST)
    assert found
    return [(text, ratio) for text, ratio in found if ratio < 4.5]


def first_tab(page: Page, served: SimpleNamespace, clip: Path, blocks: Callable[[Page], Locator]) -> Iterator[str]:
    """Bring the first tab into each of its states."""
    yield "empty"
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_label("Begin with these chords").fill("X")
    page.get_by_label("Begin with these chords").blur()
    expect(page.locator(".hint")).to_be_visible()
    page.get_by_role("button", name="Moods by time").click()
    page.get_by_role("button", name="Add a section").click()
    yield "refused, everything unfolded"
    page.get_by_label("Begin with these chords").fill("")
    held: list[Route] = []
    page.route("**/upload?*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    page.set_input_files("#clip input[type=file]", clip)
    expect(page.locator("#clip")).to_contain_text("Uploading")
    yield "uploading"
    held[0].continue_()
    page.unroute_all()
    expect(page.locator("#clip-card :is(img, video)")).to_be_visible()
    served.composer.gate.clear()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    yield "working"
    served.composer.gate.set()
    expect(page.locator("#why img")).not_to_have_count(0)
    yield "done"
    page.locator("#why summary").click()
    blocks(page).first.click()
    page.locator("#put-chord").click()
    expect(page.locator(".notice.refused")).to_be_visible()
    page.get_by_role("button", name="Variations").click()
    page.locator("#vary").click()
    expect(page.locator(".offer audio").first).to_be_visible()
    yield "changed, with other pieces"
    served.composer.failure = RuntimeError("tensor 17 exploded")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#status .notice")).to_be_visible()
    yield "failed"


def second_tab(page: Page, served: SimpleNamespace, song: Path, upload: Upload) -> Iterator[str]:
    """Bring the second tab into each of its states."""
    page.get_by_role("tab", name="Analyse music").click()
    yield "second tab, empty"
    served.recogniser.changes |= {"doubts": ("This sounds like noise rather than music.",)}
    upload(page, song, "Analyse music")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.locator(".doubts")).to_be_visible()
    page.locator(".lane.valence .plot").hover()
    expect(page.locator("#timeline .readout")).to_contain_text("valence")
    yield "second tab, done"


def look(page: Page, width: int, *, dark: bool) -> None:
    """See the page on another screen, and wait until it has taken to it."""
    page.set_viewport_size({"width": width, "height": 860})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_function(
        "dark => (getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/)[0] < 40) === dark", arg=dark
    )


def test_every_state_is_fit_for_everybody(
    page: Page,
    served: SimpleNamespace,
    clip: Path,
    song: Path,
    upload: Upload,
    blocks: Callable[[Page], Locator],
) -> None:
    first, second = first_tab(page, served, clip, blocks), second_tab(page, served, song, upload)
    for state in chain(first, second):
        for width, dark in LOOKS:
            look(page, width, dark=dark)
            where = f"{state}, {width} pixels, {'dark' if dark else 'light'}"
            assert not violations(page), where
            assert not weak_texts(page), where
            assert not page.evaluate(MOVING), where
            assert page.evaluate(SIDEWAYS) == 0, where
        look(page, 1280, dark=False)  # in which the person goes on; axe has seen this width, and these colours
        assert not weak_texts(page), state
