"""Training of the chord network on a made-up data set: it learns, and an interruption changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.errors import RefusalError
from video2music.harmony.vocabulary import END, PAD
from video2music.models.affect import EMOTION_QUALITIES, emotion_targets
from video2music.models.amt import AmtConfig
from video2music.models.inputs import GROUPS, FeatureBatch
from video2music.models.loading import load_amt
from video2music.training import loop
from video2music.training.amt import OURS, AmtTrainingOptions, train_amt
from video2music.training.batching import drop_groups, resampled, stretched
from video2music.training.dataset import feature_batch, load_song, load_split
from video2music.training.losses import chord_loss, emotion_loss, two_part_loss

SMALL = AmtTrainingOptions(
    loop=loop.LoopOptions(epochs=3, learning_rate=1e-2, averaging=0.5, bfloat16=False),
    config=replace(OURS, d_model=16, heads=2, feed_forward=16, decoder_layers=1, semantic_components=3, copy_width=8),
    batch_songs=3,
)


@pytest.fixture(scope="module")
def trained(data_set: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, loop.Run]:
    out = tmp_path_factory.mktemp("trained") / "amt.safetensors"
    return out, train_amt(data_set, out, SMALL)


def test_training_learns_and_ships_the_best_epoch(trained: tuple[Path, loop.Run]) -> None:
    out, run = trained
    assert run.scores[-1] < run.scores[0] < np.log(159)
    assert run.best == min(run.scores)
    network = load_amt(out)
    assert network.config == SMALL.config
    assert not loop.resume_path(out).exists()


def test_a_resumed_run_equals_an_uninterrupted_one(
    data_set: Path, tmp_path: Path, trained: tuple[Path, loop.Run]
) -> None:
    out = tmp_path / "amt.safetensors"
    told: list[float] = []

    def interrupt(_stage: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_amt(data_set, out, SMALL, progress=interrupt)
    assert not out.exists()
    run = train_amt(data_set, out, SMALL, resume=True)
    assert told == sorted(told)
    assert run.scores == trained[1].scores
    whole, resumed = load_amt(trained[0]).state_dict(), load_amt(out).state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_another_seed_gives_another_network(data_set: Path, tmp_path: Path, trained: tuple[Path, loop.Run]) -> None:
    other = replace(SMALL, loop=replace(SMALL.loop, seed=1))
    assert train_amt(data_set, tmp_path / "amt.safetensors", other).scores != trained[1].scores


def test_a_state_of_another_network_is_refused(data_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "amt.safetensors"
    loop.resume_path(out).write_bytes(b"nothing")
    with pytest.raises(RefusalError, match="cannot be continued"):
        train_amt(data_set, out, SMALL, resume=True)


def test_corpora_train_beside_the_data_set(data_set: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(3):
        (corpus / f"{number}.lab").write_text("".join(f"{s} {s + 1} {'DAG'[s % 3]}:maj\n" for s in range(40)))
    options = replace(SMALL, corpora=(corpus,), loop=replace(SMALL.loop, epochs=2))
    assert len(train_amt(data_set, tmp_path / "amt.safetensors", options).scores) == 2


def test_the_published_configuration_and_loss_train_too(data_set: Path, tmp_path: Path) -> None:
    config = AmtConfig(d_model=16, heads=2, feed_forward=16, encoder_layers=1, decoder_layers=1)
    options = replace(SMALL, config=config, emotion_loss=0.6, loop=replace(SMALL.loop, epochs=1))
    train_amt(data_set, tmp_path / "amt.safetensors", options)
    assert load_amt(tmp_path / "amt.safetensors").config == config


def test_chord_loss_ignores_padding() -> None:
    logits = torch.randn(1, 3, 159, generator=torch.Generator().manual_seed(0))
    full = chord_loss(logits[:, :2], torch.tensor([[4, 9]]))
    assert chord_loss(logits, torch.tensor([[4, 9, PAD]])) == pytest.approx(full)


def test_the_two_parts_are_weighed() -> None:
    features = feature_batch_of(torch.eye(6)[None, :3])
    logits, chords = torch.randn(1, 2, 159, generator=torch.Generator().manual_seed(0)), torch.tensor([[1, 5]])
    both = two_part_loss(logits, chords, features, emotion_share=0.6, smoothing=0.0)
    parts = 0.4 * chord_loss(logits, chords) + 0.6 * emotion_loss(logits, features, 2)
    assert both == pytest.approx(parts)


def test_emotion_loss_equals_the_binary_cross_entropy_of_the_paper() -> None:
    emotion = torch.eye(6)[None, [5, 3, 0]]  # sad follows step 0, exciting follows step 1
    logits = torch.randn(1, 2, 159, generator=torch.Generator().manual_seed(1))
    targets = emotion_targets(emotion[0, 1:].numpy(), np.array([1, 1]))
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[0], torch.from_numpy(targets))
    assert emotion_loss(logits, feature_batch_of(emotion), 2) == pytest.approx(expected)


def test_emotion_targets_mark_every_root_and_the_markers_alone() -> None:
    targets = emotion_targets(np.eye(6, dtype=np.float32)[[3, 5, 0, 0]], np.array([1, 1, END, PAD]))
    assert targets[0].sum() == 12 * len(EMOTION_QUALITIES["sad"])
    assert targets[1].sum() == 0
    assert targets[2].nonzero()[0].tolist() == [END]
    assert targets[3].nonzero()[0].tolist() == [PAD]


def test_groups_are_dropped_as_often_as_asked(data_set: Path) -> None:
    batch = feature_batch(load_split(data_set, "train") * 200)
    generator = torch.Generator().manual_seed(0)
    present = drop_groups(batch, (0.7, 0.0, 0.2, 1.0), 0.0, generator).present.float().mean(dim=0)
    assert present.tolist() == pytest.approx([0.3, 1.0, 0.8, 0.0], abs=0.05)
    assert not drop_groups(batch, (0, 0, 0, 0), 1.0, generator).present.any()


def test_speed_changes_keep_all_streams_together(data_set: Path) -> None:
    song = load_song(data_set, "000")
    fast = stretched(song, 2.0)
    assert (fast.seconds, fast.total_s) == (14, 14)
    assert fast.chords.tolist() == song.chords[::2].tolist()
    assert fast.motion.tolist() == song.motion[::2].tolist()
    assert resampled(song, 31).seconds == len(resampled(song, 31).loudness) == 31


def feature_batch_of(emotion: torch.Tensor) -> FeatureBatch:
    steps = emotion.shape[1]
    zeros = torch.zeros(1, steps)
    valid = torch.ones(1, steps, dtype=torch.bool)
    return FeatureBatch(emotion, zeros, zeros, zeros, zeros, valid, torch.ones(1, len(GROUPS), dtype=torch.bool))
