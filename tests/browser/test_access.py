"""The page for everybody: keyboard, names, what is said aloud, and a phone."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

FOCUSED = """
() => {
  const e = document.activeElement;
  if (e === document.body) return null;  // where Chromium rests after a list that folds itself away
  const style = getComputedStyle(e), around = e.closest('.wrap') ? getComputedStyle(e.closest('.wrap')) : style;
  const within = e.matches('video, audio') && !e.matches(':focus-visible');  // one of its buttons
  const ring = within || [style, around].some(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1);
  const words = e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || e.tagName;
  const name = words.trim().replace(/\\s+/g, ' ');
  return [e.role === 'tab' ? 'tab ' + name : name, ring];
}
"""
"""The name of what has the focus, and whether a ring around it can be seen."""


@pytest.fixture
def clip(make_clip: Callable[..., Path]) -> Path:
    return make_clip("holiday.mp4", seconds=2.0)


@pytest.fixture
def upload_and_compose(upload: Callable[..., None]) -> Callable[[Page, Path], None]:
    def begin(page: Page, clip: Path) -> None:
        upload(page, clip)
        page.get_by_role("button", name="Compose", exact=True).click()

    return begin


def walk(page: Page, stops: int) -> list[str]:
    """Press Tab again and again, see that each stop has a ring, and return their names in order."""
    reached = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        reached += filter(None, [page.evaluate(FOCUSED)])
    assert not [name for name, ring in reached if not ring]
    return [name for name, _ in reached]


def in_order(reached: list[str], wanted: tuple[str, ...]) -> None:
    """See that everything was reached, one after another."""
    rest = iter(reached)
    missing = [name for name in wanted if not any(stop.startswith(name) for stop in rest)]
    assert not missing, " | ".join(reached)


BEFORE = (
    "tab Compose",
    "Click to upload",
    "Ensemble",
    "Mood",
    "Key",
    "More",
    "number input for Darker",
    "range slider for Calmer",
    "Tempo",
    "number input for Semitones lower",
    "A melody",
    "Strong beats",
    "Replace it",
    "Loudness",
    "Begin with",
    "Which chords",
    "Seed",
    "Draw one",
    "Lock",
    "Cuts and moods by time",
    "Only from",
    "to",
    "Add a section",
    "Compose",
    "Save these settings",
    "Load settings",
    "Calm",
)

AFTER = (
    "Clear",
    "The clip as it was uploaded",
    "Choose another",
    "Compose",
    "play-pause-replay-button",
    "Adjust volume",
    "full-screen",
    "Moment of the clip",
    "The same as a table",
    "Video (mp4)",
    "Music (wav)",
    "Notes (midi)",
    "Lead sheet (xml)",
    "Details (json)",
    "Seconds (csv)",
    "Timeline (png)",
    "Parts (zip)",
    "Analyse this music",
    "Played by",
    "number input for Tempo",
    "In the key of",
    "With a melody",
    "Replace it",
    "Play it like this",
    "Undo",
    "Does it still fit?",
    "Variations",
    "3",
    "Compose them",
    "Variation 1",
    "Keep this one",
    "Variation 2",
    "Keep this one",
    "Variation 3",
    "Keep this one",
    "tab Compose",
)
"""What is reached once there is music, from the top of the page to its end."""


def test_everything_is_reached_by_keyboard_in_reading_order(
    page: Page, clip: Path, upload_and_compose: Callable[[Page, Path], None]
) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Moods by time").click()
    page.locator("h1").click()
    in_order(walk(page, 50), BEFORE)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Moods by time").click()
    upload_and_compose(page, clip)
    expect(page.locator("#clip-card video")).to_be_visible()
    expect(page.locator("#why img")).not_to_have_count(0)
    page.get_by_role("spinbutton", name="Lower (-) or higher").fill("2")
    page.locator("#hear").click()
    expect(page.locator("#compare")).to_be_visible()
    page.get_by_role("button", name="Variations").click()
    page.locator("#vary").click()
    expect(page.locator(".offer audio").first).to_be_visible()
    page.locator("h1").click()
    in_order(walk(page, 90), AFTER)


def test_what_happens_is_said_once_to_those_who_hear_the_page(
    page: Page, clip: Path, served: SimpleNamespace, upload_and_compose: Callable[[Page, Path], None]
) -> None:
    said = page.evaluate_handle("""() => {
      const said = [], note = (changes) => changes.forEach(({ target }) => {
        if (target.role === "status" && target.parentElement === document.body) said.push(target.textContent);
      });
      new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
      return said;
    }""")
    served.composer.gate.clear()
    upload_and_compose(page, clip)
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_have_attribute("aria-valuenow", "60")
    served.composer.gate.set()
    expect(page.locator("#summary h2")).to_be_visible()
    words = [word for word in said.json_value() if word]
    assert words.count("Writing the chords") == 1
    assert words[-1] == "Ready."


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
