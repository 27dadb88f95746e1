"""Melodies: what a tune must keep to whatever the network knows, and what the shipped weights sing."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.errors import WeightsDamagedError, WeightsNotFoundError
from video2music.harmony.key import parse_key
from video2music.harmony.vocabulary import NO_CHORD, chord_id, chord_pitch_classes
from video2music.models.melody import (
    FIRST_PITCH,
    HOLD,
    LAGS,
    LOWEST,
    NOTHING,
    REST,
    TOKENS,
    MelodyConfig,
    MelodyNetwork,
    load_melody,
    read_latest,
    read_past,
    save_melody,
)
from video2music.models.melody_context import context_of, sung_wishes
from video2music.models.melody_for_score import melody_of_score, with_melody
from video2music.models.melody_generation import compose_melody
from video2music.models.melody_plan import ChordSpan, Singing
from video2music.music.melody import MelodyNote
from video2music.music.score import Score

LOOP = [chord_id(0, "maj"), chord_id(9, "min"), chord_id(5, "maj"), chord_id(7, "maj")]
QUICK = Singing(candidates=2)


def untrained() -> MelodyNetwork:
    torch.manual_seed(0)
    return MelodyNetwork(MelodyConfig(inputs=16, hidden=16, token=4, small=4)).eval()


def spans(bars: int, loop: list[int] | None = None, *, begin: float = 0.0) -> list[ChordSpan]:
    chords = loop or LOOP
    return [ChordSpan(begin + 4.0 * bar, 4.0, chords[bar % len(chords)]) for bar in range(bars)]


def sing(network: MelodyNetwork, bars: int = 8, *, seed: int = 0, **wishes: object) -> tuple[MelodyNote, ...]:
    given_ = {"key": parse_key("C major"), "singing": QUICK, **wishes}
    chords = given_.pop("chords", None) or spans(bars)
    return compose_melody(network, chords, generator=torch.Generator().manual_seed(seed), **given_)


def score_of(chords: list[str], **fields: object) -> Score:
    steps = len(chords)
    usual = {
        "note_density": np.full(steps, 10.0, dtype=np.float32),
        "loudness": np.full(steps, 0.1, dtype=np.float32),
        "key": "C major",
        "seed": 5,
        "duration_s": float(steps),
    }
    return Score(chords=tuple(chords), **{**usual, **fields})


@pytest.fixture(scope="module")
def shipped() -> MelodyNetwork:
    return load_melody()


@given(
    seed=st.integers(0, 10_000),
    bars=st.integers(1, 9),
    lowest=st.integers(48, 64),
    width=st.integers(12, 24),
    key=st.sampled_from(["C major", "F# major", "A minor", "Eb minor"]),
    first_bar=st.sampled_from([0.0, 1.25, 3.5]),
    level=st.integers(0, 4),
)
@settings(max_examples=12)
def test_every_tune_is_one_voice_in_its_range_and_within_its_chords(
    seed: int, bars: int, lowest: int, width: int, key: str, first_bar: float, level: int
) -> None:
    chords = [*spans(1, begin=first_bar - 4), *spans(bars, begin=first_bar)]
    singing = replace(QUICK, lowest=lowest, highest=lowest + width)
    notes = sing(
        untrained(), seed=seed, chords=chords, key=parse_key(key), singing=singing, first_bar_beat=first_bar,
        density=level,
    )  # fmt: skip
    end = chords[-1].onset_beat + 4.0
    assert notes
    assert all(lowest <= note.pitch <= lowest + width for note in notes)
    assert notes[0].onset_beat >= 0
    assert all(one.onset_beat + one.duration_beats <= other.onset_beat for one, other in pairwise(notes))
    assert notes[-1].onset_beat + notes[-1].duration_beats == pytest.approx(end)
    assert all(note.duration_beats >= 0.25 and 0.7 <= note.velocity_share <= 1.1 for note in notes)
    assert all(abs(one.pitch - other.pitch) <= 12 for one, other in pairwise(notes))


def test_the_same_generator_gives_the_same_tune_and_another_one_another() -> None:
    network = untrained()
    assert sing(network, seed=1) == sing(network, seed=1)
    assert sing(network, seed=1) != sing(network, seed=2)


def test_the_global_generator_is_neither_read_nor_moved() -> None:
    network = untrained()
    before = torch.get_rng_state()
    first = sing(network, bars=4)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert sing(network, bars=4) == first


def test_a_tune_comes_to_rest_on_a_tone_of_the_last_chord() -> None:
    for seed in range(4):
        last = sing(untrained(), seed=seed, closing_beat=28.0)[-1]
        assert last.onset_beat == 28.0
        assert last.pitch % 12 in chord_pitch_classes(LOOP[3]) | {0}


def test_nothing_is_sung_where_there_is_no_chord() -> None:
    chords = spans(8, [LOOP[0], LOOP[1], NO_CHORD, LOOP[2]])
    for note in sing(untrained(), chords=chords):
        for span in chords:
            silent = span.chord == NO_CHORD
            apart = note.onset_beat >= span.onset_beat + 4 or note.onset_beat + note.duration_beats <= span.onset_beat
            assert apart or not silent


def test_phrases_breathe() -> None:
    """In the last bar of every phrase of four bars, the tune rests, also that of a network that never would."""
    network = untrained()
    with torch.no_grad():
        network.out.bias[REST] = -20
        network.gate.bias[1:] = -20
    notes = sing(network, bars=16, density=4)
    for phrase in range(3):
        last_beats = np.arange(16 * phrase + 14, 16 * phrase + 16, 0.25)
        sounding = [any(n.onset_beat <= beat < n.onset_beat + n.duration_beats for n in notes) for beat in last_beats]
        assert not all(sounding)


def test_a_phrase_over_the_same_chords_returns() -> None:
    faithful = replace(QUICK, rhythm_memory=50.0, pitch_memory=50.0, widest_leap=22)
    notes = sing(untrained(), bars=16, singing=faithful)
    first = {(note.onset_beat, note.pitch) for note in notes if note.onset_beat < 12}
    second = {(note.onset_beat - 16, note.pitch) for note in notes if 16 <= note.onset_beat < 28}
    assert len(first) > 4
    assert first == second


@pytest.mark.parametrize(
    "wishes",
    [
        {"singing": Singing(lowest=60, highest=70)},
        {"density": [1, 2]},
    ],
)
def test_what_cannot_be_sung_is_refused(wishes: dict) -> None:
    with pytest.raises(ValueError, match=r"octave|densities"):
        sing(untrained(), bars=4, **wishes)


def test_a_tune_without_chords_is_refused() -> None:
    with pytest.raises(ValueError, match="chords"):
        compose_melody(untrained(), [], key=parse_key("C major"), generator=torch.Generator())


@pytest.mark.parametrize(("seed", "length"), [(0, 1), (1, 40), (2, 150)])
def test_the_past_is_what_was_sung(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    tokens = rng.choice([REST, HOLD, HOLD, *range(FIRST_PITCH, TOKENS)], length).tolist()
    past = read_past(torch.tensor([tokens]))
    for step in range(len(tokens) + 1):
        sung = [token for token in tokens[:step] if token >= FIRST_PITCH]
        assert past.previous[0, step] == (tokens[step - 1] if step else NOTHING)
        assert past.sounding[0, step] == (sung[-1] if sung else NOTHING)
        assert past.before[0, step] == (sung[-2] if len(sung) > 1 else NOTHING)
        for number, lag in enumerate(LAGS):
            expected = tokens[step - lag] if step >= lag else NOTHING
            assert past.looked[0, step, number, 0] == expected


@pytest.mark.parametrize("length", [0, 1, 2, 9, 40, 137, 200])
@pytest.mark.parametrize("steps", [1, 2])
def test_the_latest_steps_are_read_as_all_are(length: int, steps: int) -> None:
    if steps > length + 1:
        return
    tokens = torch.randint(0, TOKENS, (3, length), generator=torch.Generator().manual_seed(length))
    tokens[1, -20:] = REST
    tokens[2] = REST
    whole, latest = read_past(tokens), read_latest(tokens, steps)
    for name in ("previous", "sounding", "before", "held", "looked", "agreement"):
        assert torch.allclose(getattr(whole, name)[:, -steps:].float(), getattr(latest, name).float()), name


def test_the_past_does_not_know_the_future() -> None:
    tokens = torch.randint(0, TOKENS, (1, 160), generator=torch.Generator().manual_seed(0))
    whole, part = read_past(tokens), read_past(tokens[:, :100])
    for name in ("previous", "sounding", "before", "held", "looked", "agreement"):
        assert torch.equal(getattr(whole, name)[:, :101], getattr(part, name))


def test_probabilities_add_up_and_silence_cannot_be_held() -> None:
    tokens = torch.tensor([[REST, FIRST_PITCH + 20, HOLD, REST] * 12])
    chords = np.repeat(LOOP, 12)
    with torch.inference_mode():
        known = untrained()(tokens, context_of(chords, minor=False)).exp()
    assert known.sum(dim=2).flatten().tolist() == pytest.approx([1.0] * 48, abs=1e-4)
    assert known[0, 0, HOLD] < 1e-9
    assert known[0, 4::4, HOLD].max() < 1e-9
    assert known[0, 2::4, HOLD].min() > 1e-6


def test_wishes_describe_the_tune_they_come_from() -> None:
    tokens = np.zeros(16 * 9, dtype=np.int64)
    tokens[16:80:2] = FIRST_PITCH + 20
    density, register = sung_wishes(tokens)
    assert density[16] == 4
    assert density[-1] == 0
    assert (register[:80] == register[16]).all()
    assert register[16] != register[-1]


def test_a_score_is_sung_within_the_clip() -> None:
    score = score_of(["C", "Am", "F", "G"] * 8, tempo_bpm=97.0, pickup_beats=1.5, duration_s=31.3)
    notes = melody_of_score(untrained(), score, singing=QUICK)
    assert len(notes) > 8
    assert notes[0].onset_beat >= 0
    assert notes[-1].end_beat * score.beat_s == pytest.approx(31.3)
    on_grid = [(note.onset_beat - 1.5) * 4 for note in notes]
    assert on_grid == pytest.approx(np.rint(on_grid).tolist())


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9])
def test_short_clips_get_a_tune_too(steps: int) -> None:
    notes = melody_of_score(untrained(), score_of(["C"] * steps), singing=QUICK)
    assert notes[-1].onset_beat + notes[-1].duration_beats == pytest.approx(2.0 * steps)


@pytest.mark.parametrize(("duration", "pickup"), [(0.05, 0.0), (0.3, 1.5), (0.8, 3.9)])
def test_the_shortest_clips_get_a_tune_within_them(duration: float, pickup: float) -> None:
    score = score_of(["C"] * 3, duration_s=duration, pickup_beats=pickup)
    notes = melody_of_score(untrained(), score, singing=QUICK)
    assert notes[0].onset_beat >= 0
    assert notes[-1].end_beat * score.beat_s == pytest.approx(duration)


def test_a_tune_that_is_there_is_not_composed_again() -> None:
    score = with_melody(score_of(["C"] * 4), untrained())
    assert score.melody
    assert with_melody(score, untrained()) is score


def test_the_register_of_the_score_raises_the_tune() -> None:
    network, chords = untrained(), ["C", "Am", "F", "G"] * 8
    low, high = (
        np.mean([note.pitch for note in melody_of_score(network, score_of(chords, register=shift), singing=QUICK)])
        for shift in (-5.0, 5.0)
    )
    assert high > low + 3


def test_stored_networks_come_back(tmp_path: Path) -> None:
    network = untrained()
    path = tmp_path / "melody.safetensors"
    save_melody(path, network, {"seed": "0"})
    assert load_melody(path).config == network.config
    assert sing(load_melody(tmp_path)) == sing(network)


def test_damaged_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "melody.safetensors"
    with pytest.raises(WeightsNotFoundError):
        load_melody(path)
    save_melody(path, untrained(), {})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsDamagedError):
        load_melody(path)
    path.write_bytes(whole.replace(b"video2music.melody", b"video2music.others"))
    with pytest.raises(WeightsDamagedError, match="melody network"):
        load_melody(path)
    path.write_bytes(whole.replace(b'hidden\\": 16', b'hidden\\": 17'))
    with pytest.raises(WeightsDamagedError, match="do not fit"):
        load_melody(path)


TWINKLE = ((0, 60), (4, 60), (8, 67), (12, 67), (16, 69), (20, 69), (24, 67), (32, 65), (36, 65), (40, 64), (44, 64),
           (48, 62), (52, 62), (56, 60))  # fmt: skip


def nats_per_step(network: MelodyNetwork, transposed: int = 0) -> float:
    tokens = np.full(80, HOLD)
    tokens[:16] = REST
    for onset, pitch in TWINKLE:
        tokens[16 + onset] = FIRST_PITCH + pitch - LOWEST + transposed
    roots = np.repeat([0, 0, 5, 0, 5, 0, 7, 0], 8)
    chords = np.array([chord_id(int(root), "maj") for root in [*[0] * 16, *roots]])
    with torch.inference_mode():
        known = network(torch.from_numpy(tokens)[None], context_of(chords, minor=False))[0]
    return -float(known[torch.arange(80), torch.from_numpy(tokens)].mean())


def test_the_shipped_network_knows_a_tune_over_its_chords_from_the_same_over_others(shipped: MelodyNetwork) -> None:
    assert nats_per_step(shipped) < nats_per_step(shipped, transposed=1) - 0.1
    assert nats_per_step(shipped) < nats_per_step(shipped, transposed=6) - 0.1


@pytest.mark.parametrize("seed", range(3))
def test_the_shipped_network_sings_tunes(shipped: MelodyNetwork, seed: int) -> None:
    chords = spans(16)
    notes = sing(shipped, seed=seed, chords=chords, closing_beat=60.0, singing=Singing(candidates=4))
    fits = [
        note.pitch % 12 in chord_pitch_classes(chords[int(note.onset_beat // 4)].chord)
        for note in notes
        if note.onset_beat % 2 == 0
    ]
    sizes = np.abs(np.diff([note.pitch for note in notes]))
    sung = sum(note.duration_beats for note in notes)
    assert 24 <= len(notes) <= 130
    assert np.mean(fits) > 0.6  # by chance 3 of 7 tones of the scale
    assert np.mean(sizes > 5) < 0.25
    assert np.mean((sizes > 0) & (sizes <= 4)) > 0.3
    assert 0.02 < 1 - sung / 64 < 0.5
    assert np.ptp([note.pitch for note in notes]) >= 5
