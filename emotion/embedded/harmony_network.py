"""The network that reads chords and keys: every root is judged by the same weights, seen from that root."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from emotion.embedded.pitch import BINS_PER_SEMITONE, LOWEST_NOTE, OCTAVES

NOTES = OCTAVES * 12
QUALITIES = ("maj", "min", "dim", "aug", "sus2", "sus4", "maj6", "7", "maj7", "min7", "hdim7")
"""Chord qualities in the order of the network's outputs."""

CHORDS = 12 * len(QUALITIES) + 1
NO_CHORD = CHORDS - 1
"""Chord classes: root x 11 + quality, and no chord."""

REGISTERS = (32.0, 44.0, 56.0, 68.0, 82.0)
REGISTER_WIDTH = 8.0
"""Centres (MIDI) and width in semitones of the bells by which low and high notes are told apart."""

NOTE_CHANNELS, CLASS_CHANNELS = 8, 24
DILATIONS = (1, 2, 4)
KERNEL = 7
CONTEXT_FRAMES = sum((KERNEL - 1) // 2 * dilation for dilation in DILATIONS)
"""How far a frame's chord looks to either side."""

KEY_HIDDEN = 32
KEY_INPUTS = CLASS_CHANNELS + len(QUALITIES)


@dataclass(frozen=True, eq=False)
class Reading:
    """What the network reads from each frame.

    Attributes:
        chords: (batch, frames, 133) logits.
        evidence: (batch, frames, 12, 35) what the key is read from: pitch-class features and chord probabilities,
            seen from each pitch class.
    """

    chords: Tensor
    evidence: Tensor


class HarmonyNetwork(nn.Module):
    """Chords of every frame, and the key of many.

    A transposition moves the outputs along, except at the ends of the keyboard: what stands out of its neighbourhood is
    found by shared weights, folded into pitch classes by register, and each root sees the twelve pitch classes from
    itself.

    Args:
        width: features of each root.
    """

    bells: Tensor

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.width = width
        self.peaks = nn.Conv1d(1, NOTE_CHANNELS, 3 * BINS_PER_SEMITONE, BINS_PER_SEMITONE, BINS_PER_SEMITONE)
        self.classes = nn.Conv1d(NOTE_CHANNELS * len(REGISTERS), CLASS_CHANNELS, 1)
        self.intervals = nn.Conv1d(CLASS_CHANNELS, width, 12)
        self.blocks = nn.ModuleList(Block(width, dilation) for dilation in DILATIONS)
        self.quality = nn.Linear(width, len(QUALITIES))
        self.nothing = nn.Linear(2 * width, 1)
        self.key = nn.Sequential(nn.Conv1d(KEY_INPUTS, KEY_HIDDEN, 12), nn.GELU(), nn.Conv1d(KEY_HIDDEN, 2, 1))
        self.register_buffer("bells", _bells(), persistent=False)

    def forward(self, spectrum: Tensor) -> Reading:
        """Read chords.

        Args:
            spectrum: (batch, frames, 252) of `pitch_spectrum`.
        """
        batch, frames, _bins = spectrum.shape
        classes = self.pitch_classes(spectrum.reshape(batch * frames, 1, -1))
        roots = functional.gelu(self.intervals(_from_each_root(classes)))
        roots = roots.reshape(batch, frames, self.width, 12).permute(0, 3, 2, 1).reshape(batch * 12, self.width, frames)
        for block in self.blocks:
            roots = block(roots)
        features = roots.reshape(batch, 12, self.width, frames).permute(0, 3, 1, 2)
        qualities = self.quality(features)
        pooled = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=2)
        logits = torch.cat([qualities.flatten(2), self.nothing(pooled)], dim=2)
        sounding = torch.softmax(logits, dim=2)[:, :, :NO_CHORD].reshape(batch, frames, 12, len(QUALITIES))
        heard = classes.reshape(batch, frames, CLASS_CHANNELS, 12).transpose(2, 3)
        return Reading(logits, torch.cat([heard, sounding], dim=3))

    def pitch_classes(self, frames: Tensor) -> Tensor:
        """Return (frames, 24, 12) features of the pitch classes of (frames, 1, 252) spectra."""
        notes = functional.gelu(self.peaks(frames))
        folded = (notes @ self.bells).reshape(len(frames), -1, 12)
        classes: Tensor = functional.gelu(self.classes(folded))
        return classes / (classes.square().mean(dim=(1, 2), keepdim=True).sqrt() + 0.05)

    def read_key(self, evidence: Tensor) -> Tensor:
        """Read the key of a piece.

        Args:
            evidence: (batch, 12, 35) mean of `Reading.evidence` over frames.

        Returns:
            (batch, 24) logits: twelve major keys from C on, then twelve minor keys.
        """
        logits: Tensor = self.key(_from_each_root(evidence.transpose(1, 2)))
        return logits.flatten(1)


class Block(nn.Module):
    """Each root listens to its own past and future, and a little to all roots."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        padding = (KERNEL - 1) // 2 * dilation
        self.time = nn.Conv1d(width, width, KERNEL, padding=padding, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.all_roots = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.all_roots.weight)

    def forward(self, roots: Tensor) -> Tensor:
        """Transform (batch x 12, width, frames)."""
        mean = roots.reshape(-1, 12, *roots.shape[1:]).mean(dim=1)
        shared = self.all_roots(mean).repeat_interleave(12, dim=0)
        heard: Tensor = roots + self.mix(functional.gelu(self.time(roots))) + shared
        return heard


def _from_each_root(classes: Tensor) -> Tensor:
    """Repeat the circle of pitch classes so that a kernel of twelve sees it from each of them."""
    return torch.cat([classes, classes[:, :, :11]], dim=2)


def _bells() -> Tensor:
    """Return (84, 5 x 12): how much each note counts for its pitch class in each register."""
    notes = LOWEST_NOTE + torch.arange(NOTES, dtype=torch.float32)
    distances = (notes[:, None] - torch.tensor(REGISTERS)) / REGISTER_WIDTH
    same_class = torch.arange(NOTES)[:, None] % 12 == torch.arange(12)
    heights = torch.exp(-0.5 * distances.square()) / math.sqrt(OCTAVES)
    return (heights[:, :, None] * same_class[:, None]).reshape(NOTES, -1)
