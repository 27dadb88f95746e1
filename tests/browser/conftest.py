"""Chromium, the served page, and a watch over every request that the page makes."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE_MS = 45_000
BUSY_MS = 20_000

COMPOSE, ANALYSE = "Compose", "Analyse music"
FIELDS = {COMPOSE: "clip", ANALYSE: "sound"}
"""Where each tab takes a file."""


def load_fakes() -> ModuleType:
    """Read the fake recogniser and the fake composer that the tests without a browser use too."""
    for name in ("fake_recogniser", "fake_composer"):
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "web" / f"{name}.py")
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
    return sys.modules["fake_composer"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"needs Debian's chromium at {CHROMIUM} (apt install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    """Return the module of the fake composer."""
    return load_fakes()


@pytest.fixture(scope="session")
def serve() -> Callable[..., Iterator[SimpleNamespace]]:
    """Serve the page with any composer: `with serve(composer, folder) as page`."""
    return load_fakes().serve


@pytest.fixture(scope="session")
def session_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    assert browser  # the page is only served where it can be opened
    with load_fakes().serve(load_fakes().FakeComposer(), tmp_path_factory.mktemp("uploads")) as page:
        yield page


@pytest.fixture
def served(session_page: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    # Gradio takes uploads in one folder for the whole process, that of the page that was built last
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(session_page.studio.root / "served"))
    load_fakes().calm(session_page.composer, session_page.recogniser)
    yield session_page
    load_fakes().calm(session_page.composer, session_page.recogniser)


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context, so that the page's scripts are fetched once; every window is a session of its own all the same."""
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context


@pytest.fixture(scope="session")
def windows() -> list[Page]:
    """Windows that nobody looks at: a page loads twice as fast in one of them as in a new one."""
    return []


@contextmanager
def watched(context: BrowserContext, idle: list[Page]) -> Iterator[Callable[..., Page]]:
    """Let windows be opened on an address; fail if one asks another computer for anything, or breaks.

    Every address that is opened is a session of its own, whether its window is new or was used before.
    """
    opened: list[Page] = []
    strangers: list[str] = []
    defects: list[str] = []

    def watch(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.hostname != "127.0.0.1":
            strangers.append(request.url)

    def note(error: BrowserError) -> None:
        defects.append(str(error))

    def open_one(url: str, *, width: int = 1280, height: int = 860, dark: bool = False) -> Page:
        page = idle.pop() if idle else context.new_page()
        opened.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.on("request", watch)
        page.on("pageerror", note)
        page.goto(url, wait_until="load")
        page.locator("#compose").wait_for()
        return page

    yield open_one
    for page in opened:
        if not page.is_closed():
            page.unroute_all()
            page.goto("about:blank")
            page.remove_listener("request", watch)
            page.remove_listener("pageerror", note)
            idle.append(page)
    assert not strangers
    assert not defects


@pytest.fixture
def open_window(context: BrowserContext, windows: list[Page]) -> Iterator[Callable[..., Page]]:
    """Open a window on an address: `open_window(url, width=390, height=844, dark=True)`; see `watched`."""
    with watched(context, windows) as open_one:
        yield open_one


@pytest.fixture(scope="module")
def open_for_all(context: BrowserContext, windows: list[Page]) -> Iterator[Callable[..., Page]]:
    """Open a window that every test of a file looks at; see `watched`."""
    with watched(context, windows) as open_one:
        yield open_one


@pytest.fixture
def page(open_window: Callable[..., Page], served: SimpleNamespace) -> Page:
    return open_window(served.url)


@pytest.fixture(scope="session")
def upload() -> Callable[..., None]:
    """Give a file to a tab and wait until it has arrived: `upload(page, path, tab="Compose")`."""

    def offer(page: Page, path: Path, tab: str) -> None:
        field = FIELDS[tab]
        page.get_by_role("tab", name=tab).click()
        another = page.locator(f"button.another[data-field={field}]")
        if another.count():
            another.evaluate("button => button.classList.add('old')")
            with page.expect_file_chooser() as chooser:
                another.click()
            chooser.value.set_files(path)
        else:
            page.set_input_files(f"#{field} input[type=file]", path)
        page.locator(f"button.another:not(.old)[data-field={field}]").wait_for(timeout=BUSY_MS)

    def give(page: Page, path: Path, tab: str = COMPOSE) -> None:
        try:
            offer(page, path, tab)
        except BrowserError:  # drawn before its fields listened, on a busy machine: a person would load the page again
            page.reload()
            page.locator("#compose").wait_for()
            offer(page, path, tab)

    return give


@pytest.fixture(scope="session")
def blocks() -> Callable[[Page], Locator]:
    """Find the chords that can be pressed to be replaced."""
    return lambda page: page.locator(".chord-lane button")


@pytest.fixture(scope="session")
def fetch() -> Callable[..., Path]:
    """Press a download button and return the file under the name a person sees: `fetch(page, "get-midi")`."""

    def press(page: Page, button: str) -> Path:
        with page.expect_download() as waiting:
            page.locator(f"#{button}").click()
        path = Path(waiting.value.path())
        return path.rename(path.with_name(waiting.value.suggested_filename))

    return press
