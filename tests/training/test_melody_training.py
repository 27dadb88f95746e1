"""Melodies of POP909: reading a made-up song in every layout, learning from it, and counting for comparison."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import torch

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import chord_id
from video2music.models.melody import FIRST_PITCH, HOLD, LOWEST, REST, MelodyConfig, load_melody
from video2music.training import loop
from video2music.training.melodies import (
    MelodySection,
    Pop909Folder,
    load_melodies,
    of_split,
    read_song,
    repeated_songs,
    shortened,
    split_of,
)
from video2music.training.melody import MelodyTrainingOptions, melody_batch, step_nats, train_melody, train_on
from video2music.training.melody_baselines import MODELS, NGram

BEAT_S = 0.5
TUNE = ((0, 4, 0), (4, 2, 2), (6, 2, 4), (8, 6, 7), (18, 2, 4), (20, 4, 5), (24, 6, 2))
"""Onset and length in sixteenths of two bars, and semitones above the tonic."""

SMALL = MelodyTrainingOptions(
    loop=loop.LoopOptions(epochs=3, learning_rate=1e-2, averaging=0.5, bfloat16=False),
    config=MelodyConfig(inputs=16, hidden=16, token=4, small=4),
    batch_sections=2,
    longest_bars=9,
)


def song_midi(tonic: int, bars: int, *, variant: int = 0, late_s: float = 0.0) -> bytes:
    midi = pretty_midi.PrettyMIDI(initial_tempo=60 / BEAT_S)
    tune, piano = (pretty_midi.Instrument(0, name=name) for name in ("MELODY", "PIANO"))
    for bar in range(1, bars - 1, 2):
        for onset, length, semitones in TUNE:
            start = (4 * bar + onset / 4) * BEAT_S + late_s
            pitch = tonic + semitones + (variant * (onset + bar) // 3) % 5
            tune.notes.append(pretty_midi.Note(90, pitch, start, start + length / 4 * BEAT_S))
    piano.notes.append(pretty_midi.Note(90, 40, 0.0, 4.0))
    midi.instruments = [piano, tune]
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue()


def song_texts(root: str, bars: int, *, beats_per_bar: int = 4) -> dict[str, str]:
    beats = [f"{i * BEAT_S:.4f} 0.0 {float(i % beats_per_bar == 0)}" for i in range(4 * bars + 1)]
    fifth = "CDEFGAB"["CDEFGAB".index(root[0]) - 3]
    chords = [
        f"{4 * bar * BEAT_S}\t{4 * (bar + 1) * BEAT_S}\t{(root, fifth)[bar % 2]}:maj{'/5' if bar % 3 else ''}"
        for bar in range(bars)
    ]
    return {
        "beat_midi.txt": "\n".join(beats),
        "chord_midi.txt": "\n".join(chords),
        "key_audio.txt": f"0.5\t{4 * bars * BEAT_S}\t{root}:maj",
    }


def write_folder(root: Path, songs: list[str], *, bars: int = 14, **changes: float) -> Path:
    for number, song in enumerate(songs):
        folder = root / "annotations" / song
        folder.mkdir(parents=True)
        for name, text in song_texts("D", bars).items():
            (folder / name).write_text(text)
        (root / "midi").mkdir(exist_ok=True)
        (root / "midi" / f"{song}.mid").write_bytes(song_midi(62, bars, variant=number, **changes))
    return root


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("pop909"), ["001", *songs_of("train", 3), *songs_of("val", 1)])


def songs_of(split: str, count: int) -> list[str]:
    names = [f"{number:03d}" for number in range(2, 900)]
    return [name for name in names if split_of(name) == split][:count]


def test_a_song_is_read_on_the_grid_in_c_major(made_up: Path) -> None:
    (section,) = read_song(Pop909Folder(made_up), "001")
    first_bars = section.tokens[16:48]
    notes = {int(step): int(first_bars[step]) - FIRST_PITCH + LOWEST for step in np.flatnonzero(first_bars > HOLD)}
    assert {step: pitch % 12 for step, pitch in notes.items()} == {onset: tone for onset, _, tone in TUNE}
    assert (section.tokens[:16] == REST).all()
    assert first_bars[1:4].tolist() == [HOLD] * 3
    assert first_bars[14:18].tolist() == [REST] * 4
    assert section.chords[16] == chord_id(7, "maj")
    assert section.chords[32] == chord_id(0, "maj")
    assert not section.minor
    assert len(section.tokens) % 16 == 0


def test_archives_and_the_published_layout_hold_the_same_song(made_up: Path, tmp_path: Path) -> None:
    expected = read_song(Pop909Folder(made_up), "001")[0]
    packed, published = tmp_path / "packed", tmp_path / "published"
    annotations = made_up / "annotations" / "001"
    for root in (packed / "annotations" / "001", published / "001"):
        root.mkdir(parents=True)
        for name in ("chord_midi.txt", "key_audio.txt"):
            (root / name).write_bytes((annotations / name).read_bytes())
    for archive, file, inner in (
        ("midi_main_909.tar.xz", made_up / "midi" / "001.mid", "midi/001.mid"),
        ("beat_and_chord_audio.tar.xz", annotations / "beat_midi.txt", "annotations/001/beat_midi.txt"),
    ):
        with tarfile.open(packed / archive, "w:xz") as tar:
            tar.add(file, inner)
    (published / "001" / "001.mid").write_bytes((made_up / "midi" / "001.mid").read_bytes())
    (published / "001" / "beat_midi.txt").write_bytes((annotations / "beat_midi.txt").read_bytes())
    for root in (packed, published):
        (section,) = read_song(Pop909Folder(root), "001")
        assert section.tokens.tolist() == expected.tokens.tolist()
        assert section.chords.tolist() == expected.chords.tolist()


def test_songs_off_the_grid_or_in_three_are_left_out(tmp_path: Path) -> None:
    folder = Pop909Folder(write_folder(tmp_path / "late", ["001"], late_s=0.05))
    assert read_song(folder, "001") == []
    root = write_folder(tmp_path / "three", ["001"])
    (root / "annotations" / "001" / "beat_midi.txt").write_text(song_texts("D", 14, beats_per_bar=3)["beat_midi.txt"])
    assert read_song(Pop909Folder(root), "001") == []


def test_damaged_files_leave_the_song_out_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "a", ["001"])
    (root / "midi" / "001.mid").write_bytes(b"MThd nothing")
    assert read_song(Pop909Folder(root), "001") == []
    with pytest.raises(DatasetError, match="None of the songs"):
        load_melodies(root)
    (root / "midi" / "001.mid").unlink()
    (root / "midi_main_909.tar.xz").write_bytes(b"no archive")
    with pytest.raises(DatasetError, match="archive"):
        load_melodies(root)


@pytest.mark.parametrize("content", [None, "empty"])
def test_a_folder_without_songs_is_refused(tmp_path: Path, content: str | None) -> None:
    root = tmp_path / "data"
    if content:
        root.mkdir()
    with pytest.raises(DatasetError, match="folder"):
        load_melodies(root)


def test_other_versions_of_a_song_are_found_in_any_key(made_up: Path) -> None:
    (section,) = read_song(Pop909Folder(made_up), "001")
    other = read_song(Pop909Folder(made_up), songs_of("train", 3)[1])[0]
    higher = replace(section, tokens=np.where(section.tokens >= FIRST_PITCH, section.tokens + 3, section.tokens))
    assert repeated_songs({"001": [section], "002": [higher], "003": [other]}) == {"002"}


def test_every_song_has_one_split_and_most_are_for_training() -> None:
    splits = [split_of(f"{number:03d}") for number in range(1, 910)]
    assert splits.count("train") > 6 * splits.count("test") > 0
    assert splits.count("val") > 50


def test_training_learns_and_an_interruption_changes_nothing(made_up: Path, tmp_path: Path) -> None:
    out = tmp_path / "melody.safetensors"
    run = train_melody(made_up, out, SMALL)
    assert run.scores[-1] < run.scores[0]
    assert not loop.resume_path(out).exists()

    def interrupt(_stage: str, fraction: float) -> None:
        if fraction > 0.6:
            raise KeyboardInterrupt

    sections, again = load_melodies(made_up), tmp_path / "again.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train_on(sections, again, SMALL, progress=interrupt)
    assert not again.exists()
    resumed = train_on(sections, again, SMALL, resume=True)
    assert resumed.scores == run.scores
    whole, continued = load_melody(out).state_dict(), load_melody(again).state_dict()
    assert all(torch.equal(whole[name], continued[name]) for name in whole)


def test_training_needs_songs_of_both_splits(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "data", songs_of("train", 2))
    with pytest.raises(DatasetError, match="val"):
        train_melody(root, tmp_path / "melody.safetensors", SMALL)


def test_padding_counts_for_nothing(made_up: Path) -> None:
    long = load_melodies(made_up)[0]
    short = shortened(long, 5)
    torch.manual_seed(0)
    from video2music.models.melody import MelodyNetwork

    network = MelodyNetwork(SMALL.config).eval()
    with torch.inference_mode():
        alone = step_nats(network, melody_batch([short])).sum()
        together = step_nats(network, melody_batch([short, long]))[0].sum()
    assert float(alone) == pytest.approx(float(together), rel=0.02)


def test_longer_contexts_know_a_repeated_tune_better(made_up: Path) -> None:
    sections = load_melodies(made_up)
    train, held_out = of_split(sections, "train"), of_split(sections, "train")[:1]
    nats = {name: NGram(chains, train).nats(held_out[0]) for name, chains in MODELS.items()}
    assert nats["trigram with beat and chord"] < nats["trigram"] < nats["unigram"]
    assert nats["bigram"] < nats["unigram"]


def test_n_grams_are_distributions() -> None:
    tokens = np.array([FIRST_PITCH + 3, HOLD, REST, FIRST_PITCH + 5] * 8)
    section = MelodySection(song="001", minor=False, tokens=tokens, chords=np.full(32, chord_id(0, "maj")))
    chains = MODELS["trigram with beat and chord"]
    model = NGram(chains, [section])
    one_step = [replace(section, tokens=np.array([token])) for token in range(46)]
    assert sum(np.exp(-model.nats(step)) for step in one_step) == pytest.approx(1.0)
