"""Music to emotion, and what both packages share: errors, weights, decoding of audio.

import emotion
prediction = emotion.load().predict("song.mp3")
prediction.valence, prediction.arousal, prediction.tags, prediction.curve
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from emotion.errors import RefusalError
from emotion.prediction import ChordSpan, Curve, Prediction

if TYPE_CHECKING:
    from emotion.audio import Audio

__all__ = ["ENGINES", "Audio", "ChordSpan", "Curve", "Prediction", "Recogniser", "RefusalError", "load"]

ENGINES = ("embedded", "music2emo")
"""The embedded engine ships with the program; Music2Emo is downloaded once."""


class Recogniser(Protocol):
    """An engine that listens to music."""

    @property
    def name(self) -> str:
        """Name of the engine."""

    def predict(
        self, source: Path | str | Audio, *, progress: Callable[[str, float], None] | None = None
    ) -> Prediction:
        """Say what emotion a piece of music carries."""


def load(
    engine: str = ENGINES[0],
    *,
    weights: Path | None = None,
    students: Path | None = None,
    device: str | None = None,
    as_published: bool = False,
    notify: Callable[[str], None] | None = None,
) -> Recogniser:
    """Load a recogniser.

    Args:
        engine: one of `ENGINES`.
        weights: a folder with the engine's files; by default they are found, or downloaded once and cached.
        students: for Music2Emo: a folder in which `python -m emotion train student` wrote; the released students by
            default.
        device: for Music2Emo: "cpu" or "cuda"; the processor by default, which is all that the embedded engine needs.
        as_published: for Music2Emo: reproduce the published program, errors included, as far as it gives an answer at
            all.
        notify: told what must be known before a first download, such as a licence; standard error by default.

    Returns:
        The engine; its `predict` takes a path or decoded `Audio`.

    Raises:
        RefusalError: no such engine, its weights are missing, damaged or cannot be downloaded, or something was asked
            of the embedded engine that only Music2Emo has.
    """
    if engine not in ENGINES:
        raise RefusalError("There is no such engine", where=engine, remedy=f"Choose one of {', '.join(ENGINES)}")
    if engine == "embedded":
        if students is not None or as_published:
            raise RefusalError(
                "The embedded engine has no students and no published form",
                remedy="Choose the engine music2emo for them",
            )
        from emotion.embedded.engine import load_embedded

        return load_embedded(weights)
    from emotion.music2emo.engine import load_music2emo

    return load_music2emo(
        weights=weights, students=students, device=device, as_published=as_published, notify=notify or _say
    )


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def __getattr__(name: str) -> Any:  # noqa: ANN401  the one lazy name decides
    if name == "Audio":
        from emotion.audio import Audio

        return Audio
    raise AttributeError(name)
