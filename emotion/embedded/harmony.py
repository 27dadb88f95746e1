"""Chords and key of a long sound, heard segment by segment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.embedded.harmony_decoding import chord_spans, likeliest_chords, triads
from emotion.embedded.harmony_network import CHORDS, CONTEXT_FRAMES, KEY_INPUTS, NO_CHORD, HarmonyNetwork
from emotion.embedded.mel import SAMPLE_RATE
from emotion.embedded.pitch import (
    FRAME_RATE,
    HOP_SAMPLES,
    LONGEST_WINDOW,
    estimate_tuning,
    frame_count,
    pitch_spectrum,
    tuning_evidence,
)
from emotion.music2emo.key import MAJOR_NAMES, MINOR_NAMES
from emotion.prediction import ChordSpan
from emotion.weights import find_weights, load_into, load_tensors, own_format

Floats = NDArray[np.float32]

WEIGHTS = "harmony"
SEGMENT_FRAMES = 240
MARGIN_FRAMES = CONTEXT_FRAMES + -(-LONGEST_WINDOW // (2 * HOP_SAMPLES))
"""Frames beyond a segment that its first and last frame hear of."""

LEVEL, LOWEST_LEVEL = 0.1, 1e-3
"""Root mean square to which segments are brought, and below which they are left quiet."""


@dataclass(frozen=True)
class Settings:
    """What was fitted on validation songs; kept in the weight file.

    Attributes:
        width: features of each root in the network.
        reluctance: nats that a chord change costs.
        least_sureness: below this mean probability of the chords nothing tonal is believed to sound.
        least_tonal: nor where chords fill a smaller share of the time.
        least_key: a key less probable than this is none; guessing is 0.04.
    """

    width: int = 40
    reluctance: float = 2.0
    least_sureness: float = 0.35
    least_tonal: float = 0.25
    least_key: float = 0.15


@dataclass(frozen=True, eq=False)
class Harmony:
    """Chords and key of a piece.

    Attributes:
        chords: the chords in order, without gaps.
        key: "A minor"; None where nothing tonal sounds, or it sounds in no key.
        key_probability: 0..1; 0 without a key.
        key_probabilities: (24,) twelve major keys from C on, then twelve minor keys; zeros without evidence.
        sureness: mean probability that the network gives the chords, over the time in which a chord sounds; 0 where
            none does.
        tonal_share: share of the time in which a chord sounds, 0..1.
        frame_rate: frames per second.
        triads: (frames, 25) probabilities of twelve major and twelve minor triads from C on, and of no chord.
    """

    chords: tuple[ChordSpan, ...]
    key: str | None
    key_probability: float
    key_probabilities: NDArray[np.float64]
    sureness: float
    tonal_share: float
    frame_rate: float
    triads: Floats


class HarmonyReader:
    """Names chords and keys; makes one listener for each piece.

    Args:
        network: the trained network.
        settings: what was fitted with it.
    """

    def __init__(self, network: HarmonyNetwork, settings: Settings) -> None:
        self.network = network.eval()
        self.settings = settings

    def listener(self) -> HarmonyListener:
        """Return a listener for one piece."""
        return HarmonyListener(self)

    @torch.inference_mode()
    def read(self, spectrum: Floats) -> tuple[Floats, Floats]:
        """Read each frame.

        Args:
            spectrum: (frames, 252) of `pitch_spectrum`, of a sound at `LEVEL`.

        Returns:
            (frames, 133) chord probabilities and (frames, 12, 35) evidence of the key.
        """
        reading = self.network(torch.from_numpy(spectrum)[None])
        return torch.softmax(reading.chords[0], dim=1).numpy(), reading.evidence[0].numpy()

    @torch.inference_mode()
    def key_probabilities(self, evidence: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (24,) key probabilities from the (12, 35) mean evidence of a piece."""
        logits = self.network.read_key(torch.from_numpy(np.asarray(evidence, dtype=np.float32))[None])
        return torch.softmax(logits[0].double(), dim=0).numpy()


