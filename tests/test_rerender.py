"""The same composition played otherwise: in memory, from its file, from a score or notes edited by hand."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import music21
import numpy as np
import pretty_midi
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from video2music.cli import main
from video2music.errors import OutputError, ScoreError
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import root_and_quality
from video2music.music.arrangement import arrange
from video2music.music.ensemble import MELODY, ensemble_names
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.music.stems import stem_names
from video2music.music.synthesis import Synthesizer, find_sound_font
from video2music.music.transposition import transposed_key, transposed_midi, transposed_score
from video2music.output import PASSING
from video2music.piece import Piece
from video2music.pipeline import Composer
from video2music.rerender import Target, render_file
from video2music.wishes import Wishes

MakeClip = Callable[..., Path]
QUIET = -60.0
"""Decibels below the music that stems may differ from it."""


@pytest.fixture(scope="module")
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=8.0, scenes=3)


@pytest.fixture(scope="module")
def piece(model: Composer, clip: Path) -> Piece:
    return model.compose(clip, key="C major", primer="C F G Am", seed=4, tempo_bpm=110, match=False)


@pytest.fixture(scope="module")
def saved(piece: Piece, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return piece.save(tmp_path_factory.mktemp("composed")).result


@pytest.fixture
def edit(saved: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write the result again with some values of it, or of its score, replaced."""

    def write(*, score: dict[str, Any] | None = None, **facts: object) -> Path:
        result = json.loads(saved.read_text()) | facts
        result["score"] = result["score"] | (score or {})
        path = tmp_path / "edited.json"
        path.write_text(json.dumps(result))
        return path

    return write


def notes(midi: pretty_midi.PrettyMIDI) -> list[tuple[str, float, float, int, int]]:
    return [(t.name, n.start, n.end, n.pitch, n.velocity) for t in midi.instruments for n in t.notes]


def stored_notes(folder: Path) -> list[tuple[str, float, float, int, int]]:
    return notes(pretty_midi.PrettyMIDI(str(folder / "music.mid")))


def composed(seed: int = 3) -> Score:
    chords = ("C", "F", "G7", "Am", "Dm7", "G", "C", "C") * 2
    steps = np.arange(16, dtype=np.float32)
    return Score(chords, 2 + 4 * steps, np.float32(0.05) + steps / np.float32(80), "C major", seed, 16.0)


def test_without_a_change_the_same_music_comes_out(piece: Piece, saved: Path, tmp_path: Path) -> None:
    again = piece.render()
    assert notes(again.midi) == notes(piece.midi)
    assert np.array_equal(again.audio, piece.audio)
    assert main(["render", str(saved), "-o", str(tmp_path)]) == 0
    assert stored_notes(tmp_path) == stored_notes(saved.parent)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "music.mid",
        "music.musicxml",
        "music.wav",
        "result.json",
    ]


def test_a_piece_of_one_ensemble_is_the_piece_that_would_have_been_composed_for_it(
    model: Composer, clip: Path, piece: Piece
) -> None:
    wishes = Wishes(
        key="C major", primer="C F G Am", seed=4, tempo_bpm=110, match=False, ensemble="strings", transpose=3
    )
    straight = model.compose_seen(clip, piece.features, wishes)
    assert notes(piece.render(ensemble="strings", transpose=3).midi) == notes(straight.midi)


def test_there_and_back_is_the_same(piece: Piece) -> None:
    there = piece.render(ensemble="musicbox", tempo=70, transpose=-5, density=2.0, loudness=0.5)
    assert there.score.tempo_bpm == 70
    assert there.result()["rendition"]["density"] == 2
    back = there.render(ensemble="piano", tempo=110, transpose=0, density=1.0, loudness=1.0)
    assert notes(back.midi) == notes(piece.midi)


