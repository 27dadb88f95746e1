"""How long and how large a clip may be, where it is set and who checks it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from video2music.errors import VideoReadError
from video2music.web.app import read_settings
from video2music.web.clip_card import clip_card
from video2music.web.engine_registry import EngineRegistry
from video2music.web.lazy import Lazy
from video2music.web.limits import DISK_VARIABLE, MEGABYTES_VARIABLE, MINUTES_VARIABLE, SECONDS_VARIABLE, Limits
from video2music.web.service import MusicService
from video2music.wishes import Wishes

Clips = Callable[..., Path]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(seconds=2), r"The clip lasts 0:03, and 0:02 is the most here: .*\. Choose a shorter one"),
        (Limits(megabytes=0.001), r"0\.001 MB is the most here: .*\. Choose a smaller one"),
    ],
)
def test_the_server_refuses_after_the_upload_too(limits: Limits, said: str, make_clip: Clips, tmp_path: Path) -> None:
    clip, runs = make_clip(seconds=3.0), (tmp_path / "compose", tmp_path / "analyze")
    for folder in runs:
        folder.mkdir()
    with pytest.raises(VideoReadError, match=said):
        clip_card(clip, limits)
    unused = "the networks are not needed to refuse"
    engines = EngineRegistry(lambda _: pytest.fail(unused))
    service = MusicService(engines, Lazy(lambda: pytest.fail(unused)), limits)
    with pytest.raises(VideoReadError, match=said):
        service.compose(lambda *_: None, folder=runs[0], clip=clip, wishes=Wishes(), engine="embedded")
    with pytest.raises(VideoReadError, match=said):
        service.analyze(lambda *_: None, folder=runs[1], clip=clip)


def test_a_clip_within_the_limits_is_shown(make_clip: Clips) -> None:
    assert "0:03" in clip_card(make_clip(seconds=3.0), Limits(seconds=3.5))


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        SECONDS_VARIABLE: ("--max-seconds", "90", "30"),
        MEGABYTES_VARIABLE: ("--max-megabytes", "50.5", "40"),
        DISK_VARIABLE: ("--max-disk-megabytes", "700", "600"),
        MINUTES_VARIABLE: ("--max-minutes", "12", "11"),
    }
    for variable in given:
        monkeypatch.delenv(variable, raising=False)
    assert read_settings([])[0].limits == Limits()
    for variable, (_, value, _) in given.items():
        monkeypatch.setenv(variable, value)
    assert read_settings([])[0].limits == Limits(90, 50.5, 700, 12)
    typed = [word for option, _, value in given.values() for word in (option, value)]
    assert read_settings(typed)[0].limits == Limits(30, 40, 600, 11)


def test_work_may_last_as_long_as_the_longest_clip_needs() -> None:
    assert Limits(seconds=60).deadline_s == 600 + 3 * 60
    assert Limits(seconds=60, minutes=2).deadline_s == 120


@pytest.mark.parametrize("typed", ["0", "-3", "nan", "inf", "long"])
def test_a_limit_is_a_number_above_zero(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--max-seconds", typed])
    assert "is not a number above 0" in capsys.readouterr().err


def test_the_page_is_told_the_same_limits() -> None:
    script = Limits(90, 1.5).script
    assert script.startswith("() => {")
    assert script.endswith("(90, 1500000); }")
