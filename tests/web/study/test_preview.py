"""A study that is only shown, and studies beside the composing page."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from emotion.errors import RefusalError
from video2music.study.session import steps
from video2music.web import app
from video2music.web.study.preview import open_preview
from video2music.web.study.served import ServedStudy, open_studies

Visit = Callable[..., Any]
ServeStudy = Callable[..., ServedStudy]


@pytest.mark.parametrize("pairs", [False, True])
def test_the_bar_leads_to_any_page_and_nothing_is_kept(
    serve_study: ServeStudy, visit: Visit, tmp_path: Path, *, pairs: bool
) -> None:
    study = serve_study(pairs=pairs).study
    stored = (study.folder / "answers.sqlite").stat().st_size
    served = open_preview(study, tmp_path)
    device = visit(served)
    assert "Nothing is stored." in device.get().text
    keys = [step.key for step in steps(study, 0, 1)]
    assert re.findall(r"<option[^>]*>([^<]*)</option>", device.get().text) == keys
    for key in [*keys[1:], "trial-1", "consent", "done", "no-such"]:
        page = device.get(f"?page={key}").text
        if key in keys:
            assert f"<option selected>{key}</option>" in page
    served.store.close()
    assert (study.folder / "answers.sqlite").stat().st_size == stored


def test_people_cannot_jump(begun: Any) -> None:  # noqa: ANN401 - a device of conftest.py
    for key in ("background", "done", "consent", "trial-1"):
        begun.get(f"?page={key}")
        assert begun.step == "training-1"
    assert "<option" not in begun.get().text


def test_studies_are_named_on_the_command_line_and_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(app.STUDY_VARIABLE, "a.yaml:b.yaml")
    address, _ = app.read_settings(["--study", "c.yaml"])
    assert address.studies == (Path("a.yaml"), Path("b.yaml"), Path("c.yaml"))
    monkeypatch.delenv(app.STUDY_VARIABLE)
    assert app.read_settings([])[0].studies == ()


def test_studies_that_cannot_be_served_are_refused(serve_study: ServeStudy, tmp_path: Path) -> None:
    path = serve_study().study.folder / "study.yaml"
    with pytest.raises(RefusalError, match="same name"):
        open_studies([path, path])
    with pytest.raises(RefusalError, match="cannot be read"):
        open_studies([tmp_path / "none.yaml"])
    (path.parent / "stimuli" / "manifest.json").unlink()
    with pytest.raises(RefusalError, match="study prepare"):
        open_studies([path])


def test_the_composing_page_and_a_study_share_a_server(serve_study: ServeStudy, fakes: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a module
    path = serve_study().study.folder / "study.yaml"
    with (
        fakes.serve(None, tmp_path / "uploads", studies=(path,), root_path="/music") as page,
        httpx.Client(base_url=page.url) as client,
    ):
        consent = client.get("study/small", follow_redirects=True)
        assert "I agree to take part" in consent.text
        assert "gradio" not in consent.text
        assert "javascript" in client.get("study/small/assets/study.js").headers["content-type"]
        assert client.get("study/other/").status_code == 404
        assert "gradio" in client.get("").text
