"""Ensemble, tempo, cuts and transposition, from the wish to the piece."""

from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from video2music.features.video_features import VideoFeatures
from video2music.music.ensemble import MELODY, ensemble_names, load_ensemble
from video2music.music.tempo import SLOWEST_TEMPO
from video2music.piece import Piece
from video2music.pipeline import Composer
from video2music.wishes import Wishes

MakeClip = Callable[..., Path]


@pytest.fixture(scope="module")
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=8.0, scenes=3)


@pytest.fixture(scope="module")
def features(model: Composer, clip: Path) -> VideoFeatures:
    return model.analyze(clip)


@pytest.fixture(scope="module")
def compose(model: Composer, clip: Path, features: VideoFeatures) -> Callable[..., Piece]:
    def compose_seen(**wishes: object) -> Piece:
        return model.compose_seen(clip, features, Wishes(seed=4, match=False, **wishes))  # type: ignore[arg-type]

    return compose_seen


@pytest.mark.parametrize("name", ["strings", "lofi"])
def test_an_ensemble_plays_its_parts(name: str, compose: Callable[..., Piece]) -> None:
    piece = compose(ensemble=name, melody=False)
    assert [track.name for track in piece.midi.instruments] == [part.name for part in load_ensemble(name).parts]
    assert piece.result()["ensemble"] == name


@pytest.mark.parametrize(
    ("wishes", "sings"),
    [
        ({"ensemble": "strings"}, True),
        ({"ensemble": "strings", "melody": False}, False),
        ({"ensemble": "paper"}, False),
        ({"ensemble": "paper", "melody": True}, True),
        ({"as_published": True}, False),
    ],
    ids=str,
)
def test_a_tune_is_heard_unless_the_published_piano_plays(
    wishes: dict[str, object],
    sings: bool,  # noqa: FBT001
    compose: Callable[..., Piece],
) -> None:
    piece = compose(**wishes)
    assert any(track.name == MELODY and track.notes for track in piece.midi.instruments) == sings
    assert bool(piece.result()["score"]["melody"]) == bool(piece.score.melody) == sings
    assert "melody" in piece.weights


def test_without_a_wish_the_piano_plays_and_meets_the_cuts(compose: Callable[..., Piece]) -> None:
    facts = compose().result()
    assert (facts["ensemble"], facts["transpose"], facts["cuts_aligned"]) == ("piano", 0, True)
    assert not compose(align_cuts=False).result()["cuts_aligned"]


def test_auto_names_the_ensemble_it_took(compose: Callable[..., Piece]) -> None:
    assert compose(ensemble="auto").result()["ensemble"] in set(ensemble_names()) - {"paper"}


def test_as_published_is_the_ensemble_paper(compose: Callable[..., Piece]) -> None:
    assert compose(as_published=True).result()["ensemble"] == "paper"


def test_cuts_are_met_within_eight_percent_of_the_tempo(compose: Callable[..., Piece]) -> None:
    kept, aligned = compose(tempo_bpm=100), compose(tempo_bpm=100, align_cuts=True)
    assert kept.score.tempo_bpm == 100
    assert kept.score.cuts_s
    assert 92 <= aligned.score.tempo_bpm <= 108
    assert aligned.result()["cuts_aligned"]
    score = aligned.score
    changes = [event["time_s"] for event in score.chord_events()]
    away = [min(abs(cut - change) for change in changes) for cut in aligned.features.cuts_s]
    assert len(away) == 2
    assert max(away) < 0.1
    assert SLOWEST_TEMPO <= aligned.result()["steering"]["tempo"] == round(score.tempo_bpm, 2)


def test_the_midi_file_marks_chords_and_cuts(compose: Callable[..., Piece], tmp_path: Path) -> None:
    piece = compose(align_cuts=True, ensemble="band")
    saved = piece.save(tmp_path)
    file, tempo, second, marks = mido.MidiFile(str(saved.midi)), 0, 0.0, []
    for message in file.tracks[0]:
        second += mido.tick2second(message.time, file.ticks_per_beat, tempo)
        tempo = message.tempo if message.type == "set_tempo" else tempo
        if message.type == "marker":
            marks.append((round(second, 2), message.text))
    cuts = [(round(float(cut), 2), "scene cut") for cut in piece.score.cuts_s]
    chords = [(round(event["time_s"], 2), event["symbol"]) for event in piece.score.chord_events()]
    for expected in (cuts, chords):
        assert expected
        assert all(any(abs(at - time) < 0.02 and text == name for time, text in marks) for at, name in expected)
    assert len(marks) == len(cuts) + len(chords)


def test_transposing_moves_key_and_chords_along(compose: Callable[..., Piece]) -> None:
    facts = compose(key="C major", primer="C F", transpose=2).result()
    assert facts["key"] == "D major"
    assert [event["symbol"] for event in facts["chords"]][:2] == ["D", "G"]
    assert facts["score"]["key"] == "C major"
