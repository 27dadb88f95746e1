"""How well chords and keys are read from songs that were not trained on, beside templates and guessing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from emotion.embedded.harmony import HarmonyReader, key_name, load_harmony_reader
from emotion.embedded.harmony_decoding import chord_spans, likeliest_chords
from emotion.embedded.harmony_network import CHORDS, NO_CHORD, QUALITIES
from emotion.embedded.pitch import FRAME_RATE, bass_chroma, chroma
from emotion.evaluation.metrics import Estimate, bootstrap
from emotion.music2emo.key import Key, find_key
from emotion.music2emo.vocabulary import INTERVALS
from emotion.prediction import ChordSpan
from emotion.training.embedded.chords_data import MANIFEST, UNKNOWN_KEY, Example, load_examples

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]
Scores = dict[str, dict[str, dict[str, Estimate]]]
"""Method, kind of rendering, measure."""

MEASURES = ("root", "thirds", "majmin", "mirex", "sevenths")
"""Of mir_eval: chords are compared by root, third, triad, three shared tones, or triad and seventh."""

KEY = "key"
KINDS = ("all", "plain", "varied")
TEMPLATE_SETS = {"triads": ("maj", "min"), "sevenths": ("maj", "min", "7", "maj7", "min7")}
TEMPLATE_SHARPNESS = (8.0, 16.0, 32.0)
TEMPLATE_RELUCTANCES = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 20.0)
FAINTEST_CHROMA = 0.5
BASS_SHARE = 0.5


@dataclass(frozen=True)
class Answer:
    """What a method says of one rendering.

    Attributes:
        chords: the chords in order.
        key: 0..11 major from C on, 12..23 minor; UNKNOWN_KEY for none.
    """

    chords: Sequence[ChordSpan]
    key: int


@dataclass(frozen=True)
class Templates:
    """The baseline: binary templates against chroma of the same spectrum, smoothed by the same decoder.

    Attributes:
        qualities: of the templates.
        sharpness: how much a better fit is preferred.
        reluctance: nats that a chord change costs.
    """

    qualities: tuple[str, ...]
    sharpness: float
    reluctance: float

    def answer(self, spectrum: NDArray[np.float32], duration_s: float) -> Answer:
        """Name the chords of a spectrum."""
        chosen = likeliest_chords(template_probabilities(spectrum, self.qualities, self.sharpness), self.reluctance)
        spans = chord_spans(chosen, FRAME_RATE, duration_s)
        return Answer(spans, key_number(find_key(spans)))


def evaluate_chords(
    renderings: Path,
    annotations: Path,
    weights: Path | None = None,
    *,
    fonts: Sequence[str] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Evaluate the reader on test songs.

    Args:
        renderings: holds the manifest and the renderings of POP909.
        annotations: the chord and key annotations of POP909.
        weights: of the reader; None for those that ship.
        fonts: only renderings with these sound fonts, which the reader should not have been trained on.
        progress: told stage and fraction.

    Returns:
        "renderings", "songs", "scores" (method, kind of rendering, measure: value and 95 % interval of a bootstrap
        over songs) and "lines", the report to print.

    Raises:
        RefusalError: renderings, annotations or weights are missing.
    """
    reader = load_harmony_reader(weights)
    tests = load_examples(renderings, annotations, ["test"], only_fonts=fonts, progress=progress)
    validation = load_examples(renderings, annotations, ["validation"])
    scores = evaluate_on(reader, renderings, tests, validation, progress)
    songs = len({example.song for example in tests})
    heading = f"{len(tests)} renderings of {songs} test songs from {renderings / MANIFEST}"
    return {"renderings": len(tests), "songs": songs, "scores": scores, "lines": [heading, *report_lines(scores)]}


def evaluate_on(
    reader: HarmonyReader,
    renderings: Path,
    tests: Sequence[Example],
    validation: Sequence[Example],
    progress: Progress | None = None,
) -> Scores:
    """Score all methods on renderings that have been heard; see `evaluate_chords`."""
    methods: dict[str, Callable[[Example], Answer]] = {"reader": lambda example: heard(reader, renderings, example)}
    for name, qualities in TEMPLATE_SETS.items():
        templates = fit_templates(qualities, validation)
        methods[f"templates, {name}"] = _with(templates)
    guess = commonest(validation)
    methods["commonest chord and key"] = lambda example: Answer([ChordSpan(0, _end(example), guess[0])], guess[1])
    rows: dict[str, list[Floats]] = {}
    for number, example in enumerate(tests):
        if progress:
            progress("evaluating", number / len(tests))
        for name, method in methods.items():
            rows.setdefault(name, []).append(score(example, method(example)))
    present = [kind for kind in KINDS if any(kind in kinds_of(example) for example in tests)]
    return {name: {kind: estimates(tests, np.stack(found), kind) for kind in present} for name, found in rows.items()}


def heard(reader: HarmonyReader, renderings: Path, example: Example) -> Answer:
    """Let the reader hear the sound itself, as the engine does."""
    samples, _rate = soundfile.read(renderings / example.rendering.file, dtype="float32")
    listener = reader.listener()
    listener.hear(samples)
    harmony = listener.harmony()
    return Answer(harmony.chords, int(harmony.key_probabilities.argmax()) if harmony.key else UNKNOWN_KEY)


