"""Sound: from the right font, of the right length, at a fixed gain."""

import builtins
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pretty_midi
import pytest
from scipy.stats import spearmanr

from video2music.errors import SoundFontNotFoundError, SynthesisError
from video2music.music import sound_fonts
from video2music.music.arrangement import arrange
from video2music.music.score import Score
from video2music.music.synthesis import Synthesizer, find_sound_font, fluidsynth_version, synthesize

MakeScore = Callable[..., Score]


def level_db(sound: np.ndarray) -> float:
    return 20 * math.log10(max(1e-9, float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))))


def one_note(start: float, end: float, *, velocity: int = 80, program: int = 0) -> pretty_midi.PrettyMIDI:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(program=program))
    midi.instruments[0].notes.append(pretty_midi.Note(velocity, 69, start, end))
    return midi


@pytest.mark.parametrize("duration_s", [0.1, 0.9999, 1.0, 2.5])
@pytest.mark.parametrize("sample_rate", [44100, 48000])
def test_sound_is_exactly_as_long_as_asked(sound_font: Path, duration_s: float, sample_rate: int) -> None:
    sound = synthesize(one_note(0, 5), sound_font, sample_rate=sample_rate, duration_s=duration_s)
    assert sound.shape == (math.ceil(duration_s * sample_rate - 1e-6), 2)
    assert sound.dtype == np.float32
    assert level_db(sound) > -60
    assert np.abs(sound[-1]).max() < 1e-4, "what rings at the end is faded out"


