"""The whole product once: the real composer and the real recogniser behind the real page."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import gradio
import numpy as np
import pretty_midi
import pytest
import soundfile
from playwright.sync_api import Page, expect

import emotion
import video2music
from emotion.errors import RefusalError
from emotion.moods import mood_tags

CLIP = Path(gradio.__file__).parent / "media_assets" / "videos" / "world.mp4"
"""A real clip that comes with the Gradio package."""

COMPOSING_MS = 180_000


@pytest.fixture(scope="module")
def real_page(serve: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    try:
        composer, recogniser = video2music.load(), emotion.load()
    except RefusalError as error:
        pytest.skip(f"the networks cannot be loaded here: {error}")
    with serve(composer, tmp_path_factory.mktemp("real"), recogniser) as page:
        yield page


def picture_length_s(path: Path) -> float:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        return float(stream.duration * stream.time_base)


def test_a_clip_comes_back_with_its_music(
    open_window: Callable[..., Page],
    real_page: SimpleNamespace,
    upload: Callable[..., None],
    fetch: Callable[..., Path],
) -> None:
    page = open_window(real_page.url)
    upload(page, CLIP)
    expect(page.locator("#clip-card")).to_contain_text("sound")
    page.get_by_label("Key", exact=True).click()
    page.get_by_role("option", name="D minor").click()
    page.get_by_role("button", name="More").click()
    page.get_by_label("Begin with these chords").fill("Dm Bb")
    page.get_by_label("Seed (same seed").fill("7")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("Music for world.mp4", timeout=COMPOSING_MS)
    expect(page.locator("#summary")).to_contain_text("D minor")

    page.locator("#piece video").evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("document.querySelector('#piece video').currentTime > 0.3")
    page.wait_for_function("document.querySelector('#piece video').webkitAudioDecodedByteCount > 0")

    video, music, midi, result = (fetch(page, f"get-{kind}") for kind in ("video", "music", "midi", "result"))
    with av.open(str(video)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (1, 1)
    assert picture_length_s(video) == pytest.approx(picture_length_s(CLIP), abs=0.05)
    samples, rate = soundfile.read(music)
    assert len(samples) / rate == pytest.approx(picture_length_s(CLIP), abs=0.1)
    assert np.abs(samples).max() > 0.05
    assert len(pretty_midi.PrettyMIDI(str(midi)).instruments[0].notes) > 3
    facts = json.loads(result.read_text(encoding="utf-8"))
    assert (facts["seed"], facts["key"], facts["engine"]) == (7, "D minor", "embedded")
    assert [event["symbol"] for event in facts["chords"]][:2] == ["Dm", "Bb"]

    page.get_by_role("button", name="Analyse this music").click()
    expect(page.locator(".answer .of")).to_have_text("world - music.wav", timeout=COMPOSING_MS)
    expect(page.locator(".ground")).to_contain_text("embedded")
    heard = json.loads(fetch(page, "get-emotion").read_text(encoding="utf-8"))
    assert heard["engine"] == "embedded"
    assert heard["duration_s"] == pytest.approx(facts["duration_s"], abs=0.1)
    assert heard["valence_interval"][0] <= heard["valence"] <= heard["valence_interval"][1]
    assert {tag.name for tag in mood_tags()} == set(heard["tags"])
    sounding = [chord for chord in heard["chords"] if chord["symbol"] not in {"N", "X"}]
    assert sounding[0]["symbol"].startswith("D")
