"""The engines of the page: which are offered, which are loaded, and what is known of each on this machine."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from video2music.engine_speed import Speed, SpeedBook, this_machine
from video2music.engine_weights import Need, Transfer, check_ready, download, needs
from video2music.engines import ENGINES, find_engine
from video2music.errors import UnknownEngineError
from video2music.features.video_features import VideoFeatures
from video2music.piece import Piece
from video2music.progress import Progress
from video2music.web.composer import Composer
from video2music.web.engine_gpu import Loan
from video2music.web.lazy import Lazy

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer

LIGHT = "embedded"
"""Ships with the program and stays in memory; of the others at most one does."""


@dataclass(frozen=True)
class Offer:
    """Which engines a person may choose.

    Attributes:
        names: in the order in which they are shown.
        default: composes where nobody chose; one of the names.
    """

    names: tuple[str, ...] = tuple(ENGINES)
    default: str = LIGHT

    def chosen(self, name: str | None) -> str:
        """Return the name of the engine that a person asks for; empty is the default.

        Args:
            name: as it was sent.

        Raises:
            UnknownEngineError: it is not offered here.
        """
        wanted = (name or "").strip() or self.default
        if wanted not in self.names:
            raise UnknownEngineError(
                "This page does not offer the engine", where=wanted[:20], remedy=f"Choose {' or '.join(self.names)}"
            )
        return wanted


@dataclass(frozen=True)
class EngineFacts:
    """What a person should know before choosing an engine.

    Attributes:
        name: of the engine.
        needs: files beyond the program.
        speed: as measured here; None before there is a measurement.
    """

    name: str
    needs: tuple[Need, ...]
    speed: Speed | None

    @property
    def missing(self) -> tuple[Need, ...]:
        """What is not here yet."""
        return tuple(need for need in self.needs if not need.here)


class EngineRegistry:
    """Loads the composers when they are first needed, one for each engine.

    Every run names its engine and takes the composer of that name, so that nobody's choice reaches anybody else's run.

    Args:
        load: builds the composer of an engine.
        offer: which engines may be chosen.
        book: remembers how long they take.
    """

    def __init__(
        self, load: Callable[[str], Composer], offer: Offer | None = None, book: SpeedBook | None = None
    ) -> None:
        self._load = load
        self._loan = Loan(load)
        self.offer = offer or Offer()
        self.book = book or SpeedBook()
        self._composers: dict[str, Lazy[Composer]] = {}
        self._changing = threading.Lock()

    def ready(self, name: str, progress: Progress | None = None) -> Composer:
        """Return the composer of an engine; another large one makes room for it.

        Args:
            name: of the engine.
            progress: told that loading has begun, when it is still needed.

        Raises:
            RefusalError: its weights or the sound font are missing.
        """
        check_ready(find_engine(name))
        with self._changing:
            if name not in self._composers:
                self._composers = {kept: one for kept, one in self._composers.items() if LIGHT in {kept, name}}
                self._composers[name] = Lazy(partial(self._build, name))
            composer = self._composers[name]
        return composer.ready(progress)

    def _build(self, name: str) -> Composer:
        composer = self._load(name)
        return composer if name == LIGHT else self._loan.equip(name, composer)

    def player(self, progress: Progress | None = None) -> Composer:
        """Return a composer to play or to listen with, in which all are alike: one that is loaded, else the light one.

        Args:
            progress: told that loading has begun, when it is still needed.

        Raises:
            RefusalError: the sound font is missing.
        """
        loaded = [one.loaded for one in list(self._composers.values())]
        return next((composer for composer in loaded if composer is not None), None) or self.ready(LIGHT, progress)

    def synthesizer(self) -> "Synthesizer":
        """Return what plays notes: a composer's where one is loaded, so that none has to be.

        Raises:
            RefusalError: there is no sound font.
        """
        from video2music.music.synthesis import Synthesizer, find_sound_font

        loaded = [one.loaded for one in list(self._composers.values())]
        composer = next((composer for composer in loaded if composer is not None), None)
        return Synthesizer(find_sound_font()) if composer is None else composer.synthesizer

    def seen(self, piece: Piece, progress: Progress | None = None) -> tuple[Composer, VideoFeatures]:
        """Return what composes other pieces for the clip of a piece, and what it sees there.

        That is the engine that composed the piece, which need not look again. Where it is not offered here, as after an
        example, the default engine watches the clip anew: what one engine saw means something else to another.

        Args:
            piece: for whose clip others are wanted.
            progress: told of loading and watching.

        Raises:
            RefusalError: the engine cannot compose.
        """
        if piece.engine in self.offer.names:
            return self.ready(piece.engine, progress), piece.features
        composer = self.ready(self.offer.default, progress)
        return composer, composer.analyze(piece.source, part=piece.part, progress=progress)

    def check(self, name: str | None) -> str:
        """Return the name of the engine that a person asks for, refusing one that cannot compose yet.

        Args:
            name: as it was sent; empty is the default.

        Raises:
            RefusalError: it is not offered, or not here yet.
        """
        chosen = self.offer.chosen(name)
        check_ready(find_engine(chosen))
        return chosen

    def facts(self, name: str) -> EngineFacts:
        """Return what is known of an engine on this machine.

        Args:
            name: of the engine.
        """
        return EngineFacts(name, needs(find_engine(name)), self.book.speed(name, self.machine(name)))

    def bring(self, name: str, tell: Transfer) -> None:
        """Download what an engine needs; see `download`.

        Args:
            name: of the engine.
            tell: told of every block that arrives.
        """
        download(find_engine(name), tell)

    @contextmanager
    def timed(self, name: str) -> Iterator[Callable[[Piece], None]]:
        """Measure how long a piece takes, and remember it.

        Args:
            name: of the engine that composes.

        Yields:
            To be called with the piece when its files are finished.
        """
        begun = perf_counter()

        def note(piece: Piece) -> None:
            self.book.note(name, self.machine(name), perf_counter() - begun, piece.score.duration_s)

        yield note

    def machine(self, name: str) -> str:
        """Describe what this engine runs on here."""
        return this_machine("" if name == LIGHT else _gpu())


def _gpu() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


def offer_of(names: Sequence[str], default: str | None) -> Offer:
    """Return the offer that an operator describes.

    Args:
        names: of engines; empty offers all.
        default: composes where nobody chose; the first of those offered by default, which is the light one if it is
            among them.

    Raises:
        UnknownEngineError: a name is none, or the default is not offered.
    """
    for name in names:
        find_engine(name)
    offered = tuple(name for name in ENGINES if name in names) or tuple(ENGINES)
    offer = Offer(offered, offered[0])
    return replace(offer, default=offer.chosen(default))
