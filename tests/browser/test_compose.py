"""A person and the first tab: upload, compose, watch, stop, download, and what goes wrong."""

import json
import wave
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import av
import pretty_midi
import pytest
from playwright.sync_api import Page, expect

from emotion.errors import RefusalError
from video2music.direction import Direction

DOWNLOADS = ("get-video", "get-music", "get-midi", "get-sheet", "get-result")


@pytest.fixture
def clip(make_clip: Callable[..., Path], tmp_path: Path) -> Path:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(make_clip(seconds=2.0).read_bytes())
    return path


def compose(page: Page) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()


def more(page: Page) -> None:
    """Unfold the settings that a newcomer does not see."""
    page.get_by_role("button", name="More").click()


def plays(page: Page) -> None:
    """Start the result and see its clock move and its sound decoded."""
    page.locator("#piece video").evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("document.querySelector('#piece video').currentTime > 0.2")
    page.wait_for_function("document.querySelector('#piece video').webkitAudioDecodedByteCount > 0")


def test_upload_compose_play_download(
    page: Page, clip: Path, upload: Callable[..., None], fetch: Callable[..., Path]
) -> None:
    upload(page, clip)
    page.get_by_label("Key", exact=True).click()
    page.get_by_role("option", name="B♭ major").click()
    more(page)
    page.get_by_label("Begin with these chords").fill("Bb Eb")
    page.get_by_label("Keep it under the music").check()
    page.get_by_label("Seed (same seed").fill("77")
    compose(page)
    summary = page.locator("#summary")
    for words in ("Music for holiday.mp4", "B♭ major", "mostly tense, partly sad", "77"):
        expect(summary).to_contain_text(words)
    expect(page.locator("#empty")).to_be_hidden()
    plays(page)
    video, music, midi, sheet, result = (fetch(page, button) for button in DOWNLOADS)
    assert [path.name for path in (video, music, midi, sheet, result)] == [
        f"holiday - music.{ending}" for ending in ("mp4", "wav", "mid", "musicxml", "json")
    ]
    assert "<score-partwise" in sheet.read_text(encoding="utf-8")
    with av.open(str(video)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (1, 1)
    with wave.open(str(music)) as sound:
        assert sound.getnframes() == pytest.approx(2 * 44100, rel=0.05)
    assert pretty_midi.PrettyMIDI(str(midi)).get_end_time() > 0
    assert json.loads(result.read_text())["chords"][0]["symbol"] == "Bb"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Parts (zip)").click()
    assert waiting.value.suggested_filename == "holiday - stems.zip"
    with ZipFile(waiting.value.path()) as archive:
        assert [Path(name).suffix for name in archive.namelist()] == [".wav"] * len(archive.namelist())
    expect(page.locator("#rights")).to_contain_text("ask before you sell it")


def test_progress_is_named_and_measured_then_stopped(
    page: Page, clip: Path, served: SimpleNamespace, upload: Callable[..., None]
) -> None:
    served.composer.gate.clear()
    upload(page, clip)
    compose(page)
    bar = page.get_by_role("progressbar", name="Writing the chords")
    expect(bar).to_have_attribute("aria-valuenow", "60")
    expect(page.locator(".stages")).to_contain_text("Watching the video")
    expect(page.locator("#compose")).to_be_disabled()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped")
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#compose")).to_be_enabled()
    served.composer.gate.set()
    compose(page)
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    assert len(served.composer.finished) == 1


def test_stopping_in_line_leaves_the_other_person_alone(
    page: Page, clip: Path, served: SimpleNamespace, open_window: Callable[..., Page], upload: Callable[..., None]
) -> None:
    served.composer.gate.clear()
    other = open_window(served.url)
    upload(page, clip)
    upload(other, clip)
    compose(page)
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    compose(other)
    expect(other.locator("#status")).to_contain_text("1 person before you")
    other.get_by_role("button", name="Stop").click()
    expect(other.locator("#status")).to_contain_text("Stopped")
    served.composer.gate.set()
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    expect(other.locator("#result")).to_be_hidden()
    assert len(served.composer.finished) == 1


def test_closing_the_window_frees_the_place(
    page: Page, clip: Path, served: SimpleNamespace, open_window: Callable[..., Page], upload: Callable[..., None]
) -> None:
    served.composer.gate.clear()
    leaver = open_window(served.url)
    upload(leaver, clip)
    compose(leaver)
    expect(leaver.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    leaver.close()
    upload(page, clip)
    compose(page)
    expect(page.get_by_role("progressbar", name="Writing the chords")).to_be_visible()
    served.composer.gate.set()
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    assert len(served.composer.finished) == 1


def test_a_failed_run_leaves_the_last_result(
    page: Page, clip: Path, served: SimpleNamespace, upload: Callable[..., None]
) -> None:
    upload(page, clip)
    more(page)
    page.get_by_label("Seed (same seed").fill("5")
    compose(page)
    expect(page.locator("#summary")).to_contain_text("Seed")
    source = page.locator("#piece video").get_attribute("src")
    served.composer.failure = RefusalError("The sound font is missing", remedy="Install fluid-soundfont-gm")
    compose(page)
    expect(page.get_by_role("alert")).to_contain_text("The sound font is missing. Install fluid-soundfont-gm.")
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    assert page.locator("#piece video").get_attribute("src") == source
    served.composer.failure = ZeroDivisionError("tensor 17 exploded")
    compose(page)
    expect(page.get_by_role("alert")).to_contain_text("please try again")
    expect(page.locator("#compose")).to_be_enabled()
    for words in ("tensor", "Traceback", "ZeroDivision"):
        assert words not in page.content()
    served.composer.failure = None
    compose(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#status .card")).to_have_count(0)


def test_a_drawn_seed_is_used_and_the_last_one_is_locked(
    page: Page, clip: Path, served: SimpleNamespace, upload: Callable[..., None]
) -> None:
    upload(page, clip)
    more(page)
    seed, lock = page.get_by_label("Seed (same seed"), page.get_by_label("Lock the seed")
    page.get_by_role("button", name="Draw one").click()
    expect(lock).to_be_checked()
    drawn = seed.input_value()
    compose(page)
    expect(page.locator("#summary .facts")).to_contain_text(f"Seed{drawn}")
    lock.uncheck()
    expect(seed).to_have_value("")
    lock.check()
    expect(seed).to_have_value(drawn)
    assert [wishes.seed for wishes in served.composer.wishes] == [int(drawn)]


def test_every_setting_reaches_the_composer(
    page: Page, clip: Path, served: SimpleNamespace, upload: Callable[..., None]
) -> None:
    upload(page, clip)
    for label, option in (("Ensemble", "Strings"), ("Mood", "Sad"), ("Loudness of the music", "-23 LUFS")):
        if label.startswith("Loudness"):
            more(page)
        page.get_by_label(label, exact=True).click()
        page.get_by_role("option", name=option).click()
    expect(page.locator("#ensemble-note")).to_contain_text("Violins over violas")
    for slider, value in (("Darker", "-1.5"), ("Calmer", "2"), ("Lower", "-3")):
        page.get_by_role("spinbutton", name=slider).fill(value)
    page.get_by_label("Tempo").fill("96")
    page.get_by_label("A melody").uncheck()
    page.get_by_label("Strong beats").uncheck()
    expect(page.get_by_role("spinbutton", name="Music softer")).to_be_hidden()
    page.get_by_label("lower the music when somebody speaks").check()
    page.get_by_role("spinbutton", name="Music softer").fill("4")
    compose(page)
    expect(page.locator("#summary")).to_contain_text("Music for holiday.mp4")
    wished = served.composer.wishes[0]
    assert (wished.ensemble, wished.lufs, wished.tempo_bpm, wished.transpose) == ("strings", -23.0, 96.0, -3)
    assert wished.direction == Direction("sad", -1.5, 2.0)
    assert (wished.melody, wished.align_cuts) == (False, False)
    assert (wished.original, wished.music_level_lu) == ("duck", 4.0)


def test_what_cannot_be_granted_is_said_where_it_stands(
    page: Page,
    clip: Path,
    tmp_path: Path,
    served: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    upload: Callable[..., None],
) -> None:
    status, diary = page.locator("#status"), tmp_path / "diary.mp4"
    compose(page)
    expect(page.get_by_role("alert")).to_contain_text("There is no clip yet. Choose a video")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page.locator("#compose")).to_be_enabled()
    more(page)
    field = page.get_by_label("Begin with these chords")
    for typed, said in (("${1+1}{{2}}<b>", "${1+1}{{2}}<b>"), ("Amaj9 C", "Amaj7")):
        field.fill(typed)
        field.blur()
        expect(page.locator("#primer-hint")).to_contain_text(said)
    diary.write_text("dear diary")
    upload(page, diary)
    expect(page.locator("#clip-card")).to_contain_text("not a video")
    compose(page)
    expect(status).to_contain_text("Amaj7")
    field.fill("Amaj7 C")
    field.blur()
    expect(page.locator("#primer-hint .hint")).to_have_count(0)
    compose(page)
    expect(status).to_contain_text("not a video: diary.mp4. Check that it plays")
    assert "/run-" not in page.content()
    upload(page, clip)
    page.get_by_label("Tempo").fill("quick")
    compose(page)
    expect(status).to_contain_text("The tempo is not a number: quick")
    page.get_by_label("Tempo").fill("")
    with monkeypatch.context() as crowd:
        crowd.setattr(served.studio.composing._waiting, "_entries", [(str(place), None) for place in range(21)])
        compose(page)
        expect(status).to_contain_text("Too many pieces are waiting")
    expect(page.locator("#compose")).to_be_enabled()
    assert not served.composer.wishes
    compose(page)
    expect(page.locator(".chord-lane")).to_contain_text("Amaj7")


def test_a_hostile_name_is_only_a_name(
    page: Page, clip: Path, upload: Callable[..., None], fetch: Callable[..., Path]
) -> None:
    for name, shown in (('<b>"it\'s" ${1+1} {{x}}🎬.mp4', 'b"it\'s" 1+1 x🎬.mp4'), ("-rf ..mp4", "-rf ..mp4")):
        clip = clip.rename(clip.with_name(name))
        upload(page, clip)
        compose(page)
        expect(page.locator("#summary h2")).to_have_text(f"Music for {shown}")
        assert page.locator("#summary h2 *").count() == 0
        stem = fetch(page, "get-result").stem
        assert stem.endswith(" - music")
        assert not stem.startswith("-")
