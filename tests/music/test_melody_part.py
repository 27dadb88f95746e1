"""The tune as a part of every ensemble: in register, within its chords and the clip, stored, fitted and left out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pretty_midi
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import EnsembleError, ScoreError
from video2music.evaluation.following import following
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import chord_pitch_classes
from video2music.models.melody import MelodyNetwork, load_melody
from video2music.models.melody_for_score import with_melody
from video2music.music.arrangement import arrange, perform
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import MELODY, ensemble_names, load_ensemble, read_ensemble
from video2music.music.expression import VOLUME
from video2music.music.melody import MelodyNote
from video2music.music.melody_fitting import fit_melody
from video2music.music.melody_phrases import melody_phrases
from video2music.music.midi import PlayedNote, PlayedPart
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.tempo import at_tempo
from video2music.music.transposition import transposed_score

MakeScore = Callable[..., Score]
SONG = "C C Am Am F F G G7 C Em F F Dm7 Dm7 G7 G7 F F Em Am Dm G7 C C Am Am F Fm C G7 C C"
NAMES = sorted(ensemble_names())
OURS = [name for name in NAMES if name != "paper"]


@pytest.fixture(scope="module")
def network() -> MelodyNetwork:
    torch.set_num_threads(1)
    return load_melody()


@pytest.fixture(scope="module")
def song(make_score: MakeScore, network: MelodyNetwork) -> Score:
    wave = np.sin(np.arange(32) / 3)
    plain = make_score(SONG, density=12 + 6 * wave, loudness=0.2 + 0.12 * wave, tempo_bpm=100.0, seed=3)
    return with_melody(resolve(plain), network)


def tune_of(score: Score, name: str) -> tuple[PlayedNote, ...]:
    return next(part.notes for part in perform(score, load_ensemble(name)) if part.name == MELODY)


def chord_at(score: Score, beat: float) -> frozenset[int]:
    return chord_pitch_classes(parse_chord(score.chords[score.step_at(beat)]))


def belongs(score: Score, note: MelodyNote) -> bool:
    return note.pitch % 12 in chord_at(score, note.onset_beat)


def on_strong_beats(score: Score) -> list[MelodyNote]:
    return [note for note in score.melody or () if round(note.onset_beat - score.pickup_beats, 6) % 2 == 0]


@pytest.mark.parametrize("name", NAMES)
def test_every_ensemble_has_somebody_who_plays_the_tune(name: str, song: Score) -> None:
    part = load_ensemble(name).melody
    assert part is not None
    track = arrange(song, ensemble=name).instruments[-1]
    assert (track.name, track.program, track.is_drum) == (MELODY, part.program, False)
    assert len(track.notes) > 20
    assert all(part.register[0] <= note.pitch <= part.register[1] for note in track.notes)
    assert all(1 <= note.velocity <= 127 for note in track.notes)
    assert all(0 <= note.start < note.end <= song.duration_s for note in track.notes)
    silent = arrange(replace(song, melody=None), ensemble=name)
    assert [other.name for other in silent.instruments] == [other.name for other in load_ensemble(name).parts]


@pytest.mark.parametrize("name", OURS)
def test_the_tune_is_one_voice_of_the_shape_that_was_composed(name: str, song: Score) -> None:
    tune = tune_of(song, name)
    overlap = load_ensemble(name).melody.overlap  # type: ignore[union-attr]
    assert all(later.start >= note.end - overlap - 0.05 for note, later in pairwise(tune))
    intervals = [later.pitch - note.pitch for note, later in pairwise(tune)]
    assert intervals == [later.pitch - note.pitch for note, later in pairwise(song.melody or ())]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["piano", "strings", "lofi"])
def test_every_note_belongs_to_its_chords_or_passes(
    name: str, seed: int, make_score: MakeScore, network: MelodyNetwork
) -> None:
    score = with_melody(resolve(make_score(SONG, seed=seed, tempo_bpm=(70.0, 118.0, 170.0)[seed])), network)
    tune = tune_of(score, name)
    for note in tune:
        begun, held = chord_at(score, note.start), chord_at(score, note.end - 1e-3)
        assert note.passing or note.pitch % 12 in begun
        assert note.pitch % 12 in held or note.passing, "no note reaches into a foreign chord"
    assert np.mean([note.passing for note in tune]) < 0.45


def test_strong_beats_carry_chord_tones_and_leaps_are_rare(make_score: MakeScore, network: MelodyNetwork) -> None:
    """At least as POP909's songs do: .76 of their strong notes are chord tones, .08 of their intervals leap."""
    scores = [with_melody(resolve(make_score(SONG, seed=seed, tempo_bpm=110.0)), network) for seed in range(4)]
    fits = [belongs(score, note) for score in scores for note in on_strong_beats(score)]
    sizes = [abs(b.pitch - a.pitch) for score in scores for a, b in pairwise(score.melody or ())]
    assert np.mean(fits) > 0.76
    assert np.mean(np.array(sizes) > 5) < 0.15
    assert max(sizes) <= 12


