"""What a listener hears: right chords, density, dynamics, an ending; and notes that every player can play."""

import io
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from video2music.errors import ChordParseError, KeyParseError
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, chord_pitch_classes, symbol, transpose
from video2music.music.arrangement import arrange
from video2music.music.ending import closing_step, resolve
from video2music.music.score import Score

MakeScore = Callable[..., Score]
KEYS = ["C major", "A minor", "F major", "D minor", "E major", "C# minor", "Gb major", "Bb minor"]
POP = "C C Am Am F F G G7 Cmaj7 Dm7 G7 Em Fmaj7 Bhdim7 E7 Am"


def notes_of(score: Score, **options: bool) -> list[pretty_midi.Note]:
    return arrange(score, **options).instruments[0].notes


def closing_s(score: Score) -> float:
    return closing_step(score.duration_s / score.step_s) * score.step_s


@pytest.mark.parametrize("density", [3, 9, 15, 21, 30])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_every_tone_of_every_chord_sounds_and_nothing_else(make_score: MakeScore, density: float, steps: int) -> None:
    for chord in range(1, CHORD_COUNT):
        held = [symbol(chord)] * steps
        score = make_score([*held, "N", "N", "N", "C", "C"], density=density)
        heard = {note.pitch % 12 for note in notes_of(score) if note.start < steps}
        assert heard == chord_pitch_classes(chord), symbol(chord)


def test_notes_sound_only_in_chords_they_belong_to(make_score: MakeScore) -> None:
    score = resolve(make_score(POP, density=np.linspace(2, 28, 16), loudness=0.2))
    sounding = [chord_pitch_classes(parse_chord(chord)) for chord in score.chords]
    for note in notes_of(score):
        for step in range(int(note.start), min(len(sounding), int(np.ceil(note.end - 1e-6)))):
            assert note.pitch % 12 in sounding[step], (note, score.chords[step])


def test_a_rest_lets_the_last_harmony_ring_then_falls_silent(make_score: MakeScore) -> None:
    score = make_score("Am N N N N F G C C C", density=15)
    before = [note for note in notes_of(score) if note.start < 1]
    assert not [note for note in notes_of(score) if 1 <= note.start < 5]
    assert 1.5 < max(note.end for note in before) <= 3.0


@pytest.mark.parametrize("as_published", [False, True])
def test_onsets_follow_density_and_only_by_default(make_score: MakeScore, as_published: bool) -> None:  # noqa: FBT001
    density = [3, 3, 9, 9, 15, 15, 21, 21, 30, 30, 3, 3, 3, 3]
    score = make_score("Am " * 14, density=density, loudness=0.1, key="A minor")
    onsets = np.bincount([int(note.start + 1e-6) for note in notes_of(score, as_published=as_published)], minlength=14)
    per_level = onsets[:10].reshape(5, 2).sum(axis=1)
    if as_published:
        assert len(set(per_level)) == 1
    else:
        assert np.abs(per_level - [4, 6, 8, 12, 16]).max() <= 1


def test_strokes_are_added_one_by_one_between_the_written_densities(make_score: MakeScore) -> None:
    strokes = []
    for density in (-2, 3, 6, 9, 12, 15, 17, 19, 21, 23, 25, 27, 90):
        notes = notes_of(make_score("C C F F G G C C C C C", density=density))
        strokes.append(len({round(note.start, 3) for note in notes if 2 <= note.start < 4}))
    assert (np.diff(strokes) >= 0).all(), strokes
    written = [strokes[i] for i in (1, 3, 5, 8, 11)]
    assert np.abs(np.subtract(written, [4, 6, 8, 12, 16])).max() <= 1, "as written for 3, 9, 15, 21 and 27"
    assert len(set(strokes)) >= 8, strokes
    assert strokes[-1] == strokes[-2]


def test_velocity_follows_a_smooth_loudness(make_score: MakeScore) -> None:
    loudness = 0.2 + 0.18 * np.sin(np.linspace(0, 9, 64))
    notes = notes_of(make_score(POP.split() * 4, loudness=loudness, density=12))
    mean = [np.mean([note.velocity for note in notes if int(note.start + 1e-6) == step]) for step in range(63)]
    assert spearmanr(mean, loudness[:63]).statistic > 0.9


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("duration_s", [0.1, 0.5, 1, 1.4, 2, 3, 4.7, 5, 10, 10.3, 61.5])
def test_the_piece_comes_to_rest_on_the_tonic(make_score: MakeScore, key: str, duration_s: float) -> None:
    steps = int(np.ceil(duration_s))
    score = make_score(
        ["F#", "Bdim", "Ebm7", "Asus4"][: max(1, steps % 5)] * steps, key=key, duration_s=duration_s, density=20
    )
    midi = arrange(score)
    final = [note for note in midi.instruments[0].notes if note.start >= closing_s(score) - 1e-6]
    tonic = parse_key(key).tonic_chord
    assert {note.pitch % 12 for note in final} == chord_pitch_classes(tonic)
    assert final[0].pitch % 12 == parse_key(key).pitch_class == max(final, key=lambda note: note.pitch).pitch % 12
    assert final[0].pitch == min(note.pitch for note in final)
    assert midi.get_end_time() <= duration_s
    assert duration_s - closing_s(score) >= min(1.0, duration_s) - 1e-6
    gaps = np.diff([note.start for note in final])
    assert (np.diff(gaps) > 0).all(), "the final chord is rolled ever slower"
    assert all(a.velocity > b.velocity for a, b in pairwise(final)), "and softer"


