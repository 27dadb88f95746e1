"""The Music2Emo engine: what was heard becomes valence, arousal, tags, key and chords."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.audio import Audio
from emotion.errors import RefusalError, WeightsDamagedError
from emotion.moods import calibrated_probabilities, mood_tags, raised_tags
from emotion.music2emo.checkpoints import chord_tensors, load_student
from emotion.music2emo.chord_network import ChordNetwork
from emotion.music2emo.chords import ChordRecogniser, chords_between
from emotion.music2emo.hearing import PUBLISHED_REST, SHORTEST_REST, Heard, Progress, hear
from emotion.music2emo.key import Key, find_key
from emotion.music2emo.mert import MertEncoder, load_mert
from emotion.music2emo.networks import CHORD_LENGTH, EmotionInputs, Student, pad_chords
from emotion.music2emo.released import Notify, checkpoint_names, find_released
from emotion.music2emo.vocabulary import NO_CHORD, UNKNOWN, chord_tokens
from emotion.prediction import HIGHEST, LOWEST, ChordSpan, Curve, Prediction
from emotion.sound_facts import sound_doubts
from emotion.weights import load_into

NAME = "music2emo"
Interval = tuple[float, float]
CURVE_REACH = 1
"""Moments before and after a moment that its point of the curve averages: about 15 s together."""

CHORD_REACH_S = 15.0
UNSURE_CHORDS = 0.35
LITTLE_HARMONY = 0.2
UNFIT_KEY = 0.5


@dataclass(frozen=True)
class _Harmony:
    """What the student reads of chords and key."""

    chords: tuple[ChordSpan, ...]
    key: Key | None
    shift: int
    mode: int


class Music2Emo:
    """Music2Emo with its proven errors corrected, or as published.

    Args:
        encoder: MERT.
        recogniser: the chord network.
        tag_student: the student whose tags are used.
        affect_student: the student whose valence and arousal are used; may be the same.
        as_published: answer as the published program: mode always major, only the first 100 chords, segments of any
            length counting the same, 0.5 for "as likely as always" in the tags, C major where no key is found, and a
            stop at minor chords with a major seventh.
        device: where the students run.
    """

    name = NAME

    def __init__(
        self,
        encoder: MertEncoder,
        recogniser: ChordRecogniser,
        tag_student: Student,
        affect_student: Student,
        *,
        as_published: bool = False,
        device: torch.device | None = None,
    ) -> None:
        self.encoder, self.recogniser, self.as_published = encoder, recogniser, as_published
        self.device = device or torch.device("cpu")
        self.tag_student = tag_student.to(self.device).eval()
        self.affect_student = affect_student.to(self.device).eval()

    def predict(self, source: Path | str | Audio, *, progress: Progress | None = None) -> Prediction:
        """Say what emotion a piece of music carries.

        Args:
            source: an audio or video file, or decoded audio; 0.25 s to 4 h.
            progress: told the stage and the fraction done, 0..1.

        Returns:
            The prediction. Its intervals are None with the released checkpoints, for which nobody calibrated any, and
            where the sound is not the kind of sound they were calibrated on.

        Raises:
            AudioReadError: the sound cannot be read.
        """
        shortest = PUBLISHED_REST if self.as_published else SHORTEST_REST
        heard = hear(source, self.encoder, self.recogniser, shortest_rest=shortest, progress=progress)
        prediction = self.interpret(heard)
        if progress is not None:
            progress("done", 1.0)
        return prediction

    def interpret(self, heard: Heard) -> Prediction:
        """Turn what was heard into a prediction."""
        harmony = self._harmony(heard.chords)
        logits, affect = self._answer(self._embedding(heard), harmony.chords, harmony)
        probabilities = self._probabilities(logits)
        foreign = sound_doubts(heard.facts, heard.duration_s)
        intervals = (None, None) if foreign or self.as_published else self._intervals(affect)
        return Prediction(
            engine=self.name,
            duration_s=heard.duration_s,
            valence=float(affect[0]),
            arousal=float(affect[1]),
            valence_interval=intervals[0],
            arousal_interval=intervals[1],
            tags=dict(zip((tag.name for tag in mood_tags()), probabilities.tolist(), strict=True)),
            key="C major" if harmony.key is None and self.as_published else _text(harmony.key),
            tempo_bpm=heard.tempo_bpm,
            chords=heard.chords,
            curve=self._curve(heard, harmony),
            shown_tags=() if foreign else raised_tags(probabilities, by=2.0),
            doubts=tuple(foreign + harmony_doubts(heard, harmony.key)),
        )

    def _harmony(self, chords: tuple[ChordSpan, ...]) -> _Harmony:
        key = find_key(chords)
        if self.as_published and len(chords) < 2:
            key = None  # the published program writes no notes for a single chord and finds no key
        minor = key is not None and key.minor and not self.as_published
        return _Harmony(chords, key, 0 if key is None else key.shift, int(minor))

    def _embedding(self, heard: Heard) -> NDArray[np.float32]:
        weights = None if self.as_published else heard.segment_frames
        return np.average(heard.segments, axis=0, weights=weights).astype(np.float32)

    def _intervals(self, affect: NDArray[np.float64]) -> tuple[Interval | None, Interval | None]:
        reaches = self.affect_student.interval_reach
        if reaches is None:
            return None, None
        ends = [
            (max(LOWEST, value - reach), min(HIGHEST, value + reach))
            for value, reach in zip(affect.tolist(), reaches, strict=True)
        ]
        return ends[0], ends[1]

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.as_published:
            return np.exp(-np.logaddexp(0.0, -logits))
        return calibrated_probabilities(logits, self.tag_student.tag_priors)

    @torch.inference_mode()
    def _answer(
        self, embedding: NDArray[np.float32], chords: tuple[ChordSpan, ...] | list[ChordSpan], harmony: _Harmony
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ask both students about one embedding and the chords that sound with it."""
        labels = [chord.label for chord in chords]
        tokens = chord_tokens(labels, harmony.shift, as_published=self.as_published)
        rows, counts = pad_chords(torch.from_numpy(tokens[:CHORD_LENGTH] if self.as_published else tokens))
        mode = torch.tensor([[harmony.mode]])
        inputs = EmotionInputs(
            *(x.to(self.device) for x in (torch.from_numpy(embedding)[None], rows[None], counts[None], mode))
        )
        answers = [student(inputs) for student in (self.tag_student, self.affect_student)]
        logits, affect = answers[0][0][0].double().cpu().numpy(), answers[1][1][0].double().cpu().numpy()
        return logits, affect if self.as_published else np.clip(affect, LOWEST, HIGHEST)

    def _curve(self, heard: Heard, harmony: _Harmony) -> Curve:
        moments = heard.moments
        middle = (moments.start_s + moments.end_s) / 2
        points = []
        for index, time_s in enumerate(middle):
            near = slice(max(0, index - CURVE_REACH), index + CURVE_REACH + 1)
            embedding = np.average(moments.embedding[near], axis=0, weights=moments.frames[near]).astype(np.float32)
            chords = chords_between(harmony.chords, time_s - CHORD_REACH_S, time_s + CHORD_REACH_S)
            points.append(self._answer(embedding, chords, harmony)[1])
        valence, arousal = np.array(points).T
        return Curve(middle, valence, arousal)


