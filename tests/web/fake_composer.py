"""A composer without networks: its pieces are real, with silence-like sound, and it waits where a test wants to look.

Both conftest files, here and in the browser folder, read this one and serve the page with it.
"""

import os
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import av
import numpy as np
import pretty_midi
from fake_recogniser import FakeRecogniser  # read by the conftest files before this one
from numpy.typing import NDArray

from video2music.engine_speed import SpeedBook
from video2music.errors import VideoReadError
from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing
from video2music.matching import AxisMatch, Match, Words
from video2music.music.ensemble import DEFAULT_ENSEMBLE
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.suggestion import AUTO
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.rendering import SAMPLE_RATE, render
from video2music.web import app
from video2music.web.engine_registry import EngineRegistry, Offer
from video2music.web.lazy import Lazy
from video2music.web.limits import Limits
from video2music.web.service import MusicService
from video2music.wishes import Wishes

HELD_STAGE = "Writing the chords"

AROUSAL = Words("calm", "lively", "calmer", "livelier")
VALENCE = Words("dark", "bright", "darker", "brighter")


def silent_progress(_stage: str, _fraction: float) -> None:
    """Hear nothing."""


class FakeSynthesizer:
    """Plays a soft hum in no time; other notes make another hum."""

    def render(
        self, midi: pretty_midi.PrettyMIDI, *, sample_rate: int = 44100, duration_s: float | None = None
    ) -> NDArray[np.float32]:
        played = [(track.program, note.pitch, note.start) for track in midi.instruments for note in track.notes]
        pitch = 60 + zlib.crc32(repr(played).encode()) % 1200 / 100
        time_s = np.arange(int(np.ceil((duration_s or midi.get_end_time()) * sample_rate - 1e-6))) / sample_rate
        hum = 0.1 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s)
        return np.stack([hum, hum], axis=1).astype(np.float32)

    def render_parts(
        self, midi: pretty_midi.PrettyMIDI, *, sample_rate: int = 44100, duration_s: float
    ) -> Iterator[NDArray[np.float32]]:
        whole = self.render(midi, sample_rate=sample_rate, duration_s=duration_s)
        yield np.stack([whole / len(midi.instruments)] * len(midi.instruments))


