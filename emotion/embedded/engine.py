"""The embedded engine: one pass over the music, two small networks and a reader of harmony; no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.audio import Audio
from emotion.embedded.affect import AffectHead, judge_affect, load_affect_head
from emotion.embedded.harmony import HarmonyReader, load_harmony_reader
from emotion.embedded.hearing import Heard, Progress, hear
from emotion.embedded.mel import network_picture
from emotion.embedded.mood_network import MoodNetwork, TagReading, load_mood_network
from emotion.embedded.traits import Frames, musical_traits
from emotion.moods import mood_tags
from emotion.prediction import Curve, Prediction
from emotion.sound_facts import sound_doubts
from emotion.weights import find_weights

NAME = "embedded"
PART_S, STEP_S = 15.0, 5.0
"""Length of the parts of a piece that are judged, and the time from one to the next."""

SHORTEST_PART_S = 10.0
UNSURE_WIDENING = 1.5
"""How much wider intervals are where the sound is hardly music at all."""

STRANGE = 3.0
"""How many times wider than usual an interval must be for a doubt; nine in ten music videos stay below 2.1."""

UNLIKE_MUSIC = "This is unlike any music that the recogniser learned from, so it knows little about it."


class Embedded:
    """The recogniser that ships with the program.

    Args:
        mood: says which tags fit.
        reading: how its answers become calibrated probabilities, and which tags it can tell apart.
        affect: says valence and arousal.
        reader: hears chords and key.
    """

    name = NAME

    def __init__(self, mood: MoodNetwork, reading: TagReading, affect: AffectHead, reader: HarmonyReader) -> None:
        self._mood, self._reading, self._affect, self._reader = mood.eval(), reading, affect.eval(), reader

    def predict(self, source: Path | str | Audio, *, progress: Progress | None = None) -> Prediction:
        """Say what emotion a piece of music carries.

        Args:
            source: an audio or video file, or decoded audio; 0.25 s to 4 h.
            progress: told the stage and the fraction done, 0..1.

        Returns:
            The prediction; valence and arousal are those of the parts of the piece on average.

        Raises:
            AudioReadError: the sound cannot be read.
        """
        heard = hear(source, self._reader, progress=progress)
        prediction = self._interpret(heard)
        if progress is not None:
            progress("done", 1.0)
        return prediction

    def _interpret(self, heard: Heard) -> Prediction:
        spans = parts(heard.duration_s)
        logits, inputs = listen_to_parts(self._mood, heard.frames, spans)
        doubts = sound_doubts(heard.facts, heard.duration_s)
        affect = judge_affect(self._affect, inputs, widening=UNSURE_WIDENING if doubts else 1.0)
        if affect.unfamiliarity >= STRANGE and not doubts:
            doubts = [UNLIKE_MUSIC]
        names = [tag.name for tag in mood_tags()]
        probabilities = self._reading.probabilities(logits.mean(axis=0))
        shown = [] if doubts else self._reading.shown(probabilities)
        return Prediction(
            engine=self.name,
            duration_s=heard.duration_s,
            valence=affect.valence,
            arousal=affect.arousal,
            valence_interval=affect.valence_interval,
            arousal_interval=affect.arousal_interval,
            tags=dict(zip(names, probabilities.tolist(), strict=True)),
            key=heard.harmony.key,
            tempo_bpm=heard.tempo_bpm,
            chords=heard.harmony.chords,
            curve=Curve(np.mean(spans, axis=1), *np.array(affect.course).T),
            shown_tags=tuple(names[index] for index in shown),
            doubts=tuple(doubts),
        )


def parts(duration_s: float) -> list[tuple[float, float]]:
    """Return start and end in seconds of the parts that are judged: 15 s long, one every 5 s, at least one.

    Args:
        duration_s: length of the piece.
    """
    starts = np.arange(0.0, max(duration_s - SHORTEST_PART_S, 0.0) + 1e-6, STEP_S)
    return [(float(start), float(min(start + PART_S, duration_s))) for start in starts]


@torch.inference_mode()
def listen_to_parts(
    mood: MoodNetwork, frames: Frames, spans: list[tuple[float, float]]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return what the networks read and say of each part.

    Args:
        mood: says which tags fit.
        frames: spectra of the piece.
        spans: start and end of each part in seconds.

    Returns:
        (parts, 56) logits of the tags, and (parts, inputs) of the affect head: traits, then logits.
    """
    logits, inputs = [], []
    for start_s, end_s in spans:
        part = frames.between(start_s, end_s)
        said = mood(torch.from_numpy(network_picture(part.mel))[None])[0].double().numpy()
        logits.append(said)
        inputs.append(np.concatenate([list(musical_traits(part).values()), said]))
    return np.stack(logits), np.stack(inputs).astype(np.float32)


def load_embedded(weights: Path | None = None) -> Embedded:
    """Load the engine from the files that ship with the program.

    Args:
        weights: a folder with mood.safetensors, affect.safetensors and harmony.safetensors instead.

    Returns:
        The engine.

    Raises:
        WeightsNotFoundError: a file is missing.
        WeightsDamagedError: a file is not what was shipped.
    """
    mood, reading = load_mood_network(find_weights("mood", explicit=weights))
    affect = load_affect_head(find_weights("affect", explicit=weights))
    return Embedded(mood, reading, affect, load_harmony_reader(find_weights("harmony", explicit=weights)))
