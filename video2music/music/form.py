"""Form: which step plays what, from the light beginning through phrases that repeat and answer to the last chord."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from video2music.harmony.vocabulary import NO_CHORD
from video2music.music.ending import closing_step
from video2music.music.performance import Approach, Form, Performance
from video2music.music.score import BEATS_PER_BAR, BEATS_PER_CHORD, Score

_STEPS_PER_BAR = BEATS_PER_BAR // BEATS_PER_CHORD


@dataclass(frozen=True)
class Step:
    """One step as every part will play it.

    Attributes:
        index: into the chords of the score.
        beat: where it begins, in beats from the beginning of the clip.
        chord: its number, NO_CHORD for a rest.
        position: steps of the same chord directly before it.
        last: whether its chord ends with it.
        rest_follows: whether the next step has no chord.
        change_beat: where the next other chord begins, or the final one.
        change_index: of that step.
        density: notes that should sound in it.
        level: of the figures, the lowest that is dense enough.
        velocity: 1 to 127, of a strong beat.
        stretch: factor on the beats of its strokes.
        softer_db: decibels by which the way home is softer than its loudness, 0 or less.
        bar: 0 is the one that begins at the first bar line; a pickup has -1.
        half: 0 or 1, which half of the bar it is.
        answers: whether its phrase answers the one before.
        turns: whether a phrase ends with it, or a cut follows.
        cut: whether it begins with a cut.
        phrase_beats: where its phrase begins and ends, in beats from the beginning of the clip.
    """

    index: int
    beat: float
    chord: int
    position: int
    last: bool
    rest_follows: bool
    change_beat: float
    change_index: int
    density: float
    level: int
    velocity: float
    stretch: float
    softer_db: float
    bar: int
    half: int
    answers: bool
    turns: bool
    cut: bool
    phrase_beats: tuple[float, float]


@dataclass(frozen=True)
class _Phrase:
    """A phrase: its first bar, the bar after its last, and whether it answers."""

    first: int
    end: int
    answers: bool


@dataclass(frozen=True)
class _Outline:
    """What the steps of a piece have in common."""

    score: Score
    chords: Sequence[int]
    positions: Sequence[int]
    closing: int
    cuts: frozenset[int]
    phrases: Sequence[_Phrase]
    densities: NDArray[np.float64]
    levels: Sequence[int]
    performance: Performance


def plan(score: Score, chords: Sequence[int], performance: Performance) -> list[Step]:
    """Decide for every step before the final chord what is played.

    Args:
        score: resolved.
        chords: its chord numbers.
        performance: how phrases are built.

    Returns:
        One record per step up to the closing one, rests included.
    """
    closing = closing_step(score.end_step)
    cuts = cut_steps(score, performance.form)
    densities = _densities(score, closing, performance)
    outline = _Outline(
        score=score,
        chords=chords,
        positions=[position for _, run in groupby(chords) for position, _ in enumerate(run)],
        closing=closing,
        cuts=cuts,
        phrases=_phrases(score, closing, cuts, performance.form),
        densities=densities,
        levels=_levels(score, densities, cuts, performance),
        performance=performance,
    )
    return [_step(outline, index) for index in range(closing)]


def _step(outline: _Outline, index: int) -> Step:
    score, chords, closing, performance = outline.score, outline.chords, outline.closing, outline.performance
    bar, half = bar_of(score, index)
    phrase = next(phrase for phrase in outline.phrases if bar < phrase.end)
    approach = approach_of(closing - index, performance)
    change = _next_change(chords, index, closing)
    near_the_end = closing - index <= len(performance.approaches)
    phrase_ends = half == 1 and bar + 1 == phrase.end
    return Step(
        index=index,
        beat=score.beat_of_step(index),
        chord=chords[index],
        position=outline.positions[index],
        last=index + 1 == closing or chords[index + 1] != chords[index],
        rest_follows=index + 1 < closing and chords[index + 1] == NO_CHORD,
        change_beat=score.beat_of_step(change),
        change_index=change,
        density=float(outline.densities[index]),
        level=outline.levels[index],
        velocity=performance.curve.strength(float(score.loudness[index])),
        stretch=approach.stretch,
        softer_db=approach.softer_db,
        bar=bar,
        half=half,
        answers=phrase.answers,
        turns=not near_the_end and (phrase_ends or index + 1 in outline.cuts),
        cut=index in outline.cuts,
        phrase_beats=(
            score.pickup_beats + phrase.first * BEATS_PER_BAR,
            min(score.pickup_beats + phrase.end * BEATS_PER_BAR, score.beat_of_step(closing)),
        ),
    )


def bar_of(score: Score, index: int) -> tuple[int, int]:
    """Return the bar of a step, -1 for a pickup, and which half of it the step is."""
    bar, half = divmod(index - score.pickup_steps, _STEPS_PER_BAR)
    return bar, half


def cut_steps(score: Score, form: Form) -> frozenset[int]:
    """Return the steps that begin with a scene cut, so near that eye and ear take them for one.

    Args:
        score: with its cuts.
        form: how near a cut must lie.
    """
    found = set()
    for cut in score.cuts_s:
        step = round((cut / score.beat_s - score.beat_of_step(0)) / BEATS_PER_CHORD)
        time = score.beat_of_step(step) * score.beat_s
        if abs(time - cut) <= form.cut_window_s and 0 < step < score.steps and time > 0:
            found.add(step)
    return frozenset(found)


def _next_change(chords: Sequence[int], index: int, closing: int) -> int:
    """Return the step of the next other chord; rests do not count, the final chord always does."""
    return next(
        later
        for later in range(index + 1, closing + 1)
        if chords[later] not in (chords[index], NO_CHORD) or later == closing
    )


def approach_of(steps_before_closing: int, performance: Performance) -> Approach:
    """Return how a step is played that far before the final chord."""
    if steps_before_closing <= len(performance.approaches):
        return performance.approaches[steps_before_closing - 1]
    return Approach(highest_level=len(performance.density_up_to), stretch=1.0, softer_db=0.0)


def _phrases(score: Score, closing: int, cuts: frozenset[int], form: Form) -> list[_Phrase]:
    """Divide the bars into phrases; a cut at a bar line begins a new one unless the last one is too short for that."""
    bars = bar_of(score, max(closing - 1, 0))[0] + 1
    at_cuts = {bar for bar, half in (bar_of(score, step) for step in cuts) if half == 0}
    firsts = [0]
    for bar in range(1, bars):
        length = bar - firsts[-1]
        if length >= form.phrase_bars or (bar in at_cuts and length >= form.shortest_phrase_bars):
            firsts.append(bar)
    pattern = form.patterns[zlib.crc32(f"form {score.seed}".encode()) % len(form.patterns)]
    answers = [pattern[number % len(pattern)] != "a" for number in range(len(firsts))]
    ends = [*firsts[1:], max(bars, 1)]
    return [_Phrase(first, end, answer) for first, end, answer in zip(firsts, ends, answers, strict=True)]


def _densities(score: Score, closing: int, performance: Performance) -> NDArray[np.float64]:
    """Return the density that each step is played with: the first bar is lighter, and so is the way home."""
    densities = np.maximum(score.note_density[:closing].astype(np.float64), 0.0)
    if score.end_step >= performance.form.opening_bars * _STEPS_PER_BAR:
        opening = [index for index in range(closing) if bar_of(score, index)[0] <= 0]
        densities[opening] -= performance.form.opening_lighter
    for index in range(max(0, closing - len(performance.approaches)), closing):
        highest = approach_of(closing - index, performance).highest_level
        densities[index] = min(densities[index], performance.density_of_level[highest])
    return densities.clip(0)


def _levels(score: Score, densities: NDArray[np.float64], cuts: frozenset[int], performance: Performance) -> list[int]:
    """Choose one level per bar, or per half of a bar where density or a scene changes: that of its denser step."""
    levels: list[int] = []
    for _, group in groupby(range(len(densities)), key=lambda index: _stretch_of_level(score, index, cuts)):
        inside = densities[list(group)]
        even = np.where(np.abs(inside - inside.mean()) > performance.own_level, inside, inside.max())
        levels.extend(performance.level_for(density) for density in even.tolist())
    return levels


def _stretch_of_level(score: Score, index: int, cuts: frozenset[int]) -> tuple[int, bool]:
    bar, half = bar_of(score, index)
    return bar, half == 1 and index in cuts
