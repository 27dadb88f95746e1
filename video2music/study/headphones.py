"""Whether somebody wears headphones: the antiphase check.

Three tones of 200 Hz follow each other; one is quieter by 6 dB, and one of the two others is in antiphase between the
ears. Headphones keep the antiphase tone as loud as its neighbour. From loudspeakers it meets its mirror image in the
room and sounds quietest, so that the wrong tone is chosen.

Source: Woods, Siegel, Traer and McDermott (2017), Headphone screening to facilitate web-based auditory experiments,
Attention, Perception & Psychophysics 79, 2064-2072, doi 10.3758/s13414-017-1361-2.
"""

import io
from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

TRIALS = 6
"""As published: each order of the three tones once."""

PASS = 5
"""Right answers of the six that pass, as published."""

SAMPLE_RATE = 44100
FREQUENCY_HZ = 200
TONE_S, RAMP_S, GAP_S = 1.0, 0.1, 0.5
LEVEL = 0.25
QUIETER_DB = 6.0

PLAIN, QUIET, ANTIPHASE = "plain", "quiet", "antiphase"
ORDERS = tuple(permutations((PLAIN, QUIET, ANTIPHASE)))


def orders(seed: int) -> tuple[tuple[str, ...], ...]:
    """Draw in which order the tones come in each trial: every order once, shuffled.

    Args:
        seed: of the participant and the attempt.

    Returns:
        For each of the six trials the three tones.
    """
    shuffled = np.random.default_rng(seed).permutation(len(ORDERS))
    return tuple(ORDERS[index] for index in shuffled)


def right_answers(seed: int) -> tuple[int, ...]:
    """Say which tone is the quietest in each trial, 1 to 3.

    Args:
        seed: of the participant and the attempt.
    """
    return tuple(order.index(QUIET) + 1 for order in orders(seed))


def count_right(seed: int, answers: Sequence[int]) -> int:
    """Count right answers.

    Args:
        seed: of the participant and the attempt.
        answers: chosen tones in the order of the trials, 1 to 3.

    Returns:
        0 to 6; `PASS` and more are a pass.
    """
    return sum(given == right for given, right in zip(answers, right_answers(seed), strict=False))


def tones(order: Sequence[str]) -> NDArray[np.float32]:
    """Build the sound of one trial.

    Args:
        order: `PLAIN`, `QUIET` and `ANTIPHASE` in the order in which they sound.

    Returns:
        (samples, 2), between -1 and 1.
    """
    silence = np.zeros((round(GAP_S * SAMPLE_RATE), 2), np.float32)
    parts = [silence]
    for kind in order:
        parts += [_tone(kind), silence]
    return np.concatenate(parts)


def _tone(kind: str) -> NDArray[np.float32]:
    time_s = np.arange(round(TONE_S * SAMPLE_RATE)) / SAMPLE_RATE
    ramp = np.clip(np.minimum(time_s, TONE_S - time_s) / RAMP_S, 0, 1)
    wave = LEVEL * np.sin(np.pi / 2 * ramp) ** 2 * np.sin(2 * np.pi * FREQUENCY_HZ * time_s)
    if kind == QUIET:
        wave *= 10 ** (-QUIETER_DB / 20)
    other = -wave if kind == ANTIPHASE else wave
    return np.stack([wave, other], axis=1).astype(np.float32)


def trial_file(seed: int, trial: int) -> bytes:
    """Write the sound of one trial as a wav file.

    Args:
        seed: of the participant and the attempt.
        trial: 1 to 6.

    Returns:
        The file's bytes; nothing in them names the answer.
    """
    import soundfile

    target = io.BytesIO()
    soundfile.write(target, tones(orders(seed)[trial - 1]), SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return target.getvalue()
