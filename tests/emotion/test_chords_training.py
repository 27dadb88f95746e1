"""Training and evaluation of the chord reader on a handful of small songs made here."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from emotion.embedded.harmony import load_harmony_reader
from emotion.embedded.harmony_network import NO_CHORD, QUALITIES
from emotion.embedded.mel import SAMPLE_RATE
from emotion.embedded.pitch import FRAME_RATE
from emotion.errors import RefusalError
from emotion.prediction import ChordSpan
from emotion.training.embedded.chords import Course, make_batch, new_network, shifted, train_chords
from emotion.training.embedded.chords_data import (
    UNKNOWN_KEY,
    Example,
    chord_class,
    load_example,
    load_examples,
    read_key,
    read_labels,
    side_of,
    transposed,
)
from emotion.training.embedded.chords_evaluation import KEY, MEASURES, Answer, evaluate_chords, score
from emotion.training.embedded.chords_made import made_excerpts
from emotion.training.embedded.rendering import Rendering, write_manifest
from emotion.weights import load_tensors

SMALL = Course(batch_size=4, excerpt_frames=40, untuned=6, progressions=3, made=1)
FONTS = ("one.sf2", "two.sf2")
ANNOTATION = "0.0\t1.0\tN\n1.0\t3.0\tC:maj\n3.0\t5.0\tBb:maj7/5\n5.0\t8.0\tA:sus4(b7)\n"


def first_songs(side: str, count: int) -> list[str]:
    names = (f"{number:03d}" for number in range(1, 910))
    return [name for name in names if side_of(name) == side][:count]


USUAL = Rendering(
    "pop909/001", 0, FONTS[0], plain=True, programs=(0,), transposition=0, tempo_factor=1.0, start_s=0.0,
    duration_s=8.0, accompanied=False, seed=0,
)  # fmt: skip


def sound(seconds: float) -> NDArray[np.float32]:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time) for note in (48, 60, 64, 67)]
    return np.asarray(0.2 * np.sum(tones, axis=0) * (time > 1), dtype=np.float32)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of renderings and one of annotations: four training songs, two and two others, two fonts in turn."""
    renderings, annotations = tmp_path_factory.mktemp("renderings"), tmp_path_factory.mktemp("annotations")
    (renderings / "pop909").mkdir()
    plans = []
    names = [
        name for side, count in (("train", 4), ("validation", 2), ("test", 2)) for name in first_songs(side, count)
    ]
    for number, name in enumerate(names):
        varied = number % 2
        plan = replace(
            USUAL, piece=f"pop909/{name}", sound_font=FONTS[varied], plain=not varied, transposition=2 * varied
        )
        soundfile.write(renderings / plan.file, sound(8.0), SAMPLE_RATE)
        plans.append(plan)
        (annotations / name).mkdir()
        (annotations / name / "chord_midi.txt").write_text(ANNOTATION, encoding="utf-8")
        (annotations / name / "key_audio.txt").write_text("0.0\t8.0\tC:maj\n", encoding="utf-8")
    plans.append(replace(USUAL, piece="pop909/909"))  # not yet rendered
    write_manifest(renderings / "manifest.jsonl", plans)
    return renderings, annotations


def test_labels_follow_transposition_tempo_and_start(tmp_path: Path) -> None:
    (tmp_path / "001").mkdir()
    (tmp_path / "001" / "chord_midi.txt").write_text(ANNOTATION, encoding="utf-8")
    (tmp_path / "001" / "key_audio.txt").write_text("0.0\t8.0\tA:min\n", encoding="utf-8")
    plan = replace(USUAL, transposition=3, tempo_factor=2.0, start_s=2.0, duration_s=4.0)
    soundfile.write(tmp_path / "a.flac", sound(2.0), SAMPLE_RATE)
    example = load_example(tmp_path / "a.flac", plan, tmp_path)
    assert example.labels == ((0.0, 0.5, "D#:maj"), (0.5, 1.5, "C#:maj7/5"), (1.5, 2.0, "C:sus4(b7)"))
    assert example.chords[int(0.25 * FRAME_RATE)] == chord_class("Eb:maj")
    assert example.chords[int(1.0 * FRAME_RATE)] == chord_class("Db:maj7")
    assert example.chords[-1] == chord_class("C:sus4")
    assert example.key == 12


def test_times_outside_the_annotation_are_no_chord(songs: tuple[Path, Path]) -> None:
    example = load_examples(*songs, ["train"])[0]
    assert (example.chords[: int(FRAME_RATE)] == NO_CHORD).all()
    assert len(example.chords) == len(example.spectrum) == 8 * FRAME_RATE


def test_songs_and_fonts_are_kept_apart(songs: tuple[Path, Path]) -> None:
    train = load_examples(*songs, ["train"], without_fonts=[FONTS[0]])
    assert {example.rendering.sound_font for example in train} == {FONTS[1]}
    test = load_examples(*songs, ["test"], only_fonts=[FONTS[0]])
    assert {example.rendering.sound_font for example in test} == {FONTS[0]}
    assert not {example.song for example in train} & {example.song for example in test}


