"""Settings are the same after they were kept in a file; a file that holds anything else is refused in a sentence."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion.errors import RefusalError
from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import ensemble_names
from video2music.web.settings_file import FORMAT, read_settings, write_settings
from video2music.web.wishes_form import KEYS, LOUDNESS, ORIGINAL_SOUND, Settings

STEPS = st.integers(-6, 6).map(lambda steps: steps / 2)

HELD = st.builds(
    Settings,
    key=st.sampled_from(["", *KEYS]),
    primer=st.sampled_from(["", "C Am F G", " Dm  G7 "]),
    seed=st.integers(0, 2**31 - 1).map(str) | st.just(""),
    original=st.sampled_from([value for _, value in ORIGINAL_SOUND]),
    ensemble=st.sampled_from(["auto", *ensemble_names()]),
    mood=st.sampled_from(["", *EMOTIONS]),
    valence=STEPS,
    arousal=STEPS,
    tempo=st.sampled_from(["", " 96,5 ", "120"]) | st.floats(60, 180),
    melody=st.booleans(),
    align_cuts=st.booleans(),
    transpose=st.integers(-12, 12),
    music_level=st.integers(-12, 12),
    lufs=st.sampled_from([value for _, value in LOUDNESS]),
    sections=st.sampled_from(["", "0-12:tense; 12-20.5:exciting", "3-4:sad"]),
    from_s=st.sampled_from(["", "0:05", "2,5"]),
    to_s=st.sampled_from(["", "12", "1:00"]),
    cuts=st.sampled_from(["", "12.5; 1:05; not 4.2"]),
    more_notes=STEPS.filter(lambda step: abs(step) <= 2),
    harder=STEPS.filter(lambda step: abs(step) <= 2),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(HELD)
def test_a_file_restores_every_field(tmp_path: Path, held: Settings) -> None:
    assert read_settings(write_settings(held, tmp_path / "settings.json")) == held


def test_a_field_that_the_file_leaves_out_or_empty_is_as_at_the_beginning(tmp_path: Path) -> None:
    assert read_settings(kept(tmp_path, {"key": "A minor", "primer": None})) == Settings(key="A minor")
    assert read_settings(kept(tmp_path, {field.name: None for field in fields(Settings)})) == Settings()


def kept(folder: Path, held: object) -> Path:
    path = folder / "held.json"
    path.write_text(json.dumps({"format": FORMAT, "settings": held}))
    return path


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"colour": "red"}, "no such setting on this page: colour"),
        ({"key": "H major"}, '"key"'),
        ({"key": ["C major"]}, '"key"'),
        ({"ensemble": "<script>"}, '"ensemble"'),
        ({"mood": {"a": 1}}, '"mood"'),
        ({"melody": 1}, '"melody"'),
        ({"melody": "yes"}, '"melody"'),
        ({"valence": "high"}, '"valence"'),
        ({"valence": True}, '"valence"'),
        ({"valence": 9}, "-3 to 3"),
        ({"music_level": 13}, '"music_level"'),
        ({"lufs": -3}, '"lufs"'),
        ({"transpose": 0.5}, "-12 to 12"),
        ({"tempo": 1e9}, "60"),
        ({"seed": 1.5}, "0 to 2147483647"),
        ({"primer": "C Amaj9"}, "Amaj7"),
        ({"sections": "0-12:tens"}, "tense"),
        ({"cuts": "0.1"}, "only just begun"),
        ({"more_notes": 1e9}, "-2 to 2"),
        ({"from_s": 9, "to_s": 3}, "end after it begins"),
        (["key"], "does not hold settings"),
    ],
)
def test_settings_that_the_page_cannot_show_or_grant(tmp_path: Path, held: object, words: str) -> None:
    with pytest.raises(RefusalError, match=words) as refused:
        read_settings(kept(tmp_path, held))
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[" * 60_000,
        b'{"format": "video2music settings"}',
        b'{"format": "other", "settings": {}}',
        b'{"format": "video2music settings", "settings": {"valence": NaN}}',
        b'{"format": "video2music settings", "settings": {"seed": ' + b"9" * 5000 + b"}}",
        b'{"format": "video2music settings", "settings": {"primer": "' + b"C " * 50_000 + b'"}}',
    ],
)
def test_files_that_hold_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "held.json"
    path.write_bytes(content)
    with pytest.raises(RefusalError):
        read_settings(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields(Settings)]),
        st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_whatever_a_field_holds_is_shown_or_refused(tmp_path: Path, held: dict[str, Any]) -> None:
    try:
        found = read_settings(kept(tmp_path, held))
    except RefusalError:
        return
    found.wishes()
