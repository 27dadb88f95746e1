"""The chord and key reader that ships: chords of plain tones, silence, noise, parts of any length."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion.embedded.harmony import Harmony, HarmonyReader, key_name, load_harmony_reader
from emotion.embedded.harmony_decoding import chord_class_label, chord_spans, likeliest_chords, triads
from emotion.embedded.harmony_network import CHORDS, NO_CHORD, QUALITIES
from emotion.embedded.mel import SAMPLE_RATE
from emotion.errors import WeightsDamagedError
from emotion.music2emo.vocabulary import INTERVALS, ROOTS

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def reader() -> HarmonyReader:
    return load_harmony_reader()


def struck(notes: list[int], seconds: float) -> Samples:
    """Strings that are struck and fade."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(len(time))
    for note in notes:
        hertz = 440 * 2 ** ((note - 69) / 12)
        for partial in range(1, 9):
            if partial * hertz < 0.45 * SAMPLE_RATE:
                fading = np.exp(-time * (0.8 + 0.4 * partial))
                sound += np.sin(2 * np.pi * partial * hertz * time) * fading / partial
    return (0.1 * sound).astype(np.float32)


def chord_notes(label: str) -> list[int]:
    """Bass, and the tones of the chord around middle C."""
    root, _, quality = label.partition(":")
    low = 36 + ROOTS.index(root)
    return [low, *(low + 12 + (step if step > 4 else step + 12) for step in INTERVALS[quality or "maj"]), low + 24]


def progression(labels: list[str], seconds: float = 2.0) -> Samples:
    return np.concatenate([struck(chord_notes(label), seconds / 2) for label in labels for _ in range(2)])


def harmony_of(reader: HarmonyReader, samples: Samples) -> Harmony:
    listener = reader.listener()
    listener.hear(samples)
    return listener.harmony()


def sounding_at(harmony: Harmony, time_s: float) -> str:
    return next(span.label for span in harmony.chords if span.start_s <= time_s < span.end_s)


@pytest.mark.parametrize("root", range(12))
def test_triads_of_every_root_are_read(reader: HarmonyReader, root: int) -> None:
    labels = [ROOTS[(root + step) % 12] + suffix for step, suffix in ((0, ""), (9, ":min"), (5, ""), (7, ""), (0, ""))]
    harmony = harmony_of(reader, progression(labels))
    assert [sounding_at(harmony, 2.0 * place + 1.0) for place in range(5)] == labels
    assert harmony.key == key_name(root)
    assert harmony.key_probability > 0.5
    assert harmony.sureness > 0.6


def test_a_minor_cadence_is_in_minor(reader: HarmonyReader) -> None:
    harmony = harmony_of(reader, progression(["A:min", "D:min", "E", "A:min", "F", "D:min", "E", "A:min"]))
    assert harmony.key == "A minor"


@settings(max_examples=6)
@given(st.integers(1, 5))
def test_music_played_higher_is_read_higher(reader: HarmonyReader, up: int) -> None:
    labels = ["C", "G", "A:min", "F", "C:maj7", "D:min7"]
    low = np.concatenate([struck(chord_notes(label), 1.5) for label in labels])
    high = np.concatenate([struck([note + up for note in chord_notes(label)], 1.5) for label in labels])
    here, there = harmony_of(reader, low), harmony_of(reader, high)
    moved = np.concatenate(
        [np.roll(here.triads[:, :12], up, axis=1), np.roll(here.triads[:, 12:24], up, axis=1), here.triads[:, 24:]],
        axis=1,
    )
    assert (moved.argmax(axis=1) == there.triads.argmax(axis=1)).mean() > 0.95
    assert np.abs(moved - there.triads).mean() < 0.02


