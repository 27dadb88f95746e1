"""Music made to sound for training: a plan decides everything, and what it says can be heard."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from emotion.errors import RefusalError
from emotion.training.embedded import commands, effects
from emotion.training.embedded.corpora import Piece
from emotion.training.embedded.plan import SHARES, plan
from emotion.training.embedded.rendering import (
    LOUDEST,
    PIANOS,
    PITCHED,
    SAMPLE_RATE,
    Rendering,
    perform,
    plain,
    read_manifest,
    varied,
    write_manifest,
)

Samples = NDArray[np.float32]
Track = list[tuple[int, float, float]]
FLUTE = 73


@pytest.fixture(scope="module")
def font() -> Path:
    """The first of the program's sound fonts that is installed."""
    for name in commands.FONTS:
        for folder in commands.FONT_FOLDERS:
            if (folder / name).is_file():
                return folder / name
    pytest.skip("needs one of the sound fonts " + ", ".join(commands.FONTS))


@pytest.fixture
def write_piece(tmp_path: Path) -> Callable[..., Piece]:
    """Write tracks of (pitch, start, end), each with controls (number, value, time), as a piece."""

    def write(*tracks: Track, controls: tuple[tuple[int, int, float], ...] = (), corpus: str = "vgmidi") -> Piece:
        midi = pretty_midi.PrettyMIDI(initial_tempo=120)
        for index, track in enumerate(tracks):
            instrument = pretty_midi.Instrument(0)
            instrument.notes = [pretty_midi.Note(90, *note) for note in track]
            if not index:
                instrument.control_changes = [pretty_midi.ControlChange(*control) for control in controls]
            midi.instruments.append(instrument)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.mid"
        midi.write(str(path))
        return Piece(corpus, path.stem, "group", path)

    return write


def written(piece: Piece, font: Path, **changes: object) -> Rendering:
    return replace(plain(piece, 0, font, start_s=0.0, duration_s=10.0), **changes)


def sound_of(piece: Piece, font: Path, **changes: object) -> Samples:
    return perform(written(piece, font, **changes), piece, {font.name: font})


def loudest_hz(sound: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(sound))


def energy_between(sound: Samples, low: float, high: float) -> float:
    spectrum = np.square(np.abs(np.fft.rfft(sound)))
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    return float(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())


