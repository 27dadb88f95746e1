"""What is kept for a person, what is changed about it, and that nobody reaches another's."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion.errors import RefusalError
from video2music.direction import Section
from video2music.marks import Marks
from video2music.piece import Piece
from video2music.web.changes import Panel, apply_panel, compose_again, replace_chord, take_offer, undo, wishes_now
from video2music.web.engine_registry import EngineRegistry
from video2music.web.folders import KEEP_S
from video2music.web.session_store import MOST_PEOPLE, MOST_VERSIONS, Kept, NotKeptError, SessionStore
from video2music.wishes import Wishes


@pytest.fixture(scope="module")
def composed(make_clip: Callable[..., Path], predict: Callable[..., Any]) -> Piece:
    assert predict  # reads the fakes
    fake = sys.modules["fake_composer"].FakeComposer()
    return fake.compose(make_clip(seconds=6.0), ensemble="piano", melody=False, tempo_bpm=100.0)


@pytest.fixture
def kept(composed: Piece, tmp_path: Path) -> Kept:
    folder = tmp_path / "kept"
    folder.mkdir()
    return Kept(folder, "holiday.mp4", Wishes(seed=7), (composed.without_sound(),))


NO_ENGINES = EngineRegistry(lambda _: pytest.fail("nothing is composed"))


def silent(_stage: str, _fraction: float) -> None:
    """Hear nothing."""


def test_a_kept_piece_has_no_samples_and_still_plays(kept: Kept, composed: Piece) -> None:
    assert kept.piece.audio.size == 0
    assert np.array_equal(kept.piece.render().audio, composed.audio)


def test_only_what_was_changed_changes(kept: Kept) -> None:
    shown = Panel.of(kept.piece)
    after = apply_panel(replace(shown, ensemble="strings", density=-1.0, original="mix", music_level=3.0))(
        kept, NO_ENGINES, silent
    )
    rendition = after.piece.rendition
    assert (rendition.ensemble, rendition.density, rendition.tempo_bpm) == ("strings", 0.5, None)
    assert (after.piece.original, after.piece.music_level_lu) == ("mix", 3.0)
    assert after.piece.audio.size
    assert after.quiet().piece.audio.size == 0
    assert after.changed
    assert wishes_now(after) == replace(
        Wishes(seed=7), ensemble="strings", melody=False, original="mix", music_level_lu=3.0, density=0.5
    )


def test_a_piece_is_composed_again_for_marks_with_its_seed_and_what_was_changed(kept: Kept) -> None:
    fake = sys.modules["fake_composer"].FakeComposer()
    engines = EngineRegistry(lambda _name: fake)
    denser = apply_panel(replace(Panel.of(kept.piece), density=1.0))(kept, NO_ENGINES, silent)
    marks, sections = Marks((3.0,), (1.0,)), (Section(2, 5, "sad"),)
    after = compose_again(marks, sections)(denser, engines, silent)
    asked = fake.wishes[-1]
    assert (asked.marks, asked.direction.sections, asked.density) == (marks, sections, 2.0)
    assert asked.seed == kept.piece.score.seed
    assert fake.analysed == (kept.piece.engine not in engines.offer.names)
    assert (after.piece.marks, after.piece.score.cuts_s) == (marks, (3.0,))
    assert wishes_now(after).marks == marks, "variations meet them too"
    assert undo(after, NO_ENGINES, silent).piece.marks == Marks()


def test_a_key_is_reached_the_shortest_way_or_nearest_to_the_transposition(kept: Kept) -> None:
    shown = Panel.of(kept.piece)
    assert shown.key == kept.piece.score.key == "A minor"
    for key, transpose, semitones in (("G minor", 0, -2), ("C minor", 0, 3), ("G minor", 12, 10), ("A minor", 11, 11)):
        after = apply_panel(replace(shown, key=key, transpose=transpose))(kept, NO_ENGINES, silent)
        assert after.piece.rendition.transpose == semitones
    after = apply_panel(replace(shown, key="Bb minor"))(kept, NO_ENGINES, silent)
    assert (after.piece.score.key, Panel.of(after.piece).transpose) == ("Bb minor", 1)
    back = apply_panel(replace(Panel.of(after.piece), key="A minor"))(after.quiet(), NO_ENGINES, silent)
    assert (back.piece.score.key, back.piece.rendition) == ("A minor", kept.piece.rendition)


def test_changes_are_taken_back_one_by_one(kept: Kept) -> None:
    shown = Panel.of(kept.piece)
    changed = replace_chord(2.5, " Dm7 ")(
        apply_panel(replace(shown, tempo=80))(kept, NO_ENGINES, silent).quiet(), NO_ENGINES, silent
    )
    assert changed.piece.score.tempo_bpm == 80
    assert "Dm7" in changed.piece.score.chords
    once = undo(changed.quiet(), NO_ENGINES, silent)
    assert "Dm7" not in once.piece.score.chords
    assert once.piece.score.tempo_bpm == 80
    twice = undo(once.quiet(), NO_ENGINES, silent)
    assert twice.piece.rendition == kept.piece.rendition
    assert twice.piece.match == kept.piece.match
    assert twice.piece.audio.size
    with pytest.raises(NotKeptError, match="nothing to undo"):
        undo(twice.quiet(), NO_ENGINES, silent)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Nothing was changed yet"),
        ({"transpose": 0.5}, "semitones"),
        ({"transpose": 99}, "12"),
        ({"key": "C major"}, "Choose a minor key"),
        ({"key": "H minor"}, "H minor"),
        ({"tempo": 10}, "60"),
        ({"density": 9.0}, "density"),
        ({"ensemble": "kazoo"}, "kazoo"),
        ({"original": "loud"}, "replace, mix or duck"),
        ({"lufs": -3.0}, "-3 LUFS"),
        ({"music_level": 99.0}, "99 LU"),
    ],
)
def test_a_change_that_cannot_be_granted_is_a_sentence(kept: Kept, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        apply_panel(replace(Panel.of(kept.piece), **fields))(kept, NO_ENGINES, silent)


@pytest.mark.parametrize(("chord", "words"), [(None, "No other chord"), ("Hm", "Hm"), ("Amaj9", "Amaj7")])
def test_a_chord_that_cannot_be_played_is_a_sentence(kept: Kept, chord: str | None, words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        replace_chord(1.0, chord)(kept, NO_ENGINES, silent)


def test_another_piece_is_taken_and_given_back(kept: Kept, composed: Piece) -> None:
    other = replace(composed, score=replace(composed.score, seed=8))
    offered = kept.with_offers([other])
    assert offered.offers[0].audio.size == 0
    taken = take_offer(0)(offered, NO_ENGINES, silent)
    assert taken.piece.audio.size
    assert len(taken.versions) == 2
    with pytest.raises(RefusalError, match="not kept here any more"):
        take_offer(1)(offered, NO_ENGINES, silent)


def test_versions_are_bounded(kept: Kept) -> None:
    for _ in range(2 * MOST_VERSIONS):
        kept = kept.with_version(kept.piece)
    assert len(kept.versions) == MOST_VERSIONS


def test_nobody_reaches_anothers_piece(kept: Kept) -> None:
    sessions = SessionStore()
    sessions.put("me", kept)
    assert sessions.get("me") is kept
    with pytest.raises(NotKeptError, match="Compose one first"):
        sessions.get("you")


def test_a_new_piece_takes_the_place_and_the_folder_of_the_old_one(kept: Kept, tmp_path: Path) -> None:
    sessions, newer = SessionStore(), replace(kept, folder=tmp_path / "newer")
    newer.folder.mkdir()
    sessions.put("me", kept)
    changed = kept.with_version(kept.piece)
    assert sessions.swap("me", kept, changed)
    assert kept.folder.exists()
    sessions.put("me", newer)
    assert not kept.folder.exists()
    assert not sessions.swap("me", kept, changed)
    assert sessions.get("me") is newer
    sessions.drop("me")
    assert not newer.folder.exists()


def test_what_is_old_is_forgotten(kept: Kept) -> None:
    now = [0.0]
    sessions = SessionStore(lambda: now[0])
    sessions.put("me", kept)
    now[0] = KEEP_S + 1.0
    with pytest.raises(NotKeptError):
        sessions.get("me")
    assert not kept.folder.exists()


def test_whoever_is_idle_longest_makes_room(kept: Kept, tmp_path: Path) -> None:
    sessions = SessionStore()
    for number in range(MOST_PEOPLE + 1):
        sessions.put(str(number), replace(kept, folder=tmp_path / str(number)))
    with pytest.raises(NotKeptError):
        sessions.get("0")
    sessions.get("1")
    sessions.get(str(MOST_PEOPLE))