def test_without_a_duration_the_last_note_rings(sound_font: Path) -> None:
    sound = synthesize(one_note(0, 0.5), sound_font)
    assert len(sound) == round(2.5 * 44100)
    assert level_db(sound[: 44100 // 2]) > -45


def test_notes_begin_on_time_without_drift(sound_font: Path) -> None:
    for start in (0.3333, 7.77777):
        sound = synthesize(one_note(start, start + 0.4), sound_font, duration_s=start + 0.5)
        first = int(np.argmax(np.abs(sound).max(axis=1) > 1e-4)) / 44100
        assert 0 <= first - start < 0.01


def test_the_same_notes_give_the_same_samples_in_any_thread(make_score: MakeScore, sound_font: Path) -> None:
    player = Synthesizer(sound_font)
    midi = arrange(make_score("Am F C G Am Am", key="A minor"))
    with ThreadPoolExecutor(3) as threads:
        sounds = list(threads.map(lambda _: player.render(midi, duration_s=3.0), range(3)))
    for sound in sounds[1:]:
        np.testing.assert_array_equal(sound, sounds[0])


def test_loud_scores_sound_louder_than_soft_ones(make_score: MakeScore, sound_font: Path) -> None:
    levels = [
        level_db(synthesize(arrange(make_score("C F G C C", loudness=loudness)), sound_font, duration_s=5))
        for loudness in (0.02, 0.1, 0.2, 0.4)
    ]
    assert np.diff(levels).min() > 1
    assert levels[-1] - levels[0] > 6


def test_a_crescendo_is_heard(make_score: MakeScore, sound_font: Path) -> None:
    loudness = np.linspace(0.02, 0.45, 16)
    sound = synthesize(arrange(make_score("C " * 16, loudness=loudness)), sound_font, duration_s=16)
    levels = [level_db(sound[second * 44100 : (second + 2) * 44100]) for second in range(0, 12, 3)]
    assert np.diff(levels).min() > 0.5


def test_the_loudness_curve_survives(make_score: MakeScore, sound_font: Path) -> None:
    rng = np.random.default_rng(5)
    loudness = np.clip(0.18 * 10 ** (np.cumsum(rng.normal(0, 2.0, 40)) / 40), 0.03, 0.45)
    sound = synthesize(arrange(make_score("C C Am Am F F G G " * 5, loudness=loudness)), sound_font, duration_s=40)
    after_the_lighter_first_bar = range(2, 37)
    heard = [level_db(sound[second * 44100 : (second + 1) * 44100]) for second in after_the_lighter_first_bar]
    wanted = 20 * np.log10(loudness[2:37])
    assert spearmanr(heard, wanted).statistic > 0.9
    assert 0.6 < np.polyfit(wanted, heard, 1)[0] < 1.1


def test_nothing_sounds_before_the_music_and_it_dies_away_at_the_end(make_score: MakeScore, sound_font: Path) -> None:
    score = make_score("N N Am F G Am Am", key="A minor")
    sound = synthesize(arrange(score), sound_font, duration_s=7)
    assert np.abs(sound[: int(1.99 * 44100)]).max() < 1e-6
    assert level_db(sound[-4410:]) < level_db(sound[-44100:-22050]) - 6


def test_programs_drums_and_controllers_are_played(sound_font: Path) -> None:
    piano, organ = one_note(0, 1), one_note(0, 1, program=19)
    assert not np.allclose(synthesize(piano, sound_font), synthesize(organ, sound_font))
    organ.instruments[0].control_changes.append(pretty_midi.ControlChange(7, 0, 0.5))
    quiet = synthesize(organ, sound_font)
    assert level_db(quiet[int(0.7 * 44100) : 44100]) < level_db(quiet[: 44100 // 2]) - 12
    drums = one_note(0, 1)
    drums.instruments[0].is_drum = True
    assert level_db(synthesize(drums, sound_font)) > -60


def test_a_piece_without_notes_is_silence(sound_font: Path) -> None:
    assert np.abs(synthesize(pretty_midi.PrettyMIDI(), sound_font, duration_s=0.5)).max() < 1e-6


def test_the_terminal_stays_silent(sound_font: Path, capfd: pytest.CaptureFixture[str]) -> None:
    synthesize(one_note(0, 0.1, program=127), sound_font, duration_s=0.1)
    assert capfd.readouterr() == ("", "")


def font_of(*parts: bytes) -> bytes:
    """Build a file with the given chunks, each empty."""
    chunks = b"".join(b"LIST" + (4).to_bytes(4, "little") + part for part in parts)
    return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"sfbk" + chunks


def test_damaged_fonts_are_refused_in_a_sentence(sound_font: Path, tmp_path: Path) -> None:
    cut_off = tmp_path / "cut.sf2"
    with sound_font.open("rb") as file:
        cut_off.write_bytes(file.read(100_000))
    text = tmp_path / "page.sf2"
    text.write_text("<html>not found</html>" * 10)
    empty = tmp_path / "empty.sf2"
    empty.touch()
    hollow = tmp_path / "hollow.sf2"
    hollow.write_bytes(font_of(b"INFO", b"sdta"))
    for path, reason in (
        (cut_off, "shorter than it says"),
        (text, "begin like"),
        (empty, "begin like"),
        (hollow, "its part pdta is missing"),
    ):
        with pytest.raises(SynthesisError, match=reason) as refusal:
            find_sound_font(path)
        assert str(path) in str(refusal.value)
        with pytest.raises(SynthesisError, match=reason):
            Synthesizer(path)
    with pytest.raises(SynthesisError, match="cannot read"):
        Synthesizer(whole_font(tmp_path / "without_presets.sf2")).render(one_note(0, 1))


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hide all places but one folder for Debian's fonts."""
    monkeypatch.delenv("VIDEO2MUSIC_SOUND_FONT", raising=False)
    monkeypatch.setattr(sound_fonts, "_asset_folders", lambda: (tmp_path / "assets",))
    monkeypatch.setattr(sound_fonts, "DEBIAN_FOLDERS", (tmp_path / "debian",))
    return tmp_path


def whole_font(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(font_of(b"INFO", b"sdta", b"pdta"))
    return path


def test_order_of_the_search(no_fonts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_sound_font().name == "TimGM6mb.sf2", "the one that comes with pretty_midi"
    compressed = whole_font(no_fonts / "debian" / "A.sf3")
    assert find_sound_font() == compressed
    plain = whole_font(no_fonts / "debian" / "Plain.sf2")
    assert find_sound_font() == plain
    preferred = whole_font(no_fonts / "debian" / "FluidR3_GM.sf2")
    assert find_sound_font() == preferred
    (no_fonts / "assets").mkdir()
    (no_fonts / "assets" / "broken.sf2").write_bytes(b"RIFF")
    assert find_sound_font() == preferred, "a damaged font that nobody named is passed over"
    asset = whole_font(no_fonts / "assets" / "own.sf2")
    assert find_sound_font() == asset
    named = whole_font(no_fonts / "named.sf2")
    monkeypatch.setenv("VIDEO2MUSIC_SOUND_FONT", str(named))
    assert find_sound_font() == named
    assert find_sound_font(asset) == asset


def test_missing_fonts_say_where_it_was_looked(no_fonts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SoundFontNotFoundError, match=r"nowhere\.sf2.*fluid-soundfont-gm"):
        find_sound_font(no_fonts / "nowhere.sf2")
    monkeypatch.setenv("VIDEO2MUSIC_SOUND_FONT", str(no_fonts / "gone.sf2"))
    with pytest.raises(SoundFontNotFoundError, match=r"VIDEO2MUSIC_SOUND_FONT names does not exist.*gone\.sf2"):
        find_sound_font()
    monkeypatch.delenv("VIDEO2MUSIC_SOUND_FONT")
    monkeypatch.setattr(sound_fonts.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SoundFontNotFoundError) as refusal:
        find_sound_font()
    assert str(no_fonts / "assets") in str(refusal.value)
    assert str(no_fonts / "debian") in str(refusal.value)


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_missing_fluidsynth_names_the_package(
    monkeypatch: pytest.MonkeyPatch, sound_font: Path, error: type[Exception]
) -> None:
    real_import = builtins.__import__

    def refuse(
        name: str,
        names: Mapping[str, object] | None = None,
        scope: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if name == "fluidsynth":
            raise error
        return real_import(name, names, scope, fromlist, level)

    monkeypatch.delitem(sys.modules, "fluidsynth", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SynthesisError, match="Debian package libfluidsynth3"):
        synthesize(one_note(0, 1), sound_font)
    with pytest.raises(SynthesisError):
        fluidsynth_version()


def test_version_is_a_version() -> None:
    assert int(fluidsynth_version().split(".")[0]) >= 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_font(tmp_path: Path) -> None:
    path = whole_font(tmp_path / "secret.sf2")
    path.chmod(0)
    with pytest.raises(SynthesisError, match="cannot be read"):
        find_sound_font(path)
