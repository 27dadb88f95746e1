"""Melody network: a recurrent network over sixteenths that sings over given chords and remembers its own ideas.

What it knows of every step: the chord and the next one, the place in bar and phrase, how busy and how high the tune is
wanted, and what it sang two, four and eight bars before. Its last layer mixes its own distribution with those memories.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from emotion.errors import WeightsDamagedError
from emotion.weights import build, check_sizes, find_weights, load_tensors, own_format, save_tensors
from video2music.harmony.vocabulary import CHORD_COUNT, chord_pitch_classes, root_id

STEPS_PER_BEAT, STEPS_PER_BAR = 4, 16

REST, HOLD, FIRST_PITCH = 0, 1, 2
LOWEST, HIGHEST = 45, 88
"""Pitches of the network, which sings in C major or A minor."""

TOKENS = FIRST_PITCH + HIGHEST - LOWEST + 1
NOTHING = TOKENS
"""Read where there is nothing to read: before the beginning."""

PHRASE_BARS = 4
LAGS = (2 * STEPS_PER_BAR, 4 * STEPS_PER_BAR, 8 * STEPS_PER_BAR)
"""Steps back at which the network looks."""

DENSITY_UP_TO = (3.0, 4.5, 6.0, 7.5)
"""Notes per bar of every level of a tune but the last."""

UNKNOWN_DENSITY = len(DENSITY_UP_TO) + 1
REGISTER_CENTRE, REGISTER_WIDTH, REGISTERS = 66.0, 2.5, 7
UNKNOWN_REGISTER = REGISTERS
LONGEST_WAIT = 16
"""Steps to the next chord, and since the last onset, that are told apart."""

FORMAT = "video2music.melody"

_AHEAD = 4  # remembered steps that are seen at once
_TREND = 8  # steps over which it is noticed that a memory is being repeated
_CHROMA = 12
_ROOTS = 13


@dataclass(frozen=True)
class MelodyConfig:
    """Sizes of the network.

    Attributes:
        inputs: width of what the recurrent layer reads.
        hidden: width of the recurrent layer.
        token: width of the embedding of a token.
        small: width of all other embeddings.
        dropout: share dropped in training.
    """

    inputs: int = 128
    hidden: int = 192
    token: int = 24
    small: int = 12
    dropout: float = 0.15


@dataclass(frozen=True)
class MelodyContext:
    """What a tune is sung over, (batch, T) int64 each.

    Attributes:
        chords: numbers in C major or A minor.
        following: number of the next other chord.
        wait: steps until it begins, at most LONGEST_WAIT.
        position: step in the bar, 0 to 15.
        bar: bar in the phrase, 0 to 3.
        minor: 1 in A minor.
        density: wanted level, 0 to 4, or UNKNOWN_DENSITY.
        register: wanted height, 0 to 6, or UNKNOWN_REGISTER.
    """

    chords: Tensor
    following: Tensor
    wait: Tensor
    position: Tensor
    bar: Tensor
    minor: Tensor
    density: Tensor
    register: Tensor

    def rows(self, chosen: Tensor | slice) -> Self:
        """Return some rows of the batch."""
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def without_wishes(self) -> Self:
        """Return the context with density and register left open."""
        return replace(
            self,
            density=torch.full_like(self.density, UNKNOWN_DENSITY),
            register=torch.full_like(self.register, UNKNOWN_REGISTER),
        )


@dataclass(frozen=True)
class Past:
    """What the network reads of the tune so far, for each of L steps.

    Attributes:
        previous: (batch, L) token one step before.
        sounding: (batch, L) token of the last note begun.
        before: (batch, L) token of the note before that.
        held: (batch, L) steps since the last note began, at most LONGEST_WAIT.
        looked: (batch, L, lags, 4) tokens from each lag before on.
        agreement: (batch, L, lags) share of the last steps that repeated what lay a lag before.
    """

    previous: Tensor
    sounding: Tensor
    before: Tensor
    held: Tensor
    looked: Tensor
    agreement: Tensor


def read_past(tokens: Tensor) -> Past:
    """Describe the past of every step.

    Args:
        tokens: (batch, T) the tune so far.

    Returns:
        The past of the T + 1 steps 0 to T; the last one is yet to be sung.
    """
    batch, length = tokens.shape
    previous = torch.cat([tokens.new_full((batch, 1), NOTHING), tokens], dim=1)
    steps = torch.arange(length + 1, device=tokens.device).expand(batch, -1)
    onset = torch.where((previous >= FIRST_PITCH) & (previous < NOTHING), steps, 0).cummax(dim=1).values
    earlier = torch.cat([onset.new_zeros(batch, 1), onset[:, :-1]], dim=1).gather(1, onset)
    looked, agreement = [], []
    for lag in LAGS:
        padded = torch.cat([tokens.new_full((batch, lag), NOTHING), tokens], dim=1)
        padded = torch.cat([padded, tokens.new_full((batch, _AHEAD), NOTHING)], dim=1)
        looked.append(torch.stack([padded[:, i : i + length + 1] for i in range(_AHEAD)], dim=-1))
        same = (tokens == padded[:, :length]).float()
        total = torch.cat([same.new_zeros(batch, _TREND + 1), same.cumsum(dim=1)], dim=1)
        agreement.append((total[:, _TREND:] - total[:, :-_TREND]) / _TREND)
    return Past(
        previous=previous,
        sounding=previous.gather(1, onset),
        before=previous.gather(1, earlier),
        held=(steps - onset).clamp(max=LONGEST_WAIT),
        looked=torch.stack(looked, dim=2),
        agreement=torch.stack(agreement, dim=2),
    )


def read_latest(tokens: Tensor, steps: int) -> Past:
    """Describe the past of the last steps alone, as `read_past` does, in a fraction of its time.

    Args:
        tokens: (batch, T) the tune so far, of which no more than the lags reach is looked at.
        steps: how many of the steps 0 to T, at most T + 1.
    """
    reach = max(LAGS) + _TREND + steps
    sung = tokens[:, -reach:]
    batch, length = sung.shape
    padded = torch.cat([tokens.new_full((batch, reach), NOTHING), sung], dim=1)
    at = torch.arange(length + 1 - steps, length + 1, device=tokens.device) + reach
    places = torch.arange(reach - 1, reach + length, device=tokens.device)
    begun = padded[:, reach - 1 :]
    onset = torch.where((begun >= FIRST_PITCH) & (begun < NOTHING), places, reach - 1).cummax(dim=1).values
    latest = onset[:, -steps:]
    back = torch.tensor(LAGS, device=tokens.device)[:, None]
    lagged = padded[:, at[:, None, None] - back + torch.arange(-_TREND, _AHEAD, device=tokens.device)]
    recent = padded[:, at[:, None] + torch.arange(-_TREND, 0, device=tokens.device)][:, :, None]
    same = (recent == lagged[..., :_TREND]) & (recent != NOTHING)
    return Past(
        previous=padded.index_select(1, at - 1),
        sounding=padded.gather(1, latest),
        before=padded.gather(1, onset.gather(1, (latest - reach).clamp(min=0))),
        held=(at - 1 - latest).clamp(max=LONGEST_WAIT),
        looked=lagged[..., _TREND:],
        agreement=same.float().mean(dim=-1),
    )


class MelodyNetwork(nn.Module):
    """The melody network.

    Args:
        config: its sizes.
    """

    chroma: Tensor

    def __init__(self, config: MelodyConfig) -> None:
        super().__init__()
        self.config = config
        small, lags = config.small, len(LAGS)
        self.token = nn.Embedding(TOKENS + 1, config.token)
        self.held = nn.Embedding(LONGEST_WAIT + 1, small)
        self.wait = nn.Embedding(LONGEST_WAIT + 1, small)
        self.position = nn.Embedding(STEPS_PER_BAR, small)
        self.bar = nn.Embedding(PHRASE_BARS, small)
        self.density = nn.Embedding(UNKNOWN_DENSITY + 1, small)
        self.register = nn.Embedding(UNKNOWN_REGISTER + 1, small)
        self.harmony = nn.Linear(2 * (_CHROMA + _ROOTS) + 3 * lags + 1, config.inputs)
        self.place = nn.Linear(5 * small, config.inputs)
        self.past = nn.Linear((3 + lags * _AHEAD) * config.token + small + lags, config.inputs)
        self.drop = nn.Dropout(config.dropout)
        self.recurrent = nn.GRU(config.inputs, config.hidden, batch_first=True)
        self.mixed = nn.Linear(config.hidden + config.inputs, config.inputs)
        self.out = nn.Linear(config.inputs, TOKENS)
        self.gate = nn.Linear(config.inputs, 1 + lags)
        nn.init.constant_(self.gate.bias[1:], -3.0)
        self.register_buffer("chroma", _chord_table(), persistent=False)

    def describe(self, context: MelodyContext) -> Tensor:
        """Return what does not depend on the tune, (batch, T, inputs)."""
        chords = context.chords
        agreeing = []
        for lag in LAGS:
            padded = torch.cat([chords.new_full((len(chords), lag), -1), chords], dim=1)[:, : chords.shape[1]]
            same = (padded == chords).float()
            later = torch.cat([same[:, 8:], same[:, -1:].expand(-1, min(8, same.shape[1]))], dim=1)
            agreeing += [same, later[:, : same.shape[1]], (padded >= 0).float()]
        harmony = [self.chroma[chords], self.chroma[context.following], torch.stack(agreeing, dim=-1)]
        harmony.append(context.minor[..., None].float())
        place = [
            self.wait(context.wait),
            self.position(context.position),
            self.bar(context.bar),
            self.density(context.density),
            self.register(context.register),
        ]
        described: Tensor = self.harmony(torch.cat(harmony, dim=-1)) + self.place(torch.cat(place, dim=-1))
        return described

    def step(self, described: Tensor, past: Past, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Read L steps and say what is sung in each.

        Args:
            described: (batch, L, inputs), of `describe`.
            past: of the same steps.
            state: (1, batch, hidden) of the recurrent layer before them, None at the beginning.

        Returns:
            Log probabilities (batch, L, TOKENS), and the state after them.
        """
        tokens = torch.stack([past.previous, past.sounding, past.before], dim=-1)
        seen = torch.cat([tokens, past.looked.flatten(2)], dim=-1)
        sung = torch.cat([self.token(seen).flatten(2), self.held(past.held), past.agreement], dim=-1)
        rows = self.drop(nn.functional.gelu(described + self.past(sung)))
        states, last = self.recurrent(rows, state)
        mixed = self.drop(nn.functional.gelu(self.mixed(torch.cat([states, rows], dim=-1))))
        return _mixture(self.out(mixed), self.gate(mixed), past), last

    def forward(self, tokens: Tensor, context: MelodyContext) -> Tensor:
        """Return log probabilities (batch, T, TOKENS) of each step given those before it, as in training."""
        past = read_past(tokens[:, :-1])
        return self.step(self.describe(context), past, None)[0]


