"""The finished music is heard, judged and the verdict kept; a recogniser that fails costs nobody the music."""

import json
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

import video2music
from emotion import Audio
from emotion.errors import AudioReadError, WeightsNotFoundError
from emotion.prediction import Curve, Prediction
from video2music.direction import Direction, Section
from video2music.listening import Hearing, Listener
from video2music.pipeline import SAMPLE_RATE, Composer

MakeClip = Callable[..., Path]


@dataclass
class FakeRecogniser:
    """Remembers what it heard and finds every piece as lively as `arousal` says."""

    arousal: float = 5.0
    refusal: Exception | None = None
    sounds: list[Audio] = field(default_factory=list)
    name: str = "fake"

    def predict(self, source: Audio, *, progress: object = None) -> Prediction:
        assert progress is not None
        self.sounds.append(source)
        if self.refusal is not None:
            raise self.refusal
        nothing = np.zeros(0)
        return Prediction(
            self.name, source.duration_s, 5.0, self.arousal, (4.0, 6.0), (self.arousal - 1, self.arousal + 1), {}, None,
            None, (), Curve(nothing, nothing, nothing),
        )  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Composer:
    return video2music.load()


@pytest.fixture
def clip(make_clip: MakeClip) -> Path:
    return make_clip(seconds=4.0, scenes=2)


def listening(model: Composer, recogniser: FakeRecogniser) -> Composer:
    return replace(model, listener=Listener(load=lambda: recogniser))


def test_the_mastered_music_is_heard_once_and_the_match_is_in_the_result(
    model: Composer, clip: Path, tmp_path: Path
) -> None:
    recogniser = FakeRecogniser()
    piece = listening(model, recogniser).compose(clip, seed=1)
    assert piece.match is not None
    [sound] = recogniser.sounds
    assert sound.sample_rate == SAMPLE_RATE
    np.testing.assert_array_equal(sound.samples, piece.audio)
    facts = json.loads(piece.save(tmp_path / "out").result.read_text())
    assert facts["match"] == piece.match.to_json()
    assert facts["match"]["recogniser"] == "fake"
    assert facts["match"]["arousal"]["video"] == pytest.approx(np.mean(facts["arousal"]), abs=1e-3)
    assert "match_reason" not in facts
    assert facts["timings_s"]["listen"] >= 0


def test_a_changed_piece_is_heard_again_and_compared_with_the_same(model: Composer, clip: Path) -> None:
    recogniser = FakeRecogniser()
    composer = listening(model, recogniser)
    piece = composer.compose(clip, seed=1, direction=Direction(sections=(Section(0, 2, "sad"),)))
    changed = piece.render(transpose=3)
    assert changed.match is None
    assert piece.match is not None
    recogniser.arousal = 8.0
    heard = composer.listen(changed)
    np.testing.assert_array_equal(recogniser.sounds[-1].samples, changed.audio)
    assert heard.match.arousal.video == piece.match.arousal.video
    assert heard.match.arousal.music > piece.match.arousal.music
    assert "the mood that was asked for" in heard.match.words
    assert heard.audio is changed.audio


def test_the_recogniser_is_loaded_once_for_many_pieces_and_only_when_needed(model: Composer, clip: Path) -> None:
    loaded = []

    def load() -> FakeRecogniser:
        loaded.append(1)
        return FakeRecogniser()

    composer = replace(model, listener=Listener(load=load))
    composer.compose(clip, seed=1, match=False)
    assert loaded == []
    pieces = [composer.compose(clip, seed=seed) for seed in (1, 2)]
    assert all(piece.match is not None for piece in pieces)
    assert loaded == [1]


def test_whoever_does_not_want_it_gets_no_match(model: Composer, clip: Path) -> None:
    recogniser = FakeRecogniser()
    piece = listening(model, recogniser).compose(clip, seed=1, match=False)
    assert recogniser.sounds == []
    assert piece.match is None
    assert piece.result()["match"] is None
    assert "listen" not in piece.timings_s


def test_a_recogniser_that_refuses_leaves_the_piece_and_says_why(model: Composer, clip: Path) -> None:
    recogniser = FakeRecogniser(refusal=AudioReadError("The sound is too short to be heard"))
    piece = listening(model, recogniser).compose(clip, seed=1)
    assert np.abs(piece.audio).max() > 0.05
    assert piece.result()["match"] is None
    assert "too short" in piece.result()["match_reason"]


def test_a_recogniser_that_cannot_be_loaded_is_asked_for_again_at_the_next_piece(model: Composer, clip: Path) -> None:
    answers = [WeightsNotFoundError("The recogniser's weights are missing"), None]

    def load() -> FakeRecogniser:
        if error := answers.pop(0):
            raise error
        return FakeRecogniser()

    composer = replace(model, listener=Listener(load=load))
    first, second = (composer.compose(clip, seed=1) for _ in range(2))
    assert first.match is None
    assert "missing" in first.hearing.words
    assert second.match is not None


def test_a_defect_is_not_hidden(model: Composer, clip: Path) -> None:
    piece = listening(model, FakeRecogniser(refusal=ZeroDivisionError())).compose(clip, seed=1)
    with pytest.raises(ZeroDivisionError):
        piece.result()


@dataclass
class PatientRecogniser(FakeRecogniser):
    """Does not begin to listen before it is let."""

    begin: threading.Event = field(default_factory=threading.Event)

    def predict(self, source: Audio, *, progress: object = None) -> Prediction:
        assert self.begin.wait(20)
        return super().predict(source, progress=progress)


def test_files_are_written_while_the_music_is_listened_to(model: Composer, clip: Path, tmp_path: Path) -> None:
    recogniser = PatientRecogniser()
    stages = []

    def tell(stage: str, fraction: float) -> None:
        stages.append(stage)
        if stage == "Listening to the result" and fraction < 1:
            recogniser.begin.set()

    piece = listening(model, recogniser).compose(clip, seed=1)
    facts = json.loads(piece.save(tmp_path / "out", progress=tell).result.read_text())
    assert facts["match"]["recogniser"] == "fake"
    assert stages.index("Putting the music under the picture") < stages.index("Listening to the result")


def test_whoever_stops_does_not_wait_for_the_ear(model: Composer, clip: Path, tmp_path: Path) -> None:
    recogniser = PatientRecogniser()

    def stop(stage: str, _: float) -> None:
        if stage == "Listening to the result":
            raise KeyboardInterrupt

    piece = listening(model, recogniser).compose(clip, seed=1)
    with pytest.raises(KeyboardInterrupt):
        piece.save(tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists()
    recogniser.begin.set()
    assert piece.match is not None


def test_a_hearing_leaves_its_process_as_what_it_led_to(model: Composer, clip: Path) -> None:
    piece = listening(model, FakeRecogniser()).compose(clip, seed=1)
    copy = pickle.loads(pickle.dumps(piece.hearing))  # noqa: S301 - our own
    assert type(copy) is Hearing
    assert (copy.match, copy.reason) == (piece.match, "")


def test_the_same_music_with_and_without_an_ear(model: Composer, clip: Path) -> None:
    heard = listening(model, FakeRecogniser()).compose(clip, seed=3)
    unheard = model.compose(clip, seed=3, match=False)
    np.testing.assert_array_equal(heard.audio, unheard.audio)
