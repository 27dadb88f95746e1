"""What an engine needs is known before it is asked to compose, and is fetched from a hub that runs in this process."""

from pathlib import Path
from typing import Any

import pytest
import torch

from emotion import hub as hub_module
from emotion.errors import DownloadError
from emotion.torchvision_compat import import_torchvision
from video2music.engine_weights import CLIP_BYTES, EngineNotReadyError, check_ready, download, needs
from video2music.engines import ENGINES, engine_title, find_engine
from video2music.features.clip import LARGE, SMALL

EMBEDDED, CLIP, PAPER = (find_engine(name) for name in ENGINES)


@pytest.mark.parametrize("model", [SMALL, LARGE])
def test_the_size_is_that_of_the_network(model: str) -> None:
    import_torchvision()
    import open_clip

    with torch.device("meta"):
        network = open_clip.CLIP(**open_clip.get_model_config(model))
    assert CLIP_BYTES[model] == sum(4 * tensor.numel() for tensor in network.state_dict().values())


def test_the_embedded_engine_is_always_ready(model_hub: Any) -> None:  # noqa: ANN401 - tests/conftest.py
    assert needs(EMBEDDED) == ()
    check_ready(EMBEDDED)
    download(EMBEDDED, lambda *_: pytest.fail("nothing is to be downloaded"))
    assert model_hub.asked == []


def test_clip_is_refused_until_it_is_downloaded(model_hub: Any) -> None:  # noqa: ANN401 - the same
    told: list[tuple[str, int, int | None]] = []
    with pytest.raises(EngineNotReadyError, match='The engine "CLIP" is not downloaded yet'):
        check_ready(CLIP)
    download(CLIP, lambda *seen: told.append(seen))
    check_ready(CLIP)
    (need,) = needs(CLIP)
    assert told[0][0] == need.title
    assert told[-1][1:] == (len(model_hub.content), len(model_hub.content))
    assert (need.here, need.arrived) == (True, len(model_hub.content))
    download(CLIP, lambda *_: pytest.fail("it is here"))


def test_a_stopped_download_goes_on_where_it_was(model_hub: Any) -> None:  # noqa: ANN401 - the same
    def stop(_title: str, here: int, _whole: int | None) -> None:
        if here >= len(model_hub.content) // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(CLIP, stop)
    (need,) = needs(CLIP)
    half = len(model_hub.content) // 2
    assert (need.here, need.arrived) == (False, half)
    download(CLIP, lambda *_: None)
    assert model_hub.asked[-1][1] == f"bytes={half}-"
    assert need.here


def test_without_a_hub_or_room_one_sentence_says_so(model_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    monkeypatch.setattr(hub_module, "KEPT_FREE", 1 << 62)
    with pytest.raises(DownloadError, match="There is no room"):
        download(CLIP, lambda *_: None)
    assert model_hub.asked == []
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="No connection to the model hub"):
        download(CLIP, lambda *_: None)


def test_paper_also_needs_what_only_a_person_can_bring(model_hub: Any, tmp_path: Path) -> None:  # noqa: ANN401 - the same
    download(PAPER, lambda *_: None)
    assert len(model_hub.asked) == 1
    with pytest.raises(EngineNotReadyError, match="import-weights FILE"):
        check_ready(PAPER)
    for name in ("paper_amt", "paper_dynamics"):
        (tmp_path / "cache" / f"{name}.safetensors").touch()
    check_ready(PAPER)
    assert all(need.here for need in needs(PAPER))


def test_every_engine_has_a_title() -> None:
    assert len({engine_title(name) for name in ENGINES}) == len(ENGINES)
    assert engine_title("of another version") == "of another version"
