"""The headphone check and the sound for the volume, as signals."""

import io
from collections import Counter

import numpy as np
import pyloudnorm
import pytest
import soundfile

from video2music.study import headphones
from video2music.study.calibration import calibration_file

SEED = 20


def tone_levels_db(samples: np.ndarray) -> list[float]:
    """Return the level of each of three tones."""
    step = round((headphones.TONE_S + headphones.GAP_S) * headphones.SAMPLE_RATE)
    start = round(headphones.GAP_S * headphones.SAMPLE_RATE)
    length = round(headphones.TONE_S * headphones.SAMPLE_RATE)
    tones = [samples[start + step * number :][:length] for number in range(3)]
    return [20 * np.log10(np.sqrt(np.mean(tone**2)) + 1e-9) for tone in tones]


def listen(seed: int, ears: str) -> list[int]:
    """Choose the quietest tone of each trial: with headphones by one ear, over loudspeakers where both sides meet."""
    chosen = []
    for trial in range(1, headphones.TRIALS + 1):
        samples, rate = soundfile.read(io.BytesIO(headphones.trial_file(seed, trial)))
        assert rate == headphones.SAMPLE_RATE
        heard = samples[:, 0] if ears == "headphones" else samples.sum(axis=1)
        chosen.append(int(np.argmin(tone_levels_db(heard))) + 1)
    return chosen


@pytest.mark.parametrize("seed", [0, SEED, 2**63])
def test_headphones_pass_and_loudspeakers_fail(seed: int) -> None:
    assert headphones.count_right(seed, listen(seed, "headphones")) == headphones.TRIALS
    assert headphones.count_right(seed, listen(seed, "loudspeakers")) == 0


def test_the_tones_are_those_of_the_paper() -> None:
    samples = headphones.tones((headphones.PLAIN, headphones.QUIET, headphones.ANTIPHASE))
    plain, quiet, antiphase = tone_levels_db(samples[:, 0])
    assert plain - quiet == pytest.approx(6.0, abs=0.01)
    assert antiphase == pytest.approx(plain)
    middle = samples[round(0.7 * headphones.SAMPLE_RATE) : round(1.3 * headphones.SAMPLE_RATE), 0]
    strongest = np.argmax(np.abs(np.fft.rfft(middle))) * headphones.SAMPLE_RATE / len(middle)
    assert strongest == pytest.approx(200, abs=1)
    assert np.abs(np.diff(samples[:, 0])).max() < 0.01  # nothing clicks


def test_every_order_comes_once_and_differs_between_people() -> None:
    assert len(set(headphones.orders(SEED))) == headphones.TRIALS
    assert Counter(headphones.right_answers(SEED)) == {1: 2, 2: 2, 3: 2}
    assert len({headphones.orders(seed) for seed in range(20)}) > 15
    assert headphones.orders(SEED) == headphones.orders(SEED)


def test_guessing_seldom_passes() -> None:
    rng = np.random.default_rng(1)
    guesses = rng.integers(1, 4, (2000, headphones.TRIALS))
    passed = np.mean([headphones.count_right(SEED, list(guess)) >= headphones.PASS for guess in guesses])
    assert passed == pytest.approx(13 / 729, abs=0.01)  # binomial: 5 or 6 right of 6 at one in three


@pytest.mark.parametrize("lufs", [-30.0, -23.0, -16.0])
def test_the_sound_for_the_volume_is_as_loud_as_the_clips(lufs: float) -> None:
    samples, rate = soundfile.read(io.BytesIO(calibration_file(lufs)))
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(lufs, abs=0.2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert np.abs(samples).max() < 1
    assert abs(samples[0, 0]) == abs(samples[-1, 0]) == pytest.approx(0, abs=1e-3)  # it repeats without a click