def test_the_way_home_is_softer_and_sparser(make_score: MakeScore) -> None:
    score = make_score("C F G C F G C F G C", density=30, loudness=0.3)
    steps = by_step(notes_of(score))
    onsets = [len({note.start for note in step}) for step in steps]
    assert onsets[5] > onsets[6] > onsets[7]
    midi = arrange(score)
    beginnings = [min(note.start for note in step) for step in steps]
    settings = [[change.value for change in expression(midi) if change.time <= start][-1] for start in beginnings]
    assert settings[5] > settings[6] > settings[7] >= settings[8]
    assert np.mean([note.velocity for note in steps[8]]) < np.mean([note.velocity for note in steps[7]])


@pytest.mark.parametrize(
    ("key", "composed", "heard"),
    [
        ("C major", "C F Am G Ebm C F#", "C F Am G G7 C C"), ("A minor", "Am F C Dm Dm F F", "Am F C Dm Dm Am Am"),
        ("A minor", "Am Am Am Am N N N", "Am Am Am Am E7 Am Am"),
        ("Eb minor", "Ebm Gb Ab Ebm A C C", "Ebm Gb Ab Ebm Bb7 Ebm Ebm"),
        ("C major", "C C C C Am Am Am", "C C C C G7 C C"), ("C major", "F Am", "F C"),
        ("C major", "F G C C C C C", "F G C C G7 C C"),
        ("C major", "Dm Am Em", "Dm Am C"),
    ],
)  # fmt: skip
def test_cadence(make_score: MakeScore, key: str, composed: str, heard: str) -> None:
    resolved = resolve(make_score(composed, key=key))
    assert " ".join(resolved.chords) == heard
    assert resolve(resolved).chords == resolved.chords


def test_too_few_or_too_many_steps_are_fitted_to_the_duration(make_score: MakeScore) -> None:
    for steps in (4, 12):
        score = make_score(["Am"] * steps, key="A minor", duration_s=8)
        assert len(resolve(score).chords) == 8
        assert 6.5 < arrange(score).get_end_time() <= 8
    assert len(notes_of(make_score([], duration_s=1.0))) > 0


def test_bass_lines_stay_low_and_do_not_jump(make_score: MakeScore) -> None:
    for key in KEYS:
        transposed = parse_key(key)
        rng = np.random.default_rng(1)
        chords = [transposed.spell(int(chord)) for chord in rng.integers(1, CHORD_COUNT, 200)]
        bass = [
            min(notes, key=lambda note: note.pitch).pitch for notes in by_step(notes_of(make_score(chords, key=key)))
        ]
        assert min(bass) >= 36
        assert max(bass) <= 55
        assert np.mean(np.abs(np.diff(bass)) > 7) < 0.15


def by_step(notes: list[pretty_midi.Note]) -> list[list[pretty_midi.Note]]:
    steps: dict[int, list[pretty_midi.Note]] = defaultdict(list)
    for note in notes:
        steps[int(note.start + 1e-6)].append(note)
    return [steps[step] for step in sorted(steps)]


def test_low_notes_are_not_crowded(make_score: MakeScore) -> None:
    rng = np.random.default_rng(2)
    for key in ("D minor", "F major", "Gb major"):
        chords = [symbol(int(chord)) for chord in rng.integers(1, CHORD_COUNT, 200)]
        for notes in by_step(notes_of(make_score(chords, key=key, density=15))):
            pitches = sorted({note.pitch for note in notes})
            if pitches[0] < 52:
                assert pitches[1] - pitches[0] >= 5


def test_file_carries_tempo_key_metre_piano_and_symbols(make_score: MakeScore) -> None:
    written = io.BytesIO()
    arrange(make_score("Bbm Gb Ab Bbm Ebm F7 Bbm", key="Bb minor", tempo_bpm=96.0)).write(written)
    written.seek(0)
    midi = pretty_midi.PrettyMIDI(written)
    assert midi.get_tempo_changes()[1][0] == pytest.approx(96, abs=0.01)
    assert midi.key_signature_changes[0].key_number == 12 + 10
    assert (midi.time_signature_changes[0].numerator, midi.time_signature_changes[0].denominator) == (4, 4)
    assert [(piano.program, piano.is_drum, piano.name) for piano in midi.instruments] == [(0, False, "Piano")]
    assert [lyric.text for lyric in midi.lyrics] == ["Bbm", "Gb", "Ab", "Bbm", "Ebm", "Bbm"]
    assert midi.lyrics[1].time == pytest.approx(1.25, abs=0.01)


