"""Training of the chord and key reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from emotion.embedded.harmony import HarmonyReader, Settings
from emotion.embedded.harmony_decoding import likeliest_chords
from emotion.embedded.harmony_network import CHORDS, NO_CHORD, HarmonyNetwork
from emotion.embedded.pitch import BINS, BINS_PER_SEMITONE, FRAME_RATE
from emotion.training.embedded.chords_data import UNKNOWN_KEY, Example, load_examples, transposed
from emotion.training.embedded.chords_made import Excerpt, made_excerpts
from emotion.weights import save_tensors

Progress = Callable[[str, float], None]

HIGHEST_SHIFT = 6
"""Semitones by which training excerpts are moved up (one less: down)."""

RARITY = 0.25
"""Power by which rarer qualities count more: 0 not at all, 1 as much as common ones."""

RELUCTANCES = (1.0, 2.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0)
KEY_ROUNDS = 400
KEY_FRAMES = 80


@dataclass(frozen=True)
class Course:
    """How to train.

    Attributes:
        epochs: in each, every rendering gives one excerpt.
        batch_size: excerpts in a step.
        excerpt_frames: length of an excerpt.
        learning_rate: at its highest.
        untuned: sounds without chords that are made.
        progressions: progressions that are made, with chords that pop songs hardly use.
        made: how many of both join each batch.
        seed: of everything.
    """

    epochs: int = 10
    batch_size: int = 8
    excerpt_frames: int = 96
    learning_rate: float = 3e-3
    untuned: int = 60
    progressions: int = 120
    made: int = 2
    seed: int = 0


PUBLISHED = Course()
"""How the weights that ship were trained."""


def train_chords(
    renderings: Path,
    annotations: Path,
    output: Path,
    *,
    seed: int = 0,
    epochs: int = Course.epochs,
    without_fonts: Sequence[str] = (),
    course: Course = PUBLISHED,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the reader and write its weights.

    Args:
        renderings: holds the manifest and the renderings of POP909.
        annotations: the chord and key annotations of POP909.
        output: the weight file.
        seed: of everything random.
        epochs: how often each rendering is met.
        without_fonts: sound fonts that are left out, to be tested on.
        course: all else that can be chosen.
        progress: told stage and fraction.

    Returns:
        What was trained on, the losses, and the settings fitted on validation songs.

    Raises:
        RefusalError: renderings or annotations are missing.
    """
    train = load_examples(renderings, annotations, ["train"], without_fonts=without_fonts, progress=progress)
    validation = load_examples(renderings, annotations, ["validation"], without_fonts=without_fonts)
    return train_on(train, validation, output, replace(course, epochs=epochs, seed=seed), progress)


