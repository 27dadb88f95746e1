"""What an arranger would look for: right notes in any harmony, homes in short clips, voices that lead well."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, chord_pitch_classes, symbol
from video2music.music.arrangement import perform
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import Part, ensemble_names, load_ensemble
from video2music.music.midi import PlayedNote
from video2music.music.notation import DRUMS
from video2music.music.score import Score

MakeScore = Callable[..., Score]
OURS = tuple(name for name in ensemble_names() if name != "paper")
KEYS = ("C major", "A minor", "F# minor", "Eb major")
STRANGE = ("dim7", "sus2", "sus4", "aug", "hdim7", "min6", "maj7")
POP = "C C Am Am F F G G Em Em F F Dm Dm G7 G7 " * 3


def played(score: Score, name: str) -> list[tuple[Part, tuple[PlayedNote, ...]]]:
    """Return parts with pitches and their notes."""
    ensemble = load_ensemble(name)
    parts = perform(resolve(score), ensemble)
    return [(part, heard.notes) for part, heard in zip(ensemble.parts, parts, strict=True) if part.role != "drums"]


chords = st.one_of(
    st.integers(1, CHORD_COUNT - 1).map(symbol),
    st.tuples(st.sampled_from(("C", "Eb", "F#", "B")), st.sampled_from(STRANGE)).map("".join),
)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=15, deadline=None)
@given(
    held=st.lists(st.tuples(chords, st.integers(1, 4)), min_size=4, max_size=10),
    density=st.floats(0, 35),
    key=st.sampled_from(KEYS),
    tempo_bpm=st.floats(60, 180),
    note_length=st.sampled_from((0.14, 0.5, 1.0)),
)
@example(
    held=[("C", 4), ("C", 1), ("C#", 1), ("C", 2)], density=10.0, key="C major", tempo_bpm=60.0, note_length=0.14
).via("a bass that led to C# from below its register")
def test_any_harmony_is_played_with_its_own_notes_in_the_registers(
    name: str,
    held: list[tuple[str, int]],
    density: float,
    key: str,
    tempo_bpm: float,
    note_length: float,
) -> None:
    symbols = tuple(chord for chord, steps in held for _ in range(steps))
    level = np.full(len(symbols), density, np.float32)
    score = resolve(
        Score(symbols, level, level / 60, key, 3, len(symbols) * 120 / tempo_bpm, tempo_bpm, note_length=note_length)
    )
    sounding = [chord_pitch_classes(parse_chord(chord)) for chord in score.chords]
    for part, notes in played(score, name):
        for note in notes:
            first, last = int(note.start // 2), int(np.ceil(note.end / 2 - 1e-6))
            assert note.passing or all(note.pitch % 12 in tones for tones in sounding[first:last]), (part.name, note)
            assert not note.passing or part.role == "bass"
            assert part.register[0] <= note.pitch <= part.register[1] + (12 if part.final == "roll" else 0)
            assert note.end * score.beat_s <= score.duration_s + 1e-6


@pytest.mark.parametrize("duration_s", [0.5, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("tempo_bpm", [70, 120, 165])
@pytest.mark.parametrize("name", OURS)
def test_short_clips_come_to_rest(make_score: MakeScore, name: str, tempo_bpm: float, duration_s: float) -> None:
    key = parse_key("D minor")
    score = make_score(["Bb", "F", "Eb", "C"] * 4, key="D minor", duration_s=duration_s, tempo_bpm=tempo_bpm)
    resolved = resolve(score)
    closing = closing_step(resolved.end_step)
    assert parse_chord(resolved.chords[-1]) == key.tonic_chord
    notes = [note for _, part in played(score, name) for note in part]
    last = [note for note in notes if note.start >= max(0.0, resolved.beat_of_step(closing)) - 1e-6]
    assert {note.pitch % 12 for note in last} == chord_pitch_classes(key.tonic_chord)
    assert min(note.start for note in notes) * resolved.beat_s < 0.1, "it begins with the clip"
    end = max(note.end for note in notes) * resolved.beat_s
    assert 0.7 * duration_s <= end <= duration_s
    if resolved.end_step >= 5:
        before = parse_chord(resolved.chords[closing - 1])
        assert before != NO_CHORD
        assert before != key.tonic_chord or resolved.chords[closing - 1] == resolved.chords[closing - 2]


@pytest.mark.parametrize("name", OURS)
def test_bass_and_top_seldom_move_in_octaves(make_score: MakeScore, name: str) -> None:
    parallels = moves = 0
    for key in ("C major", "Eb major"):
        score = resolve(make_score(POP, density=12, key=key))
        heard = [(part, note) for part, notes in played(score, name) for note in notes]
        outer = [outer_voices(heard, score.beat_of_step(step)) for step in range(2, closing_step(score.end_step), 2)]
        for (bass, top), (next_bass, next_top) in pairwise(pair for pair in outer if pair):
            moves += bass != next_bass
            octaves = (top - bass) % 12 == 0 and (next_top - next_bass) % 12 == 0
            parallels += octaves and bass != next_bass and top != next_top
    assert moves > 20
    assert parallels / moves < 0.2, (parallels, moves)


def outer_voices(heard: list[tuple[Part, PlayedNote]], beat: float) -> tuple[int, int] | None:
    """Return the lowest and the highest note that sound after a beat."""
    notes = [note.pitch for _, note in heard if note.start < beat + 0.3 and note.end > beat + 0.2]
    return (min(notes), max(notes)) if len(notes) > 1 else None


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("tempo_bpm", [90, 165])
def test_levels_have_more_and_more_notes_in_a_bar(make_score: MakeScore, name: str, tempo_bpm: float) -> None:
    counts = []
    for density in (3, 9, 15, 21, 27):
        score = make_score(POP, density=density, tempo_bpm=tempo_bpm)
        parts = perform(resolve(score), load_ensemble(name))
        counts.append(sum(16 <= note.start < 80 for part in parts for note in part.notes) / 16)
    assert (np.diff(counts) > 0).all(), counts


@pytest.mark.parametrize("name", ["band", "lofi", "cinematic"])
def test_drums_fill_before_cuts_and_hit_them(make_score: MakeScore, name: str) -> None:
    cut = 19
    score = resolve(make_score("C " * 40, density=26, cuts_s=[float(cut)]))
    ensemble = load_ensemble(name)
    drums = next(
        heard.notes
        for part, heard in zip(ensemble.parts, perform(score, ensemble), strict=True)
        if part.role == "drums"
    )
    steps = [[note for note in drums if 2 * step - 0.01 <= note.start < 2 * step + 1.99] for step in range(40)]
    hit = [note for note in steps[cut] if note.start < 2 * cut + 0.1]
    assert {DRUMS["crash"], DRUMS["kick"]} <= {note.pitch for note in hit}
    usual = [sorted((note.pitch, round(4 * note.start - 0.1) % 8) for note in steps[step]) for step in (9, 13, 18)]
    assert usual[2] not in usual[:2], "a fill differs from the beat"
    assert DRUMS["crash"] not in {note.pitch for step in steps[8:18] for note in step}
