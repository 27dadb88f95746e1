"""Puts the tabs together and serves them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr

from emotion import Recogniser
from emotion.errors import RefusalError
from video2music.engines import ENGINES
from video2music.web import compose_tab, endpoints, examples_panel, handover, recognise_tab
from video2music.web.composer import Composer
from video2music.web.folders import KEEP_S, SWEEP_EVERY_S, private_root, sweep
from video2music.web.lazy import Lazy
from video2music.web.limits import Limits, add_options
from video2music.web.line import WAITING_PLACES
from video2music.web.studio import Studio
from video2music.web.theme import studio_theme

NAME = "Music for your video"

TABS: tuple[ModuleType, ...] = (compose_tab, recognise_tab)
"""The tabs in order. A tab is a module with a TITLE and a function build(studio) that returns what it laid out."""

ASSETS = Path(__file__).parents[2] / "assets"
STYLE_SHEETS = (ASSETS / "style.css", ASSETS / "timeline.css")
SCRIPT = ASSETS / "timeline.js"

LOCAL_ONLY = {"share": False, "ssr_mode": False, "pwa": False, "mcp_server": False, "run_history": False}
"""Off: what Gradio offers beyond a page (a tunnel, a second server, an installable app, a tool server, a record)."""

HEADER = f"""
<header class="masthead">
  <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9"/><path d="M8 13v6m5-10v14m5-11v8m5-5v2"/>
  </svg>
  <div class="words"><h1>{NAME}</h1><p>Drop a clip in. Get it back with music composed for what it shows.</p></div>
</header>
"""

FOOTER = """
<footer class="colophon">
  <p>{place} and are deleted within {hours} hours. Nothing is sent anywhere else, and nobody is counted.</p>
</footer>
"""


@dataclass(frozen=True)
class Address:
    """Where the page is served.

    Attributes:
        host: name or number to listen on.
        port: None takes the first free one from 7860.
        root_path: path under which a proxy serves the page, for example "/music".
        limits: how long and how large a clip may be.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    root_path: str | None = None
    limits: Limits = field(default_factory=Limits)


def read_settings(arguments: Sequence[str] | None = None) -> tuple[Address, str]:
    """Read address and engine from the command line, then the environment.

    GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, GRADIO_ROOT_PATH and the variables of `limits` are honoured; where SPACE_ID
    is set (Hugging Face Spaces) the page listens on every interface.

    Args:
        arguments: of the command line; the process's own by default.

    Returns:
        Where the page is served, and the name of the engine that composes.
    """
    everywhere = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"  # noqa: S104 - a Space is reached from outside
    parser = argparse.ArgumentParser(prog="app.py", description="Serve the page that composes music for a video.")
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", everywhere), help="default: %(default)s")
    parser.add_argument(
        "--port", type=int, default=os.environ.get("GRADIO_SERVER_PORT", "7860"), help="default: %(default)s"
    )
    parser.add_argument(
        "--root-path", default=os.environ.get("GRADIO_ROOT_PATH"), help="path that a proxy serves it under"
    )
    parser.add_argument(
        "--engine", choices=tuple(ENGINES), default="embedded", help="networks that compose and listen: %(default)s"
    )
    add_options(parser)
    given = parser.parse_args(arguments)
    limits = Limits(given.max_seconds, given.max_megabytes)
    return Address(given.host, given.port, given.root_path, limits), given.engine


def load_recogniser(engine: str) -> Recogniser:
    """Load the recogniser that goes with a composing engine: without a network for "embedded", else Music2Emo.

    Args:
        engine: name of the composing engine.

    Raises:
        RefusalError: its weights are missing or cannot be downloaded.
    """
    import emotion

    return emotion.load() if engine == "embedded" else emotion.load("music2emo")