@pytest.mark.parametrize("name", OURS)
def test_the_tune_ends_with_the_piece_on_the_tonic(name: str, song: Score) -> None:
    last = tune_of(song, name)[-1]
    closing = song.beat_of_step(closing_step(song.end_step))
    assert closing <= last.start < closing + 0.1
    assert last.pitch % 12 == parse_key(song.key).pitch_class
    assert last.end * song.beat_s < song.duration_s
    assert last.end > closing + 1


def test_the_tune_is_struck_as_hard_as_the_others(song: Score) -> None:
    tune = tune_of(song, "strings")
    loud = [note.velocity for note in tune if song.loudness[song.step_at(note.start)] > 0.28]
    soft = [note.velocity for note in tune if song.loudness[song.step_at(note.start)] < 0.12]
    assert min(len(loud), len(soft)) > 3
    assert np.mean(loud) > np.mean(soft) + 15


@pytest.mark.parametrize("name", ["strings", "band", "cinematic"])
def test_others_make_room(name: str, song: Score) -> None:
    """What sounds together with the tune, beside or above it, is softer than the rest; all harmony steps back."""
    ensemble, tune = load_ensemble(name), tune_of(song, name)
    alone, beside = perform(replace(song, melody=None), ensemble), perform(song, ensemble)

    def near_to_far(parts: Sequence[PlayedPart]) -> float:
        found: dict[bool, list[int]] = {True: [], False: []}
        for part, heard in zip(ensemble.parts, parts, strict=False):
            for note in heard.notes if part.role == "harmony" else ():
                met = [sung for sung in tune if min(sung.end, note.end) - max(sung.start, note.start) > 0.3]
                found[any(note.pitch >= sung.pitch for sung in met)].append(note.velocity)
        return float(np.mean(found[True]) / np.mean(found[False]))

    assert near_to_far(beside) < 0.95 * near_to_far(alone)
    for part, before, after in zip(ensemble.parts, alone, beside, strict=False):
        volumes = [next(value for _, number, value in heard.controls if number == VOLUME) for heard in (before, after)]
        assert (volumes[1] < volumes[0]) == (part.role == "harmony")


@pytest.mark.parametrize("name", OURS)
def test_with_a_tune_the_music_still_follows_its_curves(name: str, song: Score) -> None:
    lively = replace(song, note_density=14 + 12 * np.sin(np.arange(len(song.chords)) / 4))
    found = following(lively, arrange(lively, ensemble=name))
    assert found.velocity > 0.9
    assert found.density > (0.7 if name in ("piano", "ambient") else 0.8), "these have few notes to give"


def test_the_published_piano_is_left_as_it_is(song: Score) -> None:
    paper = load_ensemble("paper")
    assert perform(song, paper)[0] == perform(replace(song, melody=None), paper)[0]