def train_on(
    train: Sequence[Example],
    validation: Sequence[Example],
    output: Path,
    course: Course,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the reader on renderings that have been heard; see `train_chords`."""
    network = new_network(course.seed)
    losses = fit_chords(network, train, course, progress)
    fit_key(network, train, np.random.default_rng(course.seed))
    settings, scores = fit_settings(HarmonyReader(network, Settings(width=network.width)), validation)
    report = {
        "songs": len({example.song for example in train}),
        "renderings": len(train),
        "fonts": sorted({example.rendering.sound_font for example in train}),
        "course": asdict(course),
        "losses": losses,
        "validation": scores,
    }
    described = {"settings": json.dumps(asdict(settings)), "training": json.dumps(report)}
    save_tensors(output, network.state_dict(), described)
    return {**report, "settings": asdict(settings)}


def new_network(seed: int) -> HarmonyNetwork:
    """Return an untrained network whose weights follow from the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return HarmonyNetwork()


def fit_chords(
    network: HarmonyNetwork, examples: Sequence[Example], course: Course, progress: Progress | None = None
) -> list[float]:
    """Train the chord part.

    Args:
        network: is changed.
        examples: renderings.
        course: how to train.
        progress: told stage and fraction.

    Returns:
        The mean loss of each epoch, in nats.
    """
    generator = np.random.default_rng(course.seed)
    made = made_excerpts(
        course.untuned,
        course.progressions,
        course.excerpt_frames / FRAME_RATE,
        np.random.default_rng([course.seed, 1]),
    )
    steps = -(-len(examples) // course.batch_size)
    optimizer = torch.optim.AdamW(network.parameters(), lr=course.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, course.learning_rate, total_steps=course.epochs * steps, pct_start=0.2
    )
    weights = torch.from_numpy(class_weights(examples))
    network.train()
    losses = []
    for epoch in range(course.epochs):
        order = generator.permutation(len(examples))
        total = 0.0
        for step in range(steps):
            chosen: list[Example | Excerpt] = [examples[index] for index in order[step::steps]]
            chosen += [made[int(generator.integers(len(made)))] for _ in range(course.made if made else 0)]
            spectra, chords = make_batch(chosen, course.excerpt_frames, generator)
            logits = network(spectra).chords
            loss = functional.cross_entropy(logits.flatten(0, 1), chords.flatten(), weights, label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
            if progress:
                progress("learning chords", (epoch + (step + 1) / steps) / course.epochs)
        losses.append(round(total / steps, 4))
    return losses


def class_weights(examples: Sequence[Example]) -> NDArray[np.float32]:
    """Return (133,) how much an error counts for each chord, more for rare qualities; the mean frame counts 1."""
    counts = np.bincount(np.concatenate([example.chords for example in examples]), minlength=CHORDS).astype(float)
    qualities = counts[:NO_CHORD].reshape(12, -1).sum(axis=0)
    rarity = (np.maximum(qualities, 1.0) / max(qualities.max(), 1.0)) ** -RARITY
    weights = np.append(np.tile(rarity, 12), 1.0)
    return np.asarray(weights * counts.sum() / (weights * counts).sum(), dtype=np.float32)


def make_batch(
    examples: Sequence[Example | Excerpt], frames: int, generator: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Cut an excerpt of each example, transpose and disturb it.

    Args:
        examples: the batch.
        frames: length of the excerpts; what is shorter ends in silence.
        generator: decides.

    Returns:
        (batch, frames, 252) spectra and (batch, frames) chord classes.
    """
    spectra, chords = [], []
    for example in examples:
        start = int(generator.integers(max(1, len(example.chords) - frames + 1)))
        shift = int(generator.integers(1 - HIGHEST_SHIFT, HIGHEST_SHIFT + 1))
        cut = slice(start, start + frames)
        spectrum = shifted(example.spectrum[cut].astype(np.float32), shift)
        missing = frames - len(spectrum)
        spectra.append(disturb_spectrum(np.pad(spectrum, ((0, missing), (0, 0))), generator))
        moved = np.array([transposed(int(chord), shift) for chord in example.chords[cut]])
        chords.append(np.pad(moved, (0, missing), constant_values=NO_CHORD))
    return torch.from_numpy(np.stack(spectra)), torch.from_numpy(np.stack(chords))


def shifted(spectrum: NDArray[np.float32], semitones: int) -> NDArray[np.float32]:
    """Move a spectrum up or down by semitones; what comes in at the end is silent."""
    moved = np.roll(spectrum, semitones * BINS_PER_SEMITONE, axis=1)
    if semitones > 0:
        moved[:, : semitones * BINS_PER_SEMITONE] = 0
    elif semitones < 0:
        moved[:, semitones * BINS_PER_SEMITONE :] = 0
    return moved


def disturb_spectrum(spectrum: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Change loudness, colour and noise floor of a spectrum at random."""
    height = np.linspace(-1, 1, BINS)
    decibels = generator.normal(0, 4) + generator.normal(0, 5) * height
    decibels = decibels + generator.normal(0, 3) * np.cos(np.pi * (2 * height + generator.uniform(0, 2)))
    amplitudes = np.expm1(spectrum) * 10 ** (decibels / 20)
    if generator.random() < 0.5:
        floor = 10 ** generator.uniform(-1, 1.3) * np.exp(generator.normal(0, 0.7) * height)
        amplitudes += floor * generator.rayleigh(size=spectrum.shape)
    return np.asarray(np.log1p(amplitudes), dtype=np.float32)


def fit_key(network: HarmonyNetwork, examples: Sequence[Example], generator: np.random.Generator) -> float:
    """Train the key part on what the chord part hears, in excerpts of ten seconds and more.

    Args:
        network: its key part is changed, nothing else.
        examples: renderings; those without a known key are left out.
        generator: cuts the excerpts.

    Returns:
        The last loss in nats.
    """
    known = [example for example in examples if example.key != UNKNOWN_KEY]
    reader = HarmonyReader(network, Settings(width=network.width))
    inputs, keys = [], []
    for example in known:
        probabilities, evidence = reader.read(example.spectrum.astype(np.float32))
        sounding = 1 - probabilities[:, NO_CHORD]
        for whole in (True, False):
            start = 0 if whole else int(generator.integers(max(1, len(evidence) - KEY_FRAMES)))
            end = len(evidence) if whole else int(generator.integers(start + KEY_FRAMES, len(evidence) + KEY_FRAMES))
            total = max(float(sounding[start:end].sum()), 1e-6)
            inputs.append(np.einsum("f,fpe->pe", sounding[start:end], evidence[start:end]) / total)
            keys.append(example.key)
    evidence_all, key_all = torch.from_numpy(np.stack(inputs).astype(np.float32)), torch.tensor(keys)
    optimizer = torch.optim.AdamW(network.key.parameters(), lr=3e-3, weight_decay=0.05)
    loss = torch.zeros(())
    for _ in range(KEY_ROUNDS):
        batch = torch.from_numpy(generator.integers(len(keys), size=256))
        loss = functional.cross_entropy(network.read_key(evidence_all[batch]), key_all[batch], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch
        optimizer.step()
    return float(loss.detach())


def fit_settings(reader: HarmonyReader, examples: Sequence[Example]) -> tuple[Settings, dict[str, float]]:
    """Choose how reluctantly chords change, on validation songs.

    Args:
        reader: the trained reader.
        examples: renderings of validation songs.

    Returns:
        The settings, and the share of frames whose exact class is right, and of excerpts whose key is.
    """
    heard = [reader.read(example.spectrum.astype(np.float32)) for example in examples]
    rates = []
    for reluctance in RELUCTANCES:
        hits = [
            likeliest_chords(probabilities, reluctance) == example.chords
            for (probabilities, _), example in zip(heard, examples, strict=True)
        ]
        rates.append(float(np.concatenate(hits).mean()))
    keys = []
    for (probabilities, evidence), example in zip(heard, examples, strict=True):
        if example.key != UNKNOWN_KEY:
            sounding = 1 - probabilities[:, NO_CHORD]
            mean = np.einsum("f,fpe->pe", sounding, evidence) / max(float(sounding.sum()), 1e-6)
            keys.append(int(reader.key_probabilities(mean).argmax()) == example.key)
    best = int(np.argmax(rates))
    settings = replace(reader.settings, reluctance=RELUCTANCES[best])
    return settings, {"frames": round(rates[best], 4), "keys": round(float(np.mean(keys)) if keys else 0.0, 4)}