@dataclass
class FakeComposer:
    """Composes at once; with `gate` cleared it waits in HELD_STAGE, reporting, until the gate is set."""

    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    working: int = 0
    most_at_once: int = 0
    finished: list[Path] = field(default_factory=list)
    wishes: list[Wishes] = field(default_factory=list)
    analysed: int = 0
    synthesizer: FakeSynthesizer = field(default_factory=FakeSynthesizer)
    engine: str = "embedded"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    def analyze(self, clip: Path, /, *, part: object = None, progress: Progress | None = None) -> VideoFeatures:
        del part  # it always watches the whole clip
        (progress or silent_progress)("Watching the video", 0.5)
        self.analysed += 1
        try:
            with av.open(str(clip)) as container:
                duration_s = container.duration / av.time_base
                frames = sum(1 for _ in container.decode(video=0))
        except (av.FFmpegError, IndexError, TypeError) as error:
            raise VideoReadError(
                "This is not a video", where=clip, remedy="Choose an mp4, mov, webm, mkv, avi or gif"
            ) from error
        if not frames:
            raise VideoReadError("This video has no picture", where=clip, remedy="Choose another file")
        rows = max(1, int(np.ceil(duration_s)))
        emotion = np.tile(np.array([0.1, 0.05, 0.45, 0.25, 0.1, 0.05], np.float32), (rows, 1))
        level = np.full(rows, 4.0, np.float32)
        offset = np.arange(rows, dtype=np.float32)
        return VideoFeatures(duration_s, emotion, level, level, offset, level, np.array([1.0], np.float32))

    def compose(
        self,
        clip: Path,
        /,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Piece:
        with self._lock:
            self.working += 1
            self.most_at_once = max(self.most_at_once, self.working)
        try:
            timer = StageTimer(progress)
            features, asked = self.analyze(clip, progress=progress), Wishes(**wishes)
            if asked.part is not None:
                features = replace(features, duration_s=asked.part.within(features.duration_s).length_s)
            return self.compose_seen(clip, features, asked, timer)
        finally:
            with self._lock:
                self.working -= 1

    def listen(self, piece: Piece, progress: Progress) -> Piece:
        progress("Listening to the result", 0.5)
        assert piece.audio.size
        return replace(piece, hearing=heard(piece.rendition.transpose))

    def compose_seen(
        self, clip: Path, features: VideoFeatures, wishes: Wishes | None = None, timer: StageTimer | None = None
    ) -> Piece:
        wishes, timer = wishes or Wishes(), timer or StageTimer()
        with timer.stage("chords", HELD_STAGE) as tell:
            tell("", 0.4)
            while not self.gate.wait(0.02):
                tell("", 0.6)
        if self.failure is not None:
            raise self.failure
        seed = 1234 if wishes.seed is None else wishes.seed
        loop = ["Am", "F", "C", "G", "Bb"] * (features.seconds + 1)
        begin = wishes.primer.split() if wishes.primer else loop[seed % 5 : 5]
        chords = tuple((begin + loop)[: features.seconds])
        level = np.full(len(chords), 0.5, np.float32)
        score = Score(
            chords, level, level, wishes.key or "A minor", seed, features.duration_s, wishes.tempo_bpm or 120.0
        )
        score = replace(score, cuts_s=wishes.marks.met(features.cuts_s.tolist()), marked_s=wishes.marks.added)
        ensemble = DEFAULT_ENSEMBLE if wishes.ensemble == AUTO else wishes.ensemble
        rendition = Rendition(
            ensemble=ensemble, transpose=wishes.transpose, density=wishes.density, loudness=wishes.loudness
        )
        rendered = render(score, rendition, self.synthesizer, timer)  # type: ignore[arg-type]  # plays, that is all
        self.finished.append(clip)
        self.wishes.append(wishes)
        return Piece(
            source=clip,
            features=features,
            score=rendered.score,
            midi=rendered.midi,
            audio=rendered.mastered.audio,
            sample_rate=SAMPLE_RATE,
            engine=self.engine,
            primer=wishes.primer,
            loudness_lufs=rendered.mastered.loudness_lufs,
            true_peak_dbtp=rendered.mastered.true_peak_dbtp,
            original=wishes.original,
            music_level_lu=wishes.music_level_lu,
            part=wishes.part,
            direction=wishes.direction,
            marks=wishes.marks,
            hearing=heard(seed),
            composed=score,
            rendition=rendition,
            synthesizer=self.synthesizer,  # type: ignore[arg-type]
            gain_db=rendered.mastered.gain_db,
        )


def heard(seed: int) -> Hearing:
    """Judge a piece: the higher the last digit of its seed, the farther it is from the picture."""
    arousal = AxisMatch(AROUSAL, 4.0, -1.0, 4.0, 4.0, 1.0)
    return Hearing(Match(arousal, AxisMatch(VALENCE, 4.0, -1.0, 4.0, 4.0 + seed % 10 / 4, 1.0), "fake"), reason="")


@contextmanager
def serve(
    composer: object | None,
    root: Path,
    recogniser: object | None = None,
    *,
    composers: Mapping[str, object] = MappingProxyType({}),
    offer: Offer | None = None,
    **address: object,
) -> Iterator[SimpleNamespace]:
    """Serve the page on a free port until the block ends, with fake networks unless others are given.

    `composer` is every engine that `composers` does not name.
    """
    composer, recogniser = composer or FakeComposer(), recogniser or FakeRecogniser()
    before = os.environ.get("GRADIO_TEMP_DIR")
    engines = EngineRegistry(lambda name: composers.get(name, composer), offer, SpeedBook(root))
    service = MusicService(engines, Lazy(lambda: recogniser), address.get("limits") or Limits())
    page, studio = app.build(service, root=root)
    url = app.launch(page, studio, app.Address(port=None, **address))
    try:
        yield SimpleNamespace(url=url, composer=composer, recogniser=recogniser, studio=studio, blocks=page)
    finally:
        page.close(verbose=False)
        studio.close()
        if before is not None:  # a page that was served before this one goes on taking uploads
            os.environ["GRADIO_TEMP_DIR"] = before


def calm(composer: FakeComposer, recogniser: FakeRecogniser) -> None:
    """Let both fail at nothing and wait for nobody, and forget what they did."""
    for fake in (composer, recogniser):
        fake.failure = None
        fake.finished.clear()
        fake.gate.set()
    composer.most_at_once = composer.analysed = 0
    composer.wishes.clear()
    recogniser.changes.clear()
