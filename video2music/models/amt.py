"""Affective Multimodal Transformer: an encoder over the video's seconds, a decoder over the chords so far.

The default configuration is the published one (Kang, Poria and Herremans 2024, section 4.2), with its parameter names;
the weights that ship use another configuration of the same modules.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from video2music.harmony.vocabulary import PAD, attribute_id, root_id
from video2music.models.attention import KeyValueCache
from video2music.models.inputs import PUBLISHED_WIDTH, FeatureBatch, NormalisedRows, published_rows
from video2music.models.layers import LayerConfig, Transformer

VOCABULARY = PAD + 1
ROOTS, ATTRIBUTES = 15, 16


@dataclass(frozen=True)
class AmtConfig:
    """Sizes and choices of the network; the defaults are the published ones.

    Attributes:
        d_model: width of the rows.
        heads: attention heads.
        feed_forward: width of the inner linear layers.
        encoder_layers: layers over the video's seconds.
        decoder_layers: layers over the chords.
        max_length: seconds that one pass can see.
        dropout: share dropped in training.
        inner_dropout: share of attention weights and of the inner linear layers dropped in training.
        semantic_components: 0 for the published raw rows of 776, otherwise our normalised rows with so many directions.
        always_full: read max_length rows with zeros after the video's end and no mask, as published.
        absolute_positions: add sinusoidal positions to both inputs, as published.
        cross_attention: the decoder attends to all seconds, as published; otherwise it adds the row of the second that
            is to be predicted, which ties the chord to what is seen.
        norm_first: normalise before each part.
        hold_steps: 0, or the largest number of steps that the present chord has sounded to tell apart.
        copy_width: 0, or the width of a last attention that repeats what followed similar moments of the piece.
        unused_tensors: carry the parameters of the published checkpoint that nothing reads.
    """

    d_model: int = 512
    heads: int = 8
    feed_forward: int = 1024
    encoder_layers: int = 6
    decoder_layers: int = 6
    max_length: int = 300
    dropout: float = 0.1
    inner_dropout: float = 0.1
    semantic_components: int = 0
    always_full: bool = True
    absolute_positions: bool = True
    cross_attention: bool = True
    norm_first: bool = False
    hold_steps: int = 0
    copy_width: int = 0
    unused_tensors: bool = True


class SinusoidalPositions(nn.Module):
    """Published positions: sine on even, cosine on odd columns, base 10000; a buffer `pe` (length, 1, d_model)."""

    pe: Tensor

    def __init__(self, length: int, d_model: int) -> None:
        super().__init__()
        position = torch.arange(length, dtype=torch.float32)[:, None]
        rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float32) * (-math.log(10000.0) / d_model))
        table = torch.zeros(length, 1, d_model)
        table[:, 0, 0::2] = torch.sin(position * rate)
        table[:, 0, 1::2] = torch.cos(position * rate)
        self.register_buffer("pe", table)

    def forward(self, rows: Tensor, start: int) -> Tensor:
        """Return rows (batch, L, d_model) with the positions from `start` on added."""
        return rows + self.pe[start : start + rows.shape[1], 0]


class CopyHead(nn.Module):
    """Repeats what followed similar moments of the same piece, mixed with the vocabulary's distribution.

    Args:
        d_model: width of the decoder's rows.
        width: width of the keys that are compared.
    """

    def __init__(self, d_model: int, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(d_model, width)
        self.key = nn.Linear(d_model, width)
        self.gate = nn.Linear(d_model, 1)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, logits: Tensor, rows: Tensor, keys: Tensor, chords: Tensor) -> Tensor:
        """Return log probabilities (batch, L, 159).

        Args:
            logits: (batch, L, 159), of the vocabulary.
            rows: (batch, L, d_model), of the decoder.
            keys: (batch, K, width), of all steps so far, the last L of them are the asking ones.
            chords: (batch, K), ids of all steps so far; step k was followed by chords[k + 1].
        """
        length, steps = rows.shape[1], keys.shape[1]
        usual = logits.float().log_softmax(dim=-1)
        if steps == 1:
            return usual
        scores = self.query(rows) @ keys[:, :-1].transpose(1, 2) / math.sqrt(keys.shape[-1])
        hidden = torch.ones(length, steps - 1, dtype=torch.bool, device=rows.device).triu(steps - length)
        alone = hidden.all(dim=1)
        weights = scores.float().masked_fill(hidden, -1e9).softmax(dim=-1)
        follower = chords[:, None, 1:].expand(-1, length, -1)
        copied = torch.zeros_like(usual).scatter_add_(2, follower, weights)
        gate = self.gate(rows).float().masked_fill(alone[:, None], -1e9)
        log_copy = nn.functional.logsigmoid(gate) + torch.log(copied + 1e-9)
        return torch.logaddexp(nn.functional.logsigmoid(-gate) + usual, log_copy)


@dataclass
class Memory:
    """What the decoder needs of the video: the encoder's rows and the keys and values made of them once."""

    rows: Tensor
    keys_values: list[tuple[Tensor, Tensor] | None]


