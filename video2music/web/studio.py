"""What every tab is given: the workers, who waits for them, and the folder that files go to, which is looked after."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from math import isinf
from pathlib import Path
from typing import TypeVar

from video2music.piece import Piece
from video2music.web.caretaker import SMALL, Caretaker, room_for
from video2music.web.engine_room import EngineRoom
from video2music.web.folders import bring_in, given_name, kept_folder, working_folder
from video2music.web.hands import Hands, Order, OwnHands
from video2music.web.home import Home
from video2music.web.limits import Limits
from video2music.web.looks import Look, length_of
from video2music.web.runs import Bench, Report, Run
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
        eyes: look at uploads as they arrive.
        shelf: keeps the piece that each person works on.
        caretaker: knows whether there is room for more in the folder.
        home: the folder of the server that all is in; None where somebody else looks after it.
    """

    room: Workroom
    root: Path
    bench: Bench
    music_stand: Bench
    delivery: Bench
    eyes: Hands[None]
    shelf: Shelf
    caretaker: Caretaker
    home: Home | None = None

    @property
    def engines(self) -> EngineRoom:
        """Which engines there are, and what is known of them."""
        return self.room.engines

    @property
    def limits(self) -> Limits:
        """How long and how large a clip may be."""
        return self.room.limits

    def look(self, see: Callable[[], Outcome]) -> Outcome:
        """Look at an upload; whoever does so waits for it.

        Args:
            see: looks, and is picklable with what it returns.

        Raises:
            RefusalError: the upload cannot be used, or the look did not end well.
        """
        return self.eyes.perform(Look(see), lambda _stage, _fraction: None, lambda: False)

    def room_for(self, clip: Path, seconds: float | None = None, sounds: int = 3) -> int:
        """Return how many bytes of the disk a piece for a clip needs; see `caretaker.room_for`.

        Args:
            clip: the upload.
            seconds: its length; it is looked at where that is not known.
            sounds: files as long as it.
        """
        length_s = length_of(clip, self.look) if seconds is None else seconds
        if isinf(length_s):
            return SMALL  # nothing will be made for it
        with suppress(OSError):  # it is gone: that is said when it is needed
            return room_for(clip.stat().st_size, length_s, sounds)
        return SMALL

    @contextmanager
    def job(
        self, session: str, job: Job[Outcome], bench: Bench | None = None, *, room: int = SMALL
    ) -> Iterator[Run[Outcome]]:
        """Do a job in a folder of its own; both are gone when the block ends and the worker has let go.

        Args:
            session: who asks; only they can stop it.
            job: what is done.
            bench: where it is done; the one for compositions by default.
            room: bytes of the disk that it needs; where they are not there when its turn comes, it is refused.

        Yields:
            The run, to be followed.
        """
        folder = working_folder(self.root)
        bench = bench or self.bench
        order = partial(job, folder=folder)

        def work(report: Report) -> Outcome:
            self.caretaker.need_room(room)
            return bench.hands.perform(order, report, report.stopped)

        run = bench.start(session, work)
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

    def stop(self) -> None:
        """Stop every run and let the workers end."""
        self.caretaker.close()
        for bench in (self.bench, self.music_stand, self.delivery):
            bench.close()
        self.eyes.close()

    def close(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        if self.home is not None:
            self.home.leave()

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


def open_studio(
    room: Workroom,
    root: Path,
    hire: Hiring | None = None,
    eyes: Hands[None] | None = None,
    compose: Hiring | None = None,
) -> Studio:
    """Put benches into a room.

    Args:
        room: where things are.
        root: private folder that holds the working folders.
        hire: makes those who compose and those who play; they work in `room` itself by default.
        eyes: look at uploads; in this process by default.
        compose: makes those who compose, where they are others.
    """
    hire = hire or partial(OwnHands, room)
    composing = (compose or hire)(partial(Workroom.get_ready, engine=room.engines.offer.default))
    shelf = Shelf()
    return Studio(
        room,
        root,
        bench=Bench("composing", composing),
        music_stand=Bench("playing", hire(None)),
        delivery=Bench("downloading", OwnHands(room)),
        eyes=eyes or OwnHands(None),
        shelf=shelf,
        caretaker=Caretaker(root, room.limits.disk, shelf),
    )
