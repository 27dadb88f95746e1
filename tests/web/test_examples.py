"""The examples on the page: what is stored belongs together, is small, and can be played again."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pretty_midi
import pytest

from emotion.weights import file_sha256
from video2music.errors import OutputError
from video2music.features.video_features import EMOTIONS
from video2music.music.synthesis import Synthesizer
from video2music.piece import Piece
from video2music.revival import revive
from video2music.stored import read_stored
from video2music.video.probe import probe
from video2music.web.example_cards import example_cards
from video2music.web.examples import EXAMPLES, FOLDER, Example

TOGETHER = 2_000_000
"""Bytes that all examples may have."""


@pytest.fixture(params=EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest) -> Example:
    return cast("Example", request.param)


@pytest.fixture
def player(predict: Callable[..., Any]) -> Synthesizer:
    assert predict  # reads the fakes
    return cast("Synthesizer", sys.modules["fake_composer"].FakeSynthesizer())


def facts_of(example: Example) -> dict[str, object]:
    return cast("dict[str, object]", json.loads((example.folder / "result.json").read_text(encoding="utf-8")))


def revived(example: Example, player: Synthesizer) -> Piece:
    return revive(example.folder / "result.json", example.clip, player)


def test_the_result_was_composed_for_the_clip_as_it_is_now(example: Example) -> None:
    assert facts_of(example)["clip_sha256"] == file_sha256(example.clip), "run python -m assets.examples.compose"


def test_the_result_can_be_read_and_lasts_as_long_as_the_clip(example: Example) -> None:
    score = read_stored(example.folder / "result.json").score
    duration_s = probe(example.clip).duration_s
    assert 8 <= duration_s <= 15
    assert score.duration_s == pytest.approx(duration_s, abs=0.05)
    with av.open(str(example.sound)) as sound:
        assert sound.duration / av.time_base == pytest.approx(duration_s, abs=0.1)
    assert pretty_midi.PrettyMIDI(str(example.folder / "music.mid")).get_end_time() <= duration_s + 0.5


def test_all_of_them_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < TOGETHER


def test_the_calm_one_was_seen_calm_and_the_exciting_one_exciting() -> None:
    seen = {}
    for example in EXAMPLES:
        emotion = np.mean(np.array(facts_of(example)["emotion"], dtype=float), axis=0)
        seen[example.name] = EMOTIONS[int(np.argmax(emotion))]
    assert seen["calm"] == "relaxing"
    assert seen["tense"] in {"tense", "fearful"}
    assert seen["exciting"] == "exciting"


def test_the_files_to_take_are_named_after_the_title_and_hold_the_music(example: Example, tmp_path: Path) -> None:
    files = example.write(tmp_path)
    assert files.video.name == f"{example.title} - music.mp4"
    with av.open(str(files.video)) as video:
        assert (len(video.streams.video), len(video.streams.audio)) == (1, 1)
    with av.open(str(files.music)) as music:
        assert music.duration / av.time_base == pytest.approx(probe(example.clip).duration_s, abs=0.1)
    assert all(path.stat().st_size for path in (files.midi, files.lead_sheet, files.result))


def test_a_revived_piece_says_what_the_stored_one_said(example: Example, player: Synthesizer) -> None:
    facts, said = facts_of(example), revived(example, player).result()
    for name in ("seed", "key", "tempo", "ensemble", "chords", "score", "rendition", "emotion", "motion", "cuts_s"):
        assert said[name] == facts[name], name
    match, stored = said["match"], cast("dict[str, object]", facts["match"])
    assert match["words"] == stored["words"]
    assert said["steering"]["words"] == cast("dict[str, object]", facts["steering"])["words"]


def test_a_revived_piece_is_played_otherwise(player: Synthesizer) -> None:
    piece = revived(EXAMPLES[0], player)
    higher = piece.render(transpose=2, ensemble="strings")
    assert higher.rendition.ensemble == "strings"
    assert higher.score.chords != piece.score.chords
    assert len(higher.audio) == math.ceil(piece.score.duration_s * higher.sample_rate)
    assert not higher.match


@pytest.mark.parametrize("change", [{"emotion": [["a"]]}, {"match": {}}, {"steering": 3, "engine": "nobody"}])
def test_half_a_result_is_refused(change: dict[str, object], tmp_path: Path, player: Synthesizer) -> None:
    result = tmp_path / "result.json"
    result.write_text(json.dumps(facts_of(EXAMPLES[0]) | change), encoding="utf-8")
    with pytest.raises(OutputError, match="no whole piece"):
        revive(result, EXAMPLES[0].clip, player)


def test_the_cards_say_who_made_them() -> None:
    cards = example_cards()
    assert "This program made the clips" in cards
    for example in EXAMPLES:
        assert example.title in cards
        assert example.mood in cards
