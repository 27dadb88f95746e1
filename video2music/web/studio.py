"""What every tab is given: the workers, who waits for them, and the folder that files go to."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from video2music.piece import Piece
from video2music.web.engine_room import EngineRoom
from video2music.web.folders import bring_in, given_name, kept_folder, working_folder
from video2music.web.hands import Hands, Order, OwnHands
from video2music.web.limits import Limits
from video2music.web.runs import Bench, Run
from video2music.web.shelf import Kept, Shelf
from video2music.web.workroom import Job, Workroom
from video2music.wishes import Wishes

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Studio:
    """The things behind the page.

    Attributes:
        room: tells what there is; work is done in it, or in others furnished alike.
        root: private folder that holds the working folders.
        bench: where pieces are composed.
        music_stand: where pieces that exist are played again, so that nobody waits for somebody else's composition.
        delivery: where what an engine needs is downloaded.
        shelf: keeps the piece that each person works on.
    """

    room: Workroom
    root: Path
    bench: Bench
    music_stand: Bench
    delivery: Bench
    shelf: Shelf = field(default_factory=Shelf)

    @property
    def engines(self) -> EngineRoom:
        """Which engines there are, and what is known of them."""
        return self.room.engines

    @property
    def limits(self) -> Limits:
        """How long and how large a clip may be."""
        return self.room.limits

    @contextmanager
    def job(self, session: str, job: Job[Outcome], bench: Bench | None = None) -> Iterator[Run[Outcome]]:
        """Do a job in a folder of its own; both are gone when the block ends and the worker has let go.

        Args:
            session: who asks; only they can stop it.
            job: what is done.
            bench: where it is done; the one for compositions by default.

        Yields:
            The run, to be followed.
        """
        folder = working_folder(self.root)
        bench = bench or self.bench
        order = partial(job, folder=folder)
        run = bench.start(session, lambda report: bench.hands.perform(order, report, report.stopped))
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


Hiring = Callable[[Order[Workroom, object] | None], Hands[Workroom]]
"""Makes those who work; told what gets them ready before the first work."""


def open_studio(room: Workroom, root: Path, hire: Hiring | None = None, compose: Hiring | None = None) -> Studio:
    """Put benches into a room.

    Args:
        room: where things are.
        root: private folder that holds the working folders.
        hire: makes those who compose and those who play; they work in `room` itself by default.
        compose: makes those who compose, where they are others.
    """
    hire = hire or partial(OwnHands, room)
    composing = (compose or hire)(partial(Workroom.get_ready, engine=room.engines.offer.default))
    return Studio(
        room,
        root,
        bench=Bench("composing", composing),
        music_stand=Bench("playing", hire(None)),
        delivery=Bench("downloading", OwnHands(room)),
    )
