"""The whole engine on small random networks: what it gives, what it must not depend on, when it doubts itself."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import emotion
from emotion.audio import Audio
from emotion.moods import calibrated_probabilities, mood_priors, mood_tags
from emotion.music2emo.engine import Music2Emo
from emotion.music2emo.hearing import PUBLISHED_REST, Heard, hear
from emotion.music2emo.mert import SAMPLE_RATE
from emotion.music2emo.networks import Student
from emotion.music2emo.vocabulary import ChordTokenError
from emotion.prediction import ChordSpan
from emotion.weights import save_tensors

MakeAudio = Callable[..., Audio]


@pytest.fixture(scope="module")
def heard(engine: Music2Emo, make_audio: MakeAudio) -> Heard:
    return hear(make_audio(36.0), engine.encoder, engine.recogniser)


def with_chords(heard: Heard, labels: list[str], seconds: float = 1.0) -> Heard:
    return replace(
        heard,
        chords=tuple(ChordSpan(i * seconds, (i + 1) * seconds, label) for i, label in enumerate(labels)),
        chord_sureness=0.9,
    )


def test_a_prediction_is_complete(engine: Music2Emo, make_audio: MakeAudio) -> None:
    stages: list[tuple[str, float]] = []
    prediction = engine.predict(make_audio(36.0), progress=lambda stage, done: stages.append((stage, done)))
    assert prediction.duration_s == pytest.approx(36.0)
    assert 1 <= prediction.valence <= 9
    assert 1 <= prediction.arousal <= 9
    assert prediction.valence_interval is prediction.arousal_interval is None
    assert list(prediction.tags) == [tag.name for tag in mood_tags()]
    assert all(0 < probability < 1 for probability in prediction.tags.values())
    assert prediction.tempo_bpm == pytest.approx(120, rel=0.01)
    assert prediction.chords[0].start_s == 0
    assert prediction.chords[-1].end_s == pytest.approx(36.0, abs=0.2)
    assert all(a.end_s == b.start_s for a, b in zip(prediction.chords, prediction.chords[1:], strict=False))
    fractions = [done for _, done in stages]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_the_result_is_json(engine: Music2Emo, make_audio: MakeAudio) -> None:
    result = engine.predict(make_audio(12.0)).result()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert {"valence", "arousal", "valence_interval", "arousal_interval", "tags", "key", "tempo_bpm", "curve"} <= set(
        result
    )


def test_the_curve_covers_the_sound(heard: Heard, engine: Music2Emo) -> None:
    curve = engine.interpret(heard).curve
    assert len(curve.time_s) == len(curve.valence) == len(curve.arousal) == 7
    np.testing.assert_allclose(curve.time_s, [2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 33.0], atol=0.02)


def test_file_and_samples_give_the_same(engine: Music2Emo, make_audio: MakeAudio, tmp_path: Path) -> None:
    audio = make_audio(11.0)
    soundfile.write(tmp_path / "a.wav", audio.samples, audio.sample_rate, subtype="FLOAT")
    from_file, again = engine.predict(tmp_path / "a.wav"), engine.predict(tmp_path / "a.wav")
    from_samples = engine.predict(audio)
    assert from_file.result() == again.result() == from_samples.result()


def test_stereo_of_equal_channels_is_mono(engine: Music2Emo, make_audio: MakeAudio) -> None:
    audio = make_audio(4.0)
    stereo = Audio(np.repeat(audio.samples, 2, axis=1), audio.sample_rate)
    assert engine.predict(stereo).result() == engine.predict(audio).result()


@pytest.mark.parametrize("seconds", [0.3, 1.0, 30.0, 30.5])
def test_any_length_is_heard(engine: Music2Emo, make_audio: MakeAudio, seconds: float) -> None:
    prediction = engine.predict(make_audio(seconds, 24_000))
    assert np.isfinite([prediction.valence, prediction.arousal]).all()
    assert len(prediction.curve.time_s) >= 1
    assert prediction.curve.time_s[-1] <= seconds


def test_a_short_rest_does_not_count_as_a_segment(engine: Music2Emo, make_audio: MakeAudio) -> None:
    whole, longer = (hear(make_audio(s, SAMPLE_RATE), engine.encoder, engine.recogniser) for s in (30.0, 30.9))
    assert len(whole.segments) == len(longer.segments) == 1
    np.testing.assert_array_equal(whole.segments, longer.segments)
    published = hear(make_audio(30.9, SAMPLE_RATE), engine.encoder, engine.recogniser, shortest_rest=PUBLISHED_REST)
    assert len(published.segments) == 2
    blink = hear(make_audio(30.01, SAMPLE_RATE), engine.encoder, engine.recogniser, shortest_rest=PUBLISHED_REST)
    assert len(blink.segments) == 1


def test_segments_count_by_their_length(heard: Heard, engine: Music2Emo, engine_as_published: Music2Emo) -> None:
    assert heard.segment_frames.tolist() == [2249, 449]
    mostly_first = replace(heard, segments=np.stack([np.full(64, 0.0), np.full(64, 1.0)]).astype(np.float32))
    assert engine._embedding(mostly_first)[0] == pytest.approx(449 / 2698)
    assert engine_as_published._embedding(mostly_first)[0] == pytest.approx(0.5)


def test_minor_is_heard_as_minor_and_published_as_major(
    heard: Heard, engine: Music2Emo, engine_as_published: Music2Emo
) -> None:
    minor = with_chords(heard, ["A:min", "D:min", "E:7", "A:min"] * 4)
    for recogniser, mode in ((engine, 1), (engine_as_published, 0)):
        assert recogniser._harmony(minor.chords).mode == mode
    assert engine.interpret(minor).key == "A minor"
    mode_ignored = Music2Emo(
        engine.encoder, engine.recogniser, engine_as_published.tag_student, engine_as_published.affect_student
    ).interpret(minor)
    assert engine_as_published.interpret(minor).valence != pytest.approx(mode_ignored.valence, abs=1e-6)


def test_a_minor_chord_with_major_seventh_stops_only_the_published_program(
    heard: Heard, engine: Music2Emo, engine_as_published: Music2Emo
) -> None:
    chords = with_chords(heard, ["A:min", "A:minmaj7", "E:7"])
    assert np.isfinite(engine.interpret(chords).valence)
    for case in (chords, with_chords(heard, [*["A:min", "E"] * 60, "A:minmaj7"])):  # even where it would not be read
        with pytest.raises(ChordTokenError):
            engine_as_published.interpret(case)


def test_chords_after_the_hundredth_count(heard: Heard, engine: Music2Emo, engine_as_published: Music2Emo) -> None:
    first = ["C", "G"] * 50
    same, other = with_chords(heard, [*first, *["C", "F", "G"] * 9]), with_chords(heard, [*first, *["F", "C", "G"] * 9])
    assert engine._harmony(same.chords).shift == engine._harmony(other.chords).shift
    heard_all = [engine.interpret(case).valence for case in (same, other)]
    first_only = [engine_as_published.interpret(case).valence for case in (same, other)]
    assert heard_all[0] != heard_all[1]
    assert first_only[0] == first_only[1]


@pytest.mark.parametrize("labels", [["N"], ["X", "N"], ["G"]])
def test_without_a_key_only_the_published_program_claims_c_major(
    heard: Heard, engine_as_published: Music2Emo, engine: Music2Emo, labels: list[str]
) -> None:
    few = with_chords(heard, labels, 12.0)
    assert engine_as_published.interpret(few).key == "C major"
    prediction = engine.interpret(few)
    assert prediction.key == ("G major" if labels == ["G"] else None)
    if prediction.key is None:
        assert prediction.confidence == "low"
        assert any("chords" in sentence for sentence in prediction.doubts)


def test_an_undecided_tag_has_the_probability_of_its_prior() -> None:
    priors = mood_priors()
    np.testing.assert_allclose(calibrated_probabilities(np.zeros(56)), priors / (1 + priors))
    assert 0.005 < priors.min() < priors.max() < 0.1
    assert priors.sum() == pytest.approx(1.80, abs=0.01)


def test_published_tags_are_not_calibrated(heard: Heard, engine: Music2Emo, engine_as_published: Music2Emo) -> None:
    students = (engine_as_published.tag_student, engine_as_published.affect_student)
    same = Music2Emo(engine.encoder, engine.recogniser, *students)
    chords = with_chords(heard, ["C", "F", "G:7", "C"])
    chords = replace(chords, segments=heard.segments[:1], segment_frames=heard.segment_frames[:1])
    corrected, published = (np.array(list(r.interpret(chords).tags.values())) for r in (same, engine_as_published))
    odds = (corrected / (1 - corrected)) / (published / (1 - published))
    np.testing.assert_allclose(odds, mood_priors(), rtol=1e-6)


def test_a_student_trained_on_other_songs_is_calibrated_by_theirs() -> None:
    probabilities = calibrated_probabilities(np.zeros(56), [0.5] * 56)
    np.testing.assert_allclose(probabilities, 1 / 3)


def test_answers_come_from_the_checkpoints_chosen_for_them(weights: Path, heard: Heard, engine: Music2Emo) -> None:
    swapped = Music2Emo(engine.encoder, engine.recogniser, engine.affect_student, engine.tag_student)
    here, there = engine.interpret(heard), swapped.interpret(heard)
    assert here.valence != there.valence
    assert here.tags != there.tags
    both = emotion.load("music2emo", weights=weights, as_published=True)
    assert isinstance(both, Music2Emo)
    assert both.tag_student is both.affect_student


def test_silence_noise_and_speech_are_doubted_in_words(engine: Music2Emo, make_audio: MakeAudio) -> None:
    rate = 22_050
    random = np.random.default_rng(5)
    t = np.arange(12 * rate) / rate
    syllables = np.where((t * 3) % 1 < 0.35, 1.0, 0.0) * np.where(t % 3 < 2, 1, 0)
    glide = np.sin(
        2 * np.pi * np.cumsum(140 + 60 * np.sin(2 * np.pi * 3.1 * t) + 40 * np.sin(2 * np.pi * 1.7 * t)) / rate * 6
    )
    sounds = {
        "silence": np.zeros(12 * rate),
        "noise": random.normal(0, 0.1, 12 * rate),
        "speech": 0.2 * syllables * glide,
    }
    for word, samples in sounds.items():
        prediction = engine.predict(Audio(samples.astype(np.float32)[:, None], rate))
        assert prediction.confidence == "low"
        assert any(word in sentence for sentence in prediction.doubts), (word, prediction.doubts)
        assert prediction.tempo_bpm is None or word == "speech"
    music = engine.predict(make_audio(12.0))
    assert not any(word in sentence for sentence in music.doubts for word in sounds)


def test_a_short_sound_is_doubted(engine: Music2Emo, make_audio: MakeAudio) -> None:
    assert any("Only 2.0 seconds" in sentence for sentence in engine.predict(make_audio(2.0)).doubts)


def test_a_student_trained_here_brings_its_intervals(
    weights: Path, tmp_path: Path, engine: Music2Emo, make_audio: MakeAudio
) -> None:
    metadata = {"padding_mask": "true", "interval_reach": "[1.25, 6.0]"}
    for task in ("tags", "affect"):
        save_tensors(tmp_path / f"{task}.safetensors", engine.affect_student.state_dict(), metadata)
    recogniser = emotion.load("music2emo", weights=weights, students=tmp_path)
    prediction = recogniser.predict(make_audio(12.0))
    assert prediction.valence_interval == pytest.approx((prediction.valence - 1.25, prediction.valence + 1.25))
    assert prediction.arousal_interval == (1.0, 9.0)
    silence = recogniser.predict(Audio(np.zeros((50_000, 1), np.float32), 22_050))
    assert silence.valence_interval is None
    save_tensors(tmp_path / "affect.safetensors", Student(16).state_dict(), {})
    with pytest.raises(emotion.RefusalError, match="reads 16 numbers"):
        emotion.load("music2emo", weights=weights, students=tmp_path)


def test_a_missing_device_is_refused(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(emotion.RefusalError, match="CUDA"):
        emotion.load("music2emo", weights=weights, device="cuda")


def test_the_package_and_its_help_load_no_heavy_library() -> None:
    code = (
        "import sys, emotion, emotion.cli\n"
        "try: emotion.cli.main(['predict', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'av', 'transformers', 'librosa', 'scipy', 'sklearn', 'soxr'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_unknown_engines_are_refused() -> None:
    with pytest.raises(emotion.RefusalError, match="music2emo"):
        emotion.load("loud")
