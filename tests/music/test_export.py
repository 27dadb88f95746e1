"""MIDI files as sequencers read them, and how the parts of a piece are heard."""

from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video2music.harmony.key import parse_key
from video2music.music.arrangement import arrange
from video2music.music.ensemble import ensemble_names, load_ensemble
from video2music.music.mastering import master
from video2music.music.midi import PlayedNote, PlayedPart, to_midi, write_midi
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.synthesis import synthesize, synthesize_parts

MakeScore = Callable[..., Score]
RATE = 44100
CHORDS = "Am F C G Am Dm E7 Am F G C Am"
TICK_S = 2e-3
"""More than a tick lasts at the tempos below."""


def written(score: Score, path: Path, **options: object) -> tuple[pretty_midi.PrettyMIDI, mido.MidiFile]:
    """Arrange and write a score; return what was played and the file."""
    midi = arrange(score, ensemble="band")
    write_midi(midi, path, score=score, **options)
    return midi, mido.MidiFile(path)


def events(file: mido.MidiFile, *kinds: str) -> list[tuple[int, mido.MetaMessage]]:
    """Return some events of the first track with their ticks."""
    tick, found = 0, []
    for message in file.tracks[0]:
        tick += message.time
        if message.type in kinds:
            found.append((tick, message))
    return found


def test_a_sequencer_finds_title_tempo_key_parts_and_programs(make_score: MakeScore, tmp_path: Path) -> None:
    score = make_score(CHORDS, key="Eb minor", tempo_bpm=96)
    midi, file = written(score, tmp_path / "a.mid", title="Näh \U0001f3b7")
    assert file.type == 1
    assert file.tracks[0].name == "Näh "
    assert [message.tempo for _, message in events(file, "set_tempo")] == [625000]
    assert [message.key for _, message in events(file, "key_signature")] == ["Ebm"], "not D# minor"
    parts = load_ensemble("band").parts
    assert [track.name for track in file.tracks[1:]] == [part.name for part in parts][: len(midi.instruments)]
    for track, instrument in zip(file.tracks[1:], midi.instruments, strict=True):
        programs = [message for message in track if message.type == "program_change"]
        assert [message.program for message in programs] == [instrument.program]
        assert {message.channel == 9 for message in track if not message.is_meta} == {instrument.is_drum}
        controls = {message.control for message in track if message.type == "control_change"}
        assert {7, 10, 91} <= controls


@pytest.mark.parametrize("key", ["C major", "Gb major", "F# major", "G# minor", "Cb major", "A# minor", "F minor"])
def test_the_key_signature_has_the_accidentals_of_the_key(key: str, make_score: MakeScore, tmp_path: Path) -> None:
    _, file = written(make_score("C F G C", key=key), tmp_path / "a.mid")
    ((_, message),) = events(file, "key_signature")
    named = parse_key(message.key)
    assert (named.fifths, named.mode) == (parse_key(key).fifths, parse_key(key).mode)


@pytest.mark.parametrize(
    ("pickup", "bar"), [(1.9583, "2/4"), (2.0, "2/4"), (1.5, "3/8"), (0.25, "1/16"), (0.04, "1/16"), (3.9, "4/4")]
)
def test_bar_lines_lie_where_the_music_has_them(pickup: float, bar: str, make_score: MakeScore, tmp_path: Path) -> None:
    score = make_score(CHORDS, pickup_beats=pickup, tempo_bpm=100, duration_s=14.0, cuts_s=[0.6, 7.2])
    midi, file = written(score, tmp_path / "a.mid", moods=[(0.0, "sad"), (6.0, "exciting"), (99.0, "tense")])
    signatures = events(file, "time_signature")
    assert [f"{message.numerator}/{message.denominator}" for _, message in signatures] == [bar, "4/4"]
    first = signatures[0][1]
    assert signatures[1][0] == 4 * file.ticks_per_beat * first.numerator // first.denominator
    read = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    assert read.tick_to_time(signatures[1][0]) == pytest.approx(pickup * score.beat_s, abs=TICK_S)
    for before, after in zip(midi.instruments, read.instruments, strict=True):
        for old, new in zip(before.notes, sorted(after.notes, key=lambda n: (n.start, n.pitch)), strict=True):
            assert (old.pitch, old.velocity) == (new.pitch, new.velocity)
            assert (new.start, new.end) == pytest.approx((old.start, old.end), abs=TICK_S)
    marks = [(read.tick_to_time(tick), message.text) for tick, message in events(file, "marker")]
    expected = [(lyric.time, lyric.text) for lyric in midi.lyrics]
    expected += [(0.6, "scene cut"), (7.2, "scene cut"), (0.0, "sad"), (6.0, "exciting")]
    assert sorted(name for _, name in marks) == sorted(name for _, name in expected)
    for second, name in expected:
        assert min(abs(second - at) for at, marked in marks if marked == name) < TICK_S
    assert read.tick_to_time(events(file, "end_of_track")[0][0]) == pytest.approx(14.0, abs=TICK_S)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(pickup=st.floats(0, 3.99), onsets=st.lists(st.integers(0, 5000), max_size=20, unique=True))
