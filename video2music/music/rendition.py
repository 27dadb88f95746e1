"""How a score is to be played, apart from what was composed: kept beside it, so that it can be changed later."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from video2music.errors import ScoreError
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import symbol
from video2music.harmony.vocabulary import transpose as transpose_chord
from video2music.music.cuts import acknowledge_cuts, grid_for_cuts
from video2music.music.ending import closing_step, resolve
from video2music.music.ensemble import DEFAULT_ENSEMBLE, load_ensemble
from video2music.music.melody_fitting import fit_melody
from video2music.music.score import BEATS_PER_CHORD, Score
from video2music.music.tempo import at_tempo, check_tempo
from video2music.music.transposition import check_transposition

SMALLEST_SCALE, LARGEST_SCALE = 0.25, 4.0
"""Factors on note density and loudness that a person may choose."""

MOST_REPLACED = 5_000
"""Chords; more than an hour has."""


@dataclass(frozen=True)
class Rendition:
    """Everything that can be changed about a piece without composing it again.

    Attributes:
        ensemble: one of `ensemble_names()`.
        tempo_bpm: 60 to 180; None keeps the tempo of the score.
        transpose: semitones, -12 to 12.
        density: 0.25 to 4, factor on note density.
        loudness: 0.25 to 4, factor on how hard notes are played; the loudness of the file stays that of the mastering.
        chords: seconds and the symbols that replace the chords sounding then, named before transposing.
        melody: whether the tune of the score is heard; without one, it is composed when the music is rendered.

    Raises:
        RefusalError: one of them cannot be played.
    """

    ensemble: str = DEFAULT_ENSEMBLE
    tempo_bpm: float | None = None
    transpose: int = 0
    density: float = 1.0
    loudness: float = 1.0
    chords: tuple[tuple[float, str], ...] = ()
    melody: bool = False

    def __post_init__(self) -> None:
        load_ensemble(self.ensemble)
        if self.tempo_bpm is not None:
            check_tempo(self.tempo_bpm)
        check_transposition(self.transpose)
        check_scales(self.density, self.loudness)
        if len(self.chords) > MOST_REPLACED:
            limits = f"Up to {MOST_REPLACED} can be"
            raise ScoreError(f"{len(self.chords)} chords are to be replaced", remedy=limits)
        for second, chord in self.chords:
            parse_chord(chord)
            if not (math.isfinite(second) and second >= 0):
                raise ScoreError(f"There is no chord at {second:g} s", remedy="Name a second of the clip")

    def changed(
        self,
        *,
        ensemble: str | None = None,
        melody: bool | None = None,
        tempo_bpm: float | None = None,
        transpose: int | None = None,
        density: float | None = None,
        loudness: float | None = None,
        chords: Mapping[float, str] | None = None,
    ) -> Self:
        """Return a rendition that differs in what is given; None keeps what was.

        Args:
            ensemble: see the attributes.
            melody: on or off.
            tempo_bpm: of the result.
            transpose: from the key of the score, not from that of an earlier rendition.
            density: factor on the density of the score.
            loudness: factor on the loudness of the score.
            chords: symbol by second, as they shall sound in the result; added to those replaced before.

        Raises:
            RefusalError: one of them cannot be played.
        """
        given: dict[str, Any] = {"ensemble": ensemble, "melody": melody, "tempo_bpm": tempo_bpm, "transpose": transpose}
        given |= {"density": density, "loudness": loudness}
        moved = replace(self, **{name: value for name, value in given.items() if value is not None})
        named = {
            float(second): symbol(transpose_chord(parse_chord(chord), -moved.transpose))
            for second, chord in (chords or {}).items()
        }
        return replace(moved, chords=tuple(sorted((dict(self.chords) | named).items())))

    def to_json(self) -> dict[str, Any]:
        """Return the rendition as `result.json` holds it."""
        return {
            "ensemble": self.ensemble,
            "melody": self.melody,
            "tempo_bpm": self.tempo_bpm,
            "transpose": self.transpose,
            "density": self.density,
            "loudness": self.loudness,
            "chords": [[second, chord] for second, chord in self.chords],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the rendition that `to_json` described.

        Args:
            fields: what `to_json` returned; what is missing is as usual, other fields are ignored.

        Raises:
            RefusalError: a field cannot be read or played.
        """
        try:
            tempo = fields.get("tempo_bpm")
            return cls(
                ensemble=str(fields.get("ensemble", DEFAULT_ENSEMBLE)),
                melody=bool(fields.get("melody", False)),
                tempo_bpm=None if tempo is None else float(tempo),
                transpose=int(fields.get("transpose", 0)),
                density=float(fields.get("density", 1.0)),
                loudness=float(fields.get("loudness", 1.0)),
                chords=tuple((float(second), str(chord)) for second, chord in fields.get("chords", ())),
            )
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ScoreError(f"The stored rendition cannot be read: {error}") from error

    def lay_out(self, score: Score) -> Score:
        """Return the score as it is arranged: at its tempo, with its chords and curves, before transposing.

        Args:
            score: as it was composed.

        Raises:
            ScoreError: a chord is to be replaced where there is none, or where the piece comes to rest.
        """
        laid = self._harmony(score)
        return replace(laid, melody=fit_melody(score, laid) if self.melody else None)

    def _harmony(self, score: Score) -> Score:
        """Lay out all but the tune."""
        laid = self._at_tempo(score)
        laid = replace(
            laid,
            note_density=laid.note_density * np.float32(self.density),
            loudness=np.clip(laid.loudness * np.float32(self.loudness), 0, 1),
        )
        if load_ensemble(self.ensemble).as_published:
            return self._with_chords(laid, len(laid.chords))
        laid = resolve(laid)
        named = resolve(self._with_chords(laid, closing_step(laid.end_step)))
        for second, chord in self.chords:
            if parse_chord(named.chords[_step_at(named, second)]) != parse_chord(chord):
                raise ScoreError(
                    f"The chord at {second:g} s cannot be {chord}, since the piece comes to rest there",
                    remedy="Replace an earlier one",
                )
        return named

    def _at_tempo(self, score: Score) -> Score:
        """Lay a score out at the tempo; if it met the cuts of its clip, bars begin where most cuts are met again."""
        if self.tempo_bpm is None or self.tempo_bpm == score.tempo_bpm:
            return score
        if not score.cuts_s:
            return at_tempo(score, self.tempo_bpm)
        tempo_bpm, pickup_beats = grid_for_cuts(
            score.duration_s, self.tempo_bpm, score.cuts_s, within=0, marked_s=score.marked_s
        )
        return acknowledge_cuts(at_tempo(score, tempo_bpm, pickup_beats=pickup_beats), score.cuts_s)

    def _with_chords(self, score: Score, closing: int) -> Score:
        """Replace whole chords, as far as they lie before the closing step."""
        chords, key = list(score.chords), parse_key(score.key)
        for second, chord in self.chords:
            first = last = _step_at(score, second)
            while first > 0 and score.chords[first - 1] == score.chords[first]:
                first -= 1
            while last + 1 < closing and score.chords[last + 1] == score.chords[last]:
                last += 1
            chords[first : last + 1] = [key.spell(parse_chord(chord))] * (last + 1 - first)
        return replace(score, chords=tuple(chords))


def check_scales(density: float, loudness: float) -> None:
    """Refuse factors that would leave no music, or only noise.

    Args:
        density: on note density.
        loudness: on how hard notes are played.

    Raises:
        ScoreError: one of them is out of range.
    """
    for name, scale in (("density", density), ("loudness", loudness)):
        if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
            raise ScoreError(
                f"The {name} cannot be scaled by {scale:g}",
                remedy=f"Choose a factor from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}",
            )


def _step_at(score: Score, second: float) -> int:
    """Return the step that sounds at a second of the clip."""
    step = math.floor((second / score.beat_s - score.beat_of_step(0)) / BEATS_PER_CHORD + 1e-6)
    if second >= score.duration_s or step >= len(score.chords):
        raise ScoreError(f"There is no chord at {second:g} s", remedy=f"Name a second from 0 to {score.duration_s:g}")
    return step
