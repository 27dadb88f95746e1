"""GPUs that are lent for a moment: ZeroGPU of Hugging Face Spaces, through the package `spaces` that only they have.

On such a Space a decorated function runs in a forked process that has the GPU for its duration. What takes long in
composing with a large engine is to watch the video, so that is what is decorated; arguments and result are small.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.video.part import Part
from video2music.video.probe import probe
from video2music.web.composer import Composer
from video2music.wishes import Wishes

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer

Watch = Callable[[str, str, Part | None], VideoFeatures]
"""Watches a clip: name of the engine, path, part of the clip."""

READY_S, EACH_S, MOST_S = 30, 0.5, 300
"""Seconds of GPU that are asked for: to get ready, for each second of video, and at most. Estimates on the safe side;
what is not used is given back."""


def seconds_wanted(_engine: str, clip: str, part: Part | None) -> int:
    """Return for how long a GPU is needed to watch a clip.

    Args:
        clip: path of the video.
        part: what of it is watched; None is all.
    """
    length_s = probe(Path(clip)).duration_s
    if part is not None:
        length_s = part.within(length_s).length_s
    return int(min(READY_S + EACH_S * length_s, MOST_S))


def on_lent_gpu(watch: Watch) -> Watch | None:
    """Return the function that watches on a lent GPU; None where no GPU is lent.

    Must be called before the page is served: a Space looks then for what needs its GPU.

    Args:
        watch: what shall run there.
    """
    try:
        spaces: Any = importlib.import_module("spaces")
    except ImportError:
        return None
    decorated: Watch = spaces.GPU(duration=seconds_wanted)(watch)
    return None if decorated is watch else decorated  # a Space with hardware of its own leaves it as it is


def lends_gpu() -> bool:
    """Return whether this is a Space that may lend a GPU; it forks the process of the page itself for that."""
    return find_spec("spaces") is not None


class Loan:
    """Lets large engines watch on a lent GPU, and leaves everything as it is where none is lent.

    Args:
        load: builds the composer of an engine, in a process that was forked before that engine was loaded.
    """

    def __init__(self, load: Callable[[str], Composer]) -> None:
        self._load = load
        self._held: dict[str, Composer] = {}
        self._watch = on_lent_gpu(self._look)

    def equip(self, name: str, composer: Composer) -> Composer:
        """Return a composer that watches on the lent GPU, or the same one where none is lent.

        Args:
            name: of its engine.
            composer: of a large engine.
        """
        if self._watch is None:
            return composer
        self._held = {name: composer}
        return LentComposer(name, composer, self._watch)

    def _look(self, name: str, clip: str, part: Part | None) -> VideoFeatures:
        composer = self._held.get(name) or self._load(name)
        return composer.analyze(Path(clip), part=part)


@dataclass(frozen=True)
class LentComposer:
    """A composer that watches elsewhere.

    Attributes:
        name: of its engine.
        composer: does everything else.
        watch: watches.
    """

    name: str
    composer: Composer
    watch: Watch

    @property
    def synthesizer(self) -> "Synthesizer":
        """Plays the notes."""
        return self.composer.synthesizer

    def analyze(self, clip: Path, *, part: Part | None = None, progress: Progress | None = None) -> VideoFeatures:
        """See the video, or a part of it; how far that is cannot be told from another process."""
        if progress is not None:
            progress("Watching the video", 0.0)
        return self.watch(self.name, str(clip), part)

    def compose(
        self,
        clip: Path,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Piece:
        """Compose music for the video."""
        asked, timer = Wishes(**wishes), StageTimer(progress)
        with timer.stage("analyze", "Watching the video"):
            features = self.analyze(clip, part=asked.part)
        return self.compose_seen(clip, features, asked, timer)

    def listen(self, piece: Piece, progress: Progress) -> Piece:
        """Return a piece that was changed together with how far it is now from what was wanted."""
        return self.composer.listen(piece, progress)

    def compose_seen(self, clip: Path, features: VideoFeatures, wishes: Wishes, timer: StageTimer) -> Piece:
        """Compose music for a video that was already seen."""
        return self.composer.compose_seen(clip, features, wishes, timer)
