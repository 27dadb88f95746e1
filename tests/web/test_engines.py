"""Every run has the engine that was asked for; what is not here yet is refused, fetched and measured."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from emotion.errors import RefusalError
from video2music.engine_speed import Speed, SpeedBook
from video2music.engine_weights import EngineNotReadyError, Need, download, needs
from video2music.engines import find_engine
from video2music.errors import UnknownEngineError
from video2music.web.compose_view import summary_card
from video2music.web.engine_panel import lay_out_engines
from video2music.web.engine_registry import EngineFacts, EngineRegistry, Offer
from video2music.web.engine_view import NOT_MEASURED, engine_card, megabytes, speed_words, state_words, transfer_card
from video2music.web.lazy import Lazy
from video2music.web.service import MusicService
from video2music.web.settings_file import read_settings, write_settings
from video2music.web.studio import Studio, open_studio
from video2music.web.wishes_form import Settings
from video2music.wishes import Wishes

Clips = Callable[..., Path]


@pytest.fixture
def all_here(model_hub: Any, tmp_path: Path) -> None:  # noqa: ANN401 - tests/conftest.py
    """Let every engine be ready."""
    for name in ("clip", "paper"):
        download(find_engine(name), lambda *_: None)
    for name in ("paper_amt", "paper_dynamics"):
        (tmp_path / "cache" / f"{name}.safetensors").touch()
    assert model_hub.asked


@pytest.fixture
def registry(fakes: Any, tmp_path: Path) -> EngineRegistry:  # noqa: ANN401 - a module
    loads: list[str] = []

    def load(name: str) -> object:
        loads.append(name)
        return fakes.FakeComposer(engine=name)

    registry = EngineRegistry(load, book=SpeedBook(tmp_path / "speed"))
    registry.loads = loads
    return registry


@pytest.fixture
def studio(registry: EngineRegistry, tmp_path: Path) -> Iterator[Studio]:
    studio = open_studio(MusicService(registry, Lazy(lambda: pytest.fail("nobody listens"))), tmp_path)
    yield studio
    studio.close()


def quiet(_stage: str, _fraction: float) -> None:
    pass


@pytest.mark.usefixtures("all_here")
def test_each_engine_has_its_composer_and_one_large_one_is_held(registry: Any) -> None:  # noqa: ANN401 - with its loads
    asked = ["embedded", "clip", "embedded", "clip", "paper", "embedded", "clip"]
    assert [registry.ready(name).engine for name in asked] == asked
    assert registry.loads == ["embedded", "clip", "paper", "clip"]


@pytest.mark.usefixtures("all_here")
def test_playing_loads_nothing_more(registry: Any) -> None:  # noqa: ANN401 - the same
    registry.ready("clip")
    assert registry.player().engine == "clip"
    assert registry.loads == ["clip"]


def test_playing_needs_no_download(registry: Any, model_hub: Any) -> None:  # noqa: ANN401 - the same
    assert registry.player().engine == "embedded"
    assert model_hub.asked == []


def test_an_engine_that_is_not_here_is_refused_without_a_download(registry: Any, model_hub: Any) -> None:  # noqa: ANN401
    for name in ("clip", "paper"):
        with pytest.raises(EngineNotReadyError):
            registry.check(name)
        with pytest.raises(EngineNotReadyError):
            registry.ready(name)
    assert registry.check("") == "embedded"
    assert (registry.loads, model_hub.asked) == ([], [])


def test_what_is_not_offered_is_refused() -> None:
    offer = Offer(("embedded", "clip"), "clip")
    assert [offer.chosen(name) for name in (None, " ", "embedded")] == ["clip", "clip", "embedded"]
    with pytest.raises(UnknownEngineError, match=r"paper\. Choose embedded or clip\."):
        offer.chosen("paper")


@pytest.mark.usefixtures("all_here")
def test_composing_is_measured_and_names_its_engine(studio: Studio, make_clip: Clips, tmp_path: Path) -> None:
    assert studio.engines.facts("clip").speed is None
    (tmp_path / "run").mkdir()
    piece, files = studio.service.compose(
        quiet, folder=tmp_path / "run", clip=make_clip(seconds=2.0), wishes=Wishes(), engine="clip"
    )
    assert json.loads(files.result.read_text())["engine"] == "clip"
    speed = studio.engines.facts("clip").speed
    assert speed is not None
    assert (speed.pieces, speed.video_s) == (1, pytest.approx(2.0, abs=0.1))
    assert speed.took_s > 0
    assert studio.engines.facts("embedded").speed is None
    assert "<dt>Engine</dt><dd>CLIP</dd>" in summary_card(piece, clip_name="a.mp4", took_s=1.0)


@pytest.mark.usefixtures("all_here")
@pytest.mark.parametrize(
    ("offer", "engine", "watched"), [(Offer(), "clip", 0), (Offer(("paper",), "paper"), "paper", 1)]
)
def test_variations_have_the_engine_of_the_piece_else_the_clip_is_watched_again(
    studio: Studio, make_clip: Clips, tmp_path: Path, offer: Offer, engine: str, watched: int
) -> None:
    for folder in ("first", "others"):
        (tmp_path / folder).mkdir()
    clip = make_clip(seconds=2.0)
    piece, _ = studio.service.compose(quiet, folder=tmp_path / "first", clip=clip, wishes=Wishes(), engine="clip")
    kept = studio.keep("me", clip, Wishes(), piece)
    studio.engines.offer = offer
    composer: Any = studio.engines.ready(engine)
    composer.analysed = 0
    after, _ = studio.service.vary(quiet, folder=tmp_path / "others", kept=kept, count=2)
    assert {piece.engine for piece in after.offers} == {engine}
    assert composer.analysed == watched


@pytest.mark.usefixtures("all_here")
def test_two_people_at_once_each_have_their_own_engine(studio: Studio, make_clip: Clips) -> None:
    clip = make_clip(seconds=2.0)

    async def compose(session: str, engine: str) -> str:
        with studio.job(session, partial(MusicService.compose, clip=clip, wishes=Wishes(), engine=engine)) as run:
            async for _ in run.updates():
                pass
            return run.result()[0].engine

    async def both() -> list[str]:
        return await asyncio.gather(*(compose(f"{name}'s", name) for name in ("clip", "embedded", "paper", "clip")))

    with ThreadPoolExecutor(1) as thread:  # a browser that other tests hold open keeps a loop in this one
        assert thread.submit(asyncio.run, both()).result(30) == ["clip", "embedded", "paper", "clip"]


def test_a_program_names_an_engine(served: SimpleNamespace, upload: Callable[..., Any], model_hub: Any) -> None:  # noqa: ANN401
    client: Client = served.client()
    files = client.predict(clip=upload(), seed=7, engine="embedded", api_name="/compose")
    assert json.loads(Path(files[3]).read_text())["engine"] == "embedded"
    for engine, sentence in (("clip", "is not downloaded yet"), ("other", "does not offer the engine")):
        with pytest.raises(AppError, match=sentence):
            client.predict(clip=upload(), seed=7, engine=engine, api_name="/compose")
    assert model_hub.asked == []


@pytest.mark.parametrize("engine", ["", "embedded", "clip", "paper"])
def test_the_file_of_settings_keeps_the_engine(engine: str, tmp_path: Path) -> None:
    assert read_settings(write_settings(Settings(engine=engine), tmp_path / "s.json")).engine == engine


def test_a_file_of_settings_with_another_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match='"engine"'):
        read_settings(write_settings(Settings(engine="<b>"), tmp_path / "s.json"))


def test_a_setting_that_the_page_does_not_offer_leaves_the_choice_as_it_is(studio: Studio) -> None:
    studio.engines.offer = Offer(("embedded", "clip"), "clip")
    with gr.Blocks():
        panel = lay_out_engines(studio)
    assert [panel.held(name) for name in ("", "embedded")] == [("clip", ""), ("embedded", "")]
    value, sentence = panel.held("paper")
    assert value == gr.skip()
    assert "does not offer the engine: paper" in sentence


def test_bytes_are_read_as_a_person_counts_them() -> None:
    assert [megabytes(size) for size in (605_109_252, 999_600_000, 1_711_776_772, 0, None)] == [
        "605 MB",
        "1.0 GB",
        "1.7 GB",
        "0 MB",
        "size not known",
    ]


def test_no_time_is_made_up() -> None:
    assert speed_words(None) == NOT_MEASURED
    assert speed_words(Speed(4.0, 16.0, 1)) == "0.25 s for each second of video (measured here: 1 piece, 0:16)"
    assert speed_words(Speed(250.0, 100.0, 3)) == "2.5 s for each second of video (measured here: 3 pieces, 1:40)"


@pytest.mark.usefixtures("model_hub")
def test_the_card_says_what_is_needed() -> None:
    card = engine_card(EngineFacts("paper", needs(find_engine("paper")), None))
    for words in ("CLIP ViT-L/14@336, 1.7 GB, once", "MIT", "Not downloaded yet.", "import-weights FILE", NOT_MEASURED):
        assert words in card
    card = engine_card(EngineFacts("embedded", (), Speed(1.0, 10.0, 1)))
    assert "Ready to compose." in card
    assert "0.10 s for each second of video" in card


def test_a_download_that_broke_off_says_how_much_is_here(model_hub: Any) -> None:  # noqa: ANN401 - tests/conftest.py
    def stop(_title: str, here: int, _whole: int | None) -> None:
        if here == len(model_hub.content) // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(find_engine("clip"), stop)
    kind, state = state_words(EngineFacts("clip", needs(find_engine("clip")), None))
    assert (kind, state) == ("missing", "1 MB of 605 MB are here: the download continues from there.")


def test_outside_words_are_escaped() -> None:
    assert "<b>" not in transfer_card("<b>", 1, 2)
    assert "<b>" not in engine_card(EngineFacts("clip", (Need("a", "a", "<b>"),), None))


@pytest.mark.parametrize(
    ("here", "whole", "words"),
    [(312_000_000, 605_000_000, "312 MB of 605 MB, 52 %"), (312_000_000, None, "312 MB"), (5, 5, "Checking")],
)
def test_a_transfer_is_told_in_bytes(here: int, whole: int | None, words: str) -> None:
    assert words in transfer_card("CLIP", here, whole)
