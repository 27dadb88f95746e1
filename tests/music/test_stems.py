"""Stems: the parts of a piece, each with its own reverb, add up to the piece however dense it is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
from numpy.typing import NDArray

from video2music.errors import SynthesisError
from video2music.music.arrangement import arrange
from video2music.music.ensemble import ensemble_names
from video2music.music.score import Score
from video2music.music.stems import stem_names, write_stems
from video2music.music.synthesis import Synthesizer, synthesize, synthesize_parts

MakeScore = Callable[..., Score]
RATE = 44100
QUIET = -60.0
"""Decibels below the highest peak of the music that stems may differ from it anywhere."""

CHORDS = "Am F C G Am Dm E7 Am F G C Am"


def peak_db(sound: NDArray[np.float32]) -> float:
    return float(20 * np.log10(np.abs(sound).max() + 1e-12))


@pytest.mark.parametrize("density", [3.0, 30.0])
@pytest.mark.parametrize("ensemble", ensemble_names())
def test_parts_add_up_to_the_piece(ensemble: str, density: float, make_score: MakeScore, sound_font: Path) -> None:
    midi = arrange(make_score(CHORDS, density=density, loudness=0.4, key="A minor"), ensemble=ensemble)
    music = synthesize(midi, sound_font, duration_s=12.0)
    blocks = list(synthesize_parts(midi, sound_font, sample_rate=RATE, duration_s=12.0))
    parts = np.concatenate(blocks, axis=1)
    assert parts.shape == (len(midi.instruments), *music.shape)
    assert len(blocks) > 1
    assert peak_db(parts.sum(axis=0) - music) < peak_db(music) + QUIET


def test_a_voice_that_played_another_part_leaves_no_trace(sound_font: Path) -> None:
    """Parts played one by one differ from the piece by -55 dB here, since a voice remembers its last note."""
    midi = pretty_midi.PrettyMIDI()
    for program, pitch, start, pan in ((47, 40, 0.0, 0), (46, 60, 3.5, 127)):
        part = pretty_midi.Instrument(program)
        part.notes = [pretty_midi.Note(100, pitch, start, start + 0.2)]
        part.control_changes = [pretty_midi.ControlChange(10, pan, 0.0), pretty_midi.ControlChange(91, 0, 0.0)]
        midi.instruments.append(part)
    music = synthesize(midi, sound_font, duration_s=4.0)
    parts = np.concatenate(list(synthesize_parts(midi, sound_font, sample_rate=RATE, duration_s=4.0)), axis=1)
    assert peak_db(parts.sum(axis=0) - music) < peak_db(music) - 100


def test_a_part_is_heard_in_its_stem_only(make_score: MakeScore, sound_font: Path) -> None:
    midi = arrange(make_score(CHORDS, density=20, key="A minor"), ensemble="band")
    parts = np.concatenate(list(synthesize_parts(midi, sound_font, sample_rate=RATE, duration_s=12.0)), axis=1)
    for number, track in enumerate(midi.instruments):
        alone = pretty_midi.PrettyMIDI()
        alone.instruments = [track]
        solo = synthesize(alone, sound_font, duration_s=12.0)
        assert np.square(parts[number] - solo).mean() < 1e-4 * np.square(solo).mean(), track.name


def test_more_parts_than_a_midi_port_has_channels_stay_apart(sound_font: Path, tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI()
    for number in range(20):
        part = pretty_midi.Instrument(number, is_drum=number in (3, 18))
        part.notes = [pretty_midi.Note(100, 40 + number, 0.1 * number, 0.1 * number + 0.1)]
        part.control_changes = [pretty_midi.ControlChange(91, 0, 0.0)]
        midi.instruments.append(part)
    write_stems(tmp_path, midi, Synthesizer(sound_font), gain_db=-6.0, sample_rate=RATE, duration_s=3.0)
    stems = [soundfile.read(tmp_path / name)[0] for name in stem_names(midi)]
    assert len(stems) == 20
    for number, stem in enumerate(stems):
        first = int(np.argmax(np.abs(stem).max(axis=1) > 1e-4)) / RATE
        assert 0.1 * number - 0.002 <= first < 0.1 * number + 0.09
    music = synthesize(midi, sound_font, duration_s=3.0) * 10 ** (-6 / 20)
    assert peak_db(sum(stems) - music) < peak_db(music) + QUIET


def test_too_many_parts_are_refused(sound_font: Path) -> None:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments = [pretty_midi.Instrument(0) for _ in range(129)]
    with pytest.raises(SynthesisError, match="129 parts"):
        next(synthesize_parts(midi, sound_font, sample_rate=RATE, duration_s=1.0))
    assert len(synthesize(midi, sound_font, duration_s=0.1)) == 4410


def test_stems_are_limited_like_the_music(make_score: MakeScore, sound_font: Path, tmp_path: Path) -> None:
    midi = arrange(make_score(CHORDS, density=20, key="A minor"), ensemble="lofi")
    music = synthesize(midi, sound_font, duration_s=12.0)
    limiting = np.linspace(1.0, 0.5, len(music), dtype=np.float32)
    synthesizer = Synthesizer(sound_font)
    write_stems(tmp_path, midi, synthesizer, gain_db=3.0, sample_rate=RATE, duration_s=12.0, limiting=limiting)
    total = sum(soundfile.read(tmp_path / name)[0] for name in stem_names(midi))
    mastered = music * 10 ** (3 / 20) * limiting[:, None]
    assert peak_db(total - mastered) < peak_db(mastered) + QUIET
