"""What every tab is given: the networks, the bench they work on, and the folder that files go to."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from math import inf
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

from emotion import Prediction, Recogniser
from video2music.engine_weights import Transfer
from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece, SavedPiece
from video2music.progress import Progress, StageTimer
from video2music.variations import numbered
from video2music.web.changes import Change, wishes_now
from video2music.web.engine_room import EngineRoom
from video2music.web.folders import bring_in, given_name, kept_folder, safe_stem, working_folder
from video2music.web.lazy import Lazy
from video2music.web.limits import Limits
from video2music.web.reading import Reading, read_music
from video2music.web.runs import Bench, Run
from video2music.web.shelf import Kept, Shelf
from video2music.wishes import Wishes

EASY_SEEDS = 1_000_000
"""Drawn seeds stay below this, so that they can be read out and typed."""

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Studio:
    """The things behind the page.

    Attributes:
        engines: make the pieces.
        recogniser: says what emotion music carries.
        root: private folder that holds the working folders.
        bench: where pieces are composed one after another.
        music_stand: where pieces that exist are played again, so that nobody waits for somebody else's composition.
        delivery: where what an engine needs is downloaded.
        shelf: keeps the piece that each person works on.
        limits: how long and how large a clip may be.
    """

    engines: EngineRoom
    recogniser: Lazy[Recogniser]
    root: Path
    bench: Bench = field(default_factory=Bench)
    music_stand: Bench = field(default_factory=lambda: Bench("playing"))
    delivery: Bench = field(default_factory=lambda: Bench("downloading"))
    shelf: Shelf = field(default_factory=Shelf)
    limits: Limits = field(default_factory=Limits)

    @contextmanager
    def job(
        self, session: str, work: Callable[[Path, Progress], Outcome], bench: Bench | None = None
    ) -> Iterator[Run[Outcome]]:
        """Run work in a folder of its own; both are gone when the block ends and the worker has let go.

        Args:
            session: who asks; only they can stop it.
            work: called in the worker with the folder and a progress function.
            bench: where it is done; the one for compositions by default.

        Yields:
            The run, to be followed.
        """
        folder = working_folder(self.root)
        bench = bench or self.bench
        run = bench.start(session, lambda progress: work(folder, progress))
        try:
            yield run
        finally:
            bench.finish(session, run)
            run.afterwards(lambda: shutil.rmtree(folder, ignore_errors=True))

    def leave(self, session: str) -> None:
        """Stop and forget everything of a session whose page was closed."""
        for bench in (self.bench, self.music_stand, self.delivery):
            bench.leave(session)
        self.shelf.drop(session)

    def close(self) -> None:
        """Stop every run and let the workers end."""
        for bench in (self.bench, self.music_stand, self.delivery):
            bench.close()

    def compose(
        self, clip: Path, wishes: Wishes, folder: Path, progress: Progress, *, engine: str
    ) -> tuple[Piece, SavedPiece]:
        """Compose for an upload and write the files; runs in the worker.

        Args:
            clip: the uploaded file, under the name that the person gave it.
            wishes: what the person asks for.
            folder: working folder of this request.
            progress: told how far it is.
            engine: name of the one that composes.

        Returns:
            The piece and the paths of its files, which are named after the clip.

        Raises:
            RefusalError: the clip or a wish cannot be used.
        """
        own = self._take_in(clip, folder)
        asked = {field.name: getattr(wishes, field.name) for field in fields(wishes)}
        composer = self.engines.ready(engine, progress)
        with self.engines.timed(engine) as note:
            piece = composer.compose(own, progress=progress, **asked)
            files = self._save(piece, given_name(clip), folder, progress)
            note(piece)
        return piece, files

    def bring(self, engine: str, tell: Transfer, _folder: Path, progress: Progress) -> None:
        """Download what an engine needs; runs in the worker for downloads.

        Args:
            engine: its name.
            tell: told of every block that arrives.
            progress: told the same as a fraction.

        Raises:
            RefusalError: it cannot be downloaded.
        """

        def arrived(title: str, here: int, whole: int | None) -> None:
            tell(title, here, whole)
            progress(title, here / whole if whole else 0.0)

        self.engines.bring(engine, arrived)

    def try_out(self, engine: str, clip: Path, folder: Path, progress: Progress) -> None:
        """Compose for a short clip to measure how long an engine takes here; runs in the worker.

        Args:
            engine: its name.
            clip: a video of the program's own.
            folder: working folder of this request.
            progress: told how far it is.

        Raises:
            RefusalError: the engine cannot compose.
        """
        self.compose(clip, Wishes(), folder, progress, engine=engine)

    def keep(self, session: str, clip: Path, wishes: Wishes, piece: Piece) -> Kept:
        """Keep a piece that was composed for a session, in place of the one before.

        Args:
            session: whose it is.
            clip: the uploaded file.
            wishes: with which it was composed.
            piece: what came of it.
        """
        folder = kept_folder(self.root)
        piece = replace(piece, source=bring_in(clip, folder)).without_sound()
        kept = Kept(folder, given_name(clip), wishes, (piece,))
        self.shelf.put(session, kept)
        return kept

    def play_again(self, kept: Kept, change: Change, folder: Path, progress: Progress) -> tuple[Kept, SavedPiece]:
        """Play a kept piece otherwise and write the files; runs in the worker.

        Args:
            kept: what the person works on.
            change: what shall be otherwise.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            What is to be kept from now on, and the paths of the files.

        Raises:
            RefusalError: the change cannot be granted.
        """
        changed = change(kept, progress)
        return changed.quiet(), self._save(changed.piece, kept.name, folder, progress)

    def vary(self, kept: Kept, count: int, folder: Path, progress: Progress) -> tuple[Kept, list[Path]]:
        """Compose other pieces for the same video, with the engine that composed the first; runs in the worker.

        The video is only looked at again where that engine is not offered here, as after an example.

        Args:
            kept: what the person works on.
            count: of pieces.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            What is to be kept from now on, with the pieces on offer nearest to the picture first, and their music.

        Raises:
            RefusalError: the engine cannot compose.
        """
        from video2music.music.mastering import write_wav

        wishes, pieces = wishes_now(kept), []
        composer, features = self.engines.seen(kept.piece, progress)
        sounds: dict[int, Path] = {}
        seeds = secrets.SystemRandom().sample(range(EASY_SEEDS), count)
        for number, seed in enumerate(seeds, start=1):
            timer = StageTimer(numbered(progress, number, count))
            piece = composer.compose_seen(kept.piece.source, features, replace(wishes, seed=seed), timer)
            sounds[piece.score.seed] = folder / f"{safe_stem(kept.name)} - seed {piece.score.seed}.wav"
            write_wav(sounds[piece.score.seed], piece.audio, piece.sample_rate)
            pieces.append(piece.without_sound())
        pieces.sort(key=lambda piece: inf if piece.match is None else piece.match.distance)
        return kept.with_offers(pieces), [sounds[piece.score.seed] for piece in pieces]

    def write_stems(self, kept: Kept, folder: Path, progress: Progress) -> Path:
        """Play every part of a kept piece by itself and pack them; runs in the worker.

        Args:
            kept: what the person works on.
            folder: working folder of this request.
            progress: told how far it is.

        Returns:
            A zip file with one wav file per part.
        """
        piece = kept.piece.render(progress=progress)
        saved = piece.save(folder / "piece", stems=True, progress=progress)
        packed = folder / f"{safe_stem(kept.name)} - stems.zip"
        with ZipFile(packed, "w") as archive:
            for stem in saved.stems:
                archive.write(stem, stem.name)
        return packed

    def _take_in(self, clip: Path, folder: Path) -> Path:
        from video2music.video.probe import probe

        own = bring_in(clip, folder)
        self.limits.check(own, probe(own).duration_s, given_name(clip))
        return own

    def _save(self, piece: Piece, clip_name: str, folder: Path, progress: Progress) -> SavedPiece:
        return piece.save(folder / "piece", stem=f"{safe_stem(clip_name)} - music", progress=progress)

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
        own = self._take_in(clip, folder)
        return self.engines.ready(self.engines.offer.default, progress).analyze(own, progress=progress)

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
