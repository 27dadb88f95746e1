"""Teaches the mood network what the mood CNN of MTG-Jamendo hears, and measures how far it may be trusted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from emotion.embedded.mood_network import MoodConfig, MoodNetwork, TagReading
from emotion.errors import RefusalError
from emotion.moods import mood_tags
from emotion.training.embedded.heard import Lessons
from emotion.training.embedded.rendering import Rendering

Progress = Callable[[str, float], None]
Pictures = Sequence[NDArray[np.float16]]

CROP_STEPS = 176
"""15 s of a picture: as long as the parts that the engine judges."""

LEAST_LOGIT = -7.0
RECORDED = ("mved", "recordings")
FOLDS = 3


@dataclass(frozen=True)
class Course:
    """How long and how fast a network learns."""

    epochs: int
    learning_rate: float
    batch: int = 32
    logit_weight: float = 0.1


FIRST = Course(epochs=10, learning_rate=2e-3)
"""On rendered music and free recordings."""

SECOND = Course(epochs=3, learning_rate=5e-4)
"""With the music videos."""


@dataclass(frozen=True, eq=False)
class MoodTraining:
    """What the training gave.

    Attributes:
        network: trained on everything.
        held_out: (n, 56) logits of each lesson by a network that never heard its source (nan where all did).
    """

    network: MoodNetwork
    held_out: NDArray[np.float64]


def train_mood(
    lessons: Lessons,
    *,
    courses: tuple[Course, Course] = (FIRST, SECOND),
    config: MoodConfig | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> MoodTraining:
    """Train the network twice over: once with everything, and once in folds that leave recordings out.

    The first course hears no music video. From there one network goes on for each fold of the music videos and
    answers for the videos it did not hear; the last goes on with all of them.

    Args:
        lessons: what was heard, and the teacher's answers.
        courses: without the music videos, and with them.
        config: size of the network.
        seed: of first weights, order and crops.
        progress: told stage and fraction.

    Returns:
        The network and its held-out answers.
    """
    torch.manual_seed(seed)  # first weights and dropout have no generator of their own
    drawing: Any = {"generator": torch.Generator().manual_seed(seed), "progress": progress}
    targets = torch.from_numpy(logits_of(lessons.teacher)).float()
    video = np.array([piece.corpus == "mved" for piece in lessons.pieces])
    groups = np.array([piece.group for piece in lessons.pieces])
    weights = recording_weights(lessons.renderings)
    start = MoodNetwork(config or MoodConfig())
    first, second = courses
    fit(start, lessons.pictures, targets, np.where(video, 0.0, weights), course=first, **drawing)
    held_out = np.full(lessons.teacher.shape, np.nan)
    for fold in folds(groups[video], FOLDS, seed):
        out = video & np.isin(groups, fold)
        network = copy.deepcopy(start)
        fit(network, lessons.pictures, targets, np.where(out, 0.0, weights), course=second, **drawing)
        rows = np.flatnonzero(out)
        held_out[rows] = answers(network, [lessons.pictures[row] for row in rows])
    fit(start, lessons.pictures, targets, weights, course=second, **drawing)
    return MoodTraining(start.eval(), held_out)


def fit(
    network: MoodNetwork,
    pictures: Pictures,
    targets: torch.Tensor,
    weights: NDArray[np.float64],
    *,
    course: Course,
    generator: torch.Generator,
    progress: Progress | None,
) -> None:
    """Train a network on random crops.

    Args:
        network: changed in place.
        pictures: n of (2, steps, 96).
        targets: (n, 56) logits of the teacher.
        weights: (n,) how often each is drawn; 0 leaves it out.
        course: epochs, speed.
        generator: draws order, crops and equalisers.
        progress: told stage and fraction.
    """
    steps = max(1, int((weights > 0).sum()) // course.batch)
    drawn = torch.from_numpy(weights)
    optimiser = torch.optim.AdamW(network.parameters(), lr=course.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, course.learning_rate, total_steps=course.epochs * steps)
    network.train()
    for epoch in range(course.epochs):
        total = 0.0
        for _ in range(steps):
            rows = torch.multinomial(drawn, course.batch, replacement=True, generator=generator)
            batch = torch.stack([crop(pictures[row], generator) for row in rows.tolist()])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                said = network(batch.contiguous(memory_format=torch.channels_last)).float()
            loss = lesson_loss(said, targets[rows], course.logit_weight)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            total += loss.item()
        if progress is not None:
            progress(f"mood network, loss {total / steps:.4f}", (epoch + 1) / course.epochs)


def lesson_loss(said: torch.Tensor, taught: torch.Tensor, logit_weight: float) -> torch.Tensor:
    """Return the cross-entropy against the teacher's probabilities, and how far the logits lie apart.

    Args:
        said: (batch, 56) logits.
        taught: (batch, 56) logits of the teacher.
        logit_weight: of the second part; it makes rare tags count.
    """
    entropy = functional.binary_cross_entropy_with_logits(said, taught.sigmoid())
    return entropy + logit_weight * functional.smooth_l1_loss(said, taught)


def crop(picture: NDArray[np.float16], generator: torch.Generator) -> torch.Tensor:
    """Cut 15 s anywhere and send them through a random smooth equaliser."""
    steps = picture.shape[1]
    start = int(torch.randint(max(1, steps - CROP_STEPS + 1), (), generator=generator))
    part = torch.from_numpy(picture[:, start : start + CROP_STEPS].astype(np.float32))
    if part.shape[1] < CROP_STEPS:
        part = part.repeat(1, -(-CROP_STEPS // part.shape[1]), 1)[:, :CROP_STEPS]
    bands = torch.linspace(-1, 1, part.shape[2])
    tilt, bow, phase = torch.randn(3, generator=generator).tolist()
    part[0] += 0.15 * tilt * bands + 0.15 * bow * torch.cos(3 * bands + 3 * phase)
    return part


@torch.inference_mode()
def answers(network: MoodNetwork, pictures: Pictures) -> NDArray[np.float64]:
    """Return (n, 56) logits: the mean over the two halves of each picture, as the engine hears parts."""
    network.eval()
    said = []
    for picture in pictures:
        halves = [picture[:, :CROP_STEPS], picture[:, -CROP_STEPS:]]
        said.append(
            np.mean([network(torch.from_numpy(half.astype(np.float32))[None])[0].numpy() for half in halves], axis=0)
        )
    return np.array(said, dtype=np.float64).reshape(-1, len(mood_tags()))


def logits_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logits, at least LEAST_LOGIT: what is rarer than one in a thousand is not worth learning."""
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.maximum(np.log(clipped / (1 - clipped)), LEAST_LOGIT)


