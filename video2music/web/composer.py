"""What the page needs from a composer."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.wishes import Wishes

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer
    from video2music.video.part import Part


class Composer(Protocol):
    """What turns a clip into a piece."""

    @property
    def synthesizer(self) -> "Synthesizer":
        """Plays the notes."""

    def analyze(self, clip: Path, *, part: "Part | None" = None, progress: Progress | None = None) -> VideoFeatures:
        """See the video, or a part of it, and return its features."""

    def compose(
        self,
        clip: Path,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Piece:
        """Compose music for the video."""

    def listen(self, piece: Piece, progress: Progress) -> Piece:
        """Return a piece that was changed together with how far it is now from what was wanted."""

    def compose_seen(self, clip: Path, features: VideoFeatures, wishes: Wishes, timer: StageTimer) -> Piece:
        """Compose music for a video that was already seen."""