def keep_to_ourselves(root: Path) -> None:
    """Switch off every report that the libraries would send, and keep Gradio's files under our own root.

    Args:
        root: private folder of the page.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(root / "served")


def build(
    load: Callable[[], Composer],
    load_recogniser: Callable[[], Recogniser],
    *,
    root: Path | None = None,
    limits: Limits | None = None,
) -> tuple[gr.Blocks, Studio]:
    """Assemble the page.

    Args:
        load: builds the composer; called in the worker when it is first needed.
        load_recogniser: builds the recogniser, in the same way.
        root: private folder for uploads and results; one under the system's temporary folder by default.
        limits: how long and how large a clip may be.

    Returns:
        The page, not yet served, and the studio behind it.
    """
    root = private_root(root)
    sweep(root)
    keep_to_ourselves(root)
    studio = Studio(Lazy(load), Lazy(load_recogniser), root, limits=limits or Limits())

    def leave(request: gr.Request) -> None:
        studio.leave(str(request.session_hash))

    with gr.Blocks(title=NAME, analytics_enabled=False, delete_cache=(SWEEP_EVERY_S, KEEP_S), fill_width=True) as page:
        gr.HTML(HEADER)
        lay_out_tabs(studio)
        endpoints.build(studio)
        gr.HTML(FOOTER.format(place=where_clips_stay(), hours=KEEP_S // 3600))
        page.unload(leave)
        page.load(None, js=studio.limits.script)
    page.queue(max_size=WAITING_PLACES)
    return page, studio


def lay_out_tabs(studio: Studio) -> None:
    """Build each tab, and the way from a composed piece to the tab that listens to it."""
    pages: dict[ModuleType, Any] = {}
    with gr.Tabs(elem_id="tabs") as tabs:
        for tab in TABS:
            with gr.Tab(tab.TITLE, id=tab.TITLE):
                pages[tab] = tab.build(studio)
    examples_panel.connect(pages[compose_tab])
    handover.connect(tabs, pages[compose_tab], pages[recognise_tab])


def where_clips_stay() -> str:
    """Say where uploads are kept, for the line at the foot of the page."""
    place = "this server" if "SPACE_ID" in os.environ else "the computer that serves this page"
    return f"Clips and music stay on {place}"


def launch(page: gr.Blocks, address: Address) -> str:
    """Serve the page in the background.

    Args:
        page: made by `build`.
        address: where.

    Returns:
        The address to open.

    Raises:
        RefusalError: something else is served at that port already, or the host is not this machine's.
    """
    try:
        _, url, _ = page.launch(
            server_name=address.host,
            server_port=address.port,
            root_path=address.root_path,
            prevent_thread_lock=True,
            theme=studio_theme(),
            css_paths=STYLE_SHEETS,
            js=SCRIPT.read_text(encoding="utf-8"),
            footer_links=[],
            max_file_size=address.limits.size,
            quiet=True,
            **LOCAL_ONLY,
        )
    except OSError as error:
        place = f"{address.host}, port {address.port}"
        raise RefusalError(
            "The page cannot be served there", where=place, remedy="Choose another with --port"
        ) from error
    return str(url)


def load_composer(engine: str, hear: Callable[[], Recogniser]) -> Composer:
    """Load the composer; the embedded one judges its music with the recogniser of the second tab, held once.

    Args:
        engine: name of the composing engine.
        hear: returns the recogniser, always the same one.

    Raises:
        RefusalError: weights or the sound font are missing.
    """
    import video2music
    from video2music.listening import Listener

    composer = video2music.load(engine)
    return replace(composer, listener=Listener(hear)) if engine == "embedded" else composer


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped; the networks load in the background meanwhile.

    Args:
        arguments: of the command line; the process's own by default.
    """
    address, engine = read_settings(arguments)
    hear = cache(partial(load_recogniser, engine))
    page, studio = build(partial(load_composer, engine, hear), hear, limits=address.limits)
    try:
        url = launch(page, address)
    except RefusalError as error:
        sys.exit(str(error))
    sys.stdout.write(f"Open {url} in a browser; Ctrl+C stops the program.\n")
    sys.stdout.flush()
    studio.bench.prepare(studio.composer.ready)
    page.block_thread()
    studio.close()
