"""Keys and tokens: what transposition must leave alone, and the corrected table of qualities."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.music2emo.key import find_key
from emotion.music2emo.networks import CHORD_LENGTH, Student, pad_chords
from emotion.music2emo.vocabulary import (
    ATTRIBUTE_TOKENS,
    CHORD_CLASSES,
    QUALITIES,
    ROOTS,
    ChordTokenError,
    chord_label,
    chord_tokens,
    pitch_classes,
    root_and_quality,
)
from emotion.prediction import ChordSpan

progressions = st.lists(st.tuples(st.integers(0, CHORD_CLASSES - 1), st.floats(0.1, 4.0)), min_size=1, max_size=30)


def spans(progression: list[tuple[int, float]], up: int = 0) -> list[ChordSpan]:
    result, now = [], 0.0
    for index, length in progression:
        parts = root_and_quality(chord_label(index))
        label = chord_label(index)
        if parts is not None:
            label = chord_label((parts[0] + up) % 12 * len(QUALITIES) + QUALITIES.index(parts[1]))
        result.append(ChordSpan(now, now + length, label))
        now += length
    return result


@given(progressions, st.integers(1, 11))
def test_a_transposed_progression_has_the_transposed_key_and_the_same_tokens(
    progression: list[tuple[int, float]], up: int
) -> None:
    here, there = find_key(spans(progression)), find_key(spans(progression, up))
    assert (here is None) == (there is None)
    if here is None or there is None or here.margin < 1e-9:
        return
    assert (there.tonic, there.minor) == ((here.tonic + up) % 12, here.minor)
    tokens = [
        chord_tokens([span.label for span in spans(progression, shift)], key.shift)
        for shift, key in ((0, here), (up, there))
    ]
    np.testing.assert_array_equal(*tokens)


@given(st.integers(0, 11), st.sampled_from([True, False]))
def test_cadences_are_in_their_key(tonic: int, minor: bool) -> None:  # noqa: FBT001  drawn by the test
    steps = [(0, "min"), (5, "min"), (7, "7"), (0, "min")] if minor else [(0, "maj"), (5, "maj"), (7, "7"), (0, "maj")]
    cadence = [((tonic + step) % 12 * len(QUALITIES) + QUALITIES.index(quality), 1.0) for step, quality in steps]
    key = find_key(spans(cadence))
    assert key is not None
    assert (key.tonic, key.minor) == (tonic, minor)
    assert key.correlation > 0.7


@pytest.mark.parametrize("labels", [[], ["N"], ["X", "N"]])
def test_without_chords_there_is_no_key(labels: list[str]) -> None:
    assert find_key([ChordSpan(i, i + 1.0, label) for i, label in enumerate(labels)]) is None


def test_names_of_keys() -> None:
    flat = find_key([ChordSpan(0, 2, "A#"), ChordSpan(2, 3, "D#"), ChordSpan(3, 4, "F:7"), ChordSpan(4, 6, "A#")])
    assert str(flat) == "Bb major"


def test_every_chord_has_a_token() -> None:
    labels = [chord_label(index) for index in range(CHORD_CLASSES)]
    tokens = chord_tokens(labels, 0)
    assert tokens.min() >= 0
    assert tokens[:, 0].max() == len(ROOTS)
    assert tokens[:, 1].max() == len(ATTRIBUTE_TOKENS) - 1
    assert tokens[-2:].tolist() == [[0, 0], [0, 0]]


def test_the_forgotten_quality_reads_as_minor_and_stops_the_published_program() -> None:
    np.testing.assert_array_equal(chord_tokens(["D:minmaj7"], 0), chord_tokens(["D:min"], 0))
    with pytest.raises(ChordTokenError, match="D:minmaj7"):
        chord_tokens(["D:minmaj7"], 0, as_published=True)


def test_tones_of_a_chord() -> None:
    assert np.flatnonzero(pitch_classes("A:min7")).tolist() == [0, 4, 7, 9]
    assert not pitch_classes("X").any()


@given(st.integers(0, 350))
def test_rows_of_a_hundred_chords_lose_none(count: int) -> None:
    tokens = torch.arange(1, 2 * count + 1).reshape(count, 2)
    rows, counts = pad_chords(tokens)
    assert int(counts.sum()) == count
    assert torch.equal(rows.reshape(-1, 2)[:count], tokens)
    assert not rows.reshape(-1, 2)[count:].any()


@given(st.lists(st.integers(0, 230), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_long_progressions_in_a_batch_are_read_as_alone(lengths: list[int]) -> None:
    student = Student(4).eval()
    cut = [pad_chords(torch.randint(1, 14, (length, 2))) for length in lengths]
    rows, counts = (torch.nn.utils.rnn.pad_sequence(list(part), batch_first=True) for part in zip(*cut, strict=True))
    together = student.summarise_chords(rows, counts)
    for index, (own_rows, own_counts) in enumerate(cut):
        alone = student.summarise_chords(own_rows, own_counts)
        weights = own_counts.clamp(min=1 if len(own_counts) == 1 else 0)[:, None]
        assert torch.allclose(together[index], (alone * weights).sum(0) / weights.sum(), atol=1e-5)


def test_a_padding_mask_hides_the_padding() -> None:
    student = Student(4, padding_mask=True).eval()
    real = torch.randint(1, 14, (1, CHORD_LENGTH, 2), generator=torch.Generator().manual_seed(0))
    other = real.clone()
    other[:, 20:] = 0
    count = torch.tensor([20])
    masked = [student.summarise_chords(tokens, count) for tokens in (real, other)]
    assert torch.allclose(*masked, atol=1e-6)
    student.padding_mask = False
    assert not torch.allclose(student.summarise_chords(real, count), student.summarise_chords(other, count), atol=1e-3)
