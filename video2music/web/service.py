"""What a worker has and does: the networks, and everything slow that the page asks for.

Nothing here knows the page. Tasks reach a service from the page's own process or from another one, so what they
carry and what they return can be pickled, and holds no sound: that is in the files.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import ZipFile

from emotion import Prediction, Recogniser
from video2music.engine_weights import Transfer
from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece, SavedPiece
from video2music.progress import Progress, StageTimer
from video2music.variations import numbered
from video2music.web.changes import Change, wishes_now
from video2music.web.composer import Composer
from video2music.web.engine_registry import LIGHT, EngineRegistry, Offer
from video2music.web.examples import Example
from video2music.web.folders import bring_in, given_name, safe_stem
from video2music.web.lazy import Lazy
from video2music.web.limits import Limits
from video2music.web.reading import Reading, read_music
from video2music.web.session_store import Kept
from video2music.wishes import Wishes

if TYPE_CHECKING:
    from video2music.listening import Listener

EASY_SEEDS = 1_000_000
"""Drawn seeds stay below this, so that they can be read out and typed."""

Outcome = TypeVar("Outcome")

Job = Callable[..., Outcome]
"""Called with the service, a progress function and `folder=`, the working folder of the request."""


@dataclass(frozen=True)
class MusicService:
    """The networks, and what is done with them.

    Attributes:
        engines: make the pieces.
        recogniser: says what emotion music carries.
        limits: how long and how large a clip may be.
    """

    engines: EngineRegistry
    recogniser: Lazy[Recogniser]
    limits: Limits = field(default_factory=Limits)

    def compose(
        self, progress: Progress, *, folder: Path, clip: Path, wishes: Wishes, engine: str
    ) -> tuple[Piece, SavedPiece]:
        """Compose for an upload and write the files.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            clip: the uploaded file, under the name that the person gave it.
            wishes: what the person asks for.
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
            files = save(piece, given_name(clip), folder, progress)
            note(piece)
        return piece.without_sound(), files

    def try_out(self, progress: Progress, *, folder: Path, clip: Path, engine: str) -> None:
        """Compose for a short clip to measure how long an engine takes here.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            clip: a video of the program's own.
            engine: its name.

        Raises:
            RefusalError: the engine cannot compose.
        """
        self.compose(progress, folder=folder, clip=clip, wishes=Wishes(), engine=engine)

    def bring(self, progress: Progress, *, folder: Path, engine: str, tell: Transfer) -> None:
        """Download what an engine needs.

        Args:
            progress: told how far it is.
            folder: working folder of this request, which stays empty.
            engine: its name.
            tell: told of every block that arrives.

        Raises:
            RefusalError: it cannot be downloaded.
        """
        del folder

        def arrived(title: str, here: int, whole: int | None) -> None:
            tell(title, here, whole)
            progress(title, here / whole if whole else 0.0)

        self.engines.bring(engine, arrived)

    def play_again(self, progress: Progress, *, folder: Path, kept: Kept, change: Change) -> tuple[Kept, SavedPiece]:
        """Play a kept piece otherwise and write the files.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            kept: what the person works on.
            change: what shall be otherwise.

        Returns:
            What is to be kept from now on, and the paths of the files.

        Raises:
            RefusalError: the change cannot be granted.
        """
        changed = change(kept, self.engines, progress)
        return changed.quiet(), save(changed.piece, kept.name, folder, progress)

    def vary(self, progress: Progress, *, folder: Path, kept: Kept, count: int) -> tuple[Kept, list[Path]]:
        """Compose other pieces for the same video, with the engine that composed the first.

        The video is only looked at again where that engine is not offered here, as after an example.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            kept: what the person works on.
            count: of pieces.

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

    def write_stems(self, progress: Progress, *, folder: Path, kept: Kept) -> Path:
        """Play every part of a kept piece by itself and pack them.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            kept: what the person works on.

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

    def show_example(self, progress: Progress, *, folder: Path, example: Example) -> tuple[Path, Piece, SavedPiece]:
        """Fetch an example.

        Args:
            progress: has nothing to tell.
            folder: working folder of this request.
            example: which.

        Returns:
            Its clip, the piece without sound, and the files to take.

        Raises:
            RefusalError: what is stored cannot be read.
        """
        del progress
        clip = example.bring(folder)
        return clip, example.revive(clip), example.write(folder)

    def analyze(self, progress: Progress, *, folder: Path, clip: Path) -> VideoFeatures:
        """See an uploaded video.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            clip: the uploaded file.

        Returns:
            What was seen.

        Raises:
            RefusalError: the clip cannot be read.
        """
        own = self._take_in(clip, folder)
        return self.engines.ready(self.engines.offer.default, progress).analyze(own, progress=progress)

    def read(self, progress: Progress, *, folder: Path, sound: Path) -> Reading:
        """Say what emotion an uploaded sound carries and write the downloads.

        Args:
            progress: told how far it is.
            folder: working folder of this request.
            sound: the uploaded audio or video file, under the name that the person gave it.

        Returns:
            What was found; its files are named after the upload.

        Raises:
            RefusalError: the sound cannot be read, or weights are missing.
        """
        own = bring_in(sound, folder)
        return read_music(own, self.recogniser, folder, safe_stem(given_name(sound)), progress)

    def recognise(self, progress: Progress, *, folder: Path, sound: Path) -> Prediction:
        """Say what emotion an uploaded sound carries, as `read` does, without the files."""
        return self.read(progress, folder=folder, sound=sound).prediction

    def get_ready(self, progress: Progress, *, engine: str) -> None:
        """Load an engine before it is asked for.

        Args:
            progress: told that loading has begun.
            engine: its name.

        Raises:
            RefusalError: its weights or the sound font are missing.
        """
        self.engines.ready(engine, progress)

    def _take_in(self, clip: Path, folder: Path) -> Path:
        from video2music.video.probe import probe

        own = bring_in(clip, folder)
        self.limits.check(own, probe(own).duration_s, given_name(clip))
        return own


