"""The page's work in processes of their own: everything that is ordered and returned gets there."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from emotion.errors import RefusalError
from video2music.marks import Marks
from video2music.web.changes import Panel, apply_panel, compose_again, listen_again, replace_chord, take_offer, undo
from video2music.web.engine_registry import Offer
from video2music.web.examples import EXAMPLES
from video2music.web.limits import Limits
from video2music.web.service import MusicService, make_service
from video2music.web.studio import Studio, open_studio
from video2music.web.workers import ProcessWorker, StoppedError
from video2music.wishes import Wishes

make = partial(make_service, Offer(("embedded",), "embedded"), Limits())


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = open_studio(make(), tmp_path_factory.mktemp("root"), partial(ProcessWorker, make))
    yield studio
    studio.close()


def done(studio: Studio, job: Callable[..., Any], *, stop_at: str = "") -> Any:  # noqa: ANN401 - whatever the job returns
    async def follow() -> Any:  # noqa: ANN401 - the same
        queue = studio.rendering if "example" in repr(job) else studio.composing
        with studio.job("me", job, queue) as run:
            async for news in run.updates():
                if stop_at and any(update.stage == stop_at for update in news):
                    queue.stop("me")
            return run.result()

    with ThreadPoolExecutor(1) as thread:  # a browser that other tests hold open keeps a loop in this one
        return thread.submit(asyncio.run, follow()).result()


def test_a_piece_is_composed_changed_varied_and_taken_along(studio: Studio, make_clip: Callable[..., Path]) -> None:
    clip = make_clip(seconds=4.0)
    piece, files = done(studio, partial(MusicService.compose, clip=clip, wishes=Wishes(seed=3), engine="embedded"))
    assert piece.audio.size == 0
    assert not files.video.exists()  # the folder of the request is gone with the request
    kept = studio.keep("me", clip, Wishes(seed=3), piece)
    shown = Panel.of(kept.piece)
    for change in (
        apply_panel(Panel(**{**vars(shown), "tempo": 90})),
        replace_chord(1.0, "Am7"),
        undo,
        listen_again,
        compose_again(Marks((2.0,), ()), ()),
    ):
        kept, files = done(studio, partial(MusicService.play_again, kept=kept, change=change))
    assert kept.piece.score.marked_s == (2.0,)
    kept, sounds = done(studio, partial(MusicService.vary, kept=kept, count=2))
    assert len(sounds) == len(kept.offers) == 2
    taken, _ = done(studio, partial(MusicService.play_again, kept=kept, change=take_offer(1)))
    assert taken.piece.score.seed == kept.offers[1].score.seed
    assert done(studio, partial(MusicService.write_stems, kept=taken)).suffix == ".zip"


def test_an_example_plays_where_nothing_was_composed(studio: Studio) -> None:
    clip, piece, files = done(studio, partial(MusicService.show_example, example=EXAMPLES[0]))
    assert (clip.name, files.video.suffix) == (f"{EXAMPLES[0].title}.mp4", ".mp4")
    assert piece.score.duration_s > 8


def test_the_second_tab_listens(studio: Studio) -> None:
    prediction = done(studio, partial(MusicService.recognise, sound=EXAMPLES[2].sound))
    assert 1 <= prediction.valence <= 9


def test_a_refusal_and_a_stop_arrive(studio: Studio, make_clip: Callable[..., Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    with pytest.raises(RefusalError, match="not a video"):
        done(studio, partial(MusicService.compose, clip=broken, wishes=Wishes(), engine="embedded"))
    job = partial(MusicService.compose, clip=make_clip(seconds=4.0), wishes=Wishes(), engine="embedded")
    with pytest.raises(StoppedError):
        done(studio, job, stop_at="Watching the video")
    assert done(studio, job)[0].score.chords
    assert not list(studio.root.glob("run-*"))
