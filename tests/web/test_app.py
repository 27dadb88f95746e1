"""Where the page is served, and that it keeps to itself."""

import os
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import httpx
import pytest

import emotion
import video2music
from video2music.listening import Listener
from video2music.web.app import Address, read_settings
from video2music.web.engine_registry import Offer
from video2music.web.service import listener_of, load_composer, load_recogniser

VARIABLES = ("SPACE_ID", "VIDEO2MUSIC_ENGINES", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH")


@pytest.mark.parametrize(
    ("environment", "arguments", "address"),
    [
        ({}, [], Address("127.0.0.1", 7860, None)),
        ({"SPACE_ID": "me/music"}, [], Address("0.0.0.0", 7860, None)),  # noqa: S104 - what a Space needs
        ({"GRADIO_SERVER_NAME": "::1", "GRADIO_SERVER_PORT": "80"}, [], Address("::1", 80, None)),
        ({"GRADIO_SERVER_PORT": "80"}, ["--port", "81", "--host", "h"], Address("h", 81, None)),
        ({"GRADIO_ROOT_PATH": "/music"}, [], Address("127.0.0.1", 7860, "/music")),
    ],
)
def test_the_address(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], address: Address
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert read_settings(arguments) == (address, Offer())


@pytest.mark.parametrize(("engine", "asked"), [("embedded", ()), ("clip", ("music2emo",)), ("paper", ("music2emo",))])
def test_the_recogniser_goes_with_the_composer(
    monkeypatch: pytest.MonkeyPatch, engine: str, asked: tuple[str, ...]
) -> None:
    monkeypatch.setattr(emotion, "load", lambda *names: names)
    assert load_recogniser(engine) == asked
    assert read_settings(["--engine", engine])[1] == Offer(default=engine)


@dataclass(frozen=True)
class Loaded:
    engine: str
    listener: Listener


def test_every_composer_judges_with_the_same_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video2music, "load", lambda name: Loaded(name, Listener()))
    listener = Listener()
    for engine in ("embedded", "clip"):
        composer = load_composer(engine, listener)
        assert composer.engine == engine
        assert composer.listener is listener


@pytest.mark.parametrize(("engine", "shared"), [("embedded", True), ("clip", False)])
def test_judging_shares_the_recogniser_of_the_second_tab_where_that_one_ships(engine: str, *, shared: bool) -> None:
    hear = cache(object)
    assert (listener_of(engine, hear).load is hear) == shared


@pytest.mark.parametrize(
    ("arguments", "environment", "offer"),
    [
        (["--engines", "embedded,clip"], None, Offer(("embedded", "clip"), "embedded")),
        (["--engines", "clip paper"], None, Offer(("clip", "paper"), "clip")),
        (["--engines", "paper,clip", "--engine", "paper"], None, Offer(("clip", "paper"), "paper")),
        ([], "embedded", Offer(("embedded",), "embedded")),
    ],
)
def test_an_operator_says_which_engines_are_offered(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: str | None, offer: Offer
) -> None:
    if environment is not None:
        monkeypatch.setenv("VIDEO2MUSIC_ENGINES", environment)
    assert read_settings(arguments)[1] == offer


@pytest.mark.parametrize("arguments", [["--engines", "embeded"], ["--engines", "embedded", "--engine", "clip"]])
def test_an_engine_that_cannot_be_offered_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        read_settings(arguments)
    assert leaving.value.code == 2
    assert "engine" in capsys.readouterr().err


def test_a_port_that_is_no_number_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        read_settings(["--port", "piano"])
    assert leaving.value.code == 2
    assert "piano" in capsys.readouterr().err


def test_nobody_is_told(served: SimpleNamespace) -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    config = httpx.get(f"{served.url}config").json()
    assert config["analytics_enabled"] is False
    page = httpx.get(served.url).text
    assert "fonts.googleapis" not in page


def test_the_disk_is_not_served(served: SimpleNamespace) -> None:
    for path in ("/etc/passwd", str(served.studio.root), f"{served.studio.root}/served/../../x"):
        assert httpx.get(f"{served.url}gradio_api/file={path}").status_code in {403, 404}