def test_rendering_sees_no_video_and_loads_no_network(
    saved: Path, piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("video2music.features.extraction.extract_features", fail)
    monkeypatch.setattr("video2music.models.loading.load_amt", fail)
    piece.render(ensemble="ambient")
    assert main(["render", str(saved), "-o", str(tmp_path), "--ensemble", "auto"]) == 0


def test_rendering_again_needs_no_torch() -> None:
    code = "import sys, video2music.rerender; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0


def test_rendering_again_imports_nothing_slow(saved: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from video2music.cli import main; done = main(sys.argv[1:]); "
        "sys.exit(done or str({'torch', 'scipy.signal', 'scipy.stats', 'av', 'cv2', 'librosa'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "render", str(saved), "-o", str(tmp_path), "--ensemble", "lofi"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[1], check=False, capture_output=True, text=True)
    assert ran.stderr.splitlines()[-1] == "set()", ran.stderr


@pytest.mark.parametrize("name", ensemble_names())
@pytest.mark.parametrize("semitones", [-12, -1, 7, 12])
def test_transposing_moves_every_pitched_note_and_no_drum(name: str, semitones: int) -> None:
    score = composed()
    before = arrange(score, ensemble=name)
    after = transposed_midi(before, score, semitones)
    for old, new in zip(before.instruments, after.instruments, strict=True):
        moved = 0 if old.is_drum else semitones
        assert [(n.pitch + moved, n.start, n.end, n.velocity) for n in old.notes] == [
            (n.pitch, n.start, n.end, n.velocity) for n in new.notes
        ]


@pytest.mark.parametrize(
    ("key", "semitones", "name"),
    [
        ("A minor", 4, "C# minor"),
        ("A minor", -3, "F# minor"),
        ("A minor", 6, "Eb minor"),
        ("C major", 1, "Db major"),
        ("C major", 8, "Ab major"),
        ("A# minor", 12, "A# minor"),
    ],
)
def test_a_transposed_key_has_its_usual_name(key: str, semitones: int, name: str) -> None:
    assert str(transposed_key(parse_key(key), semitones)) == name


@given(semitones=st.integers(-12, 12))
def test_names_of_transposed_chords_sound_as_many_semitones_higher(semitones: int) -> None:
    score, named = composed(), transposed_score(composed(), semitones)
    for before, after in zip(score.chords, named.chords, strict=True):
        (root, quality), (moved, kept) = (root_and_quality(parse_chord(symbol)) for symbol in (before, after))
        assert ((root + semitones) % 12, quality) == (moved, kept)
    assert transposed_score(named, -semitones).chords == score.chords


@pytest.mark.parametrize("name", ensemble_names())
def test_stems_add_up_to_the_music(name: str, piece: Piece, tmp_path: Path) -> None:
    played = piece.render(ensemble=name)
    paths = played.save(tmp_path, stems=True)
    assert [path.stem for path in paths.stems] == [
        track.name.lower().replace(" ", "-") for track in played.midi.instruments if track.notes
    ]
    music, rate = soundfile.read(paths.music)
    total = sum(soundfile.read(path)[0] for path in paths.stems)
    error = np.sqrt(np.mean((total - music) ** 2) / np.mean(music**2))
    assert rate == 44100
    assert 20 * np.log10(error + 1e-12) < QUIET
    assert set(json.loads(paths.result.read_text())["files"]) == {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }


def test_a_stem_holds_its_part_alone(piece: Piece, tmp_path: Path) -> None:
    played = piece.render(ensemble="band")
    limiting = np.ones(len(played.audio)) if played.limiting is None else played.limiting
    synthesizer, gain = Synthesizer(find_sound_font(None)), 10 ** (played.gain_db / 20) * limiting[:, None]
    for path, track in zip(played.save(tmp_path, stems=True).stems, played.midi.instruments, strict=True):
        alone = pretty_midi.PrettyMIDI()
        alone.instruments = [track]
        expected = gain * synthesizer.render(alone, duration_s=8.0)
        error = np.sqrt(np.mean((soundfile.read(path)[0] - expected) ** 2) / np.mean(expected**2))
        assert error < 0.02, path.name


def test_parts_of_one_name_get_files_of_their_own() -> None:
    midi = pretty_midi.PrettyMIDI()
    names = ["Lead/../x", "lead x", "", "Lead-x-2", "\U0001f3b7", "lead x"]
    midi.instruments = [pretty_midi.Instrument(65, name=name) for name in names]
    for track in midi.instruments:
        track.notes = [pretty_midi.Note(90, 60, 0.0, 1.0)]
    files = stem_names(midi)
    assert len(set(files)) == len(names)
    assert all(PASSING.fullmatch(name) for name in files)


def test_stems_of_other_instruments_do_not_stay(saved: Path, tmp_path: Path) -> None:
    for name in ("strings", "band"):
        assert main(["render", str(saved), "-o", str(tmp_path), "--ensemble", name, "--stems"]) == 0
    facts = json.loads((tmp_path / "result.json").read_text())
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == sorted(
        Path(name).name for name in facts["files"] if name.startswith("stems/")
    )


def test_the_lead_sheet_follows_the_rendition(saved: Path, clip: Path, tmp_path: Path) -> None:
    assert main(["render", str(saved), "-o", str(tmp_path), "--transpose", "3"]) == 0
    sheets = [music21.converter.parse(folder / "music.musicxml") for folder in (saved.parent, tmp_path)]
    assert [sheet.metadata.title for sheet in sheets] == [clip.stem, clip.stem]
    roots = [
        [chord.root().pitchClass for chord in sheet.recurse().getElementsByClass(music21.harmony.ChordSymbol)]
        for sheet in sheets
    ]
    assert roots[1] == [(root + 3) % 12 for root in roots[0]]


def test_notes_alone_get_no_lead_sheet_and_leave_none_of_other_music(saved: Path, tmp_path: Path) -> None:
    for source in (saved, saved.parent / "music.mid"):
        assert main(["render", str(source), "-o", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music.mid", "music.wav", "result.json"]


def test_one_chord_is_replaced_and_the_others_stay(piece: Piece) -> None:
    changed = piece.render(chords={0.5: "Em7"})
    before, after = piece.score.chord_events(), changed.score.chord_events()
    assert after[0]["symbol"] == "Em7"
    assert after[1:] == before[1:]
    assert changed.render(transpose=2).score.chord_events()[0]["symbol"] == "F#m7"
    assert piece.render(transpose=2, chords={0.5: "Em7"}).score.chord_events()[0]["symbol"] == "Em7"


def test_the_last_chord_stays_the_tonic(piece: Piece) -> None:
    with pytest.raises(ScoreError, match="comes to rest"):
        piece.render(chords={7.9: "F#dim"})


def tune(midi: pretty_midi.PrettyMIDI) -> list[tuple[str, float, float, int, int]]:
    return [note for note in notes(midi) if note[0] == MELODY]


def test_the_tune_is_left_out_and_comes_back(piece: Piece) -> None:
    silent = piece.render(melody=False)
    assert tune(piece.midi)
    assert not tune(silent.midi)
    assert not silent.score.melody
    assert notes(silent.render(melody=True).midi) == notes(piece.midi)


def test_a_tune_is_composed_only_where_there_is_none(
    saved: Path, edit: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = edit(score={"melody": None}, rendition={"ensemble": "piano"})
    assert main(["render", str(bare), "-o", str(tmp_path / "silent")]) == 0
    assert json.loads((tmp_path / "silent" / "result.json").read_text())["score"]["melody"] is None
    assert main(["render", str(bare), "-o", str(tmp_path / "sung"), "--melody"]) == 0
    again = json.loads((tmp_path / "sung" / "result.json").read_text())
    assert again["score"]["melody"] == json.loads(saved.read_text())["score"]["melody"]
    monkeypatch.setattr("video2music.models.melody_for_score.load_melody", None)
    assert main(["render", str(tmp_path / "sung" / "result.json"), "-o", str(tmp_path / "kept"), "--tempo", "80"]) == 0
    assert tune(pretty_midi.PrettyMIDI(str(tmp_path / "kept" / "music.mid")))


def test_a_tune_written_by_hand_is_heard(saved: Path, tmp_path: Path) -> None:
    score = json.loads(saved.read_text())["score"]
    score["melody"] = [{"onset_beat": beat, "duration_beats": 1, "pitch": 72} for beat in (0, 1, 2)]
    (tmp_path / "score.json").write_text(json.dumps(score))
    assert main(["render", str(tmp_path / "score.json"), "-o", str(tmp_path / "out")]) == 0
    assert len(tune(pretty_midi.PrettyMIDI(str(tmp_path / "out" / "music.mid")))) == 3


def test_more_density_more_notes_and_more_loudness_harder_strokes(piece: Piece) -> None:
    assert len(notes(piece.render(density=3.0).midi)) > len(notes(piece.midi))
    softer = [note[4] for note in notes(piece.render(loudness=0.3).midi)]
    assert np.mean(softer) < np.mean([note[4] for note in notes(piece.midi)])


def test_under_the_clip(saved: Path, clip: Path, tmp_path: Path) -> None:
    arguments = ["render", str(saved), "-o", str(tmp_path), "--tempo", "90", "--video", str(clip)]
    assert main(arguments) == 0
    facts = json.loads((tmp_path / "result.json").read_text())
    assert facts["tempo"] == facts["steering"]["tempo"] == 90
    assert facts["match"] is None
    assert (tmp_path / "video.mp4").stat().st_size > 1000


def test_a_score_edited_by_hand_is_played_under_a_clip_of_another_length(
    saved: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    score = json.loads(saved.read_text())["score"]
    score["chords"][0] = "Fm"
    (tmp_path / "score.json").write_text(json.dumps(score))
    short = make_clip(seconds=4.0, scenes=2)
    assert main(["render", str(tmp_path / "score.json"), "-o", str(tmp_path / "out"), "--video", str(short)]) == 0
    facts = json.loads((tmp_path / "out" / "result.json").read_text())
    assert facts["chords"][0]["symbol"] == "Fm"
    assert facts["duration_s"] == pytest.approx(4.0, abs=0.1)
    assert soundfile.info(tmp_path / "out" / "music.wav").duration == pytest.approx(4.0, abs=0.1)


def test_notes_edited_by_hand_are_played_as_they_are(saved: Path, clip: Path, tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI(str(saved.parent / "music.mid"))
    for note in midi.instruments[0].notes:
        note.pitch += 1
    midi.write(str(tmp_path / "edited.mid"))
    out = tmp_path / "out"
    assert main(["render", str(tmp_path / "edited.mid"), "-o", str(out), "--video", str(clip), "--stems"]) == 0
    assert stored_notes(out) == notes(pretty_midi.PrettyMIDI(str(tmp_path / "edited.mid")))
    assert np.abs(soundfile.read(out / "music.wav")[0]).max() > 0.05
    with pytest.raises(ScoreError, match="as they are"):
        render_file(tmp_path / "edited.mid", Target(out), Synthesizer(find_sound_font(None)), tempo=90)


def refused(path: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["render", str(path), "-o", str(out), *options]) == 1
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if line.strip()]
    assert len(lines) == 1, printed.err
    assert not out.exists()
    return lines[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--ensemble", "lofy"], "Did you mean lofi?"),
        (["--tempo", "20"], "60 to 180"),
        (["--transpose", "-13"], "-12 to 12"),
        (["--density-scale", "nan"], "0.25 to 4"),
        (["--loudness-scale", "9"], "0.25 to 4"),
        (["--chord", "2=Hm"], "Hm"),
        (["--chord", "99=C"], "from 0 to 8"),
        (["--chord=-1=C"], "-1 s"),
        (["--video", "nowhere.mp4"], "nowhere.mp4"),
    ],
)
def test_a_wrong_change_is_named(
    options: list[str], expected: str, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(saved, tmp_path / "out", capsys, *options)


@pytest.mark.parametrize(
    "changed",
    [
        {"score": {"chords": ["C"]}},
        {"score": {"chords": ["<script>"] * 8}},
        {"score": {"key": "H major"}},
        {"score": {"duration_s": 1e12}},
        {"score": {"duration_s": -1}},
        {"score": {"tempo_bpm": 0}},
        {"score": {"tempo_bpm": 10**400}},
        {"score": {"seed": "many"}},
        {"score": {"version": 99}},
        {"score": {"loudness": None}},
        {"score": {"cuts_s": 3}},
        {"rendition": {"ensemble": "../../etc/passwd"}},
        {"rendition": {"transpose": 1e6}},
        {"rendition": {"chords": [1, 2]}},
        {"rendition": []},
        {"motion": [float("nan")]},
        {"program": "other"},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_result_that_cannot_be_played_is_refused_in_a_sentence(
    changed: dict[str, Any], edit: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(edit(**changed), tmp_path / "out", capsys)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000, b'{"chords": []}'])
@pytest.mark.parametrize("name", ["result.json", "music.mid", "result.txt"])
def test_a_file_that_holds_something_else_is_refused(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert name in refused(tmp_path / name, tmp_path / "out", capsys) or name != "music.mid"


def test_a_cut_off_midi_file_is_refused(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (saved.parent / "music.mid").read_bytes()
    (tmp_path / "half.mid").write_bytes(whole[:200])
    refused(tmp_path / "half.mid", tmp_path / "out", capsys)


def test_notes_that_last_for_days_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi = pretty_midi.PrettyMIDI(resolution=1, initial_tempo=10)
    midi.instruments = [pretty_midi.Instrument(0)]
    midi.instruments[0].notes = [pretty_midi.Note(90, 60, 0.0, 500_000.0)]
    midi.write(str(tmp_path / "long.mid"))
    assert "up to 3600" in refused(tmp_path / "long.mid", tmp_path / "out", capsys)


def test_music_composed_for_another_length_is_refused(
    saved: Path, make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_clip(seconds=4.0, scenes=2)
    assert "was composed for 8.0 s" in refused(saved, tmp_path / "out", capsys, "--video", str(other))


def test_nothing_is_overwritten(saved: Path, edit: Callable[..., Path], tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in saved.parent.iterdir()}
    assert main(["render", str(saved), "-o", str(saved.parent)]) == 1
    assert {path: path.read_bytes() for path in saved.parent.iterdir()} == before
    (tmp_path / "music.wav").write_text("mine")
    assert main(["render", str(edit()), "-o", str(tmp_path)]) == 1
    assert (tmp_path / "music.wav").read_text() == "mine"


def test_names_in_an_earlier_result_reach_no_file_elsewhere(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.wav").write_text("mine")
    out = tmp_path / "out"
    assert main(["render", str(saved), "-o", str(out)]) == 0
    facts = json.loads((out / "result.json").read_text())
    (out / "result.json").write_text(
        json.dumps(facts | {"files": [*facts["files"], "stems/../../mine.wav", "../mine.wav"]})
    )
    assert main(["render", str(saved), "-o", str(out)]) == 0
    assert (tmp_path / "mine.wav").read_text() == "mine"


@given(
    tempo=st.none() | st.floats(60, 180),
    density=st.floats(0.25, 4),
    loudness=st.floats(0.25, 4),
    transpose=st.integers(-12, 12),
    ensemble=st.sampled_from(ensemble_names()),
)
def test_a_rendition_survives_being_stored(
    tempo: float | None, density: float, loudness: float, transpose: int, ensemble: str
) -> None:
    rendition = Rendition(ensemble, tempo, transpose, density, loudness, ((1.5, "Am7"),))
    assert Rendition.from_json(json.loads(json.dumps(rendition.to_json()))) == rendition
    assert rendition.changed() == rendition
    laid = rendition.lay_out(composed())
    assert laid.duration_s == composed().duration_s
    assert len(laid.chords) == laid.steps


def test_a_piece_made_by_hand_says_that_it_cannot_be_played(piece: Piece) -> None:
    with pytest.raises(OutputError, match="without a synthesizer"):
        replace(piece, synthesizer=None).render(ensemble="lofi")
