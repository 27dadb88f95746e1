"""A recogniser without networks: it hears the real file, always answers the same, and waits where a test wants it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from emotion.listening import listen
from emotion.moods import mood_tags
from emotion.prediction import ChordSpan, Curve, Prediction

HELD_STAGE = "Hearing the chords"
LOOP = ("A:min7", "F", "C", "G:sus4", "N", "B:hdim7")


def prediction(duration_s: float = 12.0, **changes: Any) -> Prediction:  # noqa: ANN401 - fields of Prediction
    """A calm and rather pleasant piece that grows more excited."""
    time_s = (np.arange(max(1, int(duration_s))) + 0.5) * duration_s / max(1, int(duration_s))
    place = time_s / duration_s
    edges = np.linspace(0, duration_s, max(1, round(duration_s / 2)) + 1)
    chords = [ChordSpan(*span, LOOP[index % len(LOOP)]) for index, span in enumerate(pairwise(edges))]
    tags = {tag.name: tag.prior for tag in mood_tags()} | {"relaxing": 0.31, "meditative": 0.12}
    answer = {
        "engine": "fake",
        "duration_s": duration_s,
        "valence": 6.1,
        "arousal": 3.2,
        "valence_interval": (4.6, 7.4),
        "arousal_interval": (2.3, 4.2),
        "tags": tags,
        "key": "Bb minor",
        "tempo_bpm": 92.4,
        "chords": tuple(chords),
        "curve": Curve(time_s, 6.1 + 0.8 * np.sin(5 * place), 2.2 + 2.0 * place + 0.2 * np.sin(31 * place)),
        "shown_tags": ("relaxing", "meditative"),
    }
    return Prediction(**{**answer, **changes})


@dataclass
class FakeRecogniser:
    """Answers at once; with `gate` cleared it waits in HELD_STAGE, reporting, until the gate is set."""

    name: str = "fake"
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    finished: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def predict(self, source: Path, *, progress: Callable[[str, float], None] | None = None) -> Prediction:
        tell = progress or (lambda _stage, _fraction: None)
        tell("listening", 0.2)
        with listen(source) as sound:
            duration_s = sum(map(len, sound.blocks)) / sound.sample_rate
        tell(HELD_STAGE, 0.4)
        while not self.gate.wait(0.02):
            tell(HELD_STAGE, 0.6)
        if self.failure is not None:
            raise self.failure
        self.finished.append(source)
        tell("done", 1.0)
        return prediction(duration_s, **self.changes)