def sounds_without_chords() -> dict[str, Samples]:
    generator = np.random.default_rng(3)
    size = 12 * SAMPLE_RATE
    clicks = np.zeros(size, dtype=np.float32)
    clicks[:: SAMPLE_RATE // 3] = 0.8
    return {
        "silence": np.zeros(size, dtype=np.float32),
        "white noise": generator.normal(0, 0.1, size).astype(np.float32),
        "brown noise": (generator.normal(0, 1, size).cumsum() * 1e-3).astype(np.float32),
        "hiss near silence": generator.normal(0, 1e-5, size).astype(np.float32),
        "clicks": clicks,
    }


@pytest.mark.parametrize("name", list(sounds_without_chords()))
def test_what_is_not_tonal_has_neither_chord_nor_key(reader: HarmonyReader, name: str) -> None:
    harmony = harmony_of(reader, sounds_without_chords()[name])
    assert {span.label for span in harmony.chords} == {"N"}
    assert harmony.key is None
    assert harmony.key_probability == 0
    assert harmony.tonal_share == 0


@pytest.mark.parametrize("size", [SAMPLE_RATE // 7, SAMPLE_RATE * 5, SAMPLE_RATE * 30, 90 * SAMPLE_RATE])
def test_the_length_of_the_parts_makes_no_difference(reader: HarmonyReader, size: int) -> None:
    music = progression(["C", "A:min", "F", "G"] * 9)
    whole = harmony_of(reader, music)
    listener = reader.listener()
    for start in range(0, len(music), size):
        listener.hear(music[start : start + size])
    parts = listener.harmony()
    assert parts.chords == whole.chords
    np.testing.assert_array_equal(parts.triads, whole.triads)
    assert parts.key_probability == pytest.approx(whole.key_probability)


def test_a_segment_border_leaves_no_trace(reader: HarmonyReader) -> None:
    music = progression(["C", "A:min", "F", "G"] * 9)
    borders_at_30_s = harmony_of(reader, music)
    borders_at_38_s = harmony_of(reader, music[8 * SAMPLE_RATE :])
    difference = np.abs(borders_at_30_s.triads[8 * 8 :] - borders_at_38_s.triads).max(axis=1)
    assert difference[32:-32].max() < 0.05


def test_listening_can_go_on_after_an_answer(reader: HarmonyReader) -> None:
    music = progression(["D", "G", "A", "D"] * 5)
    listener = reader.listener()
    listener.hear(music[: len(music) // 2])
    listener.harmony()
    listener.hear(music[len(music) // 2 :])
    assert listener.harmony().chords == harmony_of(reader, music).chords


def test_chords_fill_the_time_without_gaps(reader: HarmonyReader) -> None:
    music = progression(["C", "F", "G", "C"])[: -SAMPLE_RATE // 3]
    chords = harmony_of(reader, music).chords
    assert chords[0].start_s == 0
    assert chords[-1].end_s == pytest.approx(len(music) / SAMPLE_RATE)
    assert all(before.end_s == after.start_s and before.label != after.label for before, after in pairwise(chords))


@pytest.mark.parametrize("size", [0, 1, 400])
def test_almost_nothing_is_heard_as_nothing(reader: HarmonyReader, size: int) -> None:
    harmony = harmony_of(reader, np.zeros(size, dtype=np.float32))
    assert harmony.key is None
    assert {span.label for span in harmony.chords} <= {"N"}
    assert harmony.triads.shape == (min(size, 1), 25)


def test_loudness_does_not_matter(reader: HarmonyReader) -> None:
    music = progression(["E:min", "C", "G", "D"])
    np.testing.assert_allclose(harmony_of(reader, music).triads, harmony_of(reader, 4 * music).triads, atol=2e-3)


def test_the_progression_of_the_golden_numbers(reader: HarmonyReader) -> None:
    golden = json.loads((Path(__file__).parents[1] / "data" / "harmony.json").read_text(encoding="utf-8"))
    harmony = harmony_of(reader, progression(golden["progression"]))
    assert [span.label for span in harmony.chords] == golden["labels"]
    assert harmony.key == golden["key"]
    assert harmony.key_probability == pytest.approx(golden["key_probability"], abs=0.01)
    assert harmony.sureness == pytest.approx(golden["sureness"], abs=0.01)
    np.testing.assert_allclose([span.start_s for span in harmony.chords], golden["starts"], atol=0.13)


def test_the_decoder_passes_over_a_short_doubt_but_not_over_a_change() -> None:
    probabilities = np.full((40, CHORDS), 0.1 / CHORDS)
    probabilities[:20, 0] = probabilities[20:, 12] = 0.6
    probabilities[10, 0], probabilities[10, 12] = 0.3, 0.6
    assert likeliest_chords(probabilities, 2.0).tolist() == [0] * 20 + [12] * 20
    assert likeliest_chords(probabilities, 0.0)[10] == 12


def test_triads_keep_all_probability() -> None:
    drawn = np.random.default_rng(0).dirichlet(np.ones(CHORDS), 20)
    np.testing.assert_allclose(triads(drawn).sum(axis=1), 1, atol=1e-5)
    minor_seventh = np.eye(CHORDS)[9 * len(QUALITIES) + QUALITIES.index("min7")][None]
    assert triads(minor_seventh)[0].argmax() == 12 + 9


def test_labels_are_those_of_chord_spans() -> None:
    assert chord_class_label(NO_CHORD) == "N"
    assert chord_class_label(0) == "C"
    assert chord_class_label(9 * len(QUALITIES) + QUALITIES.index("min7")) == "A:min7"
    assert chord_spans(np.zeros(0, dtype=np.int64), 8.0, 0.0) == ()


def test_other_weights_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "harmony.safetensors"
    broken.write_bytes(b"no weights")
    with pytest.raises(WeightsDamagedError):
        load_harmony_reader(broken)