def test_a_rendering_follows_from_its_plan(write_piece: Callable[..., Piece], font: Path) -> None:
    piece = write_piece([(60, 0.0, 0.5), (67, 0.5, 1.0)], [(48, 0.0, 1.0)], corpus="pop909")
    for seed in range(3):
        generator = np.random.default_rng(seed)
        rendering = varied(piece, 1, [font], start_s=0.0, duration_s=10.0, generator=generator)
        first, again = (perform(rendering, piece, {font.name: font}) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert first.dtype == np.float32
        assert np.abs(first).max() == pytest.approx(LOUDEST, abs=1e-6)
        assert np.square(first).mean() > 1e-4


def test_a_written_piece_sounds_as_long_as_it_is(write_piece: Callable[..., Piece], font: Path) -> None:
    piece = write_piece([(69, 0.0, 2.0)])
    sound = sound_of(piece, font, programs=(FLUTE,))
    assert len(sound) / SAMPLE_RATE == pytest.approx(3.0, abs=0.02)  # a second to die away
    body = np.square(sound[SAMPLE_RATE // 2 : 3 * SAMPLE_RATE // 2]).mean()
    assert np.square(sound[-SAMPLE_RATE // 4 :]).mean() < 0.01 * body


def test_transposition_moves_the_pitch_and_tempo_the_length(write_piece: Callable[..., Piece], font: Path) -> None:
    piece = write_piece([(69, 0.0, 2.0)])
    as_written = sound_of(piece, font, programs=(FLUTE,))
    higher = sound_of(piece, font, programs=(FLUTE,), transposition=3)
    faster = sound_of(piece, font, programs=(FLUTE,), tempo_factor=1.25)
    assert loudest_hz(as_written) == pytest.approx(440, rel=0.01)
    assert loudest_hz(higher) == pytest.approx(440 * 2 ** (3 / 12), rel=0.01)
    assert len(higher) == pytest.approx(len(as_written), abs=2)
    assert loudest_hz(faster) == pytest.approx(440, rel=0.01)
    assert len(as_written) - len(faster) == pytest.approx(0.4 * SAMPLE_RATE, rel=0.01)


def test_an_excerpt_is_what_is_written_there(write_piece: Callable[..., Piece], font: Path) -> None:
    whole = write_piece([(60, 0.0, 1.0), (69, 1.5, 2.5), (76, 3.0, 4.0)])
    part = sound_of(whole, font, programs=(FLUTE,), start_s=1.5, duration_s=1.0)
    alone = sound_of(write_piece([(69, 0.0, 1.0)]), font, programs=(FLUTE,))
    np.testing.assert_allclose(part, alone, atol=1e-3)


def rise_on_half_beats(sound: Samples, beat_s: float = 0.5, window_s: float = 0.05) -> float:
    """How much more there is above 4 kHz just after half-beats, on which no note begins, than just before them."""
    high = signal.sosfilt(signal.butter(6, 4000, "highpass", fs=SAMPLE_RATE, output="sos"), sound)
    width = int(window_s * SAMPLE_RATE)
    half_beats = (np.arange(0.5, 6.5) * beat_s * SAMPLE_RATE).astype(int)
    before, after = (
        sum(np.square(high[start : start + width]).sum() for start in half_beats + shift) for shift in (-width, 0)
    )
    return float(after / before)


def test_bass_and_drums_are_heard(write_piece: Callable[..., Piece], font: Path) -> None:
    piece = write_piece([(72 + step % 5, step / 2, step / 2 + 0.5) for step in range(8)], corpus="pop909")
    alone, accompanied = (sound_of(piece, font, accompanied=chosen) for chosen in (False, True))
    assert energy_between(accompanied, 30, 130) > 20 * energy_between(alone, 30, 130)
    assert rise_on_half_beats(alone) < 1
    assert rise_on_half_beats(accompanied) > 2


HELD_PEDAL, VOLUME, PAN, EXPRESSION = (64, 127, 0.0), (7, 10, 0.0), (10, 0, 0.0), (11, 20, 0.0)


@pytest.mark.parametrize("control", [HELD_PEDAL, VOLUME, PAN, EXPRESSION])
def test_what_sounded_before_leaves_no_trace(
    write_piece: Callable[..., Piece], font: Path, control: tuple[int, int, float]
) -> None:
    piece = write_piece([(64, 0.0, 0.5)])
    before = sound_of(piece, font)
    sound_of(write_piece([(40, 0.0, 0.5), (43, 0.0, 0.5)], controls=(control,)), font)
    np.testing.assert_array_equal(sound_of(piece, font), before)


def test_tracks_do_not_sound_into_one_another(write_piece: Callable[..., Piece], font: Path) -> None:
    """A pedal that is never released sustains its own track only: together is the sum of each alone."""
    low: Track = [(40, 0.0, 0.3), (40, 2.5, 2.6)]
    high: Track = [(76, 0.0, 0.3), (79, 0.3, 2.6)]
    pedal = ((64, 127, 0.1),)
    together = sound_of(write_piece(low, high, controls=pedal), font)
    parts = np.stack([sound_of(write_piece(low, controls=pedal), font), sound_of(write_piece(high), font)])
    gains = np.linalg.lstsq(parts.T, together, rcond=None)[0]
    assert np.square(gains @ parts - together).mean() < 1e-4 * np.square(together).mean()


def test_a_recording_plays_faster_and_higher_like_a_tape(tmp_path: Path) -> None:
    path, rate = tmp_path / "a.wav", 22_050
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate), rate)
    piece = Piece("recordings", "a", "a", path)
    (as_recorded, *others) = plan([piece], [], seed=2)
    sound = perform(as_recorded, piece, {})
    assert loudest_hz(sound) == pytest.approx(440, rel=0.01)
    assert len(sound) == 4 * SAMPLE_RATE
    shifted = next(rendering for rendering in others if rendering.transposition > 0)
    played = perform(shifted, piece, {})
    assert loudest_hz(played) == pytest.approx(440 * shifted.tempo_factor, rel=0.01)
    assert len(played) == pytest.approx(4 * SAMPLE_RATE / shifted.tempo_factor, rel=0.01)


EFFECTS = (effects.room, effects.tilt, effects.narrow, effects.overdrive, effects.hiss, effects.through_codec)


@pytest.mark.parametrize("effect", [*EFFECTS, effects.disturb], ids=lambda effect: effect.__name__)
@settings(max_examples=8)
@given(st.integers(0, 2**31), st.integers(4_000, 20_000), st.sampled_from([0.0, 1e-5, 0.1, 1.0]))
def test_effects_keep_length_and_stay_finite(effect: Callable[..., Samples], seed: int, size: int, gain: float) -> None:
    sound = (gain * np.sin(np.arange(size) / 20) * np.linspace(1, 0, size)).astype(np.float32)
    heard = effect(sound, 44_100, np.random.default_rng(seed))
    assert heard.dtype == np.float32
    assert len(heard) == size
    assert np.isfinite(heard).all()
    if gain < 1e-9:
        assert np.abs(heard).max() < 1e-6
    else:
        level, before = np.square(heard).mean(), np.square(sound).mean()
        assert 1e-3 * before < level
    np.testing.assert_array_equal(effect(sound, 44_100, np.random.default_rng(seed)), heard)


FONT_FILES = [Path(f"/fonts/{name}") for name in ("a.sf2", "b.sf2", "c.sf2", "d.sf2")]


def some_pieces() -> list[Piece]:
    counts = {"mved": 3, "recordings": 2, "vgmidi": 5, "emopia": 40, "pop909": 6}
    return [
        Piece(corpus, f"{number:03d}", f"{number:03d}", Path(f"/data/{corpus}/{number:03d}"))
        for corpus, count in counts.items()
        for number in range(count)
    ]


def test_the_plan_covers_what_it_says() -> None:
    planned = plan(some_pieces(), FONT_FILES, seed=4)
    assert len({rendering.file for rendering in planned}) == len(planned)
    count = Counter((rendering.piece.split("/")[0], rendering.plain) for rendering in planned)
    assert (count["mved", True], count["mved", False]) == (3, 24)
    assert (count["recordings", True], count["recordings", False]) == (2, 12)
    assert (count["vgmidi", True], count["vgmidi", False]) == (20, 20)
    assert count["emopia", True] == 40
    assert 10 <= count["emopia", False] <= 30
    odd = {rendering.piece for rendering in planned if rendering.piece.startswith("pop909")}
    assert odd == {"pop909/001", "pop909/003", "pop909/005"}
    for piece in some_pieces():
        fonts = {r.sound_font for r in planned if r.piece == piece.identifier and r.plain}
        if piece.corpus == "vgmidi":
            assert fonts == {path.name for path in FONT_FILES}


def test_every_plan_can_be_played() -> None:
    for rendering in plan(some_pieces(), FONT_FILES, seed=4):
        corpus = rendering.piece.split("/")[0]
        recorded = corpus in {"mved", "recordings"}
        assert rendering.duration_s == SHARES[corpus].excerpt_s
        assert (rendering.sound_font == "") == recorded
        assert set(rendering.programs) <= {*PIANOS, *PITCHED}
        assert len(rendering.programs) >= 1 or recorded
        assert abs(rendering.transposition) <= 3
        assert 0.8 < rendering.tempo_factor < 1.25
        assert corpus == "pop909" or (not rendering.accompanied and rendering.start_s == 0)
        if rendering.plain:
            assert rendering.transposition == 0
            assert rendering.tempo_factor == 1.0
            assert rendering.programs in {(0,), ()}


def test_the_plan_is_stable(tmp_path: Path) -> None:
    pieces = some_pieces()
    planned = plan(pieces, FONT_FILES, seed=4)
    assert plan(pieces, FONT_FILES, seed=4) == planned
    assert plan(pieces, FONT_FILES, seed=5) != planned
    fewer = plan(pieces[:-5], FONT_FILES, seed=4)
    assert planned[: len(fewer)] == fewer
    write_manifest(tmp_path / "manifest.jsonl", planned)
    assert read_manifest(tmp_path / "manifest.jsonl") == planned


def test_missing_sound_fonts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "FONT_FOLDERS", (tmp_path,))
    with pytest.raises(RefusalError, match="sound font is not installed") as refusal:
        commands.find_fonts()
    assert all(package in str(refusal.value) for package in commands.FONT_PACKAGES)
    for name in commands.FONTS:
        (tmp_path / name).touch()
    assert commands.find_fonts() == {name: tmp_path / name for name in commands.FONTS}
