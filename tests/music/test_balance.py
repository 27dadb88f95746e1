"""How loud the parts of an ensemble are beside each other, as they sound."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from video2music.music.arrangement import arrange
from video2music.music.ensemble import load_ensemble
from video2music.music.mastering import integrated_loudness
from video2music.music.score import Score
from video2music.music.synthesis import synthesize

MakeScore = Callable[..., Score]
LOUDER_THAN_HARMONY_DB, SOFTER_THAN_HARMONY_DB = 6.0, 15.0


def solo(midi: pretty_midi.PrettyMIDI, index: int) -> pretty_midi.PrettyMIDI:
    alone = copy.deepcopy(midi)
    alone.instruments = [alone.instruments[index]]
    return alone


@pytest.mark.parametrize("name", ["ambient", "band", "cinematic", "lofi", "musicbox", "strings"])
def test_no_part_drowns_the_harmony_or_is_lost(make_score: MakeScore, sound_font: Path, name: str) -> None:
    score = make_score("C Am F G C Em F G C Am F G C C", density=21, loudness=0.25, seed=5)
    midi = arrange(score, ensemble=name)
    levels = {}
    for index, part in enumerate(load_ensemble(name).parts):
        if any(note.start < 12 for note in midi.instruments[index].notes):
            sound = synthesize(solo(midi, index), sound_font, sample_rate=22050, duration_s=14)
            levels[part.name] = (part.role, integrated_loudness(sound, 22050))
    harmony = max(level for role, level in levels.values() if role == "harmony")
    for part_name, (_, level) in levels.items():
        assert harmony - SOFTER_THAN_HARMONY_DB < level < harmony + LOUDER_THAN_HARMONY_DB, (part_name, levels)


def test_small_fonts_play_their_only_drum_kit(make_score: MakeScore) -> None:
    small = Path(pretty_midi.__file__).parent / "TimGM6mb.sf2"
    midi = arrange(make_score("C G " * 8, density=30), ensemble="cinematic")
    for track in midi.instruments:
        track.program = 127 if track.is_drum else track.program
    drums = next(index for index, track in enumerate(midi.instruments) if track.is_drum)
    assert np.abs(synthesize(solo(midi, drums), small, sample_rate=22050, duration_s=16)).max() > 0.01
