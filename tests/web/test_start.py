"""The page starts without the stub files that Gradio writes for editors."""

import gradio as gr
import pytest
from gradio import component_meta

from video2music.web.start import without_stub_files


class AskedForError(Exception):
    """A stub was to be written."""


@pytest.fixture
def no_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AskedForError

    monkeypatch.setattr(component_meta, "create_pyi", refuse)


@pytest.mark.usefixtures("no_stub")
def test_no_stub_is_made_of_a_component() -> None:
    with without_stub_files():

        class Quiet(gr.HTML):
            pass

    assert "change" in {str(event) for event in Quiet.EVENTS}


@pytest.mark.usefixtures("no_stub")
def test_gradio_would_make_one() -> None:
    with pytest.raises(AskedForError):

        class Loud(gr.HTML):
            pass
