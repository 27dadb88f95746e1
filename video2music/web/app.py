"""Puts the tabs together and serves them."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from emotion.errors import RefusalError
from emotion.hub import cache_folder
from video2music.engines import ENGINES
from video2music.errors import UnknownEngineError
from video2music.web import compose_tab, endpoints, examples_panel, handover, recognise_tab
from video2music.web.engine_gpu import lends_gpu
from video2music.web.engine_registry import Offer, offer_of
from video2music.web.fair_queue import WAITING_PLACES
from video2music.web.folders import KEEP_S, private_root
from video2music.web.inspection import inspection_worker
from video2music.web.limits import Limits, add_options, limits_of
from video2music.web.request_filter import RequestFilter, fetch_nothing
from video2music.web.resource_limits import ResourceLimits, worker_memory
from video2music.web.server_folder import SERVED, open_server_folder
from video2music.web.service import MusicService, make_service
from video2music.web.studio import Studio, WorkerFactory, open_studio
from video2music.web.theme import studio_theme
from video2music.web.workers import ProcessWorker, Worker

NAME = "Music for your video"

ENGINES_VARIABLE, STUDY_VARIABLE = "VIDEO2MUSIC_ENGINES", "VIDEO2MUSIC_STUDY"
CLUSTER_VARIABLE = "VIDEO2MUSIC_RAY"

LIBRARIES = ("video2music.web.service", "video2music.pipeline", "video2music.features.extraction", "torch", "librosa")
"""Loaded once for all processes that work: what takes long to import, and starts no thread while it does."""

TABS: tuple[ModuleType, ...] = (compose_tab, recognise_tab)
"""The tabs in order. A tab is a module with a TITLE and a function build(studio) that returns what it laid out."""

ASSETS = Path(__file__).parents[2] / "assets"
STYLE_SHEETS = (ASSETS / "style.css", ASSETS / "timeline.css", ASSETS / "engines.css")
SCRIPT = ASSETS / "timeline.js"
PLAYER_BESIDE = ASSETS / "beside.js"

ARRIVALS = 10 * WAITING_PLACES
"""Questions that may arrive at once before Gradio refuses one in its own words; the fair queue refuses first."""

LEAVING_S = 8.0
"""Seconds between being told to stop and the end, at most; Gradio gives its connections five of them."""

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
  <p>{place} and are deleted within {hours} hours. Nothing is sent anywhere else, and nobody is tracked.</p>
</footer>
"""


