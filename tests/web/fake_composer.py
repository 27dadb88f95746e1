"""A composer without networks: it writes real, tiny files, and waits where a test wants to look at the page.

Both conftest files, here and in the browser folder, read this one and serve the page with it.
"""

import json
import os
import shutil
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pretty_midi
from fake_recogniser import FakeRecogniser  # read by the conftest files before this one

from video2music.errors import VideoReadError
from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing
from video2music.music.score import Score
from video2music.progress import Progress
from video2music.web import app

STAGES_BEFORE = ("Watching the video",)
HELD_STAGE = "Writing the chords"
STAGES_AFTER = ("Shaping density and loudness", "Arranging the notes", "Playing the music", "Setting the loudness")


def silent_progress(_stage: str, _fraction: float) -> None:
    """Hear nothing."""


@dataclass
class FakePiece:
    source: Path
    score: Score
    features: VideoFeatures
    hearing: Hearing = field(default_factory=Hearing)

    def save(self, folder: Path, *, stem: str | None = None, progress: Progress | None = None) -> SimpleNamespace:
        (progress or silent_progress)("Putting the music under the picture", 0.0)
        folder.mkdir()
        files = {kind: folder / f"{stem or 'music'}.{kind}" for kind in ("mp4", "wav", "mid", "json")}
        shutil.copyfile(self.source, files["mp4"])
        with wave.open(str(files["wav"]), "wb") as sound:
            sound.setnchannels(2)
            sound.setsampwidth(2)
            sound.setframerate(44100)
            sound.writeframes(bytes(4 * int(44100 * self.score.duration_s)))
        midi = pretty_midi.PrettyMIDI()
        piano = pretty_midi.Instrument(program=0)
        piano.notes.append(pretty_midi.Note(velocity=80, pitch=60 + self.score.seed % 12, start=0.0, end=1.0))
        midi.instruments.append(piano)
        midi.write(str(files["mid"]))
        facts = {"seed": self.score.seed, "key": self.score.key, "chords": self.score.chord_events()}
        files["json"].write_text(json.dumps(facts), encoding="utf-8")
        return SimpleNamespace(video=files["mp4"], music=files["wav"], midi=files["mid"], result=files["json"])


@dataclass
class FakeComposer:
    """Composes at once; with `gate` cleared it waits in HELD_STAGE, reporting, until the gate is set."""

    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    working: int = 0
    most_at_once: int = 0
    finished: list[Path] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    def analyze(self, clip: Path, /, *, progress: Progress | None = None) -> VideoFeatures:
        (progress or silent_progress)("Watching the video", 0.5)
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
        key: str | None = None,
        primer: str | None = None,
        seed: int | None = None,
        original: str = "replace",
        progress: Progress | None = None,
    ) -> FakePiece:
        with self._lock:
            self.working += 1
            self.most_at_once = max(self.most_at_once, self.working)
        try:
            return self._compose(clip, key, primer, seed, original, progress or silent_progress)
        finally:
            with self._lock:
                self.working -= 1

    def _compose(
        self, clip: Path, key: str | None, primer: str | None, seed: int | None, original: str, tell: Progress
    ) -> FakePiece:
        assert original in {"replace", "mix"}
        features = self.analyze(clip, progress=tell)
        tell(HELD_STAGE, 0.4)
        while not self.gate.wait(0.02):
            tell(HELD_STAGE, 0.6)
        if self.failure is not None:
            raise self.failure
        for stage in STAGES_AFTER:
            tell(stage, 0.5)
        begin = (primer or "").split()
        chords = tuple((begin + ["Am", "F", "C", "G", "Bb"] * features.seconds)[: features.seconds])
        level = np.full(len(chords), 0.5, np.float32)
        score = Score(chords, level, level, key or "A minor", 1234 if seed is None else seed, features.duration_s)
        self.finished.append(clip)
        return FakePiece(clip, score, features)


@contextmanager
def serve(
    composer: object | None, root: Path, recogniser: object | None = None, **address: object
) -> Iterator[SimpleNamespace]:
    """Serve the page on a free port until the block ends, with fake networks unless others are given."""
    composer, recogniser = composer or FakeComposer(), recogniser or FakeRecogniser()
    before = os.environ.get("GRADIO_TEMP_DIR")
    page, studio = app.build(lambda: composer, lambda: recogniser, root=root)
    url = app.launch(page, app.Address(port=None, **address))
    try:
        yield SimpleNamespace(url=url, composer=composer, recogniser=recogniser, studio=studio, blocks=page)
    finally:
        page.close(verbose=False)
        studio.bench.close()
        if before is not None:  # a page that was served before this one goes on taking uploads
            os.environ["GRADIO_TEMP_DIR"] = before


def calm(composer: FakeComposer, recogniser: FakeRecogniser) -> None:
    """Let both fail at nothing and wait for nobody, and forget what they did."""
    for fake in (composer, recogniser):
        fake.failure = None
        fake.finished.clear()
        fake.gate.set()
    composer.most_at_once = 0
    recogniser.changes.clear()
