"""What is composed: as long as the video, repeatable, faithful to the primer, within limits, smooth at joins."""

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
import torch

from emotion.weights import find_weights
from video2music.features.video_features import VideoFeatures
from video2music.harmony.vocabulary import CHORD_COUNT, NO_CHORD, from_harte, quality_of
from video2music.models.affect import EMOTION_QUALITIES, chord_brightness
from video2music.models.amt import AffectiveMultimodalTransformer
from video2music.models.generation import OPENINGS, PieceDraw, end_lead_in, generate_chords
from video2music.models.inputs import batch_of
from video2music.models.loading import load_amt
from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling, draw, outside_key, swing
from video2music.models.windows import cover

MakeFeatures = Callable[..., VideoFeatures]
FREE = Sampling(
    top_p=1.0,
    hold_limit_s=100,
    swing_limit=0,
    no_chord_limit_s=100,
    no_chord_bias=0.0,
    hold_bias=0.0,
    affect=0.0,
    outside_key_bias=0.0,
    lead_in_s=0,
)


def compose(amt: AffectiveMultimodalTransformer, features: VideoFeatures, **options: object) -> tuple[int, ...]:
    chosen = {"mode": "major", "primer": (), "sampling": Sampling(), "seed": 0, **options}
    generator = torch.Generator().manual_seed(chosen.pop("seed"))
    return generate_chords(amt, features, generator=generator, **chosen)


def runs(chords: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(chord, len(list(group))) for chord, group in groupby(chords)]


def shorter_window(amt: AffectiveMultimodalTransformer, length: int) -> AffectiveMultimodalTransformer:
    """The same weights with a shorter window: only the nearest relative positions are kept."""
    network = AffectiveMultimodalTransformer(replace(amt.config, max_length=length))
    tensors = {name: t[-length:] if name.endswith(".Er") else t for name, t in amt.state_dict().items()}
    network.load_state_dict(tensors)
    return network.eval()


@pytest.fixture(scope="module")
def shipped_amt() -> AffectiveMultimodalTransformer:
    return load_amt(find_weights("amt"))


@pytest.mark.parametrize("seconds", [1, 2, 39, 40, 41, 95])
def test_one_chord_per_second(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures, seconds: int
) -> None:
    chords = compose(tiny_amt, make_features(seconds))
    assert len(chords) == seconds
    assert all(0 <= chord < CHORD_COUNT for chord in chords)


def test_the_seed_decides(tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures) -> None:
    features = make_features(30)
    torch.rand(5)  # the global generator must not matter
    assert compose(tiny_amt, features, seed=7) == compose(tiny_amt, features, seed=7)
    assert compose(tiny_amt, features, seed=7) != compose(tiny_amt, features, seed=8)