def test_notes_keep_their_time_whatever_the_pickup(
    pickup: float, onsets: list[int], make_score: MakeScore, tmp_path: Path
) -> None:
    score = make_score("C F G C", pickup_beats=pickup, duration_s=20.0)
    notes = tuple(PlayedNote(60, onset / 200, onset / 200 + 0.004, 80) for onset in sorted(onsets))
    midi = to_midi(score, parse_key("C major"), [PlayedPart("Piano", 0, drums=False, notes=notes)])
    write_midi(midi, tmp_path / "a.mid", score=score)
    read = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    starts = [note.start for track in read.instruments for note in track.notes]
    assert starts == pytest.approx([note.start for note in midi.instruments[0].notes], abs=TICK_S)


def test_notes_of_others_are_written_as_they_are(tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI(resolution=96, initial_tempo=70)
    midi.instruments = [pretty_midi.Instrument(5, name="Mine")]
    midi.instruments[0].notes = [pretty_midi.Note(90, 61, 0.5, 1.5)]
    write_midi(midi, tmp_path / "a.mid")
    file = mido.MidiFile(tmp_path / "a.mid")
    assert (file.ticks_per_beat, file.tracks[1].name) == (96, "Mine")
    assert [round(mido.tempo2bpm(message.tempo)) for _, message in events(file, "set_tempo")] == [70]


def energy(sound: NDArray[np.float32]) -> float:
    return float(np.square(sound, dtype=np.float64).mean())


@pytest.mark.parametrize("ensemble", ensemble_names())
def test_parts_are_heard_on_their_side(ensemble: str, make_score: MakeScore, sound_font: Path) -> None:
    score = make_score(CHORDS, density=14, loudness=0.3, key="A minor")
    midi = arrange(score, ensemble=ensemble)
    sound = np.concatenate(list(synthesize_parts(midi, sound_font, sample_rate=RATE, duration_s=12.0)), axis=1)
    for part, heard in zip(load_ensemble(ensemble).parts, sound, strict=False):
        if abs(part.pan) < 0.2 or energy(heard) < 1e-10:
            continue
        towards_right_db = 10 * np.log10(energy(heard[:, 1]) / energy(heard[:, 0]))
        assert np.sign(part.pan) * towards_right_db > 1.0, (part.name, towards_right_db)


def test_reverb_arrives_as_far_as_a_part_asks_for_it(sound_font: Path) -> None:
    rings = []
    for reverb in (0, 40, 110):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments = [pretty_midi.Instrument(115)]  # a woodblock, which does not ring itself
        midi.instruments[0].notes = [pretty_midi.Note(110, 76, 0.0, 0.1)]
        midi.instruments[0].control_changes = [pretty_midi.ControlChange(91, reverb, 0.0)]
        sound = synthesize(midi, sound_font, duration_s=2.0)
        rings.append(energy(sound[RATE // 2 : RATE]) / energy(sound[: RATE // 2]))
    assert rings[1] > 2 * rings[0]
    assert rings[2] > 2 * rings[1]


@pytest.mark.parametrize("density", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("ensemble", ensemble_names())
def test_nothing_clips_and_nothing_sounds_after_the_clip(
    ensemble: str, density: float, make_score: MakeScore, sound_font: Path
) -> None:
    rendition = Rendition(ensemble, density=density, loudness=4.0)
    laid = rendition.lay_out(make_score(CHORDS, density=20, loudness=0.4, key="A minor", duration_s=11.3))
    midi = arrange(laid, ensemble=ensemble)
    if not load_ensemble(ensemble).as_published:  # the published last chord is cut off with the clip
        assert midi.get_end_time() <= 11.3 + 1e-6
    mastered = master(synthesize(midi, sound_font, duration_s=11.3), RATE)
    assert len(mastered.audio) == round(11.3 * RATE)
    assert np.abs(mastered.audio).max() < 1
    assert mastered.true_peak_dbtp <= -1
    assert np.abs(mastered.audio[-1]).max() < 1e-3


@pytest.mark.parametrize("ensemble", ensemble_names())
def test_without_chords_there_is_silence(ensemble: str, make_score: MakeScore, sound_font: Path) -> None:
    midi = arrange(make_score(["N"] * 6, density=10), ensemble=ensemble)
    heard = master(synthesize(midi, sound_font, duration_s=6.0), RATE).audio
    assert not [note for track in midi.instruments for note in track.notes]
    assert len(heard) == 6 * RATE
    assert np.abs(heard).max() < 1e-4
