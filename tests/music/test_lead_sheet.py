"""Lead sheets: valid MusicXML that another program reads back to the same tune and the same chords."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import music21
import numpy as np
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, chord_pitch_classes
from video2music.music.lead_sheet import lead_sheet, write_lead_sheet
from video2music.music.melody import Melody, MelodyNote, in_order
from video2music.music.note_values import BAR, write_bars
from video2music.music.score import Score
from video2music.music.spelling import spell_pitch

MakeScore = Callable[..., Score]
TONICS = ("C", "Eb", "F#", "Ab", "B")
CHORDS = "Am F C G7 Am Dm E7 Am"


def tune(*notes: tuple[float, float, int], pickup: float = 0.0) -> Melody:
    """Write a tune by beats from the first bar line, lengths and pitches."""
    return tuple(MelodyNote(pickup + onset, length, pitch) for onset, length, pitch in notes)


def read_back(score: Score, title: str = "A clip") -> music21.stream.Score:
    return music21.converter.parse(lead_sheet(score, title=title).decode(), format="musicxml")


def sounding(score: Score) -> list[tuple[float, float, int]]:
    """Onset and length in beats from the beginning, and pitch, of what the reader understood; ties joined."""
    flat = read_back(score).parts[0].stripTies().flatten()
    return [
        (float(note.offset), float(note.quarterLength), note.pitch.midi)
        for note in flat.notes
        if not isinstance(note, music21.harmony.ChordSymbol)
    ]


def symbols(score: Score) -> list[tuple[float, frozenset[int]]]:
    """Onset in beats, and pitch classes, of the chord symbols that the reader understood."""
    found = read_back(score).parts[0].flatten().getElementsByClass(music21.harmony.ChordSymbol)
    return [
        (
            float(chord.offset),
            frozenset()
            if isinstance(chord, music21.harmony.NoChord)
            else frozenset(pitch.pitchClass for pitch in chord.pitches),
        )
        for chord in found
    ]


@st.composite
def scores(draw: st.DrawFn) -> Score:
    steps = draw(st.integers(1, 10))
    pickup = draw(st.sampled_from((0.0, 0.25, 1.0, 1.5, 1.9583, 2.0, 2.5, 3.9)))
    chords = [draw(st.sampled_from(("C", "Am", "G7", "N", "Bbmaj7", "F#m7b5", "Ebdim7"))) for _ in range(steps + 2)]
    beats = 2.0 * steps
    starts = draw(st.lists(st.integers(0, int(8 * beats) - 1), max_size=24, unique=True))
    notes = [
        MelodyNote(start / 8, draw(st.floats(0.05, 5.0)), draw(st.integers(48, 90)))
        for start in starts
        if start / 8 < beats - 0.5
    ]
    zeros = np.zeros(len(chords), dtype=np.float32)
    key = draw(st.sampled_from(("C major", "Eb minor", "F# major", "D minor", "Cb major")))
    return Score(
        tuple(chords), zeros, zeros, key, 0, beats * 0.5, pickup_beats=pickup, melody=in_order(notes) if notes else None
    )


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """Read the definition of MusicXML; nothing is fetched."""
    parts = Path(xmlschema.__file__).parent / "schemas"
    return xmlschema.XMLSchema(
        Path(str(find_spec("musicxml").origin)).parent / "generate_classes" / "musicxml_4_0.xsd",
        locations={
            "http://www.w3.org/XML/1998/namespace": str(parts / "XML" / "xml.xsd"),
            "http://www.w3.org/1999/xlink": str(parts / "XLINK" / "xlink.xsd"),
        },
    )


def test_a_tune_is_read_back_as_it_was(make_score: MakeScore) -> None:
    notes = ((0, 1, 69), (1, 1.5, 72), (2.5, 3, 76), (6, 0.25, 74), (6.25, 0.75, 72), (7, 1, 71), (8, 4, 69))
    score = replace(make_score(CHORDS, key="A minor"), melody=tune(*notes))
    assert sounding(score) == list(notes)


def test_all_chords_are_read_back(make_score: MakeScore) -> None:
    key = parse_key("Eb major")
    chords = [key.spell(number) for number in range(CHORD_COUNT)]
    read = symbols(make_score(chords, key="Eb major"))
    assert read == [(2.0 * step, chord_pitch_classes(step)) for step in range(CHORD_COUNT)]


def test_equal_chords_are_written_once_and_where_they_change(make_score: MakeScore) -> None:
    score = replace(make_score("C C G G G Am", duration_s=6.0), melody=tune((0, 12, 60)))
    assert [onset for onset, _ in symbols(score)] == [0, 4, 10]


def test_the_head_of_the_sheet(make_score: MakeScore) -> None:
    score = read_back(make_score(CHORDS, key="F# minor", tempo_bpm=98.784), title='<Näh> & "Nie"')
    assert score.metadata.title == '<Näh> & "Nie"'
    assert score.metadata.composer == "video2music"
    flat = score.parts[0].flatten()
    signature = flat.getElementsByClass(music21.key.KeySignature)[0]
    assert (signature.sharps, signature.mode) == (3, "minor")
    assert flat.getElementsByClass(music21.meter.TimeSignature)[0].ratioString == "4/4"
    mark = flat.getElementsByClass(music21.tempo.MetronomeMark)[0]
    assert mark.number == 99
    assert mark.getQuarterBPM() == pytest.approx(98.78, abs=0.25)


def test_a_pickup_is_a_bar_of_its_own_length(make_score: MakeScore) -> None:
    score = replace(
        make_score("F C G C C", duration_s=5.0, pickup_beats=1.5),
        melody=tune((-1, 0.5, 67), (-0.5, 1.5, 72), (1, 3, 76), pickup=1.5),
    )
    bars = list(read_back(score).parts[0].getElementsByClass(music21.stream.Measure))
    assert [float(bar.duration.quarterLength) for bar in bars] == [1.5, 4, 4, 4][: len(bars)]
    assert bars[0].number == 0
    assert sounding(score) == [(0.5, 0.5, 67), (1.0, 1.5, 72), (2.5, 3.0, 76)]


def test_a_piece_without_a_tune_has_rests_under_its_chords(make_score: MakeScore) -> None:
    score = make_score("C C G Am F F", duration_s=6.0)
    assert sounding(score) == []
    assert [[note.length for note in bar.notes] for bar in write_bars(score)] == [[16], [8, 8], [16]]


def test_small_breaths_and_human_touch_are_not_written(make_score: MakeScore) -> None:
    score = replace(make_score("C C C C"), melody=tune((0.02, 0.9, 60), (0.98, 0.1, 62), (2.01, 1.7, 64), (4, 1, 65)))
    assert sounding(score) == [(0, 1, 60), (1, 0.25, 62), (2, 2, 64), (4, 1, 65)]


def test_beats_stay_visible(make_score: MakeScore) -> None:
    def heads(*notes: tuple[float, float, int]) -> list[tuple[int, int, bool]]:
        written = write_bars(replace(make_score("C C C C"), melody=tune(*notes)))[0].notes
        return [(note.position, note.length, note.tied_on) for note in written if note.pitch]

    assert heads((1.5, 2, 60)) == [(6, 2, True), (8, 6, False)], "the middle of the bar"
    assert heads((0.5, 1, 60)) == [(2, 4, False)], "a usual syncopation"
    assert heads((0.5, 1.5, 60)) == [(2, 2, True), (4, 4, False)]
    assert heads((0, 3, 60)) == [(0, 12, False)]
    assert heads((3, 4, 60)) == [(12, 4, True)], "the bar line"


def test_beams_join_what_lies_in_a_beat(make_score: MakeScore) -> None:
    def beams(*notes: tuple[float, float, int]) -> list[tuple[str, ...]]:
        written = write_bars(replace(make_score("C C"), melody=tune(*notes)))[0].notes
        return [note.beams for note in written if note.pitch]

    eighths = [(0.5 * number, 0.5, 60) for number in range(4)]
    assert beams(*eighths) == [("begin",), ("continue",), ("continue",), ("end",)]
    assert beams((0, 0.75, 60), (0.75, 0.25, 62)) == [("begin",), ("end", "backward hook")]
    assert beams((0, 0.25, 60), (0.25, 0.25, 62), (0.5, 0.5, 64)) == [("begin", "begin"), ("continue", "end"), ("end",)]
    tied = ((0, 0.5, 60), (0.5, 0.75, 62), (1.25, 0.75, 64))
    assert beams(*tied) == [("begin",), ("end",), ("begin", "forward hook"), ("end",)]


@given(score=scores())
def test_bars_are_full_whatever_is_sung(score: Score) -> None:
    bars = write_bars(score)
    for bar in bars:
        at = bar.first
        for note in bar.notes:
            assert note.position == at
            assert note.length in (1, 2, 3, 4, 6, 8, 12, 16)
            at += note.length
        assert at == BAR
        assert all(bar.first <= position < BAR for position in bar.chords)
    heads = [note for bar in bars for note in bar.notes]
    for before, after in zip(heads, [*heads[1:], None], strict=True):
        assert before.tied_on == (after is not None and after.tied_back)
        assert not before.tied_on or (after is not None and before.pitch == after.pitch)
    begun = sum(note.pitch is not None and not note.tied_back for note in heads)
    assert begun <= len(score.melody or ())
    assert begun >= len({round(4 * note.onset_beat) for note in score.melody or ()}) - 2


@given(score=scores())
def test_every_sheet_is_valid(score: Score, schema: xmlschema.XMLSchema) -> None:
    assert [error.reason for error in schema.iter_errors(lead_sheet(score, title="A clip").decode())] == []


def test_what_is_not_musicxml_is_not_valid(make_score: MakeScore, schema: xmlschema.XMLSchema) -> None:
    sheet = lead_sheet(make_score(CHORDS), title="A clip").decode()
    assert not schema.is_valid(sheet.replace("<divisions>4</divisions>", "<divisions>four</divisions>"))


@pytest.mark.parametrize(
    ("pitch", "key", "chord", "expected"),
    [
        (60, "C major", "C", ("C", 0, 4)),
        (63, "C major", "Cm", ("E", -1, 4)),
        (63, "E minor", "B", ("D", 1, 4)),
        (61, "D minor", "A7", ("C", 1, 4)),
        (66, "C major", "N", ("F", 1, 4)),
        (70, "C major", "N", ("B", -1, 4)),
        (59, "Gb major", "Cb", ("C", -1, 4)),
        (65, "F# major", "C#", ("E", 1, 4)),
        (60, "C# major", "G#", ("B", 1, 3)),
        (69, "Eb minor", "Cdim7", ("A", 0, 4)),
        (68, "E major", "E+", ("G", 1, 4)),
        (72, "E major", "Eaug", ("B", 1, 4)),
    ],
)
def test_notes_are_spelled_by_chord_and_key(pitch: int, key: str, chord: str, expected: tuple[str, int, int]) -> None:
    assert spell_pitch(pitch, parse_key(key), chord) == expected


@given(
    pitch=st.integers(0, 127),
    number=st.integers(0, CHORD_COUNT - 1),
    tonic=st.sampled_from(TONICS),
)
def test_spelled_notes_sound_as_they_did(pitch: int, number: int, tonic: str) -> None:
    for mode in ("major", "minor"):
        key = Key(tonic, mode)
        letter, alter, octave = spell_pitch(pitch, key, key.spell(number))
        assert 12 * (octave + 1) + "C D EF G A B".index(letter) + alter == pitch
        assert abs(alter) <= 1
        assert parse_chord(key.spell(number)) == number


def test_a_file_is_written(make_score: MakeScore, tmp_path: Path) -> None:
    write_lead_sheet(make_score(CHORDS), tmp_path / "a.musicxml", title="A clip")
    assert music21.converter.parse(tmp_path / "a.musicxml").metadata.title == "A clip"
