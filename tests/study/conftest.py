"""A small study that is really prepared, with a composer that plays one tone for each video."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pretty_midi
import pytest
import soundfile

from video2music.study.preparing import Preparation, prepare_study
from video2music.study.reading import read_study

MakeClip = Callable[..., Path]
RATE = 44_100

STUDY = """\
name: pilot
title: Music
consent: {version: "1", text: I agree.}
questions:
  - {id: overall, text: How good?, low: bad, high: good}
conditions:
  - {id: ours, source: engine, wishes: {ensemble: strings}}
  - {id: notes, source: midi, folder: notes}
  - {id: finished, source: files, folder: finished}
  - {id: shuffled, source: shuffled, of: ours, role: low}
  - {id: original, source: original, role: high}
clips:
  - {id: one, file: one.mp4}
  - {id: two, file: two.mp4, range_s: [0.5, 2]}
training_clips:
  - {id: warm-up, file: two.mp4}
training:
  - {clip: warm-up, conditions: [ours]}
"""

TONES = {"one.mp4": 440.0, "two.mp4": 880.0}


def tone(frequency: float, seconds: float) -> np.ndarray:
    wave = 0.1 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


class FakeComposer:
    """Composes a tone for each video, keeps what it was asked for, can be stopped, and lets things happen meanwhile."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.stop_at = ""
        self.meanwhile: Callable[[], object] | None = None

    def analyze(self, _: Path, *, part: Any) -> Any:  # noqa: ANN401
        return SimpleNamespace(seconds=2.0 if part is None else part.length_s)

    def compose_seen(self, clip: Path, features: Any, wishes: Any) -> Any:  # noqa: ANN401
        if clip.name == self.stop_at:
            raise KeyboardInterrupt
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.asked.append((clip.name, wishes))
        return SimpleNamespace(
            audio=tone(TONES[clip.name], features.seconds),
            rendition=SimpleNamespace(ensemble=wishes.ensemble),
            score=SimpleNamespace(key="C major", tempo_bpm=100.0),
        )


def write_notes(path: Path, seconds: float) -> None:
    midi, piano = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(0)
    piano.notes = [pretty_midi.Note(90, 60, beat / 2, beat / 2 + 0.4) for beat in range(int(seconds * 2))]
    midi.instruments.append(piano)
    midi.write(str(path))


@pytest.fixture(scope="session")
def materials(make_clip: MakeClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's folder before anything was prepared."""
    folder = tmp_path_factory.mktemp("materials")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    for name in TONES:
        with av.open(str(make_clip(name, seconds=2.0))) as source, av.open(str(folder / name), "w") as named:
            named.metadata["title"] = "by the best system"
            streams = {stream.index: named.add_stream_from_template(stream) for stream in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream_index]
                    named.mux(packet)
    for name in ("notes", "finished"):
        (folder / name).mkdir()
    write_notes(folder / "notes" / "one.mid", 4)
    write_notes(folder / "notes" / "two.mid", 1)
    soundfile.write(folder / "finished" / "one.wav", tone(660, 1.2), RATE)
    shutil.copy(make_clip("finished.mp4", seconds=2.0), folder / "finished" / "two.mp4")
    return folder


@pytest.fixture
def composer() -> FakeComposer:
    """The composer of `prepare`."""
    return FakeComposer()


@pytest.fixture
def prepare(composer: FakeComposer) -> Callable[..., Preparation]:
    """Prepare a study: `prepare(folder, replace=False)`."""

    def run(folder: Path, *, replace: bool = False) -> Preparation:
        return prepare_study(read_study(folder / "study.yaml"), replace=replace, load=lambda _: composer)

    return run


@pytest.fixture(scope="session")
def prepared_once(materials: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Preparation]:
    """A prepared study that no test changes, and what became of it."""
    folder = tmp_path_factory.mktemp("prepared") / "study"
    shutil.copytree(materials, folder)
    composer = FakeComposer()
    return folder, prepare_study(read_study(folder / "study.yaml"), load=lambda _: composer)


@pytest.fixture
def prepared(prepared_once: tuple[Path, Preparation], tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(prepared_once[0], tmp_path / "study"))
