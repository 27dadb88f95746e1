"""What every tab is given: the networks, the bench they work on, and the folder that files go to."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

from emotion import Prediction, Recogniser
from video2music.features.video_features import VideoFeatures
from video2music.progress import Progress
from video2music.web.composer import ComposedPiece, Composer, SavedFiles
from video2music.web.folders import bring_in, given_name, safe_stem, working_folder
from video2music.web.lazy import Lazy
from video2music.web.reading import Reading, read_music
from video2music.web.runs import Bench, Run
from video2music.wishes import Wishes

QUEUE = "composing"
"""Everything that uses the networks shares this queue, one at a time."""

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Studio:
    """The things behind the page.

    Attributes:
        composer: makes the pieces.
        recogniser: says what emotion music carries.
        root: private folder that holds the working folders.
        bench: where pieces are made one after another.
    """

    composer: Lazy[Composer]
    recogniser: Lazy[Recogniser]
    root: Path
    bench: Bench = field(default_factory=Bench)

    @contextmanager
    def job(self, session: str, work: Callable[[Path, Progress], Outcome]) -> Iterator[Run[Outcome]]:
        """Run work in a folder of its own; both are gone when the block ends and the worker has let go.

        Args:
            session: who asks; only they can stop it.
            work: called in the worker with the folder and a progress function.

        Yields:
            The run, to be followed.
        """
        folder = working_folder(self.root)
        run = self.bench.start(session, lambda progress: work(folder, progress))
        try:
            yield run
        finally:
            self.bench.finish(session, run)
            run.afterwards(lambda: shutil.rmtree(folder, ignore_errors=True))

    def compose(self, clip: Path, wishes: Wishes, folder: Path, progress: Progress) -> tuple[ComposedPiece, SavedFiles]:
        """Compose for an upload and write the files; runs in the worker.

        Args:
            clip: the uploaded file, under the name that the person gave it.
            wishes: what the person asks for.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            The piece and the paths of its files, which are named after the clip.

        Raises:
            RefusalError: the clip or a wish cannot be used.
        """
        own = bring_in(clip, folder)
        asked = {field.name: getattr(wishes, field.name) for field in fields(wishes)}
        piece = self.composer.ready(progress).compose(own, progress=progress, **asked)
        return piece, piece.save(folder / "piece", stem=f"{safe_stem(given_name(clip))} - music", progress=progress)

    def analyze(self, clip: Path, folder: Path, progress: Progress) -> VideoFeatures:
        """See an uploaded video; runs in the worker.

        Args:
            clip: the uploaded file.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            What was seen.

        Raises:
            RefusalError: the clip cannot be read.
        """
        own = bring_in(clip, folder)
        return self.composer.ready(progress).analyze(own, progress=progress)

    def read(self, sound: Path, folder: Path, progress: Progress) -> Reading:
        """Say what emotion an uploaded sound carries and write the downloads; runs in the worker.

        Args:
            sound: the uploaded audio or video file, under the name that the person gave it.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            What was found; its files are named after the upload.

        Raises:
            RefusalError: the sound cannot be read, or weights are missing.
        """
        own = bring_in(sound, folder)
        return read_music(own, self.recogniser, folder, safe_stem(given_name(sound)), progress)

    def recognise(self, sound: Path, folder: Path, progress: Progress) -> Prediction:
        """Say what emotion an uploaded sound carries, without files; runs in the worker, as `read` does."""
        return self.read(sound, folder, progress).prediction