def save(piece: Piece, clip_name: str, folder: Path, progress: Progress) -> SavedPiece:
    """Write the files of a piece, named after its clip.

    Args:
        piece: with its sound.
        clip_name: as the person knows it.
        folder: working folder of the request.
        progress: told how far it is.
    """
    return piece.save(folder / "piece", stem=f"{safe_stem(clip_name)} - music", progress=progress)


def make_service(offer: Offer, limits: Limits) -> MusicService:
    """Make the service; nothing is loaded before it is needed.

    Args:
        offer: which engines may be chosen.
        limits: how long and how large a clip may be.
    """
    hear = cache(partial(load_recogniser, offer.default))
    engines = EngineRegistry(partial(load_composer, listener=listener_of(offer.default, hear)), offer)
    return MusicService(engines, Lazy(hear), limits)


def load_recogniser(engine: str) -> Recogniser:
    """Load the recogniser that goes with a composing engine: without a network for "embedded", else Music2Emo.

    Args:
        engine: name of the composing engine.

    Raises:
        RefusalError: its weights are missing or cannot be downloaded.
    """
    import emotion

    return emotion.load() if engine == LIGHT else emotion.load("music2emo")


def load_composer(engine: str, listener: "Listener") -> Composer:
    """Load a composer.

    Args:
        engine: name of the composing engine.
        listener: judges the music of every engine, so that a recogniser is held once.

    Raises:
        RefusalError: weights or the sound font are missing.
    """
    import video2music

    return replace(video2music.load(engine), listener=listener)


def listener_of(engine: str, hear: Callable[[], Recogniser]) -> "Listener":
    """Return what judges music: the recogniser of the second tab where it is the one that ships, held once.

    Args:
        engine: that the recogniser of the second tab goes with.
        hear: returns that recogniser, always the same one.
    """
    from video2music.listening import Listener

    return Listener(hear) if engine == LIGHT else Listener()