@pytest.mark.parametrize("as_published", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_score_gives_a_file_that_every_player_can_play(as_published: bool, data: st.DataObject) -> None:  # noqa: FBT001
    duration_s = data.draw(st.floats(0.1, 40))
    steps = int(np.ceil(duration_s))
    numbers = st.lists(st.floats(-5, 60, width=32), min_size=steps, max_size=steps)
    score = Score(
        chords=tuple(symbol(c) for c in data.draw(st.lists(st.integers(0, 156), min_size=steps, max_size=steps))),
        note_density=np.array(data.draw(numbers), dtype=np.float32),
        loudness=np.array(data.draw(numbers), dtype=np.float32) / 60,
        key=data.draw(st.sampled_from(KEYS)),
        seed=0,
        duration_s=duration_s,
        tempo_bpm=data.draw(st.floats(60, 200)),
    )
    written = io.BytesIO()
    arrange(score, as_published=as_published).write(written)
    written.seek(0)
    notes = [note for track in pretty_midi.PrettyMIDI(written).instruments for note in track.notes]
    ends: dict[int, float] = defaultdict(float)
    for note in sorted(notes, key=lambda note: note.start):
        assert 21 <= note.pitch <= 96
        assert 1 <= note.velocity <= 127
        assert note.end > note.start >= ends[note.pitch] - 1e-6
        ends[note.pitch] = note.end
    if not as_published:
        inside = score.chords[: score.steps]
        assert bool(notes) == (not inside or any(chord != "N" for chord in inside))
        assert max((note.end for note in notes), default=0.0) <= duration_s + 1e-3


def test_five_minutes(make_score: MakeScore) -> None:
    score = make_score(POP.split() * 19, duration_s=303.5)
    assert 300 < arrange(score).get_end_time() <= 303.5


def test_unknown_chords_and_keys_are_refused(make_score: MakeScore) -> None:
    with pytest.raises(ChordParseError, match="Amaj7 is the nearest"):
        arrange(make_score("C Amaj9 C"))
    with pytest.raises(KeyParseError):
        arrange(make_score("C", key="H major"))


@pytest.mark.parametrize("first", ["C", "G#", "A", "E7"])
@pytest.mark.parametrize("key", KEYS)
def test_pieces_lie_in_the_middle_of_the_piano_in_every_key(make_score: MakeScore, key: str, first: str) -> None:
    transposed = parse_key(key)
    home = [symbol(transpose(parse_chord(chord), transposed.shift)) for chord in [first, *POP.split()[2:]]]
    pitches = [
        note.pitch
        for note in notes_of(make_score(home, key=key, density=15))
        if note.start < closing_s(make_score(home))
    ]
    assert 57 <= np.mean([pitch for pitch in pitches if pitch >= 52]) <= 72
    assert max(pitches) <= 84


def test_upper_voices_stay_together(make_score: MakeScore) -> None:
    rng = np.random.default_rng(3)
    chords = [symbol(int(chord)) for chord in rng.integers(1, CHORD_COUNT, 200)]
    for notes in by_step(notes_of(make_score(chords, density=15))):
        upper = [note.pitch for note in notes if note.pitch >= 52][1:]
        assert max(upper) - min(upper) <= 12


def test_expression_follows_loudness_between_the_strokes(make_score: MakeScore) -> None:
    score = make_score("C " * 8, loudness=[0.5, 0.5, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])
    changes = [change for change in expression(arrange(score)) if change.time < 4]
    assert (changes[0].time, changes[0].value) == (0.0, 127)
    values = [change.value for change in changes]
    assert values == sorted(values, reverse=True)
    assert len(values) > 4, "it glides"
    assert 40 * np.log10(values[-1] / 127) == pytest.approx(-10, abs=0.2), "half of the 20 dB"
    assert not arrange(score, as_published=True).instruments[0].control_changes


def expression(midi: pretty_midi.PrettyMIDI) -> list[pretty_midi.ControlChange]:
    return [change for change in midi.instruments[0].control_changes if change.number == 11]


@pytest.mark.parametrize("loudness", [-1.0, 0.0, 1e-9, 5.0])
def test_expression_stays_within_its_range(make_score: MakeScore, loudness: float) -> None:
    values = [change.value for change in expression(arrange(make_score("C C", loudness=loudness)))]
    assert len(values) == 1
    assert 50 <= values[0] <= 127