def harmony_doubts(heard: Heard, key: Key | None) -> list[str]:
    """Say in words what makes the chords a poor ground for an answer.

    Args:
        heard: what was heard.
        key: the key found in it.

    Returns:
        Sentences, none when nothing is wrong.
    """
    length = sum(chord.duration_s for chord in heard.chords)
    sounding = sum(chord.duration_s for chord in heard.chords if chord.label not in {NO_CHORD, UNKNOWN})
    if sounding < LITTLE_HARMONY * length:
        return ["Hardly any chords were heard, so key and mode could not help."]
    doubts = []
    if heard.chord_sureness < UNSURE_CHORDS:
        doubts.append("The chords are guesses: the chord network was not sure of them.")
    if key is None or key.correlation < UNFIT_KEY:
        doubts.append("The chords fit no key well, so major or minor is a guess.")
    return doubts


def load_music2emo(
    *,
    weights: Path | None = None,
    students: Path | None = None,
    device: str | torch.device | None = None,
    as_published: bool = False,
    notify: Notify | None = None,
) -> Music2Emo:
    """Load the engine, downloading what is missing.

    Args:
        weights: a folder with all its files; nothing is downloaded then. Otherwise they are looked for in the usual
            places, then in the download cache, then on the model hub.
        students: a folder in which `python -m emotion train student` wrote; the released students by default.
        device: "cpu", "cuda"; the processor by default.
        as_published: as in `Music2Emo`; also takes both answers from the checkpoint the published program uses.
        notify: told the licence of the weights, once, before their first download.

    Returns:
        The engine.

    Raises:
        RefusalError: the device is not there.
        WeightsNotFoundError: a file is missing in `weights`.
        DownloadError: a file had to be downloaded and could not be.
        WeightsDamagedError: a file is not what was published.
    """
    place = torch.device(device or "cpu")
    if place.type == "cuda" and not torch.cuda.is_available():
        raise RefusalError("There is no CUDA device", where=device, remedy="Leave out the device to use the processor")

    find = partial(find_released, folder=weights, notify=_once(notify))
    encoder = load_mert(find("mert_configuration"), find("mert_weights"), device=place)
    recogniser = load_chord_recogniser(find("chords"), place)
    if students is None:
        paths = [find(name) for name in checkpoint_names(as_published=as_published)]
    else:
        paths = [students / f"{task}.safetensors" for task in ("tags", "affect")]
    read = {path: _fitting_student(path, encoder) for path in dict.fromkeys(paths)}
    return Music2Emo(
        encoder,
        recogniser,
        *(read[path] for path in paths),
        as_published=as_published,
        device=place,
    )


def _once(notify: Notify | None) -> Notify:
    """Pass on each sentence once: several files share a licence."""
    said: set[str] = set()

    def pass_on(sentence: str) -> None:
        if notify is not None and sentence not in said:
            said.add(sentence)
            notify(sentence)

    return pass_on


def load_chord_recogniser(path: Path, device: torch.device) -> ChordRecogniser:
    """Load the chord network from its released file.

    Args:
        path: btc_model_large_voca.pt.
        device: where it runs.

    Returns:
        The recogniser.

    Raises:
        WeightsDamagedError: the file is something else.
    """
    tensors, mean, deviation = chord_tensors(path)
    network = ChordNetwork()
    load_into(network, tensors, where=path)
    return ChordRecogniser(network, mean, deviation, device)


def _fitting_student(path: Path, encoder: MertEncoder) -> Student:
    student = load_student(path)
    if student.mert_size != encoder.width:
        raise WeightsDamagedError(
            f"The student reads {student.mert_size} numbers and MERT gives {encoder.width}",
            where=path,
            remedy="Train it on features of the same MERT",
        )
    return student


def _text(key: Key | None) -> str | None:
    return None if key is None else str(key)
