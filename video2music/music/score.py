"""The score: what is composed before it is arranged, edited by a person or stored as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from video2music.errors import ScoreError
from video2music.music.melody import Melody, melody_from_json, melody_to_json

BEATS_PER_CHORD = 2
"""One chord lasts two beats (paper, section 4.3): one second at 120 BPM."""

BEATS_PER_BAR = 4

SHORTEST_BEGINNING_BEATS = 0.75
"""What is left of a first step that began before the clip, for its chord to be one of its own."""

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
SHORTEST_LENGTH = 0.1
WIDEST_REGISTER = 5.0
MOST_CUTS, LATEST_CUT_S = 10_000, 1e6
"""More than any piece has; files may say anything."""

FORMAT_VERSION = 3
"""Of the stored score; 2 added pickup_beats and cuts_s, 3 the melody, which scores of earlier versions lack."""


@dataclass(frozen=True)
class Score:
    """A piece in symbols: one chord, one note density and one loudness per step of two beats.

    Steps begin on strong beats, the first and third of a bar, so chords change there at any tempo. Where the clip
    begins in the middle of a bar, the music before the first bar line is a pickup, and the first step may have begun
    before the clip.

    Attributes:
        chords: symbols as they sound in `key`, for example "Am7" or "Bb"; "N" is a step without a chord.
        note_density: (len(chords),) float32, notes that sound in the step, 0 or more.
        loudness: (len(chords),) float32, root mean square of the step, 0 to 1.
        key: tonic and mode, for example "A minor".
        seed: of the generator that drew the chords.
        duration_s: where the music must have ended, in seconds.
        tempo_bpm: beats per minute, 20 to 400.
        pickup_beats: from the beginning of the clip to the first bar line, 0 or more and less than a bar of four.
        cuts_s: times of the scene cuts that the music acknowledges, in seconds, ascending.
        marked_s: those of them that a person set, which go before the others.
        register: semitones, -5 to 5, by which the middle voices lie higher than usual; voices still move by octaves.
        note_length: 0.1 to 1, factor on how long struck notes are held: 1 lets them ring, small values detach them.
        melody: the tune that is heard above the chords, in order; None where none was composed.

    Raises:
        ScoreError: an array is not as long as the chords or holds a number that is not finite, or the piece is empty.
    """

    chords: tuple[str, ...]
    note_density: NDArray[np.float32]
    loudness: NDArray[np.float32]
    key: str
    seed: int
    duration_s: float
    tempo_bpm: float = 120.0
    pickup_beats: float = 0.0
    cuts_s: tuple[float, ...] = ()
    marked_s: tuple[float, ...] = ()
    register: float = 0.0
    note_length: float = 1.0
    melody: Melody | None = None

    def __post_init__(self) -> None:
        for name in ("note_density", "loudness"):
            values = np.asarray(getattr(self, name), dtype=np.float32)
            if values.shape != (len(self.chords),):
                raise ScoreError(f"The score has {len(self.chords)} chords but {name} has the shape {values.shape}")
            if not np.isfinite(values).all():
                step = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ScoreError(f"The {name} of step {step} is {values[step]}", remedy="It must be a finite number")
            object.__setattr__(self, name, values)
        if not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise ScoreError(f"The score lasts {self.duration_s} s", remedy="It must last longer than 0 s")
        if not SLOWEST_BPM <= self.tempo_bpm <= FASTEST_BPM:
            limits = f"The tempo must be from {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats per minute"
            raise ScoreError(f"The tempo of the score is {self.tempo_bpm:g}", remedy=limits)
        if not 0 <= self.pickup_beats < BEATS_PER_BAR:
            limits = f"It must be 0 or more and less than {BEATS_PER_BAR}"
            raise ScoreError(f"The pickup of the score has {self.pickup_beats:g} beats", remedy=limits)
        if not abs(self.register) <= WIDEST_REGISTER:
            limits = f"It must be from {-WIDEST_REGISTER:g} to {WIDEST_REGISTER:g} semitones"
            raise ScoreError(f"The register of the score is {self.register:g}", remedy=limits)
        if not SHORTEST_LENGTH <= self.note_length <= 1:
            limits = f"It must be from {SHORTEST_LENGTH:g} to 1"
            raise ScoreError(f"The note length of the score is {self.note_length:g}", remedy=limits)
        for cuts_s in (self.cuts_s, self.marked_s):
            _check_cuts(cuts_s)

    @property
    def beat_s(self) -> float:
        """Length of one beat in seconds."""
        return 60.0 / self.tempo_bpm

    @property
    def step_s(self) -> float:
        """Length of one chord step in seconds."""
        return BEATS_PER_CHORD * self.beat_s

    @property
    def pickup_steps(self) -> int:
        """Number of steps, also begun ones, before the first bar line."""
        return math.ceil(self.pickup_beats / BEATS_PER_CHORD - 1e-9)

    @property
    def first_heard_step(self) -> int:
        """1 where the clip begins with so little of the first step that its chord would not be heard, else 0."""
        return int(len(self.chords) > 1 and self.beat_of_step(1) < SHORTEST_BEGINNING_BEATS)

    @property
    def end_step(self) -> float:
        """Where the clip ends, counted in steps from the beginning of the first one."""
        return (self.duration_s / self.beat_s - self.beat_of_step(0)) / BEATS_PER_CHORD

    @property
    def steps(self) -> int:
        """Number of steps, also begun ones, that the clip has room for, at least one."""
        return max(1, math.ceil(self.end_step - 1e-6))

    def beat_of_step(self, step: int) -> float:
        """Return where a step begins, in beats from the beginning of the clip; for the first one 0 or less.

        Args:
            step: index into `chords`.
        """
        return self.pickup_beats + BEATS_PER_CHORD * (step - self.pickup_steps)

    def step_at(self, beat: float) -> int:
        """Return the step in which a beat lies, counted from the beginning of the clip; 0 to the last one.

        Args:
            beat: strokes that begin a little before a step, by rounding, belong to it.
        """
        step = math.floor((beat - self.beat_of_step(0)) / BEATS_PER_CHORD + 1e-6)
        return min(max(step, 0), len(self.chords) - 1)

    def chord_events(self) -> list[dict[str, Any]]:
        """Return the chords with equal neighbours joined, as `time_s`, `duration_s` and `symbol`."""
        events: list[dict[str, Any]] = []
        for step, symbol in enumerate(self.chords):
            start = max(0.0, self.beat_of_step(step) * self.beat_s)
            length = min(self.beat_of_step(step + 1) * self.beat_s, self.duration_s) - start
            if events and events[-1]["symbol"] == symbol:
                events[-1]["duration_s"] = round(events[-1]["duration_s"] + length, 6)
            else:
                events.append({"time_s": round(start, 6), "duration_s": round(length, 6), "symbol": symbol})
        return events

    def to_json(self) -> dict[str, Any]:
        """Return the score as plain numbers, lists and strings, ready for `json.dumps`."""
        return {
            "version": FORMAT_VERSION,
            "chords": list(self.chords),
            "note_density": self.note_density.tolist(),
            "loudness": self.loudness.tolist(),
            "key": self.key,
            "seed": self.seed,
            "duration_s": self.duration_s,
            "tempo_bpm": self.tempo_bpm,
            "pickup_beats": self.pickup_beats,
            "cuts_s": list(self.cuts_s),
            "marked_s": list(self.marked_s),
            "register": self.register,
            "note_length": self.note_length,
            "melody": melody_to_json(self.melody),
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the score that `to_json` described.

        Args:
            fields: what `to_json` returned, also that of an older version; other fields are ignored, and what
                has a default may be missing.

        Raises:
            ScoreError: a field is missing or cannot be played, or the version is newer than this program.
        """
        if fields.get("version", 1) not in range(1, FORMAT_VERSION + 1):
            raise ScoreError(
                f"The stored score has version {fields['version']}, this program reads up to {FORMAT_VERSION}",
                remedy="Update the program",
            )
        try:
            return cls(
                chords=tuple(str(chord) for chord in fields["chords"]),
                note_density=np.asarray(fields["note_density"], dtype=np.float32),
                loudness=np.asarray(fields["loudness"], dtype=np.float32),
                key=str(fields["key"]),
                seed=int(fields["seed"]),
                duration_s=float(fields["duration_s"]),
                tempo_bpm=float(fields.get("tempo_bpm", 120.0)),
                pickup_beats=float(fields.get("pickup_beats", 0.0)),
                cuts_s=tuple(float(cut) for cut in fields.get("cuts_s", ())),
                marked_s=tuple(float(cut) for cut in fields.get("marked_s", ())),
                register=float(fields.get("register", 0.0)),
                note_length=float(fields.get("note_length", 1.0)),
                melody=melody_from_json(fields.get("melody")),
            )
        except KeyError as error:
            raise ScoreError(f"The stored score has no field {error}") from error
        except (TypeError, ValueError, OverflowError) as error:
            raise ScoreError(f"The stored score cannot be read: {error}") from error


def _check_cuts(cuts_s: Sequence[float]) -> None:
    if len(cuts_s) > MOST_CUTS:
        raise ScoreError(f"The score meets {len(cuts_s)} cuts", remedy=f"It may meet up to {MOST_CUTS}")
    if not all(abs(cut) <= LATEST_CUT_S for cut in cuts_s) or sorted(cuts_s) != list(cuts_s):
        raise ScoreError("The cuts of the score are not in order of time")
