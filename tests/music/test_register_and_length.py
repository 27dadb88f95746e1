"""What a score says of register and note length is heard."""

import numpy as np
import pretty_midi
import pytest

from video2music.errors import ScoreError
from video2music.music.arrangement import arrange
from video2music.music.ensemble import load_ensemble
from video2music.music.score import Score

CHORDS = ("C", "C", "F", "F", "Am", "Am", "G", "G") * 2


def played(*, ensemble: str = "piano", register: float = 0.0, note_length: float = 1.0) -> list[pretty_midi.Note]:
    """Notes before the ending."""
    level = np.full(len(CHORDS), 10.0)
    score = Score(CHORDS, level, level / 50, "C major", 1, 16.0, register=register, note_length=note_length)
    midi = arrange(score, ensemble=ensemble)
    return [note for part in midi.instruments if not part.is_drum for note in part.notes if note.start < 12]


@pytest.mark.parametrize("ensemble", ["piano", "band", "strings"])
def test_a_raised_register_lies_higher(ensemble: str) -> None:
    low, high = (np.mean([note.pitch for note in played(ensemble=ensemble, register=raised)]) for raised in (-5, 5))
    assert high > low


@pytest.mark.parametrize("register", [-5.0, 5.0])
def test_the_bass_stays_below_the_other_voices(register: float) -> None:
    notes = played(register=register)
    first = min(notes, key=lambda note: note.start)
    assert first.pitch == min(note.pitch for note in notes if note.start < 2)


def test_short_notes_begin_like_long_ones_and_end_before_them() -> None:
    long, short = played(), played(note_length=0.25)
    assert (long[0].start, long[0].pitch) == (short[0].start, short[0].pitch)
    assert len(long) <= len(short), "what rings on leaves room for fewer strokes"
    lengths = [np.mean([note.end - note.start for note in notes]) for notes in (long, short)]
    assert lengths[1] < 0.5 * lengths[0]
    assert min(note.end - note.start for note in short) > 0.05


def test_parts_that_sustain_stay_held() -> None:
    sustained = {part.program for part in load_ensemble("strings").parts if part.sustained}
    level = np.full(len(CHORDS), 10.0)
    held = []
    for length in (1.0, 0.25):
        midi = arrange(Score(CHORDS, level, level / 50, "C major", 1, 16.0, note_length=length), ensemble="strings")
        notes = [note for part in midi.instruments if part.program in sustained for note in part.notes]
        held.append([(note.pitch, note.end) for note in notes])
    assert held[0]
    assert held[0] == held[1]


@pytest.mark.parametrize("wrong", [{"register": 6.0}, {"register": float("nan")}, {"note_length": 0.0}])
def test_what_cannot_be_played_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ScoreError, match="must be from"):
        Score(("C",), np.ones(1), np.ones(1), "C major", 1, 2.0, **wrong)


def test_both_survive_storing() -> None:
    score = Score(("C",), np.ones(1), np.ones(1), "C major", 1, 2.0, register=-2.0, note_length=0.5)
    again = Score.from_json(score.to_json())
    assert (again.register, again.note_length) == (-2.0, 0.5)


@pytest.mark.parametrize("tempo", [87.0, 101.0, 120.0, 160.0])
def test_nothing_happens_after_the_clip_at_any_tempo(tempo: float) -> None:
    level = np.linspace(5, 20, 8)
    midi = arrange(Score(CHORDS[:8], level, level / 50, "C major", 1, 5.0, tempo_bpm=tempo))
    assert midi.get_end_time() <= 5.0
