"""Fixtures that every test folder uses: synthetic clips, a tiny data set, the published outputs where at hand."""

import hashlib
import http.server
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import huggingface_hub.constants
import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from video2music.harmony.vocabulary import harte
from video2music.pipeline import Composer, load
from video2music.web.workers import ProcessWorker

MakeClip = Callable[..., Path]

settings.register_profile(
    "untimed", deadline=None
)  # how long an example takes says more about the machine than the code
settings.load_profile("untimed")

LOOP = (1, 1, 122, 122, 66, 66, 79, 79)
"""Chords of the tiny data set, one a second."""


def scene_colour(scene: int) -> NDArray[np.float64]:
    """A colour that differs strongly from the one of the neighbouring scenes."""
    return np.random.default_rng(scene).uniform(30, 220, 3) if scene else np.array([40.0, 90.0, 160.0])


def draw_frame(time_s: float, scene: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture whose pattern depends on the scene and drifts with time."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    stripes = 40 * np.sin((x * (1 + scene % 3) + y * (scene % 2)) / 9 + 2 * time_s)
    return np.clip(scene_colour(scene) + stripes[..., None], 0, 255).astype(np.uint8)


def write_picture(container: av.container.OutputContainer, frames: int, fps: float, draw: Callable) -> None:
    stream = container.streams.video[0]
    for index in range(frames):
        frame = av.VideoFrame.from_ndarray(draw(index / fps), format="rgb24")
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_tone(container: av.container.OutputContainer, seconds: float, rate: int = 44100) -> None:
    stream = container.streams.audio[0]
    time_s = np.arange(int(seconds * rate)) / rate
    tone = (0.2 * np.sin(2 * np.pi * 330 * time_s)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
    frame.sample_rate = rate
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Write a small synthetic clip: `make_clip("a.mp4", seconds=3.0, fps=25, size=(128, 96), scenes=2, sound=True)`."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[tuple, Path] = {}

    def make(
        name: str = "clip.mp4",
        *,
        seconds: float = 3.0,
        fps: float = 25,
        size: tuple[int, int] = (128, 96),
        scenes: int = 2,
        sound: bool = True,
        codec: str | None = None,
    ) -> Path:
        key = (name, seconds, fps, size, scenes, sound, codec)
        if key in made:
            return made[key]
        path = folder / str(len(made)) / name
        path.parent.mkdir()
        webm = path.suffix == ".webm"
        frames = max(1, round(seconds * fps))
        with av.open(str(path), "w") as container:
            rate = Fraction(fps).limit_denominator(1001)
            stream = container.add_stream(codec or ("libvpx-vp9" if webm else "libx264"), rate=rate)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            if sound:
                container.add_stream("libopus" if webm else "aac", rate=48000 if webm else 44100, layout="stereo")
            write_picture(
                container, frames, fps, lambda t: draw_frame(t, min(scenes - 1, int(t / seconds * scenes)), size)
            )
            if sound:
                write_tone(container, seconds, 48000 if webm else 44100)
        made[key] = path
        return path

    return make


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """Find a published output, in the folder that VIDEO2MUSIC_REFERENCE names or or beside the checkout; else skip."""
    root = Path(os.environ.get("VIDEO2MUSIC_REFERENCE", Path(__file__).parents[2] / "shared"))

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"needs the published outputs: {name} (set VIDEO2MUSIC_REFERENCE)")
        return path

    return find


def write_lab(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_song(root: Path, name: str, seconds: int, *, seed: int, extra: int = 0) -> None:
    rng = np.random.default_rng(seed)
    start = int(rng.integers(len(LOOP)))
    chords = [harte(LOOP[(start + second) % len(LOOP)]) for second in range(seconds + extra)]
    write_lab(
        root / "vevo_chord/lab_v2_norm/all" / f"{name}.lab",
        ["key A minor" if seed % 2 else "key C major", *(f"{second} {chord}" for second, chord in enumerate(chords))],
    )
    felt = rng.dirichlet(np.ones(6), seconds)
    write_lab(
        root / "vevo_emotion/6c_l14p/all" / f"{name}.lab",
        ["time a b c d e f", *(f"{s} " + " ".join(f"{p:.4f}" for p in row) for s, row in enumerate(felt))],
    )
    motion = rng.gamma(2, 3, seconds)
    loudness = 0.05 + 0.02 * motion / motion.max() + 0.1 * np.minimum(1, np.arange(seconds)[::-1] / 5)
    curves = {"vevo_motion": motion, "vevo_loudness": loudness, "vevo_note_density": 60 * loudness}
    for folder, values in {**curves, "vevo_scene_offset": np.arange(seconds) % 5}.items():
        write_lab(root / folder / "all" / f"{name}.lab", [f"{s} {value:.4f}" for s, value in enumerate(values)])
    path = root / "vevo_semantic/all/2d/clip_l14p" / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, rng.normal(size=(seconds, 768)).astype(np.float32))


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six training songs and two of val, about 30 seconds each."""
    root = tmp_path_factory.mktemp("muvi")
    names = [f"{number:03d}" for number in range(8)]
    for number, name in enumerate(names):
        write_song(root, name, 28 + number, seed=number, extra=number % 2)
    write_lab(root / "vevo_meta/split/v1/train.txt", names[:6])
    write_lab(root / "vevo_meta/split/v1/val.txt", names[6:])
    return root


@pytest.fixture(scope="session")
def lab_writer() -> Callable[[Path, list[str]], None]:
    return write_lab


@pytest.fixture(scope="session")
def model() -> Composer:
    """Load the composer that ships, once for all tests that compose with it; it keeps no state between pieces."""
    return load()


@dataclass
class ModelHub:
    """A model hub in this process that holds every file that is asked for, always the same one.

    Attributes:
        address: where it listens.
        content: of every file.
        gate: while it is cleared, transfers wait after their first half.
        asked: paths of the transfers, each with its Range header.
    """

    address: str = ""
    content: bytes = bytes(range(256)) * 4096  # 1 MiB
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def hub_handler(hub: ModelHub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def head(self, status: int, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.send_header("ETag", f'"{hashlib.sha256(hub.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "a" * 40)
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.head(200, len(hub.content))

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            hub.asked.append((self.path, wanted))
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            self.head(206 if wanted else 200, len(hub.content) - start)
            half = max(start, len(hub.content) // 2)
            try:
                self.wfile.write(hub.content[start:half])
                hub.gate.wait(30)
                self.wfile.write(hub.content[half:])
            except OSError:
                self.close_connection = True  # the other side has stopped

    return Handler


class QuietServer(http.server.ThreadingHTTPServer):
    """A server that does not mind when the other side has stopped."""

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture
def model_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelHub]:
    """Serve a hub on this machine that downloads go to, into a cache that is empty."""
    hub = ModelHub()
    hub.gate.set()
    server = QuietServer(("127.0.0.1", 0), hub_handler(hub))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("VIDEO2MUSIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VIDEO2MUSIC_WEIGHTS", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1 << 17)
    yield hub
    hub.gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Tasks for worker processes, which import them by name, and the service that counts them."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "web"))
    yield importlib.import_module("counting_service")
    sys.modules.pop("counting_service", None)


@pytest.fixture
def start_worker(tasks: ModuleType) -> Iterator[Callable[..., ProcessWorker]]:
    """Make workers with a process of their own: `start_worker(deadline_s=1.0)`."""
    made: list[ProcessWorker] = []

    def make(**options: object) -> ProcessWorker:
        made.append(ProcessWorker(tasks.CountingService, **options))
        return made[-1]

    yield make
    for worker in made:
        worker.close()