def test_the_piece_begins_with_the_primer(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    primer = (122, 1, 79, 79, 79, 79, 79, 79, 79, 79, 79, 105)
    assert compose(tiny_amt, make_features(30), primer=primer)[: len(primer)] == primer
    assert compose(tiny_amt, make_features(3), primer=primer) == primer[:3]


def test_without_a_primer_the_piece_begins_with_a_chord_that_the_seed_decides(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    first = {compose(tiny_amt, make_features(1), seed=seed)[0] for seed in range(8)}
    assert first <= set(OPENINGS)
    assert len(first) > 1


@pytest.mark.parametrize("limit", [1, 3])
def test_no_chord_is_held_longer_than_the_limit(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures, limit: int
) -> None:
    sampling = replace(FREE, temperature=0.2, hold_limit_s=limit, no_chord_limit_s=limit)
    assert max(length for _, length in runs(compose(tiny_amt, make_features(50), sampling=sampling))) == limit


def test_silence_is_forbidden_or_short(tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures) -> None:
    loud = replace(FREE, no_chord_bias=8.0)
    silent = compose(tiny_amt, make_features(45), sampling=replace(loud, no_chord_limit_s=2))
    assert max(length for chord, length in runs(silent) if chord == NO_CHORD) == 2
    assert NO_CHORD not in compose(tiny_amt, make_features(45), sampling=replace(loud, no_chord_limit_s=0))
    assert NO_CHORD not in compose(tiny_amt, make_features(45), sampling=PUBLISHED_SAMPLING)


def test_affect_draws_the_qualities_of_the_emotion(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    sad = make_features(90, emotion=3)
    shares = []
    for affect in (0.0, 0.5, 1.0):
        chords = compose(tiny_amt, sad, sampling=replace(FREE, affect=affect))
        shares.append(np.mean([quality_of(chord) in EMOTION_QUALITIES["sad"] for chord in chords]))
    assert shares[0] < shares[1] < shares[2]


def test_brightness_draws_major_and_minor_thirds(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    bright = chord_brightness()
    means = []
    for brightness in (-1.5, 0.0, 1.5):
        chords = compose(tiny_amt, make_features(90), sampling=replace(FREE, brightness=brightness))
        means.append(bright[list(chords)].mean())
    assert means[0] < means[1] < means[2]
    assert bright[NO_CHORD] == 0
    assert bright[from_harte("C")] > bright[from_harte("C:7")] > bright[from_harte("C:min")]


def test_low_temperature_and_low_top_p_draw_what_is_likely(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    features = make_features(40)
    greedy = compose(tiny_amt, features, primer=(1,), sampling=replace(FREE, temperature=0))
    assert compose(tiny_amt, features, primer=(1,), sampling=replace(FREE, top_p=1e-9), seed=5) == greedy


def test_progress_rises_to_one(tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures) -> None:
    told: list[float] = []
    compose(tiny_amt, make_features(50), progress=lambda _stage, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_windows_cover_all_steps_and_share_their_context() -> None:
    windows = cover(700, 300, overlap=150)
    assert windows[0][0] == 0
    assert windows[-1][1] == 700
    assert all(stop - start == 300 for start, stop in windows)
    assert all(before[1] - after[0] >= 150 for before, after in pairwise(windows))
    assert cover(300, 300, overlap=150) == [(0, 300)]


def test_a_later_window_goes_on_from_the_chords_of_the_earlier_one(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    features = make_features(60)
    chords = compose(tiny_amt, features, primer=(122, 1, 79), sampling=FREE)
    heard = torch.tensor([chords[20:]])
    with torch.inference_mode():
        logits = tiny_amt(heard[:, :-1], torch.zeros(1), batch_of(features).cut(20, 60))[0, :, :CHORD_COUNT]
    generator = torch.Generator().manual_seed(0)
    for second in range(3, 40):  # as many numbers as the first window drew
        draw(torch.zeros(CHORD_COUNT), chords[:second], FREE, generator)
    again = [draw(logits[second - 21], chords[:second], FREE, generator) for second in range(40, 60)]
    assert again == list(chords[40:])


def test_chords_change_no_more_often_at_joins_than_elsewhere(
    shipped_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    length, seconds = 40, 300
    network = shorter_window(shipped_amt, length)
    joins = [stop for _, stop in cover(seconds, length, overlap=length // 2)[:-1]]
    changes = []
    for seed in range(5):
        chords = np.array(compose(network, make_features(seconds, seed=seed), seed=seed))
        changes.append(chords[1:] != chords[:-1])
    share = np.array(changes)
    at_joins = share[:, np.array(joins) - 1]
    error = np.sqrt(share.mean() * (1 - share.mean()) / at_joins.size)
    assert at_joins.mean() <= share.mean() + 3 * error


def test_shipped_weights_compose_like_songs(
    shipped_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    chords = [compose(shipped_amt, make_features(90, seed=seed), seed=seed, primer=(1,)) for seed in range(3)]
    changes = np.mean([np.mean(np.diff(piece) != 0) for piece in chords])
    white_keys = np.isin(np.concatenate(chords), [1, 31, 57, 66, 92, 122])  # the main triads of C major and A minor
    assert 0.2 < changes < 0.75
    assert np.mean(np.concatenate(chords) == NO_CHORD) < 0.1
    assert white_keys.mean() > 0.3


def test_two_chords_swing_no_longer_than_the_limit(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    assert swing((5, 1, 1, 2, 1, 2, 2)) == (4, 1)
    assert swing((1, 1)) == (1, None)
    logits = torch.full((CHORD_COUNT,), -20.0)
    logits[[1, 2]] = 0.0
    swinging = replace(FREE, swing_limit=4)
    assert draw(logits, (1, 2, 1, 2), swinging, torch.Generator().manual_seed(0)) == 2  # holding is allowed
    assert draw(logits, (1, 2, 1), replace(swinging, hold_limit_s=1), torch.Generator().manual_seed(0)) == 2
    assert draw(logits, (1, 2, 1, 2), replace(swinging, hold_limit_s=1), torch.Generator().manual_seed(0)) not in (1, 2)
    chords = compose(tiny_amt, make_features(50), sampling=replace(swinging, temperature=0.2))
    heard = [chord for chord, _ in runs(chords)]
    assert not any(heard[i : i + 2] == heard[i + 2 : i + 4] and heard[i] == heard[i + 4] for i in range(len(heard) - 4))


@pytest.mark.parametrize("seconds", [8, 10, 15])
def test_short_clips_have_several_chords_and_no_silence(
    shipped_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures, seconds: int
) -> None:
    for seed in range(8):
        chords = compose(shipped_amt, make_features(seconds, seed=seed), seed=seed)
        assert len(runs(chords)) >= 4
        assert len(set(chords)) >= 2
        assert NO_CHORD not in chords
        assert chords[0] in OPENINGS


def test_the_lead_in_is_not_heard_and_ends_with_a_beginning(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    for seconds in (1, 3, 60):
        features = make_features(seconds)
        piece = PieceDraw.of(tiny_amt, features, "major", FREE, torch.Generator())
        longer = piece.preceded(20)
        assert longer.seconds == longer.pull.shape[0] == seconds + 20
        assert longer.batch.from_start[0].tolist() == list(range(seconds + 20))
        assert longer.batch.to_end[0].tolist() == list(range(seconds + 20))[::-1]
        torch.testing.assert_close(longer.batch.emotion[:, 20:], piece.batch.emotion)
        torch.testing.assert_close(longer.batch.motion[0, 19], piece.batch.motion[0, -1])
        assert len(compose(tiny_amt, features, sampling=replace(FREE, lead_in_s=5))) == seconds
    played = [5] * 4 + [1, 5, 5, 1, *[5] * 10]
    assert end_lead_in(longer, played) == played[:8]


def test_chords_outside_the_key_are_drawn_less(
    tiny_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    assert not outside_key()[[NO_CHORD, *OPENINGS]].any()
    assert outside_key()[[from_harte("C#"), from_harte("C:min"), from_harte("C:7")]].all()
    shares = []
    for bias in (0.0, -1.0, -30.0):
        chords = compose(tiny_amt, make_features(90), sampling=replace(FREE, outside_key_bias=bias))
        shares.append(outside_key()[list(chords)].mean())
    assert shares[0] > shares[1] > shares[2] == 0.0


def test_another_chord_begins_where_a_change_is_set(
    shipped_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    features = make_features(64)
    free = compose(shipped_amt, features, seed=3)
    changes = {second for second in range(3, 64, 4) if free[second] == free[second - 1]}
    assert len(changes) > 4
    chords = compose(shipped_amt, features, seed=3, changes=changes)
    assert all(chords[second] != chords[second - 1] for second in changes)


def test_set_changes_do_not_hurry_the_piece(
    shipped_amt: AffectiveMultimodalTransformer, make_features: MakeFeatures
) -> None:
    features, rates = make_features(120), []
    for changes in ((), range(3, 120, 3)):
        pieces = [compose(shipped_amt, features, seed=seed, changes=changes) for seed in range(4)]
        rates.append(np.mean([a != b for piece in pieces for a, b in pairwise(piece)]))
    assert rates[1] == pytest.approx(rates[0], abs=0.1)