@dataclass
class DecoderState:
    """What generation keeps between steps, so that no chord is read twice."""

    caches: list[KeyValueCache]
    chords: Tensor | None = None
    copy_keys: Tensor | None = None

    @property
    def steps(self) -> int:
        """Number of chords read so far."""
        return 0 if self.chords is None else self.chords.shape[1]


def held_steps(chords: Tensor, *, longest: int) -> Tensor:
    """Return how many steps each chord has already sounded, 0 where it has just changed, at most longest - 1.

    Args:
        chords: (batch, L) ids.
        longest: number of values told apart.

    Returns:
        (batch, L) int64.
    """
    steps = torch.arange(chords.shape[1], device=chords.device).expand_as(chords)
    changed = torch.ones_like(chords, dtype=torch.bool)
    changed[:, 1:] = chords[:, 1:] != chords[:, :-1]
    since = torch.where(changed, steps, torch.zeros_like(steps)).cummax(dim=1).values
    return (steps - since).clamp(max=longest - 1)


class AffectiveMultimodalTransformer(nn.Module):
    """The chord network; see AmtConfig for its choices.

    Args:
        config: sizes and choices.
    """

    root_of: Tensor
    attribute_of: Tensor

    def __init__(self, config: AmtConfig) -> None:
        super().__init__()
        self.config = config
        width = config.d_model
        if config.unused_tensors:
            self.embedding = nn.Embedding(VOCABULARY, width)
            self.Wout_root = nn.Linear(width, ROOTS)
            self.Wout_attr = nn.Linear(width, ATTRIBUTES)
            self.condition_linear = nn.Linear(1, width)
        self.inputs = NormalisedRows(config.semantic_components) if config.semantic_components else None
        self.embedding_root = nn.Embedding(ROOTS, width)
        self.embedding_attr = nn.Embedding(ATTRIBUTES, width)
        self.embedding_hold = nn.Embedding(config.hold_steps, width) if config.hold_steps else None
        self.Linear_vis = nn.Linear(PUBLISHED_WIDTH if self.inputs is None else self.inputs.width, width)
        self.Linear_chord = nn.Linear(width + 1, width)
        if config.absolute_positions:
            self.positional_encoding = SinusoidalPositions(config.max_length, width)
            self.positional_encoding_video = SinusoidalPositions(config.max_length, width)
        self.drop = nn.Dropout(config.dropout)
        layers = LayerConfig(
            width,
            config.heads,
            config.feed_forward,
            config.dropout,
            config.inner_dropout,
            norm_first=config.norm_first,
            relative_length=config.max_length,
            cross_attention=config.cross_attention,
        )
        self.transformer = Transformer(
            layers, encoder_layers=config.encoder_layers, decoder_layers=config.decoder_layers
        )
        self.Wout = nn.Linear(width, VOCABULARY)
        self.copy_head = CopyHead(width, config.copy_width) if config.copy_width else None
        ids = range(VOCABULARY)
        self.register_buffer("root_of", torch.tensor([root_id(i) for i in ids]), persistent=False)
        self.register_buffer("attribute_of", torch.tensor([attribute_id(i) for i in ids]), persistent=False)

    def encode(self, batch: FeatureBatch) -> Memory:
        """Read the video once.

        Args:
            batch: at most max_length seconds.

        Returns:
            The memory that `decode` needs, T rows (max_length rows where the configuration always reads them all).
        """
        if self.config.always_full:
            batch = batch.padded(self.config.max_length)
        rows = self.Linear_vis(published_rows(batch) if self.inputs is None else self.inputs(batch))
        if self.config.absolute_positions:
            rows = self.positional_encoding_video(rows, 0)
        hidden = None if self.config.always_full else ~batch.valid[:, None, None, :]
        rows = self.transformer.encoder(self.drop(rows), hidden)
        return Memory(rows, self.transformer.decoder.memories(rows))

    def start(self) -> DecoderState:
        """Return an empty decoder state."""
        return DecoderState([KeyValueCache() for _ in range(self.config.decoder_layers)])

    def decode(
        self, chords: Tensor, minor: Tensor, memory: Memory, state: DecoderState, *, attributes: Tensor | None = None
    ) -> Tensor:
        """Read L more chords and say what follows each.

        Args:
            chords: (batch, L) ids; with an empty state the first is that of second 0.
            minor: (batch,), 1 for pieces in A minor and 0 for C major.
            memory: of `encode`.
            state: of `start` or of the call before; it is extended in place.
            attributes: (batch, L), used instead of the chords' own attribute ids.

        Returns:
            (batch, L, 159) logits of the next chord.
        """
        start = state.steps
        known = chords if state.chords is None else torch.cat([state.chords, chords], dim=1)
        state.chords = known
        rows = self._chord_rows(known, chords.shape[1], minor, attributes)
        if self.config.absolute_positions:
            rows = self.positional_encoding(rows, start)
        if not self.config.cross_attention:
            rows = rows + self._aligned(memory, start, chords.shape[1])
        rows = self.transformer.decoder(self.drop(rows), memory.keys_values, state.caches)
        logits: Tensor = self.Wout(rows)
        if self.copy_head is None:
            return logits
        keys = self.copy_head.key(rows)
        state.copy_keys = keys if state.copy_keys is None else torch.cat([state.copy_keys, keys], dim=1)
        log_probabilities: Tensor = self.copy_head(logits, rows, state.copy_keys, known)
        return log_probabilities

    def forward(self, chords: Tensor, minor: Tensor, batch: FeatureBatch) -> Tensor:
        """Return (batch, L, 159) logits of the chords after each of `chords` (batch, L), as in training."""
        return self.decode(chords, minor, self.encode(batch), self.start())

    def _chord_rows(self, known: Tensor, length: int, minor: Tensor, attributes: Tensor | None) -> Tensor:
        chords = known[:, -length:]
        attribute = self.attribute_of[chords] if attributes is None else attributes
        rows = self.embedding_root(self.root_of[chords]) + self.embedding_attr(attribute)
        if self.embedding_hold is not None:
            rows = rows + self.embedding_hold(held_steps(known, longest=self.config.hold_steps)[:, -length:])
        key = minor.to(rows.dtype)[:, None, None].expand(-1, length, 1)
        mixed: Tensor = self.Linear_chord(torch.cat([rows, key], dim=-1))
        return mixed

    def _aligned(self, memory: Memory, start: int, length: int) -> Tensor:
        rows = memory.rows
        index = torch.arange(start + 1, start + 1 + length, device=rows.device).clamp(max=rows.shape[1] - 1)
        return rows[:, index]