@dataclass(frozen=True)
class Address:
    """Where the page is served.

    Attributes:
        host: name or number to listen on.
        port: None takes the first free one from 7860.
        root_path: path under which a proxy serves the page, for example "/music".
        limits: what a clip may cost.
        studies: files of the listening studies that are served beside the page.
        cluster: address of the Ray cluster that composes; None composes on this machine.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    root_path: str | None = None
    limits: Limits = field(default_factory=Limits)
    studies: tuple[Path, ...] = ()
    cluster: str | None = None


def read_settings(arguments: Sequence[str] | None = None) -> tuple[Address, Offer]:
    """Read address and engines from the command line, then the environment.

    GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, GRADIO_ROOT_PATH, ENGINES_VARIABLE, STUDY_VARIABLE, CLUSTER_VARIABLE and the
    variables of
    `limits` are honoured; where SPACE_ID is set (Hugging Face Spaces) the page listens on every interface.

    Args:
        arguments: of the command line; the process's own by default.

    Returns:
        Where the page is served, and the engines that a person may choose there.
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
    add_engine_options(parser)
    add_options(parser)
    add_study_option(parser)
    parser.add_argument(
        "--ray",
        default=os.environ.get(CLUSTER_VARIABLE),
        metavar="ADDRESS",
        help=f"compose on this Ray cluster, which shares TMPDIR; also from {CLUSTER_VARIABLE}",
    )
    given = parser.parse_args(arguments)
    try:
        offer = offer_of(given.engines.replace(",", " ").split(), given.engine)
    except UnknownEngineError as error:
        parser.error(str(error))
    return Address(given.host, given.port, given.root_path, limits_of(given), tuple(given.study), given.ray), offer


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Let the command line and the environment say which engines the page offers.

    Args:
        parser: of the program that serves the page.
    """
    parser.add_argument(
        "--engine", choices=tuple(ENGINES), help="composes where nobody chooses another: the first that is offered"
    )
    parser.add_argument(
        "--engines",
        default=os.environ.get(ENGINES_VARIABLE, ",".join(ENGINES)),
        metavar="NAMES",
        help=f"may be chosen on the page, also from {ENGINES_VARIABLE}: %(default)s",
    )


def add_study_option(parser: argparse.ArgumentParser) -> None:
    """Let the command line and the environment name the listening studies that are served.

    Args:
        parser: of the program that serves the page.
    """
    named = os.environ.get(STUDY_VARIABLE, "").split(os.pathsep)
    parser.add_argument(
        "--study",
        type=Path,
        action="append",
        default=[Path(name) for name in named if name],
        metavar="FILE",
        help=f"also serve this listening study at /study/<name>; may be repeated; also from {STUDY_VARIABLE}",
    )


def keep_to_ourselves(root: Path) -> None:
    """Switch off every report that the libraries would send, and keep what they write under our root or in our cache.

    Args:
        root: private folder of the page.
    """
    fetch_nothing()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(root / SERVED)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / "numba"))  # else beside the installed packages
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))  # else in the home


def build(
    service: MusicService,
    *,
    root: Path | None = None,
    make_worker: WorkerFactory | None = None,
    inspector: Worker[None] | None = None,
    make_composer: WorkerFactory | None = None,
) -> tuple[gr.Blocks, Studio]:
    """Assemble the page.

    Args:
        service: has the networks, which are loaded when they are first needed.
        root: private folder for uploads and results; one under the system's temporary folder by default.
        make_worker: makes those who do the slow work; it is done in this process by default.
        inspector: looks at uploads as they arrive; in this process by default.
        make_composer: makes those who compose, where they are others.

    Returns:
        The page, not yet served, and the studio behind it.
    """
    folder = open_server_folder(private_root(root))
    keep_to_ourselves(folder.path)
    studio = replace(open_studio(service, folder.path, make_worker, inspector, make_composer), folder=folder)

    def leave(request: gr.Request) -> None:
        studio.leave(str(request.session_hash))

    with gr.Blocks(title=NAME, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(HEADER)
        lay_out_tabs(studio)
        endpoints.build(studio)
        gr.HTML(FOOTER.format(place=where_clips_stay(), hours=KEEP_S // 3600))
        page.unload(leave)
        page.load(None, js=studio.limits.script)
        page.load(None, js=PLAYER_BESIDE.read_text(encoding="utf-8"))
    page.queue(max_size=ARRIVALS)
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


def launch(page: gr.Blocks, studio: Studio, address: Address) -> str:
    """Serve the page in the background.

    Args:
        page: made by `build`.
        studio: behind it.
        address: where.

    Returns:
        The address to open.

    Raises:
        RefusalError: something else is served at that port already, or the host is not this machine's; or a study
            cannot be used.
    """
    request_filter = Middleware(RequestFilter, limits=address.limits, storage=studio.storage)
    around = {"routes": routes_of_studies(address.studies), "middleware": [request_filter]}
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
            app_kwargs=around,
            quiet=True,
            **LOCAL_ONLY,
        )
    except OSError as error:
        place = f"{address.host}, port {address.port}"
        raise RefusalError(
            "The page cannot be served there", where=place, remedy="Choose another with --port"
        ) from error
    return str(url)


def routes_of_studies(files: Sequence[Path]) -> list[Any]:
    """Open studies, whose addresses stand before those of the page in the same server.

    Args:
        files: of the studies.

    Returns:
        Routes of Starlette; none if there is no study.

    Raises:
        RefusalError: a study cannot be used, or two have the same name.
    """
    if not files:
        return []
    from video2music.web.study.copying import keep_copying
    from video2music.web.study.served import open_studies
    from video2music.web.study.server import study_routes

    studies = open_studies(files)
    keep_copying([study.copy for study in studies if study.copy is not None])
    return study_routes(studies)


def name_of_study(path: Path) -> str:
    """Return the name of a study, which stands in its address.

    Args:
        path: of its file.
    """
    from video2music.study.reading import read_study

    return read_study(path).name


def cluster_factory(address: str | None, make: Callable[[], MusicService]) -> WorkerFactory | None:
    """Return what makes those who compose on a cluster; None where there is no cluster.

    Args:
        address: of the cluster.
        make: builds the service on one of its machines.
    """
    if address is None:
        return None
    from video2music.web.cluster import cluster_pool

    return lambda prepare: cluster_pool(address, make, prepare, private_root())


def warm_up(studio: Studio) -> None:
    """Begin what goes on in the background: tidying, and loading the default engine.

    What it needs is downloaded first, where an operator chose one that needs something.

    Args:
        studio: behind the page.
    """
    name = studio.engines.offer.default

    def prepare() -> None:
        try:
            studio.engines.bring(name, lambda *_: None)
        except RefusalError as error:
            sys.stderr.write(f"{error}\n")
        studio.composing.prepare(studio.composing.worker.warm)

    studio.storage.begin()
    studio.downloads.prepare(prepare)
    for worker in (studio.inspector, studio.rendering.worker):
        studio.rendering.prepare(worker.warm)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped; the networks load in the background meanwhile.

    Args:
        arguments: of the command line; the process's own by default.
    """
    address, offer = read_settings(arguments)
    make = partial(make_service, offer, address.limits)
    limits = ResourceLimits(worker_memory(), address.limits.disk)
    apart = partial(ProcessWorker, make, preload=LIBRARIES, deadline_s=address.limits.deadline_s, limits=limits)
    stopped = threading.Event()
    alone = lends_gpu()  # such a Space forks this process, and works in what comes of it
    try:
        page, studio = build(
            make(),
            make_worker=None if alone else apart,
            inspector=None if alone else inspection_worker(LIBRARIES),
            make_composer=cluster_factory(address.cluster, make),
        )
    except RefusalError as error:
        sys.exit(str(error))
    for number in (signal.SIGINT, signal.SIGTERM):  # after a cluster was joined: Ray sets handlers of its own
        signal.signal(number, lambda *_: stopped.set())
    try:
        url = launch(page, studio, address)
        sys.stdout.write(f"Open {url} in a browser; Ctrl+C stops the program.\n")
        for path in address.studies:
            sys.stdout.write(f"{path} is held at {url}study/{name_of_study(path)}/\n")
        sys.stdout.flush()
        warm_up(studio)
        stopped.wait()
    except RefusalError as error:
        sys.exit(str(error))
    finally:
        leave_within(LEAVING_S)
        studio.stop()
        page.close(verbose=False)
        studio.close()


def leave_within(seconds: float) -> None:
    """End the program after some seconds even if a thread waits for something that does not come, such as a download.

    Args:
        seconds: that everything has to come to its end by itself.
    """
    last = threading.Timer(seconds, os._exit, (0,))
    last.daemon = True
    last.start()
