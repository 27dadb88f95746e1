"""The song cache, the conditions of the chord table, and the search for songs that are known already."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from video2music.evaluation.baselines import Bigram, SongCache, held_seconds
from video2music.evaluation.conditions import (
    chord_conditions,
    derangements,
    paired_difference,
    with_video_of,
    without_copy,
)
from video2music.evaluation.copying import Agreements, SharedRuns, changes
from video2music.evaluation.metrics import ChordScores, chord_scores
from video2music.harmony.vocabulary import transpose
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.training import amt
from video2music.training.dataset import Song, load_split


@pytest.fixture(scope="module")
def songs(data_set: Path) -> list[Song]:
    return load_split(data_set, "train")


@pytest.fixture(scope="module")
def network() -> AffectiveMultimodalTransformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AffectiveMultimodalTransformer(replace(amt.OURS, d_model=16, heads=2, feed_forward=16)).eval()


def pop(length: int, *, seed: int = 0) -> np.ndarray:
    """Chords that change at random."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.integers(1, 157, length), rng.integers(1, 4, length))[:length]


def test_held_seconds_count_from_the_last_change() -> None:
    assert held_seconds(np.array([5, 5, 5, 1, 5])).tolist() == [0, 1, 2, 0, 0]
    assert held_seconds(np.full(30, 7)).max() == 11


def test_the_song_cache_is_a_distribution_that_never_looks_ahead(songs: list[Song]) -> None:
    model, chords = SongCache(songs), pop(60)
    table = model.predict(chords)
    np.testing.assert_allclose(np.exp(table).sum(axis=1), 1.0)
    changed = chords.copy()
    changed[30:] = 99
    np.testing.assert_array_equal(model.predict(changed)[:30], table[:30])
    assert not np.allclose(model.predict(changed)[30:], table[30:])


def test_the_song_cache_learns_the_loop_of_a_song_that_the_bigram_never_saw(songs: list[Song]) -> None:
    chords = np.tile([3, 60, 90, 141], 20)
    emotion = np.full((len(chords), 6), 1 / 6, dtype=np.float32)
    cache, bigram = (chord_scores(m(songs).predict(chords), chords, emotion) for m in (SongCache, Bigram))
    assert cache.hits[20:, 0].all()
    assert cache.nats[20:].mean() < 0.3 * bigram.nats[20:].mean()


def test_every_condition_scores_every_step(songs: list[Song], network: AffectiveMultimodalTransformer) -> None:
    scores = chord_conditions(network, songs, shuffles=2)
    steps = [song.seconds - 1 for song in songs]
    swapped = scores.pop("video of another song")
    assert [len(score.nats) for score in swapped] == [2 * count for count in steps]
    assert all([len(score.nats) for score in own] == steps for own in scores.values())
    everything, nothing = (
        np.concatenate([s.nats for s in scores[n]]) for n in ("all video inputs", "without any video")
    )
    assert not np.allclose(everything, nothing)


def test_without_copy_leaves_the_network_as_it_was(network: AffectiveMultimodalTransformer) -> None:
    plain = without_copy(network)
    assert plain.copy_head is None
    assert network.copy_head is not None


def test_no_song_keeps_its_own_video(songs: list[Song]) -> None:
    for order in derangements(7, 5, seed=3):
        assert sorted(order) == list(range(7))
        assert not (order == np.arange(7)).any()
    longer, shorter = songs[5], songs[0]
    swapped = with_video_of(longer, shorter)
    assert swapped.emotion is not None
    assert len(swapped.emotion) == longer.seconds
    np.testing.assert_array_equal(swapped.emotion[: shorter.seconds], shorter.emotion)
    np.testing.assert_array_equal(swapped.chords, longer.chords)


def test_the_paired_difference_weighs_steps_and_has_no_width_for_equal_songs() -> None:
    def score(nats: list[float]) -> ChordScores:
        return ChordScores(np.zeros((len(nats), 3), bool), np.array(nats), np.zeros(0, bool), np.zeros(len(nats)))

    first, second = [score([1.0] * 3), score([2.0])], [score([1.5] * 3), score([2.1])]
    assert paired_difference(first, second)[0] == pytest.approx((3 * 0.5 + 0.1) / 4)
    moved = [replace(song, nats=song.nats + 0.2) for song in first]
    assert paired_difference(first, moved) == pytest.approx((0.2, 0.2, 0.2))


def test_the_longest_shared_run_by_hand() -> None:
    known = SharedRuns([(1, 2, 3, 4, 5), (9, 3, 4, 5, 6)])
    assert known.longest((7, 3, 4, 5, 6, 1)) == 4
    assert known.longest((8, 8)) == 0
    assert changes([0, 1, 1, 0, 1, 2]) == (1, 2)


def test_a_song_is_found_again_later_and_in_another_key() -> None:
    song = pop(150)
    moved = np.concatenate([pop(23, seed=5), np.array([transpose(int(chord), 5) for chord in song])])
    same, other = Agreements([moved, pop(170, seed=9)]).best(song)
    assert same > 0.95
    assert other < 0.5
    assert Agreements([moved]).best(song[:40])[0] == 0.0  # too short to tell