class HarmonyListener:
    """Hears one piece in parts of any length; the parts make no difference.

    Args:
        reader: reads the frames.
    """

    def __init__(self, reader: HarmonyReader) -> None:
        self._reader = reader
        self._waiting: list[Floats] = []
        self._count = 0
        self._before = 0
        self._samples = 0
        self._tuning = 0j
        self._probabilities: list[NDArray[np.float16]] = []
        self._evidence = np.zeros((12, KEY_INPUTS))

    def hear(self, samples: Floats) -> None:
        """Add the next part.

        Args:
            samples: (n,) mono at 12 000 Hz.
        """
        self._waiting.append(np.asarray(samples, dtype=np.float32))
        self._count += len(samples)
        self._samples += len(samples)
        while self._count >= (self._before + SEGMENT_FRAMES + MARGIN_FRAMES) * HOP_SAMPLES:
            joined = np.concatenate(self._waiting)
            end = self._before + SEGMENT_FRAMES
            heard = joined[: (end + MARGIN_FRAMES) * HOP_SAMPLES]
            self._tuning += tuning_evidence(heard)
            probabilities, evidence = self._read(heard, self._before, end, self._tuning)
            self._probabilities.append(probabilities)
            self._evidence += evidence
            rest = joined[(end - MARGIN_FRAMES) * HOP_SAMPLES :]
            self._waiting, self._count, self._before = [rest], len(rest), MARGIN_FRAMES

    def harmony(self) -> Harmony:
        """Return chords and key of all that was heard; more may be heard after that."""
        rest = np.concatenate([np.zeros(0, np.float32), *self._waiting])
        last, evidence = self._read(rest, self._before, frame_count(len(rest)), self._tuning + tuning_evidence(rest))
        probabilities = np.concatenate([*self._probabilities, last]).astype(np.float32)
        return self._named(probabilities, self._evidence + evidence)

    def _read(self, samples: Floats, start: int, end: int, tuning: complex) -> tuple[NDArray[np.float16], Floats]:
        """Read frames start..end and return their chord probabilities and their summed evidence of the key."""
        if end <= start:
            return np.zeros((0, CHORDS), np.float16), np.zeros((12, KEY_INPUTS), np.float32)
        spectrum = pitch_spectrum(at_level(samples), tuning=estimate_tuning(tuning))
        probabilities, evidence = (values[start:end] for values in self._reader.read(spectrum))
        sounding = 1 - probabilities[:, NO_CHORD]
        return probabilities.astype(np.float16), np.einsum("f,fpe->pe", sounding, evidence)

    def _named(self, probabilities: Floats, evidence: NDArray[np.float64]) -> Harmony:
        settings = self._reader.settings
        chosen = likeliest_chords(probabilities, settings.reluctance)
        sounding = chosen != NO_CHORD
        sure = probabilities[np.arange(len(chosen)), chosen][sounding]
        sureness = float(sure.mean()) if len(sure) else 0.0
        tonal = float(sounding.mean()) if len(sounding) else 0.0
        total = float((1 - probabilities[:, NO_CHORD]).sum())
        keys = self._reader.key_probabilities(evidence / total) if total > 0 else np.zeros(24)
        tonal_music = sureness >= settings.least_sureness and tonal >= settings.least_tonal
        heard = tonal_music and bool(keys.max() >= settings.least_key)
        return Harmony(
            chords=chord_spans(chosen, FRAME_RATE, self._samples / SAMPLE_RATE),
            key=key_name(int(keys.argmax())) if heard else None,
            key_probability=float(keys.max()) if heard else 0.0,
            key_probabilities=keys,
            sureness=sureness,
            tonal_share=tonal,
            frame_rate=FRAME_RATE,
            triads=triads(probabilities),
        )


def load_harmony_reader(path: Path | None = None) -> HarmonyReader:
    """Load the trained reader.

    Args:
        path: its weight file, or a folder that holds it; None for the one that ships with the program.

    Returns:
        The reader, on the CPU.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: it is not what was published, or does not fit.
    """
    found = find_weights(WEIGHTS, explicit=path)
    tensors, metadata = load_tensors(found)
    with own_format(found):
        settings = Settings(**json.loads(metadata["settings"]))
        network = HarmonyNetwork(settings.width)
    load_into(network, tensors, where=found)
    return HarmonyReader(network, settings)


def at_level(samples: Floats) -> Floats:
    """Bring a sound to the loudness on which the network was trained; near silence stays quiet."""
    level = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
    return np.asarray(samples * (LEVEL / max(level, LOWEST_LEVEL)), dtype=np.float32)


def key_name(key: int) -> str:
    """Return the usual name of a key: 0..11 major from C on, 12..23 minor."""
    names = MINOR_NAMES if key >= 12 else MAJOR_NAMES
    return f"{names[key % 12]} {'minor' if key >= 12 else 'major'}"
