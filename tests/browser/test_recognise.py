"""A person and the second tab: upload, record, take the composed music, look, listen, download, and what goes wrong."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from emotion.errors import RefusalError

Upload = Callable[..., None]
ANALYSE = "Analyse music"
RATE = 22_050


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "evening.flac"
    time_s = np.arange(12 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * time_s) * np.minimum(1, time_s / 6), RATE)
    return path


@pytest.fixture(scope="module")
def analyse(upload: Upload) -> Callable[[Page, Path], None]:
    def begin(page: Page, path: Path) -> None:
        upload(page, path, ANALYSE)
        press(page)

    return begin


@pytest.fixture(scope="module")
def analysed(
    open_for_all: Callable[..., Page],
    session_page: SimpleNamespace,
    song: Path,
    analyse: Callable[[Page, Path], None],
) -> Iterator[Page]:
    """A window with an answer that the tests of this file look at and do not change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(session_page.studio.root / "served"))
        page = open_for_all(session_page.url)
        analyse(page, song)
        answered(page)
        yield page


def press(page: Page) -> None:
    page.get_by_role("button", name="Analyse", exact=True).click()


def answered(page: Page, name: str = "evening.flac") -> None:
    expect(page.locator(".answer .of")).to_have_text(name)
    expect(page.locator(".answer h2")).to_have_text("Calm and rather pleasant")


def test_upload_look_and_download(analysed: Page, fetch: Callable[..., Path]) -> None:
    page = analysed
    expect(page.locator("#sound-card")).to_contain_text("0:12 · mono · 22.05 kHz")
    expect(page.locator(".answer .lead")).to_contain_text("80 % interval runs from 2.3 to 4.2 for arousal")
    expect(page.get_by_role("img", name="Valence 6.1 of 9, 80 % interval 4.6 to 7.4")).to_be_visible()
    expect(page.locator(".tags .tag")).to_have_text(["relaxing", "meditative"])
    expect(page.locator(".ground")).to_contain_text("B♭ minor")
    expect(page.locator(".ground")).to_contain_text("92 beats per minute")
    expect(page.locator(".timeline .lane > p b")).to_have_text(["Sound", "Valence", "Arousal", "Chords", ""])
    expect(page.get_by_role("img", name="Arousal over time, between")).to_be_visible()
    expect(page.locator("#heard-chords .chords b").nth(0)).to_have_text("Am7")
    expect(page.locator("#heard-chords .chords b").nth(1)).to_have_text("F")
    expect(page.locator("#music-empty")).to_be_hidden()
    result, curve, chords = (fetch(page, button) for button in ("get-emotion", "get-curve", "get-chords"))
    assert [path.name for path in (result, curve, chords)] == [
        f"evening - {kind}" for kind in ("emotion.json", "curve.csv", "chords.csv")
    ]
    facts = json.loads(result.read_text())
    assert (facts["valence"], facts["shown_tags"]) == (6.1, ["relaxing", "meditative"])
    assert len(list(csv.DictReader(curve.open()))) == len(facts["curve"]["time_s"]) == 12
    assert [row["symbol"] for row in csv.DictReader(chords.open())] == [chord["symbol"] for chord in facts["chords"]]


def test_all_pictures_share_one_time_axis(analysed: Page) -> None:
    edges = {
        (round(box["x"]), round(box["x"] + box["width"]))
        for box in (plot.bounding_box() for plot in analysed.locator(".timeline .plot").all())
        if box is not None
    }
    assert len(edges) == 1


def test_a_click_on_the_curve_plays_from_there(analysed: Page) -> None:
    page = analysed
    page.wait_for_function("document.querySelector('#player audio').readyState >= 1")
    page.locator("#player audio").evaluate("audio => { audio.muted = true }")
    plot = page.locator(".lane.arousal .plot")
    plot.hover(position={"x": 5, "y": 5})
    expect(page.locator(".readout")).to_contain_text("0:00 · valence 6.")
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] / 2, "y": 20})
    page.wait_for_function("document.querySelector('#player audio').currentTime > 6.2")
    assert page.locator("#player audio").evaluate("audio => audio.currentTime") < 11
    expect(page.locator(".plane .moment")).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("0:0")


def test_a_recording(page: Page) -> None:
    page.get_by_role("tab", name=ANALYSE).click()
    recorder = page.locator("#recorder")
    recorder.get_by_role("button", name="Record").click()
    expect(recorder.locator("time.duration")).to_have_text("0:01")
    recorder.get_by_role("button", name="Stop").first.click()
    expect(page.locator("#sound-card")).to_contain_text("mono")
    press(page)
    answered(page, "recording.wav")