def test_the_tune_swings_with_its_ensemble(song: Score) -> None:
    written = [note.onset_beat for note in song.melody or () if round(note.onset_beat % 1, 3) == 0.5]
    swung = {
        round(note.start - late, 1) for note in tune_of(song, "lofi") for late in written if 0 < note.start - late < 0.3
    }
    assert written
    assert 0.1 in swung
    assert 0.0 not in swung


def test_detached_pieces_have_a_detached_tune(song: Score) -> None:
    lengths = [
        np.mean([note.end - note.start for note in tune_of(replace(song, note_length=length), "piano")])
        for length in (1.0, 0.2)
    ]
    assert lengths[1] < 0.7 * lengths[0]


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 2.5, 6.0])
def test_short_clips_have_a_tune_inside_them(make_score: MakeScore, network: MelodyNetwork, duration_s: float) -> None:
    score = with_melody(make_score("C F G C Am C", duration_s=duration_s), network)
    notes = arrange(score, ensemble="strings").instruments[-1].notes
    assert notes
    assert max(note.end for note in notes) <= duration_s


@pytest.mark.parametrize(("density", "fewest", "most"), [(2, 5, 60), (30, 40, 160)])
def test_every_density_has_a_tune(
    make_score: MakeScore, network: MelodyNetwork, density: float, fewest: int, most: int
) -> None:
    score = with_melody(make_score(SONG, density=density), network)
    assert fewest <= len(tune_of(resolve(score), "piano")) <= most


def test_fast_pieces_are_not_rushed(make_score: MakeScore, network: MelodyNetwork) -> None:
    score = with_melody(resolve(make_score(SONG, density=30, tempo_bpm=180.0)), network)
    assert len(score.melody or ()) / score.duration_s < 4


# --- stored and edited


def test_a_tune_survives_being_stored(song: Score) -> None:
    again = Score.from_json(json.loads(json.dumps(song.to_json())))
    assert again.melody == song.melody
    assert Score.from_json({**song.to_json(), "melody": None}).melody is None
    older = {name: value for name, value in song.to_json().items() if name != "melody"}
    assert Score.from_json({**older, "version": 2}).melody is None


def test_a_tune_may_be_edited_by_hand(song: Score) -> None:
    rows = [{"onset_beat": 6, "duration_beats": 2, "pitch": 67}, {"onset_beat": 4, "duration_beats": 1, "pitch": 64.0}]
    score = Score.from_json({**song.to_json(), "melody": rows})
    assert [(note.onset_beat, note.pitch) for note in score.melody or ()] == [(4, 64), (6, 67)]
    heard = arrange(replace(score, chords=("C",) * len(score.chords)), ensemble="piano").instruments[-1].notes
    assert [note.pitch % 12 for note in heard] == [4, 7]
    assert heard[0].start == pytest.approx(4 * score.beat_s, abs=0.02)


@pytest.mark.parametrize(
    "note",
    [
        {"onset_beat": float("nan")}, {"onset_beat": -1}, {"onset_beat": 1e308}, {"onset_beat": 10**400},
        {"onset_beat": "later"}, {"onset_beat": None}, {"duration_beats": 0}, {"duration_beats": -2},
        {"duration_beats": float("inf")}, {"pitch": 128}, {"pitch": -1}, {"pitch": 60.5}, {"pitch": "C4"},
        {"velocity_share": 0}, {"velocity_share": float("nan")}, {"velocity_share": 1e9},
    ],
)  # fmt: skip
def test_notes_that_cannot_be_played_are_refused(note: dict[str, object], song: Score) -> None:
    usual = {"onset_beat": 1.0, "duration_beats": 1.0, "pitch": 60, "velocity_share": 1.0}
    with pytest.raises(ScoreError):
        Score.from_json({**song.to_json(), "melody": [{**usual, **note}]})


@pytest.mark.parametrize("melody", [3, "tune", [3], [[]], [{"pitch": 60}], {"pitch": 60}, [{}] * 100_000])
def test_what_is_no_tune_is_refused(melody: object, song: Score) -> None:
    with pytest.raises(ScoreError):
        Score.from_json({**song.to_json(), "melody": melody})