def recording_weights(renderings: Sequence[Rendering]) -> NDArray[np.float64]:
    """Return how often each lesson is drawn: recordings are few and are what the engine will mostly hear."""
    return np.array([3.0 if rendering.piece.split("/")[0] in RECORDED else 1.0 for rendering in renderings])


def folds(groups: NDArray[np.str_], count: int, seed: int) -> list[NDArray[np.str_]]:
    """Divide the names of groups into folds."""
    names = np.unique(groups)
    np.random.default_rng(seed).shuffle(names)
    return [names[fold::count] for fold in range(count)]


def read_tags(
    training: MoodTraining, lessons: Lessons, judged: NDArray[np.float64], truth: NDArray[np.int64]
) -> TagReading:
    """Measure how the network's answers become probabilities, and how reliable each tag is.

    Args:
        training: with the held-out answers.
        lessons: the same lessons.
        judged: (tracks, 56) probabilities of the teacher for the tracks of a published test set.
        truth: (tracks, 56) what people said of them, 0 or 1.

    Returns:
        The reading. Its probabilities are calibrated in two steps: the network's logit to the teacher's on held-out
        recordings, the teacher's to what people said on the published test set.
    """
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.metrics import roc_auc_score

    rows = np.flatnonzero(np.isfinite(training.held_out[:, 0]))
    own, taught = training.held_out[rows], logits_of(lessons.teacher[rows])
    columns = []
    for tag in range(own.shape[1]):
        to_teacher = LinearRegression().fit(own[:, [tag]], taught[:, tag])
        to_people = LogisticRegression(C=1.0).fit(logits_of(judged[:, [tag]]), truth[:, tag])
        slope, offset = float(to_teacher.coef_[0]), float(to_teacher.intercept_)
        outer, base = float(to_people.coef_[0, 0]), float(to_people.intercept_[0])
        error = outer * np.std(taught[:, tag] - to_teacher.predict(own[:, [tag]]))
        agreement = max(0.0, float(np.corrcoef(own[:, tag], taught[:, tag])[0, 1]))
        people = roc_auc_score(truth[:, tag], judged[:, tag])
        columns.append((outer * slope, outer * offset + base, abs(error), 0.5 + (people - 0.5) * agreement))
    return TagReading(*np.array(columns).T.copy())


def mood_report(training: MoodTraining, lessons: Lessons, reading: TagReading) -> tuple[dict[str, Any], list[str]]:
    """Compare the network with its teacher on the music videos that it never heard.

    Args:
        training: with the held-out answers.
        lessons: the same lessons.
        reading: reliability of each tag.

    Returns:
        The report and its lines.
    """
    plain = np.array([rendering.plain for rendering in lessons.renderings])
    rows = np.flatnonzero(np.isfinite(training.held_out[:, 0]) & plain)
    own, taught = training.held_out[rows], logits_of(lessons.teacher[rows])
    agreement = [float(np.corrcoef(own[:, tag], taught[:, tag])[0, 1]) for tag in range(own.shape[1])]
    names = [tag.name for tag in mood_tags()]
    table = sorted(zip(names, agreement, reading.reliability.tolist(), strict=True), key=lambda row: -row[2])
    report = {
        "clips": len(rows),
        "agreement": float(np.mean(agreement)),
        "tags": {name: {"agreement": agreed, "reliability": relied} for name, agreed, relied in table},
    }
    lines = [
        f"agreement with the teacher on {len(rows)} unheard music videos: {np.mean(agreement):.3f} over 56 tags",
        *(f"{name:14s} agreement {agreed:5.2f}, expected ROC-AUC {relied:.3f}" for name, agreed, relied in table),
    ]
    return report, lines


def read_judgements(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read what the teacher and people said of the test tracks of MediaEval 2019 (MTG-Jamendo, split 0).

    Args:
        folder: holds baseline_vggish_predictions.npy and groundtruth.npy.

    Returns:
        (tracks, 56) probabilities of the teacher and (tracks, 56) labels.

    Raises:
        RefusalError: they are not there.
    """
    paths = [folder / f"{name}.npy" for name in ("baseline_vggish_predictions", "groundtruth")]
    for path in paths:
        if not path.is_file():
            raise RefusalError(
                "What people said of the test tracks is not there", where=path, remedy="Give the folder of the data"
            )
    judged, truth = (np.load(path) for path in paths)
    return judged.astype(np.float64), truth.astype(np.int64)
