"""What the page needs from a composer."""

from pathlib import Path
from typing import Any, Protocol

from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing
from video2music.music.score import Score
from video2music.progress import Progress


class SavedFiles(Protocol):
    """Where the four files of a piece were written."""

    @property
    def video(self) -> Path:
        """The clip with its music, mp4."""

    @property
    def music(self) -> Path:
        """The music alone, wav."""

    @property
    def midi(self) -> Path:
        """The notes, mid."""

    @property
    def result(self) -> Path:
        """Everything that was seen and decided, json."""


class ComposedPiece(Protocol):
    """A finished piece, before it is written."""

    @property
    def score(self) -> Score:
        """Chords, note density and loudness."""

    @property
    def features(self) -> VideoFeatures:
        """What was seen in the video."""

    @property
    def hearing(self) -> Hearing:
        """How far the music is from the picture, or why that is not known."""

    def save(self, folder: Path, *, stem: str | None = None, progress: Progress | None = None) -> SavedFiles:
        """Write the four files into a folder."""


class Composer(Protocol):
    """What turns a clip into a piece."""

    def analyze(self, clip: Path, *, progress: Progress | None = None) -> VideoFeatures:
        """See the video and return its features."""

    def compose(
        self,
        clip: Path,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> ComposedPiece:
        """Compose music for the video."""
