"""Why the music is as it is: geometry, words and safety of the timeline under the video, and its table."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from video2music.direction import Section
from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.marks import Marks
from video2music.music.score import Score
from video2music.tables import COLUMNS, write_features
from video2music.web import stills, thumbnails
from video2music.web.lanes import WIDTH, moments
from video2music.web.mark_lanes import Set, missed
from video2music.web.piece_timeline import piece_timeline
from video2music.web.scene_table import MOST_ROWS, scene_table, stretches
from video2music.web.stills import jpeg, telling_picture
from video2music.web.thumbnails import MOST, Still, film_strip, scenes_of, with_pictures

HOSTILE = "<img src=x onerror=alert(1)>\"'${1+1}{{2}}"


Cuts = tuple[float, ...]


def seen(duration_s: float = 12.0, *, cuts: Cuts = (4.0, 9.0), sights: tuple[str, ...] = ()) -> VideoFeatures:
    seconds = int(np.ceil(duration_s))
    random = np.random.default_rng(seconds)
    level = random.uniform(1, 9, seconds).astype(np.float32)
    emotion = random.dirichlet(np.ones(6), seconds).astype(np.float32)
    offset = np.zeros(seconds, np.float32)
    return VideoFeatures(duration_s, emotion, level, level, offset, level, np.array(cuts, np.float32), sights=sights)


def heard(duration_s: float = 12.0, chords: tuple[str, ...] = ("C", "F", "G7", "Bb", "N"), **changes: float) -> Score:
    steps = max(1, int(np.ceil(duration_s)))
    level = np.linspace(0, 0.2, steps).astype(np.float32)
    return Score((chords * steps)[:steps], 40 * level, level, "C major", 1, duration_s, **changes)


def drawn(features: VideoFeatures, score: Score) -> str:
    return piece_timeline(features, score, film_strip(features))


def told(page: str) -> dict[str, list[tuple[float, str]]]:
    return json.loads(unescape(re.findall(r'data-moments="([^"]+)"', page)[0]))["told"]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 12.0, 300.0])
@pytest.mark.parametrize("cuts", [(), (0.2,), (4.0, 9.0)])
def test_a_timeline_of_any_length_stays_light_and_whole(duration_s: float, cuts: Cuts) -> None:
    page = drawn(seen(duration_s, cuts=cuts), heard(duration_s))
    assert len(page) < 300_000
    assert re.findall(r"<b>(\w+)</b><span class=\"told\"", page) == [
        "Scenes",
        "Mood",
        "Motion",
        "Chords",
        "Notes",
        "Loudness",
    ]
    assert page.count('role="img"') == 6
    assert f'aria-valuemax="{duration_s:g}"' in page
    assert not re.search(r"\b(nan|inf)\b", page)
    for path in re.findall(r' d="([^"]*)"', "".join(re.findall(r"<svg viewBox=\"0 0 1000.*?</svg>", page))):
        assert all(0 <= x <= WIDTH + 1 for x, _ in points(path))


def test_five_minutes_with_many_cuts_stay_light() -> None:
    cuts = tuple(np.arange(3.0, 300.0, 3.0))
    assert (
        len(drawn(seen(300.0, cuts=cuts, sights=tuple(f"thing {n} 50 %" for n in range(300))), heard(300.0))) < 300_000
    )


def test_the_emotions_fill_the_height_from_the_first_on_top_to_the_last() -> None:
    emotion = np.tile(np.array([0.1, 0.2, 0.3, 0.1, 0.1, 0.2], np.float32), (4, 1))
    level = np.ones(4, np.float32)
    page = drawn(VideoFeatures(4.0, emotion, level, level, level, level, np.zeros(0, np.float32)), heard(4.0))
    areas = [re.findall(rf'class="mood {name}" d="([^"]+)"', page)[0] for name in EMOTIONS]
    edges = [sorted({round(y) for _, y in points(area)}) for area in areas]
    assert edges == [[0, 10], [10, 30], [30, 60], [60, 70], [70, 80], [80, 100]]
    names = re.findall(r'<span style="left:([\d.]+)%;top:([\d.]+)%">(\w+)</span>', page)
    assert [(round(float(top)), name) for _, top, name in names] == [(20, "fearful"), (45, "tense"), (90, "neutral")]


def test_every_emotion_has_its_own_texture_and_is_named_in_the_legend() -> None:
    page = drawn(seen(), heard())
    legend = re.findall(r'<ul class="key".*?</ul>', page)[0]
    assert re.findall(r"</svg>(\w+)</li>", legend) == list(EMOTIONS)
    used = re.findall(r'fill="url\(#([\w-]+)\)"', page)
    defined = re.findall(r'<pattern id="([\w-]+)"', page)
    assert set(used) == set(defined)
    assert len(defined) == len(set(defined))


def test_chords_are_boxes_by_function_on_the_axis_of_the_video() -> None:
    score = Score(("C", "C", "F", "G"), *[np.ones(4, np.float32)] * 2, "C major", 1, 4.0)
    page = drawn(seen(4.0, cuts=()), score)
    boxes = {
        name: re.findall(rf'<path class="{name}" d="M([\d.]+)', page) for name in ("tonic", "subdominant", "dominant")
    }
    assert boxes == {"tonic": ["0.00"], "subdominant": ["500.00"], "dominant": ["750.00"]}
    assert "outside the key" not in page
    assert told(page)["chord"] == [[0, "C, tonic"], [2, "F, subdominant"], [3, "G, dominant"]]


def test_chords_of_other_tempos_and_pickups_are_told_when_they_sound() -> None:
    page = drawn(seen(12.0), heard(12.0, tempo_bpm=90.0, pickup_beats=1.0))
    starts = [start for start, _ in told(page)["chord"]]
    assert starts[:3] == [0, 0.67, 2.0]
    assert told(page)["notes"][0][0] == 0


def test_cuts_run_through_every_lane() -> None:
    page = drawn(seen(12.0, cuts=(3.0, 6.0)), heard())
    assert page.count('class="cuts"') == 8
    assert page.count("M250.00 0V1M500.00 0V1") == 8
    assert "3 scenes; cuts at 0:03, 0:06" in page
    uncut = drawn(seen(12.0, cuts=()), heard())
    assert 'class="cuts"' not in uncut
    assert "One scene without a cut" in uncut


def test_what_is_told_holds_only_changes_and_begins_at_the_beginning() -> None:
    features = seen(sights=("",) * 3 + ("seashore 60 %",) * 9)
    said = told(drawn(features, heard()))
    assert said["sees"] == [[0, "nothing clear"], [3, "seashore 60 %"]]
    assert all(rows[0][0] == 0 for rows in said.values())
    assert "Seen here" not in drawn(seen(), heard())
    assert json.loads(moments(3.0, told={"a": [(0, "x"), (1, "x"), (2, "y")]}))["told"] == {"a": [[0, "x"], [2, "y"]]}


def test_nothing_from_outside_becomes_markup() -> None:
    page = drawn(seen(sights=(HOSTILE,) * 12), heard())
    assert "<img" not in page
    assert page.count("&lt;img") >= 2
    assert told(page)["sees"] == [[0, HOSTILE]]


def test_silence_is_drawn_and_said() -> None:
    level = np.zeros(4, np.float32)
    page = drawn(seen(4.0), Score(("N",) * 4, level, level, "C major", 1, 4.0))
    assert told(page)["loudness"] == [[0, "silent"]]
    assert told(page)["chord"] == [[0, "rest"]]
    assert not re.search(r"\b(nan|inf)\b", page)


@pytest.mark.parametrize("cuts", [(), (5.0,), tuple(np.arange(1.0, 300.0, 1.0))])
def test_the_table_covers_the_clip_in_few_rows(cuts: Cuts) -> None:
    features, score = seen(300.0, cuts=cuts), heard(300.0)
    rows = stretches(features)
    assert rows[0][0] == 0
    assert rows[-1][1] == pytest.approx(300.0)
    assert all(before[1] == pytest.approx(after[0]) for before, after in pairwise(rows))
    assert 2 <= len(rows) <= MOST_ROWS
    assert scene_table(features, score).count("<tr>") == len(rows) + 1


def test_the_table_says_what_the_lanes_show() -> None:
    level = np.array([0.1, 0.1, 0.01, 0.01], np.float32)
    features = seen(4.0, cuts=(2.0,), sights=("seashore 60 %", "", "castle 40 %", "castle 40 %"))
    table = scene_table(features, Score(("C", "C", "F", "Bb"), level * 100, level, "C major", 1, 4.0))
    cells = [re.findall(r"<t[hd][^>]*>([^<]+)</t[hd]>", row) for row in table.split("<tr>")[2:]]
    assert [row[0] for row in cells] == ["0:00", "0:02"]
    assert [row[3:] for row in cells] == [
        ["C", "5", "\u221220 dB", "seashore 60 %"],
        ["F B♭", "0", "\u221240 dB", "castle 40 %"],
    ]


def test_the_csv_has_a_row_for_every_second(tmp_path: Path) -> None:
    features, score = seen(12.4, sights=("seashore, 60 %",) * 13), heard(12.4, tempo_bpm=60.0)
    write_features(tmp_path / "seconds.csv", features, score)
    rows = list(csv.DictReader((tmp_path / "seconds.csv").open()))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["second"]) for row in rows] == list(range(13))
    assert [row["chord"] for row in rows[:5]] == ["C", "C", "F", "F", "G7"]
    assert sum(float(rows[3][name]) for name in EMOTIONS) == pytest.approx(1, abs=1e-3)
    assert rows[0]["sees"] == "seashore, 60 %"


def test_the_strip_divides_long_scenes() -> None:
    strip = film_strip(seen(12.0, cuts=(1.0, 2.0)))
    assert [still.start_s for still in strip] == [0, 1, 2, 4, 6, 8, 10]
    assert scenes_of(seen(12.0, cuts=(0.0, 12.0, 15.0))) == [(0.0, 12.0)]


def test_pictures_show_the_scene_after_the_cut(make_clip: Callable[..., Path]) -> None:
    clip = make_clip(seconds=3.0, scenes=2)
    first, second = with_pictures([Still(0.0, 1.5), Still(1.5, 3.0)], clip)
    assert first.picture
    assert second.picture
    assert first.picture != second.picture
    assert with_pictures([Still(0.0, 1.5)], clip, 1.5)[0].picture == second.picture


@pytest.mark.parametrize("cuts", [(), (5.0,), tuple(np.arange(1.0, 300.0, 1.0)), (0.4, 0.8, 1.2, 150.0, 299.9)])
def test_the_strip_covers_the_clip_with_stills_wide_enough_to_see(cuts: Cuts) -> None:
    strip = film_strip(seen(300.0, cuts=cuts))
    assert (strip[0].start_s, strip[-1].end_s) == (0, pytest.approx(300.0))
    assert all(before.end_s == pytest.approx(after.start_s) for before, after in pairwise(strip))
    assert 6 <= len(strip) <= MOST
    assert all(still.end_s - still.start_s >= 300 / MOST - 1e-6 for still in strip)
    assert all(still.start_s <= still.scene[0] < still.scene[1] <= still.end_s for still in strip)


def test_several_short_scenes_show_the_longest_of_them() -> None:
    strip = film_strip(seen(48.0, cuts=(0.5, 2.0, 10.0)))
    assert (strip[0].start_s, strip[0].end_s, strip[0].scene) == (0.0, 2.0, (0.5, 2.0))


@pytest.mark.parametrize("decoded_s", [0.0, 25.0])
def test_no_still_of_many_is_blank_however_little_may_be_decoded(
    make_clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, decoded_s: float
) -> None:
    monkeypatch.setattr(thumbnails, "DECODED_S", decoded_s)
    edges = np.linspace(0, 3.0, MOST + 1)
    stills = with_pictures([Still(*map(float, pair)) for pair in pairwise(edges)], make_clip(seconds=3.0))
    assert all(still.picture for still in stills)


def test_a_clip_that_is_gone_leaves_the_strip_empty(tmp_path: Path) -> None:
    assert with_pictures([Still(0.0, 1.0)], tmp_path / "gone.mp4") == [Still(0.0, 1.0)]


def test_a_scene_that_begins_in_the_dark_shows_a_later_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    dark, bright = np.zeros((8, 8, 3), np.uint8), np.indices((8, 8, 3))[1].astype(np.uint8) * 30
    dim = bright // 20
    frames = {0.0: dark, 1.0: dim, 2.0: bright}
    monkeypatch.setattr(stills, "frame_at", lambda _clip, second, _side: frames.get(second))
    clip = Path("a.mp4")
    for seconds, shown in (((0.0, 1.0, 2.0), bright), ((2.0, 0.0), bright), ((0.0, 1.0, 0.0), dim), ((0.0, 9.0), dark)):
        assert telling_picture(clip, seconds, 80) == jpeg(shown)
    assert telling_picture(clip, [9.0], 80) == ""


def test_a_long_fade_from_black_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "key_frames_s", lambda _clip: [0.0, 0.5, 3.0, 6.0, 9.0, 12.0])
    looked: list[float] = []
    monkeypatch.setattr(
        thumbnails,
        "telling_picture",
        lambda _clip, seconds, _side: looked.extend(round(at, 1) for at in seconds) or "x",
    )
    with_pictures([Still(0.0, 12.0)], Path("a.mp4"))
    assert looked == [0.0, 6.0, 3.0, 9.0]


def test_lines_stand_where_the_music_turns_and_the_lanes_know_what_was_found_and_set() -> None:
    wished = Set(Marks((6.0,), (4.0,)), (Section(2, 5, "sad"),), "a1")
    score = replace(heard(), cuts_s=(6.0, 9.0), marked_s=(6.0,))
    page = piece_timeline(seen(), score, film_strip(seen()), wished=wished)
    assert page.count("M500.00 0V1M750.00 0V1") == 8
    places = re.findall(r'<div class="(cut-flags|mood-bands)"[^>]* data-piece="a1"[^>]* data-set="([^"]+)"', page)
    assert places == [("cut-flags", "6; not 4"), ("mood-bands", "2-5:sad")]
    assert json.loads(re.findall(r'data-found="([^"]+)"', page)[0]) == [4.0, 9.0]
    assert json.loads(re.findall(r'data-missed="([^"]+)"', page)[0]) == []


def test_a_cut_that_the_music_could_not_meet_is_named() -> None:
    assert missed(replace(heard(), cuts_s=(6.5,), marked_s=(6.5,))) == [6.5]
    assert missed(replace(heard(), cuts_s=(6.05,), marked_s=(6.05,))) == []


def test_the_table_tells_what_was_set() -> None:
    wished = Set(Marks((6.5,)), (Section(0, 5, "sad"),))
    table = scene_table(seen(), heard(), wished)
    assert '<th scope="col">Mood set</th><th scope="col">Cuts set</th>' in table
    rows = [re.findall(r"<td>([^<]*)</td>", row)[-2:] for row in table.split("<tr>")[2:]]
    assert rows == [["sad", ""], ["sad", ""], ["", "0:06.5"], ["", ""]]