def test_the_composed_music_is_analysed_from_both_tabs(
    page: Page, make_clip: Callable[..., Path], upload: Upload, served: SimpleNamespace
) -> None:
    upload(page, make_clip("holiday.mp4", seconds=2.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    page.get_by_role("button", name="Analyse this music").click()
    answered(page, "holiday - music.wav")
    expect(page.get_by_role("tab", name=ANALYSE)).to_have_attribute("aria-selected", "true")
    assert len(served.recogniser.finished) == 1
    served.recogniser.changes["doubts"] = ("This is (almost) silence, so the numbers describe no music.",)
    page.get_by_role("button", name="Use the music just composed").click()
    expect(page.locator(".doubts")).to_contain_text("(almost) silence")
    assert len(served.recogniser.finished) == 2


def test_what_is_missing_is_said_in_a_sentence(page: Page, song: Path, upload: Upload, served: SimpleNamespace) -> None:
    page.get_by_role("tab", name=ANALYSE).click()
    page.get_by_role("button", name="Use the music just composed").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "No music was composed on this page yet. Compose some in the first"
    )
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("There is no music yet. Choose a file or record something")
    expect(page.locator("#analyse")).to_be_enabled()
    served.recogniser.failure = RefusalError("The weights are missing", where="/usr/share/x", remedy="Install them")
    upload(page, song, ANALYSE)
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("The weights are missing. Install them.")
    served.recogniser.failure = ZeroDivisionError("tensor 17 exploded")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("please try again")
    assert "tensor" not in page.content()


def diary(path: Path) -> None:
    path.write_text("dear diary")


def nothing(path: Path) -> None:
    path.touch()


def blink(path: Path) -> None:
    soundfile.write(path, np.zeros(RATE // 10), RATE)


def no_numbers(path: Path) -> None:
    soundfile.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT")


def cut_off(path: Path) -> None:
    soundfile.write(path, np.zeros(RATE), RATE)
    path.write_bytes(path.read_bytes()[:30])


REFUSALS = (
    (diary, "The file is not an audio file: bad0.wav. Check that it plays"),
    (nothing, "The file is empty: bad1.wav."),
    (blink, "The sound lasts 0.10 s: bad2.wav. Give at least 0.25 s"),
    (no_numbers, "The sound holds samples that are not numbers: bad3.wav."),
    (cut_off, "The file is cut off or damaged: bad4.wav."),
)


def test_a_refusal_is_a_sentence_and_loses_nothing(
    page: Page, song: Path, tmp_path: Path, analyse: Callable[[Page, Path], None]
) -> None:
    analyse(page, song)
    answered(page)
    for index, (make, sentence) in enumerate(REFUSALS):
        bad = tmp_path / f"bad{index}.wav"
        make(bad)
        analyse(page, bad)
        expect(page.locator("#music-status")).to_contain_text(sentence)
        expect(page.locator("#sound")).to_contain_text(bad.stem)
    answered(page)
    assert "/run-" not in page.content()


def test_progress_is_named_then_stopped_here_only(
    page: Page, song: Path, make_clip: Callable[..., Path], upload: Upload, served: SimpleNamespace
) -> None:
    served.composer.gate.clear()
    served.recogniser.gate.clear()
    upload(page, make_clip("holiday.mp4", seconds=2.0))
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    upload(page, song, ANALYSE)
    press(page)
    expect(page.locator("#music-status")).to_contain_text("1 person before you")
    page.locator("#music-stop").click()
    expect(page.locator("#music-status")).to_contain_text("Press Analyse to start again")
    served.composer.gate.set()
    page.get_by_role("tab", name="Compose").click()
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    page.get_by_role("tab", name=ANALYSE).click()
    press(page)
    expect(page.get_by_role("progressbar", name="Hearing the chords")).to_have_attribute("aria-valuenow", "60")
    expect(page.locator("#music-status .stages")).to_contain_text("Hearing the sound")
    page.locator("#music-stop").click()
    expect(page.locator("#music-status")).to_contain_text("Stopped")
    expect(page.locator("#analyse")).to_be_enabled()
    served.recogniser.gate.set()
    press(page)
    answered(page)
    assert len(served.recogniser.finished) == 1


def test_any_name_is_only_a_name_and_what_browsers_cannot_play_has_no_player(
    page: Page, song: Path, tmp_path: Path, make_clip: Callable[..., Path], analyse: Callable[[Page, Path], None]
) -> None:
    hostile = tmp_path / "<b>it's ${1+1} {{x}}🎵.flac"
    hostile.write_bytes(song.read_bytes())
    analyse(page, hostile)
    expect(page.locator(".answer .of")).to_have_text("bit's 1+1 x🎵.flac")
    assert page.locator(".answer .of *").count() == 0
    expect(page.locator("#player audio")).to_have_attribute("aria-label", "The music")
    analyse(page, make_clip("holiday.mkv", seconds=2.0))
    answered(page, "holiday.mkv")
    expect(page.locator("#player")).to_be_hidden()
    expect(page.locator(".timeline")).to_be_visible()


def test_the_tab_works_by_keyboard_alone(page: Page, song: Path, upload: Upload) -> None:
    upload(page, song, ANALYSE)
    page.get_by_role("tab", name=ANALYSE).focus()
    names = "() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.textContent.trim() }"
    reached = []
    while not reached or reached[-1] != "Analyse":
        page.keyboard.press("Tab")
        reached.append(page.evaluate(names))
        assert len(reached) < 15, reached
    order = ["Use the music just composed", "Record", "Analyse"]
    assert [name for name in reached if name in order] == order
    page.keyboard.press("Enter")
    answered(page)
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate(names) == "Details (json)":
            return
    pytest.fail("the downloads are not reached")


def test_a_phone(
    open_window: Callable[..., Page], served: SimpleNamespace, song: Path, analyse: Callable[[Page, Path], None]
) -> None:
    page = open_window(served.url, width=390, height=844)
    sideways = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    served.recogniser.gate.clear()
    analyse(page, song)
    expect(page.get_by_role("progressbar", name="Hearing the chords")).to_be_in_viewport()
    served.recogniser.gate.set()
    expect(page.locator(".answer h2")).to_be_in_viewport()
    assert page.evaluate(sideways) == 0
    for button in page.locator("#music-downloads button, #analyse, #use-composed, #tabs [role=tab]").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    field = page.locator(".plane .field").bounding_box()
    assert field is not None
    assert field["width"] > 280
