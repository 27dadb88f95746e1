"""The page for everybody: keyboard, labels, contrast, a phone, a dark room, and a proxy in front."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

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


@pytest.fixture
def clip(make_clip: Callable[..., Path]) -> Path:
    return make_clip("holiday.mp4", seconds=2.0)


@pytest.fixture
def upload_and_compose(upload: Callable[..., None]) -> Callable[[Page, Path], None]:
    def begin(page: Page, clip: Path) -> None:
        upload(page, clip)
        page.get_by_role("button", name="Compose", exact=True).click()

    return begin


def weak_texts(page: Page) -> list[tuple[str, float]]:
    found = page.locator(TEXTS).evaluate_all(CONTRAST)
    assert found
    return [(text, ratio) for text, ratio in found if ratio < 4.5]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(
    open_window: Callable[..., Page],
    served: SimpleNamespace,
    clip: Path,
    upload_and_compose: Callable[[Page, Path], None],
    *,
    dark: bool,
) -> None:
    page = open_window(served.url, dark=dark)
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_label("Begin with these chords").fill("X")
    page.get_by_label("Begin with these chords").blur()
    expect(page.locator(".hint")).to_be_visible()
    page.get_by_role("button", name="Moods by time").click()
    page.get_by_role("button", name="Add a section").click()
    assert not weak_texts(page)
    page.get_by_label("Begin with these chords").fill("")
    served.composer.gate.clear()
    upload_and_compose(page, clip)
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    assert not weak_texts(page)
    served.composer.gate.set()
    expect(page.locator("#summary h2")).to_be_visible()
    assert not weak_texts(page)
    page.locator(".chord-lane button").first.click()
    page.locator("#put-chord").click()
    expect(page.locator("#change-status .notice")).to_be_visible()
    page.get_by_role("button", name="Variations").click()
    page.locator("#vary").click()
    expect(page.locator(".offer-card").first).to_be_visible()
    assert not weak_texts(page)
    served.recogniser.changes |= {"doubts": ("This sounds like noise rather than music.",)}
    page.get_by_role("button", name="Analyse this music").click()
    expect(page.locator(".doubts")).to_be_visible()
    page.locator(".lane.valence .plot").hover()
    expect(page.locator("#timeline .readout")).to_contain_text("valence")
    assert not weak_texts(page)


def test_everything_is_reached_by_keyboard_in_reading_order(page: Page) -> None:
    names = """
    () => {
      const e = document.activeElement;
      const style = getComputedStyle(e), around = e.closest('.wrap') ? getComputedStyle(e.closest('.wrap')) : style;
      const ring = [style, around].some(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
      const name = e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '';
      if (e === document.body) return null;  // where Chromium rests after a list that folds itself away
      if (e.role === 'tab') return ['tab ' + name.trim(), ring];
      return [name.trim().replace(/\\s+/g, ' '), ring];
    }
    """
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Moods by time").click()
    page.evaluate("document.activeElement.blur()")
    page.locator("h1").click()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached += filter(None, [page.evaluate(names)])
    order = [
        "tab Compose",
        "Click to upload",
        "Ensemble",
        "Mood",
        "Key",
        "More",
        "number input for Darker",
        "range slider for Calmer",
        "Tempo",
        "number input for Lower",
        "A melody",
        "Strong beats",
        "Replace it",
        "Loudness",
        "Begin with",
        "Which chords",
        "Seed",
        "Draw one",
        "Lock",
        "Moods by time",
        "Only from",
        "to",
        "Add a section",
        "Compose",
        "Save these settings",
        "Load settings",
    ]
    positions = [next((i for i, (name, _) in enumerate(reached) if name.startswith(word)), None) for word in order]
    assert None not in positions, reached
    assert positions == sorted(positions)
    assert all(ring for _, ring in reached[: positions[-1] + 1]), reached


def test_the_page_works_by_keyboard_alone(page: Page, clip: Path, upload: Callable[..., None]) -> None:
    upload(page, clip)
    page.get_by_label("Key", exact=True).focus()
    page.keyboard.type("A min")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Compose", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#summary .facts")).to_contain_text("A minor")


def test_a_phone(
    open_window: Callable[..., Page],
    served: SimpleNamespace,
    clip: Path,
    upload_and_compose: Callable[[Page, Path], None],
) -> None:
    page = open_window(served.url, width=390, height=844)
    sideways = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(sideways) == 0
    served.composer.gate.clear()
    upload_and_compose(page, clip)
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Stop")).to_be_in_viewport()
    served.composer.gate.set()
    expect(page.locator("#piece video")).to_be_in_viewport()
    page.locator(".chord-lane button").first.click()
    expect(page.locator("#put-chord")).to_be_visible()
    page.get_by_role("button", name="Variations").click()
    page.locator("#vary").click()
    expect(page.locator(".offer audio").first).to_be_visible()
    assert page.evaluate(sideways) == 0
    pressed = "#downloads button:not(#get-stems), #compose, #change button:visible, .offer button:visible, #vary"
    for button in page.locator(pressed).all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_dark_room(open_window: Callable[..., Page], served: SimpleNamespace) -> None:
    page = open_window(served.url, dark=True)
    red = page.evaluate("() => Number(getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/)[0])")
    assert red < 40