@given(
    rows=st.lists(
        st.builds(MelodyNote, st.floats(0, 500), st.floats(0.01, 1e5), st.integers(0, 127), st.floats(0.1, 1.5)),
        max_size=12,
    ),
    name=st.sampled_from(["paper", "piano", "strings"]),
)
def test_any_tune_by_hand_gives_notes_that_every_player_can_play(rows: list[MelodyNote], name: str) -> None:
    symbols = ("C", "F", "N", "G7", "Am", "C")
    curve = np.full(6, 10.0, dtype=np.float32)
    plain = Score(symbols, curve, curve / 50, "C major", 1, 6.0)
    score = Score.from_json(json.loads(json.dumps(replace(plain, melody=tuple(rows)).to_json())))
    midi: pretty_midi.PrettyMIDI = arrange(score, ensemble=name)
    for track in midi.instruments:
        if track.name == MELODY:
            assert all(0 <= note.start < note.end <= 6.001 and 0 <= note.pitch <= 127 for note in track.notes)


def test_an_ensemble_without_a_singer_leaves_the_tune_out(song: Score) -> None:
    ensemble = replace(load_ensemble("piano"), melody=None)
    assert [part.name for part in perform(song, ensemble)] == ["Piano"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("register = [60, 84]", "field program is missing: x, melody"),
        ("program = 73", "field register is missing: x, melody"),
        ('program = 73\nregister = [60, 84]\nfigures = ["0-------"]', "not figures: x"),
        ("program = 73\nregister = [60, 65]", "register must hold every pitch class"),
        ("program = 73\nregister = [60, 84]\nloud = 3", "field loud is not known"),
        ('program = 73\nregister = [60, 84]\nname = "Flute"', "names of their own"),
    ],
)
def test_a_wrong_table_is_refused_in_a_sentence(lines: str, sentence: str) -> None:
    usual = (
        'title = "Test"\nsummary = "A test"\n[[part]]\nname = "Flute"\nrole = "harmony"\nprogram = 73\n'
        'register = [60, 84]\nfigures = ["0-------", "0---1---", "0.1.2.1.", "01210121", "01210121"]\n'
    )
    assert read_ensemble("x", usual).melody is None
    with pytest.raises(EnsembleError, match=sentence):
        read_ensemble("x", f"{usual}[melody]\n{lines}")


# --- changed afterwards


def test_without_the_tune_a_rendition_is_the_accompaniment(song: Score) -> None:
    assert Rendition(melody=False).lay_out(song).melody is None
    assert Rendition(melody=True).lay_out(song).melody == song.melody
    assert Rendition(melody=True).lay_out(replace(song, melody=None)).melody is None


def test_when_one_chord_is_replaced_only_its_notes_move(song: Score) -> None:
    step = next(
        step for step in range(4, 20) if any(song.step_at(note.onset_beat) == step for note in song.melody or ())
    )
    second = song.beat_of_step(step) * song.beat_s + 0.1
    laid = Rendition(melody=True, chords=((second, "F#"),)).lay_out(song)
    changed = [index for index, (old, new) in enumerate(zip(song.chords, laid.chords, strict=True)) if old != new]
    assert step in changed
    moved = 0
    for before, after in zip(song.melody or (), laid.melody or (), strict=True):
        assert (before.onset_beat, before.duration_beats) == (after.onset_beat, after.duration_beats)
        sounds = range(song.step_at(before.onset_beat), song.step_at(before.end_beat - 1e-6) + 1)
        assert before == after or set(sounds) & set(changed)
        moved += before != after
    assert moved
    for note in on_strong_beats(laid):
        if set(range(laid.step_at(note.onset_beat), laid.step_at(note.end_beat - 1e-6) + 1)) <= set(changed):
            assert belongs(laid, note)


def test_a_chord_spelled_otherwise_changes_nothing(song: Score) -> None:
    again = replace(song, chords=tuple(chord.replace("Am", "A:min") for chord in song.chords))
    assert again.chords != song.chords
    assert fit_melody(song, again) == song.melody


