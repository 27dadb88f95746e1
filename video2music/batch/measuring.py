"""Measuring one's own videos as MuVi-Sync was measured: features of the picture, chords and dynamics of the sound."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.audio import read_audio
from emotion.embedded.harmony import Harmony, HarmonyReader, load_harmony_reader
from emotion.embedded.mel import SAMPLE_RATE as READER_RATE
from emotion.prediction import ChordSpan
from video2music.batch.transcription import note_density
from video2music.errors import ChordParseError, DatasetError
from video2music.features.extraction import extract_features
from video2music.features.image_encoder import load_encoder
from video2music.harmony.key import Key, parse_key
from video2music.harmony.vocabulary import NO_CHORD, from_harte, transpose
from video2music.training.dataset import Song
from video2music.training.layout import song_name, write_song
from video2music.video.probe import probe

SAMPLE_RATE = 22_050
"""Of the sound from which loudness and notes are taken, which is what basic-pitch works at."""

SHORTEST_S = 8
"""A song of fewer seconds teaches nothing about what follows what."""


@dataclass(frozen=True)
class Measuring:
    """Writes the streams of each clip; an item is the name of a clip, which lies in `clips`.

    Attributes:
        clips: (name, path) of every clip.
        output: folder of the data set.
        engine: whose encoder sees.
        device: "cpu" or "cuda"; None takes a GPU if there is one.
        notes: whether notes are transcribed for the note density.
    """

    clips: tuple[tuple[str, str], ...]
    output: str
    engine: str
    device: str | None
    notes: bool

    def open(self) -> Callable[[str], dict[str, Any]]:
        """Load encoder and reader; see `Work.open`."""
        encoder = load_encoder(self.engine, device=self.device)
        reader = load_harmony_reader()
        clips = dict(self.clips)

        def measure(name: str) -> dict[str, Any]:
            path = Path(clips[name])
            probe(path)  # what is no video is refused as such, not for its sound
            sound = read_audio(path, sample_rate=SAMPLE_RATE, mono=True).samples.reshape(-1)
            minor, chords, key = read_chords(reader, sound, path)
            features = extract_features(path, encoder)
            song = Song(
                name=song_name(name),
                minor=minor,
                chords=chords,
                total_s=len(chords),
                emotion=features.emotion,
                motion=features.motion,
                scene_offset=features.scene_offset,
                loudness=loudness(sound, SAMPLE_RATE),
                note_density=note_density(sound, SAMPLE_RATE) if self.notes else None,
                semantic=features.semantic,
            )
            write_song(Path(self.output), song)
            return {"song": song.name, "key": str(key), "seconds": song.seconds}

        return measure


def loudness(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the root mean square of each second, 0 to 1.

    Args:
        samples: (n,) mono, full scale is -1 to 1.
        sample_rate: samples per second.

    Returns:
        (T,), T = ceil(duration); the last second may be shorter.
    """
    starts = np.arange(0, len(samples), sample_rate)
    lengths = np.minimum(sample_rate, len(samples) - starts)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), starts) / lengths
    return np.sqrt(power).clip(0, 1).astype(np.float32)


def read_chords(
    reader: HarmonyReader, samples: NDArray[np.float32], where: Path
) -> tuple[bool, NDArray[np.int64], Key]:
    """Read key and chords, and bring the chords to C major or A minor as the data set has them.

    Args:
        reader: of the embedded recogniser.
        samples: (n,) mono at SAMPLE_RATE.
        where: the clip, for a refusal.

    Returns:
        Whether the key is minor; (T,) ids, of the chord that sounds longest in each second; the key as heard.

    Raises:
        DatasetError: the sound is too short, or no harmony is heard in it.
    """
    import soxr

    if len(samples) < SHORTEST_S * SAMPLE_RATE:
        remedy = f"Give clips of at least {SHORTEST_S} s with music"
        raise DatasetError("The sound is too short for the data set", where=where, remedy=remedy)
    listener = reader.listener()
    listener.hear(soxr.resample(samples, SAMPLE_RATE, READER_RATE))
    harmony = listener.harmony()
    key = _key(harmony, where)
    seconds = int(np.ceil(len(samples) / SAMPLE_RATE))
    chords = [transpose(_id(label), -key.shift) for label in longest_labels(harmony.chords, seconds)]
    return key.mode == "minor", np.array(chords, dtype=np.int64), key


def _key(harmony: Harmony, where: Path) -> Key:
    if harmony.key is None:
        remedy = "Leave clips without music out, or accept that they are left out"
        raise DatasetError("No key is heard in this clip", where=where, remedy=remedy)
    return parse_key(harmony.key)


def _id(label: str) -> int:
    try:
        return from_harte(label)
    except ChordParseError:  # chords outside of the vocabulary count as none, as X does in the data set
        return NO_CHORD


def longest_labels(spans: tuple[ChordSpan, ...], seconds: int) -> list[str]:
    """Return the label that sounds longest in each second.

    Args:
        spans: chords in order.
        seconds: how many; where nothing is known, "N".
    """
    heard: list[dict[str, float]] = [{} for _ in range(seconds)]
    for span in spans:
        for second in range(int(span.start_s), min(seconds, int(np.ceil(span.end_s)))):
            inside = min(span.end_s, second + 1) - max(span.start_s, second)
            heard[second][span.label] = heard[second].get(span.label, 0.0) + inside
    return [max(labels, key=labels.__getitem__) if labels else "N" for labels in heard]
