"""A piece from its result.json, to be played again and changed as if it had just been composed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from video2music.direction import Direction, Section
from video2music.errors import OutputError
from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing
from video2music.marks import Marks
from video2music.matching import AROUSAL, PICTURE, VALENCE, WISH, AxisMatch, Match, Words
from video2music.piece import Piece
from video2music.rendering import SAMPLE_RATE
from video2music.scales import ENCODERS, Scale
from video2music.steering import steer
from video2music.stored import Stored, read_stored

if TYPE_CHECKING:
    from video2music.music.synthesis import Synthesizer

ROWS = ("emotion", "valence", "arousal", "scene_offset", "motion", "cuts_s")
"""Fields of the features that result.json holds as lists of numbers."""


def revive(result: Path, clip: Path, synthesizer: "Synthesizer") -> Piece:
    """Read a piece that an earlier run composed; it has no sound until `Piece.render` makes it.

    What networks wrote is taken from the file, and so is the comparison with the picture. What the picture asked of
    the music follows from what was seen, as it did when the piece was composed.

    Args:
        result: result.json of the piece.
        clip: the video that it was composed for.
        synthesizer: plays it.

    Raises:
        OutputError: the file cannot be read, or does not hold a whole piece.
        RefusalError: what it holds cannot be played.
    """
    stored = read_stored(result)
    try:
        return _revived(stored, clip, synthesizer)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise OutputError("There is no whole piece in this file", where=result, remedy="Compose it again") from error


def _revived(stored: Stored, clip: Path, synthesizer: "Synthesizer") -> Piece:
    import pretty_midi

    from video2music.music.transposition import transposed_score

    facts, rendition = stored.facts, stored.rendition
    sounding = transposed_score(rendition.lay_out(stored.score), rendition.transpose)
    features, engine = _features(facts), str(facts["engine"])
    steering = facts["steering"] and replace(steer(features, engine=engine), tempo_bpm=sounding.tempo_bpm)
    return Piece(
        source=clip,
        features=features,
        score=sounding,
        midi=pretty_midi.PrettyMIDI(),
        audio=np.zeros((0, 2), np.float32),
        sample_rate=SAMPLE_RATE,
        engine=engine,
        primer=facts["primer"],
        loudness_lufs=float(facts["loudness_lufs"]),
        true_peak_dbtp=float(facts["true_peak_dbtp"]),
        original=facts["original"],
        lufs=stored.lufs,
        part=stored.part,
        direction=_direction(facts["direction"]),
        marks=Marks.from_json(facts.get("marks", {})),
        steering=steering,
        hearing=_hearing(facts),
        timings_s=dict(facts["timings_s"]),
        weights=dict(facts["weights"]),
        composed=stored.score,
        rendition=rendition,
        synthesizer=synthesizer,
    )


def _features(facts: Mapping[str, Any]) -> VideoFeatures:
    rows = {name: np.asarray(facts[name], dtype=np.float32) for name in ROWS}
    return VideoFeatures(float(facts["duration_s"]), **rows, sights=tuple(facts.get("sees", ())))


def _direction(fields: Mapping[str, Any]) -> Direction:
    return Direction(**{**fields, "sections": tuple(Section(**section) for section in fields["sections"])})


def _hearing(facts: Mapping[str, Any]) -> Hearing:
    fields = facts["match"]
    if fields is None:
        return Hearing(reason=str(facts["match_reason"]))
    scales = ENCODERS[str(facts["engine"])]
    return Hearing(
        Match(
            arousal=_axis(AROUSAL, fields["arousal"], scales.arousal),
            valence=_axis(VALENCE, fields["valence"], scales.valence),
            recogniser=str(fields["recogniser"]),
            doubts=tuple(fields["doubts"]),
            against=WISH if _direction(facts["direction"]).wanted else PICTURE,
        ),
        reason="",
    )


def _axis(words: Words, fields: Mapping[str, Any], scale: Scale) -> AxisMatch:
    place = float(scale.place(fields["video"]))
    return AxisMatch(words, fields["video"], place, fields["wanted"], fields["music"], fields["half_width"])
