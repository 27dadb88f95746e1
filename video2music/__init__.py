"""Composes music for a video.

    import video2music

    model = video2music.load()
    piece = model.compose("clip.mp4", key="A minor", primer="Am F C G", seed=7)
    piece.save("out")

The heavy libraries are imported when they are first needed, so that importing this package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from video2music.features.video_features import VideoFeatures
    from video2music.music.score import Score
    from video2music.piece import Piece, SavedPiece
    from video2music.pipeline import Composer, load

__version__ = "0.1.0"
__all__ = ["Composer", "Piece", "SavedPiece", "Score", "VideoFeatures", "load"]

_HOMES = {
    "Composer": "video2music.pipeline",
    "Piece": "video2music.piece",
    "SavedPiece": "video2music.piece",
    "Score": "video2music.music.score",
    "VideoFeatures": "video2music.features.video_features",
    "load": "video2music.pipeline",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type of a module's attribute is the attribute's own
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
