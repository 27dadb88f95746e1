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
from video2music.web.app import Address, load_composer, load_recogniser, read_settings

VARIABLES = ("SPACE_ID", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH")


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
    assert read_settings(arguments) == (address, "embedded")


@pytest.mark.parametrize(("engine", "asked"), [("embedded", ()), ("clip", ("music2emo",)), ("paper", ("music2emo",))])
def test_the_recogniser_goes_with_the_composer(
    monkeypatch: pytest.MonkeyPatch, engine: str, asked: tuple[str, ...]
) -> None:
    monkeypatch.setattr(emotion, "load", lambda *names: names)
    assert load_recogniser(engine) == asked
    assert read_settings(["--engine", engine])[1] == engine


@dataclass(frozen=True)
class Loaded:
    engine: str
    listener: Listener


@pytest.mark.parametrize(("engine", "shared"), [("embedded", True), ("clip", False)])
def test_the_composer_shares_the_recogniser_that_it_would_load_itself(
    monkeypatch: pytest.MonkeyPatch, engine: str, *, shared: bool
) -> None:
    monkeypatch.setattr(video2music, "load", lambda name: Loaded(name, Listener()))
    hear = cache(object)
    composer = load_composer(engine, hear)
    assert composer.engine == engine
    assert (composer.listener.load is hear) == shared


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