@pytest.mark.parametrize("tempo_bpm", [60.0, 87.0, 133.0, 180.0])
def test_another_tempo_keeps_the_beats_of_the_tune(song: Score, tempo_bpm: float) -> None:
    laid = Rendition(melody=True, tempo_bpm=tempo_bpm).lay_out(song)
    melody = laid.melody or ()
    assert melody == (Rendition(melody=True, tempo_bpm=tempo_bpm).lay_out(song).melody or ())
    beats = laid.duration_s / laid.beat_s
    assert melody[-1].end_beat == pytest.approx(beats)
    assert melody[-1].pitch % 12 == parse_key(laid.key).pitch_class
    assert all(later.onset_beat >= note.end_beat - 1e-6 for note, later in pairwise(melody))
    assert all(belongs(laid, note) for note in on_strong_beats(laid))
    closing = laid.beat_of_step(closing_step(laid.end_step))
    gaps = np.diff([0.0, *(note.onset_beat for note in melody if note.onset_beat < closing), closing])
    assert gaps.max() <= 8, "extended to the end"
    if tempo_bpm < 100:
        first = melody_phrases(song)[0]
        kept = {note.onset_beat for note in melody if note.onset_beat < first.end_beat - 4}
        assert kept == {note.onset_beat for note in song.melody or () if note.onset_beat < first.end_beat - 4}
    else:
        assert min(gaps[:-1][1:]) * laid.beat_s > 0.19, "not hurried"


def test_another_grid_moves_the_tune_along(song: Score) -> None:
    moved = fit_melody(song, at_tempo(song, 100.0, pickup_beats=2.5)) or ()
    old, new = ({round(note.onset_beat % 0.5, 3) for note in tune} for tune in (song.melody or (), moved))
    assert moved != song.melody
    assert new == old == {0.0}
    assert len({note.onset_beat for note in moved} & {note.onset_beat + 2.5 for note in song.melody or ()}) > 10


def test_the_tune_is_transposed_with_the_piece(song: Score) -> None:
    moved = transposed_score(song, 3).melody or ()
    assert [note.pitch - 3 for note in moved] == [note.pitch for note in song.melody or ()]
    assert not transposed_score(replace(song, melody=None), 3).melody


def test_phrases_of_the_tune_are_those_of_the_form(make_score: MakeScore, network: MelodyNetwork) -> None:
    """The tune breathes before every phrase, also before those that a cut begins early."""
    for seed in range(3):
        plain = make_score(SONG, seed=seed, density=30, cuts_s=(6.0, 18.0))
        score = with_melody(resolve(plain), network)
        phrases = melody_phrases(score)
        assert [phrase.begin_beat for phrase in phrases[:4]] == [0, 12, 28, 36]
        for phrase in phrases[:-1]:
            last_beats = np.arange(phrase.end_beat - 2, phrase.end_beat, 0.25)
            sounding = [
                any(note.onset_beat <= beat < note.end_beat for note in score.melody or ()) for beat in last_beats
            ]
            assert not all(sounding), (seed, phrase)


def sung(melody: Sequence[MelodyNote], begin: float, beats: float) -> set[tuple[float, int]]:
    inside = [note for note in melody if begin <= note.onset_beat < begin + beats]
    return {(round(note.onset_beat - begin, 3), note.pitch) for note in inside}


def test_phrases_that_repeat_are_sung_alike_and_those_that_answer_bring_something_new(
    make_score: MakeScore, network: MelodyNetwork
) -> None:
    alike, other = [], []
    for seed in range(4):
        score = with_melody(resolve(make_score("C C F G " * 16, seed=seed)), network)
        phrases = [phrase for phrase in melody_phrases(score) if phrase.end_beat - phrase.begin_beat == 16]
        for one, two in combinations(phrases, 2):
            first, second = (sung(score.melody or (), phrase.begin_beat, 14) for phrase in (one, two))
            same = len(first & second) / max(1, len(first | second))
            (alike if one.answers == two.answers else other).append(same)
    assert np.mean(alike) > np.mean(other) + 0.2