def test_sides_have_their_shares() -> None:
    sides = [side_of(f"{number:03d}") for number in range(1, 910)]
    assert {side: round(sides.count(side) / 909, 1) for side in set(sides)} == {
        "train": 0.7,
        "validation": 0.1,
        "test": 0.2,
    }


def test_chords_are_transposed_within_the_circle() -> None:
    assert transposed(chord_class("B:min7"), 1) == chord_class("C:min7")
    assert transposed(chord_class("C:aug"), -1) == chord_class("B:aug")
    assert transposed(NO_CHORD, 5) == NO_CHORD


def test_a_spectrum_is_moved_without_wrapping() -> None:
    spectrum = np.tile(np.arange(1, 253, dtype=np.float32), (2, 1))
    up, down = shifted(spectrum, 2), shifted(spectrum, -2)
    assert not up[:, :6].any()
    assert not down[:, -6:].any()
    np.testing.assert_array_equal(up[:, 6:], spectrum[:, :-6])
    np.testing.assert_array_equal(down[:, :-6], spectrum[:, 6:])


@pytest.mark.parametrize("text", ["0.0\t1.0\tH:maj\n", "0.0 1.0 C:maj\n", "0.0\t1.0\tC:unheard\n", "a\tb\tC:maj\n"])
def test_other_annotations_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "chord_midi.txt").write_text(text, encoding="utf-8")
    with pytest.raises(RefusalError):
        read_labels(tmp_path / "chord_midi.txt")


def test_songs_with_several_keys_have_no_known_key(tmp_path: Path) -> None:
    file = tmp_path / "key_audio.txt"
    file.write_text("0\t9\tGb:maj\n9\t20\tG:maj\n", encoding="utf-8")
    assert read_key(file) == UNKNOWN_KEY
    file.write_text("0\t9\tGb:min\n", encoding="utf-8")
    assert read_key(file) == 18


def test_batches_have_one_length_and_valid_chords(songs: tuple[Path, Path]) -> None:
    generator = np.random.default_rng(0)
    made = made_excerpts(6, 2, 3.0, generator)
    spectra, chords = make_batch([*load_examples(*songs, ["train"]), *made], 40, generator)
    assert spectra.shape == (12, 40, 252)
    assert chords.shape == (12, 40)
    assert torch.isfinite(spectra).all()
    assert (chords[4:10] == NO_CHORD).all()
    assert ((chords >= 0) & (chords <= NO_CHORD)).all()


def test_training_is_reproducible_and_what_it_writes_can_be_evaluated(songs: tuple[Path, Path], tmp_path: Path) -> None:
    reports = [
        train_chords(*songs, tmp_path / f"{name}.safetensors", seed=seed, epochs=2, course=SMALL)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    first, again, other = (load_tensors(tmp_path / f"{name}.safetensors") for name in "abc")
    assert first[1] == again[1] != other[1]
    assert all(torch.equal(first[0][name], again[0][name]) for name in first[0])
    assert not all(torch.equal(first[0][name], other[0][name]) for name in first[0])
    assert reports[0]["songs"] == 4
    assert reports[0]["losses"][1] < reports[0]["losses"][0]
    load_harmony_reader(tmp_path / "a.safetensors")
    report = evaluate_chords(*songs, tmp_path / "a.safetensors")
    assert report["songs"] == 2
    assert set(report["scores"]["reader"]["all"]) == {*MEASURES, KEY}
    templates = report["scores"]["templates, triads"]["all"]["majmin"]
    assert templates.low <= templates.value <= templates.high
    assert json.dumps(report["lines"])
    only = evaluate_chords(*songs, tmp_path / "a.safetensors", fonts=[FONTS[0]])
    assert set(only["scores"]["reader"]) == {"all", "plain"}


def test_transposed_spectra_are_read_transposed(songs: tuple[Path, Path]) -> None:
    network = new_network(0).eval()
    spectrum = load_examples(*songs, ["train"])[0].spectrum[None].astype(np.float32)
    with torch.inference_mode():
        here = network(torch.from_numpy(spectrum)).chords[0, :, :NO_CHORD].unflatten(1, (12, len(QUALITIES)))
        moved = network(torch.from_numpy(shifted(spectrum[0], 3)[None])).chords[0, :, :NO_CHORD]
    rolled = torch.roll(here, 3, dims=1).flatten(1)
    assert float((rolled - moved).abs().mean()) < 0.1 * float(rolled.std())


def test_scores_are_those_of_exact_and_of_wrong_answers(songs: tuple[Path, Path]) -> None:
    example: Example = load_examples(*songs, ["test"])[0]
    exact = [ChordSpan(start, end, name) for start, end, name in example.labels]
    rows = score(example, Answer(exact, example.key))
    np.testing.assert_allclose(rows[:6], rows[6:])
    relative = score(example, Answer([ChordSpan(0, 8, "F#:dim")], (example.key + 9) % 12 + 12))
    assert relative[0] == 0
    assert relative[5] == pytest.approx(0.3)
    nothing = score(example, Answer([], UNKNOWN_KEY))
    assert nothing[5] == 0
    assert nothing[2] == pytest.approx(1.0)  # only the second without a chord is right