def _mixture(logits: Tensor, gates: Tensor, past: Past) -> Tensor:
    """Mix the network's own distribution with what was sung a lag before; only what sounds can be held."""
    own = logits.float().softmax(dim=-1)
    remembered = past.looked[..., 0]
    shares = gates.float()
    shares = torch.cat([shares[..., :1], shares[..., 1:].masked_fill(remembered == NOTHING, -1e9)], dim=-1)
    shares = shares.softmax(dim=-1)
    copied = torch.zeros(*own.shape[:-1], TOKENS + 1, device=own.device).scatter_add(-1, remembered, shares[..., 1:])
    mixed = shares[..., :1] * own + copied[..., :TOKENS]
    silent = (past.previous == REST) | (past.previous == NOTHING)
    forbidden = torch.zeros(TOKENS, dtype=torch.bool, device=own.device)
    forbidden[HOLD] = True
    mixed = (mixed + 1e-8).masked_fill(silent[..., None] & forbidden, 0.0)
    return torch.log((mixed / mixed.sum(dim=-1, keepdim=True)).clamp(min=1e-12))  # log(0) has no gradient


def _chord_table() -> Tensor:
    """Return pitch classes and root of every chord, (157, 25)."""
    table = torch.zeros(CHORD_COUNT, _CHROMA + _ROOTS)
    for chord in range(CHORD_COUNT):
        table[chord, list(chord_pitch_classes(chord))] = 1
        table[chord, _CHROMA + root_id(chord)] = 1
    return table


def save_melody(path: Path, network: MelodyNetwork, notes: Mapping[str, str]) -> None:
    """Write a melody network.

    Args:
        path: destination.
        network: its configuration goes into the metadata.
        notes: further metadata, for example seed and score.
    """
    config = json.dumps(asdict(network.config), sort_keys=True)
    save_tensors(path, network.state_dict(), {**notes, "format": FORMAT, "config": config})


def load_melody(path: Path | None = None, *, sha256: str | None = None) -> MelodyNetwork:
    """Build the melody network that a file describes, with its weights, ready to use.

    Args:
        path: written by `save_melody`, or a folder that holds `melody.safetensors`; None for the shipped weights.
        sha256: the hash it must have, where known.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsDamagedError: the file is damaged, is no melody network, or its tensors do not fit its configuration.
    """
    found = find_weights("melody", explicit=path)
    tensors, metadata = load_tensors(found, sha256=sha256)
    if metadata.get("format") != FORMAT:
        raise WeightsDamagedError("The file does not hold a melody network", where=found)
    with own_format(found):
        described = json.loads(metadata["config"])
        check_sizes(described)
        config = MelodyConfig(**described)
    return build(lambda: MelodyNetwork(config), tensors, found).eval()