def score(example: Example, answer: Answer) -> Floats:
    """Return the measures of one rendering, its key score, and the seconds that each measure judged.

    Args:
        example: holds the truth.
        answer: of any method.

    Returns:
        (12,): five chord scores and the key score, then what each is weighed by; 0 where it cannot be judged.
    """
    import mir_eval  # type: ignore[import-untyped]  # has no stubs

    truth = np.array([label[:2] for label in example.labels]).reshape(-1, 2)
    names = [label[2] for label in example.labels]
    answered = np.array([[span.start_s, span.end_s] for span in answer.chords]).reshape(-1, 2)
    said = [span.label for span in answer.chords]
    answered, said = mir_eval.util.adjust_intervals(
        answered, said, truth.min(), truth.max(), mir_eval.chord.NO_CHORD, mir_eval.chord.NO_CHORD
    )
    both, truth_names, said_names = mir_eval.util.merge_labeled_intervals(truth, names, answered, said)
    seconds = mir_eval.util.intervals_to_durations(both)
    values, weights = [], []
    for measure in MEASURES:
        hits = getattr(mir_eval.chord, measure)(truth_names, said_names)
        judged = hits >= 0
        values.append(float((hits[judged] * seconds[judged]).sum()))
        weights.append(float(seconds[judged].sum()))
    known = example.key != UNKNOWN_KEY
    right = known and answer.key != UNKNOWN_KEY
    key = mir_eval.key.weighted_score(_key_text(example.key), _key_text(answer.key)) if right else 0.0
    return np.array([*values, key, *weights, float(known)])


def estimates(tests: Sequence[Example], rows: Floats, kind: str) -> dict[str, Estimate]:
    """Average over renderings of one kind, weighed by time, with intervals over songs."""
    songs = sorted({example.song for example in tests})
    summed = np.zeros((len(songs), rows.shape[1]))
    for example, row in zip(tests, rows, strict=True):
        if kind in kinds_of(example):
            summed[songs.index(example.song)] += row
    half = rows.shape[1] // 2

    def shares(drawn: Floats) -> list[float]:
        total = drawn.sum(axis=0)
        return [float(value) for value in total[:half] / np.maximum(total[half:], 1e-9)]

    return dict(zip((*MEASURES, KEY), bootstrap(shares, summed), strict=True))


def kinds_of(example: Example) -> tuple[str, str]:
    """Return the kinds of renderings that an example counts for."""
    return "all", "plain" if example.rendering.plain else "varied"


def report_lines(scores: Scores) -> list[str]:
    """Return the table as lines of text."""
    lines = []
    for kind in next(iter(scores.values())):
        lines.append(f"{kind}: " + ", ".join((*MEASURES, KEY)))
        for name, found in scores.items():
            cells = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in found[kind].values()]
            lines.append(f"  {name}: " + "  ".join(cells))
    return lines


def template_probabilities(spectrum: NDArray[np.float32], qualities: Sequence[str], sharpness: float) -> Floats:
    """Return (frames, 133) softmax of how well binary templates fit the chroma; silence is no chord."""
    tones = chroma(spectrum) + BASS_SHARE * bass_chroma(spectrum)
    lengths = np.linalg.norm(tones, axis=1, keepdims=True)
    fits = np.full((len(tones), CHORDS), -np.inf)
    for quality in qualities:
        steps = list(INTERVALS[quality])
        for root in range(12):
            column = tones[:, [(root + step) % 12 for step in steps]].sum(axis=1) / np.sqrt(len(steps))
            fits[:, root * len(QUALITIES) + QUALITIES.index(quality)] = column / np.maximum(lengths[:, 0], 1e-9)
    fits[:, NO_CHORD] = np.where(lengths[:, 0] < FAINTEST_CHROMA, 2.0, -np.inf)
    weights = np.exp(sharpness * (fits - fits.max(axis=1, keepdims=True)))
    probabilities: Floats = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def fit_templates(qualities: tuple[str, ...], examples: Sequence[Example]) -> Templates:
    """Choose the sharpness and reluctance that hit most frames of validation songs."""
    reduced = [_nearest(example.chords, qualities) for example in examples]
    best, chosen = -1.0, Templates(qualities, 1.0, 1.0)
    for sharpness in TEMPLATE_SHARPNESS:
        fits = [template_probabilities(e.spectrum.astype(np.float32), qualities, sharpness) for e in examples]
        for reluctance in TEMPLATE_RELUCTANCES:
            paths = [likeliest_chords(fit, reluctance) for fit in fits]
            rate = float(np.mean(np.concatenate(paths) == np.concatenate(reduced)))
            if rate > best:
                best, chosen = rate, Templates(qualities, sharpness, reluctance)
    return chosen


def commonest(examples: Sequence[Example]) -> tuple[str, int]:
    """Return the chord that sounds longest in all examples, and the most frequent key."""
    seconds: dict[str, float] = {}
    for example in examples:
        for start, end, name in example.labels:
            seconds[name] = seconds.get(name, 0.0) + end - start
    keys = np.bincount([example.key for example in examples if example.key != UNKNOWN_KEY], minlength=24)
    return max(seconds, key=seconds.__getitem__), int(keys.argmax())


def key_number(key: Key | None) -> int:
    """Return the number of a key: 0..11 major from C on, 12..23 minor."""
    return UNKNOWN_KEY if key is None else key.tonic + 12 * key.minor


def _with(templates: Templates) -> Callable[[Example], Answer]:
    return lambda example: templates.answer(example.spectrum.astype(np.float32), _end(example))


def _nearest(chords: NDArray[np.int64], qualities: Sequence[str]) -> NDArray[np.int64]:
    """Reduce chords to those that a set of templates knows; what it cannot name is -1."""
    known = [QUALITIES.index(quality) for quality in qualities]
    return np.where((chords == NO_CHORD) | np.isin(chords % len(QUALITIES), known), chords, -1)


def _end(example: Example) -> float:
    return len(example.chords) / FRAME_RATE


def _key_text(key: int) -> str:
    return key_name(key)
