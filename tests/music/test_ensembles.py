"""Ensembles: tables that are refused in a sentence when wrong, and parts that play what harmony and form ask for."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr

from video2music.errors import EnsembleError
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, chord_pitch_classes, symbol
from video2music.music.arrangement import arrange, perform
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import LEVELS, Ensemble, Part, ensemble_names, load_ensemble, read_ensemble
from video2music.music.midi import PlayedNote
from video2music.music.notation import ALL_TONES, DRUMS
from video2music.music.score import Score
from video2music.music.tempo import at_tempo
from video2music.music.voices import voice_part

MakeScore = Callable[..., Score]
OURS = ("ambient", "band", "cinematic", "lofi", "musicbox", "piano", "strings")
POP = "C C Am Am F F G G7 C C Em Em F F G7 G7 " * 2
DENSITY_OF_LEVEL = (3, 9, 15, 21, 30)


def random_score(seed: int, *, steps: int = 48, key: str = "D minor", tempo_bpm: float = 120.0) -> Score:
    rng = np.random.default_rng(seed)
    chords = [symbol(int(chord)) for chord in np.repeat(rng.integers(0, CHORD_COUNT, steps), rng.integers(1, 5, steps))]
    score = Score(
        chords=tuple(chords[:steps]),
        note_density=np.repeat(rng.uniform(0, 32, steps // 4), 4).astype(np.float32),
        loudness=rng.uniform(0.02, 0.5, steps).astype(np.float32),
        key=key,
        seed=seed,
        duration_s=steps - rng.uniform(0, 0.9),
        cuts_s=tuple(np.sort(rng.uniform(0, steps, 6)).tolist()),
    )
    return resolve(at_tempo(score, tempo_bpm, pickup_beats=float(rng.choice([0, 0.7, 2, 3.3]))))


def played(score: Score, name: str) -> list[tuple[Part, tuple[PlayedNote, ...]]]:
    ensemble = load_ensemble(name)
    parts = perform(resolve(score), ensemble)
    return [(part, heard.notes) for part, heard in zip(ensemble.parts, parts, strict=True)]


def pitched(score: Score, name: str) -> list[tuple[Part, PlayedNote]]:
    return [(part, note) for part, notes in played(score, name) if part.role != "drums" for note in notes]


def test_all_ensembles_can_be_read() -> None:
    assert set(ensemble_names()) == {*OURS, "paper"}
    for name in ensemble_names():
        ensemble = load_ensemble(name)
        assert (ensemble.name, bool(ensemble.title), bool(ensemble.summary)) == (name, True, True)


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("string", "strings"), ("Band", "band"), ("lo-fi", "lofi"), ("music box", "musicbox")]
)
def test_an_unknown_ensemble_names_the_nearest(make_score: MakeScore, wrong: str, nearest: str) -> None:
    with pytest.raises(EnsembleError, match=rf"no ensemble '{wrong}'. Did you mean {nearest}\? There are ambient, "):
        arrange(make_score("C F G C"), ensemble=wrong)


GOOD = """
title = "Test"
summary = "A test"
[[part]]
name = "Flute"
role = "harmony"
program = 73
register = [60, 84]
figures = ["0-------", "0---1---", "0.1.2.1.", "01210121", "01210121"]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('title = "Test"\n', "", "field title is missing: x"),
        ("[[part]]", "[[part]", "not TOML"),
        ("program = 73", "program = 128", r"program is 128: x, part 1 \(Flute\). It must be from 0 to 127"),
        ("program = 73", 'program = "flute"', "program is 'flute'"),
        ('role = "harmony"', 'role = "solo"', "role is 'solo': x, part 1. It must be one of harmony, bass, drums"),
        ("register = [60, 84]", "register = [60, 70]", "register must hold every pitch class"),
        ('"0-------", ', "", "figures has 4 figures"),
        ("0.1.2.1.", "0.1.2.?.", r"character '\?' in figures \(0.1.2.\?\.\)"),
        ("0.1.2.1.", "0.1.2.1", "has 7 characters"),
        ("program = 73", "program = 73\nvolume = 3", "field volume is not known"),
        ('"0-------"', '""', "No part with pitches plays at the lowest level"),
        ("program = 73", "program = 73\nenters = 2", "No part with pitches plays at the lowest level"),
        ('role = "harmony"', 'role = "drums"', "figure of the drums is a table"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(right: str, wrong: str, sentence: str) -> None:
    assert read_ensemble("x", GOOD).parts[0].program == 73
    assert right in GOOD
    with pytest.raises(EnsembleError, match=sentence):
        read_ensemble("x", GOOD.replace(right, wrong))


def test_unknown_drums_are_refused() -> None:
    drums = '[[part]]\nname = "Drums"\nrole = "drums"\nfigures = [{}, {}, {}, {}, {triangle = "x......."}]'
    with pytest.raises(EnsembleError, match="no drum 'triangle'"):
        read_ensemble("x", GOOD + drums)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", OURS)
def test_notes_stay_in_register_and_clip(name: str, seed: int) -> None:
    score = random_score(seed, tempo_bpm=(60, 97, 120, 180)[seed])
    end = score.duration_s / score.beat_s
    for part, notes in played(score, name):
        highest = part.register[1] + (12 if part.final == "roll" else 0)
        ends: Counter[int] = Counter()
        for note in notes:
            assert part.role == "drums" or part.register[0] <= note.pitch <= highest, (part.name, note)
            assert 0 <= note.start < note.end <= end + 1e-6, (part.name, note)
            assert 1 <= note.velocity <= 127
            assert note.start >= ends[note.pitch] - 1e-9
            ends[note.pitch] = note.end


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", OURS)
def test_notes_belong_to_their_chords_or_are_marked(name: str, seed: int) -> None:
    score = random_score(seed)
    chords = [parse_chord(chord) for chord in score.chords]
    passing = 0
    for part, note in pitched(score, name):
        first = int((note.start - score.beat_of_step(0)) // 2)
        last = int(np.ceil((note.end - score.beat_of_step(0)) / 2 - 1e-6))
        sounding = [chord_pitch_classes(chord) for chord in chords[first:last] if chord != NO_CHORD]
        if note.passing:
            passing += 1
            assert note.end - note.start <= 1
            assert part.role == "bass"
            continue
        for tones in sounding:
            assert note.pitch % 12 in tones, (part.name, note)
    assert passing <= len(score.chords)


@pytest.mark.parametrize("name", OURS)
def test_low_notes_lie_a_fifth_apart(name: str) -> None:
    for seed in range(3):
        low = [note for part, note in pitched(random_score(seed, tempo_bpm=90), name) if note.pitch < 48]
        for one, other in combinations(sorted(low, key=lambda note: note.start), 2):
            if min(one.end, other.end) - max(one.start, other.start) > 0.5:
                assert abs(one.pitch - other.pitch) % 12 == 0 or abs(one.pitch - other.pitch) >= 5, (one, other)


@pytest.mark.parametrize("name", OURS)
def test_denser_levels_have_more_strokes(make_score: MakeScore, name: str) -> None:
    counts = []
    for density in DENSITY_OF_LEVEL:
        score = make_score(POP, density=density)
        counts.append(sum(2 * 4 <= note.start < 48 for _, notes in played(score, name) for note in notes))
    assert (np.diff(counts) > 0).all(), counts
    assert counts[4] > 1.8 * counts[0]


@pytest.mark.parametrize("name", OURS)
def test_strokes_follow_density(make_score: MakeScore, name: str) -> None:
    score = make_score(POP, density=14 + 12 * np.sin(np.arange(32) / 4))
    notes = [note for _, part in played(score, name) for note in part if 8 <= note.start < 56]
    bars = np.array([sum(int(note.start // 4) == bar for note in notes) for bar in range(2, 14)])
    assert spearmanr(bars, score.note_density.reshape(-1, 2).mean(axis=1)[2:14]).statistic > 0.8


@pytest.mark.parametrize("name", OURS)
def test_the_same_seed_plays_the_same_and_another_differently(name: str) -> None:
    score = random_score(1)
    ensemble = load_ensemble(name)
    assert perform(score, ensemble) == perform(score, ensemble)
    other = replace(score, seed=score.seed + 1)
    assert perform(other, ensemble) != perform(score, ensemble)


def test_no_bar_is_a_copy_of_the_one_before(make_score: MakeScore) -> None:
    for name in OURS:
        score = make_score("C " * 32, density=15)
        bars = [[] for _ in range(14)]
        for _, notes in played(score, name):
            for note in notes:
                if note.start < 56:
                    bars[int(note.start // 4)].append((round(note.start % 4, 4), note.pitch, note.velocity))
        assert all(one != other for one, other in pairwise(bars[1:])), name


def test_phrases_repeat_turn_and_answer(make_score: MakeScore) -> None:
    score = make_score("C " * 40, density=15)
    ensemble = load_ensemble("piano")
    written = replace(ensemble, parts=tuple(replace(part, delay_ms=0, jitter=0) for part in ensemble.parts))
    bars: list[list[tuple[float, int]]] = [[] for _ in range(20)]
    for note in perform(resolve(score), written)[0].notes:
        bars[int(note.start // 4)].append((note.start % 4, note.pitch))
    assert bars[1] == bars[2], "a phrase repeats its figure"
    assert bars[3] != bars[2], "and turns at its end"
    phrases = [bars[first + 1] for first in (0, 4, 8, 12)]
    assert phrases.count(phrases[0]) in (2, 3), "others answer it"


def test_the_paper_ensemble_is_what_was_published(make_score: MakeScore) -> None:
    score = make_score("C C Am Chdim7 F F N G", loudness=np.linspace(0.03, 0.4, 8), key="F major")
    paper, published = arrange(score, ensemble="paper"), arrange(score, as_published=True)
    assert [str(note) for note in paper.instruments[0].notes] == [str(note) for note in published.instruments[0].notes]
    assert len(paper.instruments) == 1
    assert not paper.instruments[0].control_changes


@pytest.mark.parametrize("name", OURS)
def test_voices_move_little_and_never_leave_their_register(name: str) -> None:
    rng = np.random.default_rng(7)
    chords = [int(chord) for chord in rng.integers(1, CHORD_COUNT, 120)]
    for part in load_ensemble(name).parts:
        if part.voicing != "close":
            continue
        voiced = voice_part(part, chords, 0)
        moves = [np.abs(np.subtract(a, b)).mean() for a, b in pairwise(voiced) if len(a) == len(b)]
        assert np.mean(moves) < 3.6, part.name
        for chord, notes in zip(chords, voiced, strict=True):
            assert list(notes) == sorted(set(notes)), "no voices cross or meet"
            assert part.register[0] <= notes[0] <= notes[-1] <= part.register[1]
            assert {note % 12 for note in notes} <= chord_pitch_classes(chord)
            if part.voices >= len(chord_pitch_classes(chord)):
                assert {note % 12 for note in notes} == chord_pitch_classes(chord), (part.name, symbol(chord), notes)


def test_voices_below_the_small_octave_keep_a_fifth_apart() -> None:
    part = replace(load_ensemble("strings").parts[1], register=(36, 62))
    chords = [int(chord) for chord in np.random.default_rng(8).integers(1, CHORD_COUNT, 80)]
    for notes in voice_part(part, chords, 0):
        assert all(upper - lower >= 7 for lower, upper in pairwise(notes) if lower < 48), notes


@pytest.mark.parametrize("name", ["band", "lofi", "strings", "musicbox"])
def test_the_bass_walks_to_the_next_root(make_score: MakeScore, name: str) -> None:
    score = resolve(make_score("C C F F G G Am Am Dm Dm G G C C C C C C", density=20))
    notes = next(heard for part, heard in played(score, name) if part.role == "bass")
    walked = 0
    for change, root in ((4, 5), (8, 7), (12, 9), (16, 2), (20, 7)):
        before = [note for note in notes if note.start < change - 0.1][-1]
        first = next(note for note in notes if note.start >= change - 1e-6)
        assert first.pitch % 12 == root
        walked += change - before.start <= 0.7 and 1 <= abs(first.pitch - before.pitch) <= 2
    assert walked >= 4


def test_small_waves_of_density_hardly_change_a_bar_and_clear_ones_do(make_score: MakeScore) -> None:
    def strokes(density: list[float]) -> list[int]:
        notes = played(make_score("C C F F G G Am Am C C F F G G C C", density=density), "piano")[0][1]
        return [sum(int(note.start // 2) == step for note in notes) for step in range(4, 10)]

    wavering, even = strokes([17, 19] * 8), strokes([18] * 16)
    assert np.abs(np.subtract(wavering, even)).max() <= 1
    lively = strokes([17, 19, 17, 19, 10, 28, 17, 19] + [17, 19] * 4)
    assert lively[0] < even[0]
    assert lively[1] > even[1]


def test_drums_fill_before_a_cut_and_crash_on_it(make_score: MakeScore) -> None:
    plain = make_score("C " * 32, density=30)
    cut = replace(plain, cuts_s=(9.0,))
    usual, marked = (dict_of_drums(score) for score in (plain, cut))
    assert DRUMS["crash"] not in usual[9]
    assert DRUMS["crash"] in marked[9]
    toms = {DRUMS["high_tom"], DRUMS["mid_tom"], DRUMS["low_tom"]}
    assert not toms & set(usual[8])
    assert toms & set(marked[8])


def dict_of_drums(score: Score) -> dict[int, list[int]]:
    notes = played(score, "band")[0][1]
    return {
        step: [note.pitch for note in notes if 2 * step - 0.01 <= note.start < 2 * step + 1.99] for step in range(32)
    }


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("duration_s", [0.3, 1.5, 4.0, 11.7, 31.2])
def test_pieces_of_any_length_end_on_the_tonic_inside_the_clip(
    make_score: MakeScore, name: str, duration_s: float
) -> None:
    steps = int(np.ceil(duration_s))
    score = resolve(make_score(["Am", "F", "Dm", "G", "E7"] * steps, key="A minor", density=20, duration_s=duration_s))
    closing_beat = 2 * closing_step(score.end_step)
    heard = pitched(score, name)
    last = [(part, note) for part, note in heard if note.start >= closing_beat - 1e-6]
    assert {note.pitch % 12 for _, note in last} == chord_pitch_classes(parse_key("A minor").tonic_chord)
    assert min(note.pitch for _, note in last) % 12 == parse_key("A minor").pitch_class
    assert max(note.end for _, note in heard) <= 2 * duration_s
    assert max(note.end for _, note in last) >= 2 * duration_s - 1.2, "it rings out"


@pytest.mark.parametrize("name", OURS)
def test_no_bar_is_empty(make_score: MakeScore, name: str) -> None:
    for density in DENSITY_OF_LEVEL:
        sounding = np.zeros(60)
        for _, note in pitched(make_score(POP, density=density), name):
            sounding[int(note.start) : int(np.ceil(note.end))] += 1
        assert sounding.all(), (density, np.flatnonzero(sounding == 0))


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("pickup_beats", [0.3, 0.8, 1.9, 2.0, 2.4, 3.1, 3.9])
def test_music_begins_with_the_clip_also_in_the_middle_of_a_bar(
    make_score: MakeScore, name: str, pickup_beats: float
) -> None:
    for density in DENSITY_OF_LEVEL:
        score = make_score(POP, density=density, pickup_beats=pickup_beats, duration_s=20)
        assert 0 <= min(note.start for _, note in pitched(score, name)) < 0.8


@pytest.mark.parametrize("name", OURS)
def test_tracks_are_named_placed_and_drums_have_their_channel(make_score: MakeScore, name: str) -> None:
    ensemble = load_ensemble(name)
    midi = arrange(make_score(POP, density=30, duration_s=32), ensemble=name)
    assert [track.name for track in midi.instruments] == [part.name for part in ensemble.parts]
    for track, part in zip(midi.instruments, ensemble.parts, strict=True):
        assert track.is_drum == (part.role == "drums")
        controls = {change.number: change.value for change in track.control_changes}
        assert {7, 10, 11, 91} <= set(controls)
        assert track.notes, f"{part.name} never plays, even at the highest density"


def test_figures_of_all_levels_are_written_denser_and_denser() -> None:
    for name in ensemble_names():
        ensemble: Ensemble = load_ensemble(name)
        strokes = [sum(per_bar(part, level) for part in ensemble.parts) for level in range(LEVELS)]
        assert (np.diff(strokes) > 0).all(), (name, strokes)


def per_bar(part: Part, level: int) -> float:
    figure = part.figures[level]
    tones = sum(part.voices if stroke.tone == ALL_TONES else 1 for stroke in figure.strokes)
    return 4 * tones / max(figure.beats, 1)
